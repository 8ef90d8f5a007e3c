"""The documentation's scripts, continued: 1.1's stream, 2.7 to 2.9, 2.14, chapter 4.

As they stand there, but for the socket.
"""

import pytest

SERVICE_END = """
        if __name__ == '__main__':
            Global(init_controller=True, unix_sock_path=SOCKET).join()
"""


@pytest.fixture
def serve(programs):
    """Starts a script that serves, and waits until it is up."""

    def start(script, **names):
        service = programs(script, log="info", **names)
        service.expect("started: ")
        return service

    return start


# ---- 1.1


def test_items_are_added_by_a_stream(serve, programs):
    serve("""
        import logging
        from daffi import Global
        from daffi.registry import Callback
        logging.basicConfig(level=logging.INFO)

        class ShoppingService(Callback):
            auto_init = True

            def __post_init__(self):
                self.shopping_list = []

            def get_items(self):
                return self.shopping_list

            def add_item(self, item):
                self.shopping_list.append(item)

            def clear_items(self):
                self.shopping_list.clear()
    """ + SERVICE_END)
    lines = programs("""
        from daffi import Global
        from daffi.decorators import alias
        from daffi.registry import Fetcher

        class Shopper(Fetcher):
            def get_items(self):
                \"\"\"All of them.\"\"\"

            def add_item(self, item):
                \"\"\"One more.\"\"\"

            def clear_items(self):
                pass

            @alias("add_item")
            def add_many_items(self, *items):
                for item in items:
                    yield item

        if __name__ == '__main__':
            g = Global(unix_sock_path=SOCKET)
            shopper = Shopper()
            print(shopper.get_items())
            shopper.add_item("orange")
            print(shopper.get_items())
            shopper.add_many_items("bread", "cheese")
            print(shopper.get_items())
            shopper.clear_items()
            print(shopper.get_items())
            g.stop()
    """).finish()
    assert lines == ["[]", "['orange']", "['orange', 'bread', 'cheese']", "[]"]


# ---- 2.7

TAKES_STREAM = {
    "class": """
        from daffi import Global
        from daffi.registry import Callback

        class StreamerService(Callback):
            auto_init = True

            def __post_init__(self):
                self.items = []

            def stream_to_service(self, item, process_name):
                self.items.append(item)
                print(f"Received item: {item} from process: {process_name}")

            def get_items(self):
                return self.items
    """,
    "function": """
        from daffi import Global
        from daffi.decorators import callback

        items = []

        @callback
        def stream_to_service(item, process_name):
            items.append(item)
            print(f"Received item: {item} from process: {process_name}")

        @callback
        def get_items():
            return items
    """,
}
GIVES_STREAM = {
    "class": """
        from daffi import Global
        from daffi.registry import Args, Fetcher

        PROCESS_NAME = "streamer client"

        class StreamerClient(Fetcher):
            def __post_init__(self):
                self.items = range(100)

            def stream_to_service(self):
                for item in self.items:
                    yield Args(item=item, process_name=PROCESS_NAME)

            def get_items(self):
                pass

        if __name__ == '__main__':
            g = Global(unix_sock_path=SOCKET, process_name=PROCESS_NAME)
            stream_client = StreamerClient()
            stream_client.stream_to_service()
            print(stream_client.get_items() == list(range(100)))
            g.stop()
    """,
    "function": """
        from daffi import Global
        from daffi.decorators import fetcher

        PROCESS_NAME = "streamer client"

        @fetcher
        def stream_to_service():
            for item in range(100):
                yield item, PROCESS_NAME

        @fetcher
        def get_items():
            pass

        if __name__ == '__main__':
            g = Global(unix_sock_path=SOCKET, process_name=PROCESS_NAME)
            stream_to_service()
            print(get_items() == list(range(100)))
            g.stop()
    """,
}


@pytest.mark.parametrize("client", GIVES_STREAM)
@pytest.mark.parametrize("service", TAKES_STREAM)
def test_a_fetcher_streams_to_a_callback(serve, programs, service, client):
    service = serve(TAKES_STREAM[service] + SERVICE_END)
    assert programs(GIVES_STREAM[client]).finish() == ["True"]
    service.expect("Received item: 0 from process: streamer client")
    service.expect("Received item: 99 from process: streamer client")


# ---- 2.8

YIELDS = {
    "class": """
        from daffi import Global
        from daffi.registry import Callback

        class StreamerService(Callback):
            auto_init = True

            def generate_stream(self, end):
                for i in range(end):
                    yield i
    """,
    "function": """
        from daffi import Global
        from daffi.decorators import callback

        @callback
        def generate_stream(end):
            for item in range(end):
                yield item
    """,
}
ITERATES = {
    "class": """
        from daffi import Global
        from daffi.registry import Fetcher

        class StreamerClient(Fetcher):
            def generate_stream(self, end):
                pass

        if __name__ == '__main__':
            g = Global(unix_sock_path=SOCKET)
            stream_client = StreamerClient()
            result = stream_client.generate_stream(end=1000)
            for item in result:
                print(item)
            g.stop()
    """,
    "function": """
        from daffi import Global
        from daffi.decorators import fetcher

        @fetcher
        def generate_stream(end):
            pass

        if __name__ == '__main__':
            g = Global(unix_sock_path=SOCKET)
            result = generate_stream(1000)
            for item in result:
                print(item)
            g.stop()
    """,
}


@pytest.mark.parametrize("client", ITERATES)
@pytest.mark.parametrize("service", YIELDS)
def test_a_callback_streams_to_a_fetcher(serve, programs, service, client):
    serve(YIELDS[service] + SERVICE_END)
    assert programs(ITERATES[client]).finish() == [str(number) for number in range(1000)]


# ---- 2.9, 4


@pytest.mark.parametrize("scoped", [False, True])
def test_a_function_is_transferred(serve, programs, scoped):
    service = serve("""
        from daffi import Global
        PROCESS_NAME = "remote executor"
        if __name__ == "__main__":
            Global(process_name=PROCESS_NAME, init_controller=True, unix_sock_path=SOCKET).join()
    """)
    client = programs("""
        from daffi import Global

        async def func_to_transfer():
            import os
            return os.getpid()

        def main():
            if SCOPED:
                with Global(unix_sock_path=SOCKET) as g:
                    return g.transfer_and_call(remote_process="remote executor", func=func_to_transfer)
            g = Global(unix_sock_path=SOCKET)
            return g.transfer_and_call(remote_process="remote executor", func=func_to_transfer)

        if __name__ == "__main__":
            print(f"Pid of remote process: {main()}")
    """, SCOPED=scoped)
    assert client.finish(0) == [f"Pid of remote process: {service.process.pid}"]


# ---- 2.14

BURGERS = {
    "class": """
        from daffi import Global
        from daffi.registry import Callback

        class BurgerMenu(Callback):
            auto_init = True

            def get_menu(self):
                return ["The IceBurg", "The Grill Thrill"]
    """,
    "function": """
        from daffi import Global
        from daffi.decorators import callback

        @callback
        def get_menu():
            return ["The IceBurg", "The Grill Thrill"]
    """,
}
# The class has no auto_init and nobody makes an instance of it: so it is in the documentation.
HOTDOGS = {
    "class": """
        from daffi import Global
        from daffi.registry import Callback

        class HotDogMenu(Callback):
            def get_menu(self):
                return ["Wiener", "Weenie"]
    """,
    "function": BURGERS["function"].replace('"The IceBurg", "The Grill Thrill"', '"Wiener", "Weenie"'),
}
ASKS_FOR_MENUS = {
    "class": """
        from daffi import Global, BROADCAST
        from daffi.registry import Fetcher

        class MenuFetcher(Fetcher):
            exec_modifier = BROADCAST

            def get_menu(self):
                pass

        if __name__ == '__main__':
            menu_fetcher = MenuFetcher()
            g = Global(unix_sock_path=SOCKET)
            for proc in ("burger menu", "hotdog menu"):
                g.wait_process(proc)
            print(sorted(menu_fetcher.get_menu().items()))
            g.stop()
    """,
    "function": """
        from daffi import Global, BROADCAST
        from daffi.decorators import fetcher

        @fetcher(exec_modifier=BROADCAST)
        def get_menu():
            pass

        if __name__ == '__main__':
            g = Global(unix_sock_path=SOCKET)
            for proc in ("burger menu", "hotdog menu"):
                g.wait_process(proc)
            print(sorted(get_menu().items()))
            g.stop()
    """,
}


@pytest.mark.parametrize("form", BURGERS)
def test_a_broadcast_gives_a_dict_of_process_and_result(serve, programs, form):
    end = """
        if __name__ == '__main__':
            Global(init_controller=CONTROLLER, unix_sock_path=SOCKET, process_name=NAME).join()
    """
    serve(BURGERS[form] + end, CONTROLLER=True, NAME="burger menu")
    hotdog = serve(HOTDOGS[form] + end, CONTROLLER=False, NAME="hotdog menu")
    menus = [("burger menu", ["The IceBurg", "The Grill Thrill"]), ("hotdog menu", ["Wiener", "Weenie"])]
    assert programs(ASKS_FOR_MENUS[form]).finish() == [str(menus)]
    if form == "class":
        hotdog.expect("instantiated at its first call")
