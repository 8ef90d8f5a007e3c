"""A controller alone: it connects the others, and calls nobody. Sections 3, 4; controlled.py uses it."""

from address import address

from daffi import Global

if __name__ == "__main__":
    g = Global(init_controller=True, init_node=False, **address())
    print("switching")
    g.join()
