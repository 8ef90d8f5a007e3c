"""Hooks for what happens to connections. Section 2.12; visitor.py comes and goes."""

from address import address

from daffi import Global


def opened(g, name):
    print(f"{name} is up, controller: {g.is_controller}")


def came(g, name):
    print(f"{name} is here")


def left(g, name):
    print(f"{name} has left")


if __name__ == "__main__":
    g = Global(
        process_name="gatehouse",
        init_controller=True,
        on_init=opened,
        on_node_connect=came,
        on_node_disconnect=left,
        **address(),
    )
    g.join()
