"""The documentation's scripts, adapted to private sockets; every one as real processes."""

SHOPPING_SERVICE = """
    from daffi import Global
    from daffi.registry import Callback

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

    if __name__ == "__main__":
        g = Global(init_controller=True, unix_sock_path=SOCKET)
        print("up")
        g.join()
"""


def test_a_shopper_uses_a_shopping_service(programs):
    service = programs(SHOPPING_SERVICE)
    service.expect("up")
    shopper = programs("""
        from daffi import Global
        from daffi.registry import Fetcher

        class Shopper(Fetcher):
            def get_items(self):
                \"\"\"Return all items.\"\"\"

            def add_item(self, item):
                \"\"\"Add one.\"\"\"

            def clear_items(self):
                pass

        if __name__ == "__main__":
            g = Global(unix_sock_path=SOCKET)
            shopper = Shopper()
            print(shopper.get_items())
            shopper.add_item("orange")
            print(shopper.get_items())
            shopper.clear_items()
            print(shopper.get_items())
            g.stop()
    """)
    lines = shopper.finish()
    assert [line for line in lines if line.startswith("[")] == ["[]", "['orange']", "[]"]
    service.interrupt(15)
    service.finish(0)


def test_decorated_functions_and_bodies_and_aliases(programs):
    service = programs("""
        from daffi import Global
        from daffi.decorators import callback

        @callback
        def calculate_sum(num1, num2):
            return num1 + num2

        @callback
        def calculate_difference(num1, num2):
            return num1 - num2

        if __name__ == "__main__":
            g = Global(init_controller=True, unix_sock_path=SOCKET)
            print("up")
            g.join()
    """)
    service.expect("up")
    client = programs("""
        from daffi import Global
        from daffi.decorators import alias, fetcher
        from daffi.registry import Args

        multiplier = 2

        @fetcher
        def calculate_sum(num1, num2):
            num1 *= multiplier
            num2 *= multiplier
            return num1, num2

        @fetcher
        def calculate_difference(num1, num2):
            return Args(num1=num1 * multiplier, num2=num2 * multiplier)

        @alias("calculate_sum")
        @fetcher
        def plain_sum(num1, num2):
            pass

        @fetcher
        @alias("calculate_sum")
        def other_sum(num1, num2):
            pass

        if __name__ == "__main__":
            g = Global(unix_sock_path=SOCKET)
            print("sum", calculate_sum(1, 2))
            print("difference", calculate_difference(50, 20))
            print("plain", plain_sum(1, 2), other_sum(3, num2=4))
            g.stop()
    """)
    lines = client.finish()
    assert "sum 6" in lines and "difference 60" in lines and "plain 3 7" in lines


def test_an_instance_made_by_its_user_and_private_methods(programs):
    service = programs("""
        from daffi import Global
        from daffi.decorators import local
        from daffi.registry import Callback

        class CalculatorService(Callback):
            auto_init = False

            def __init__(self, multiplier):
                super().__init__()
                self.multiplier = multiplier

            def calculate_sum(self, num1, num2):
                return self.get_sum(num1 * self.multiplier, num2 * self.multiplier)

            @local
            def get_sum(self, num1, num2):
                return num1 + num2

            def _hidden(self):
                pass

        if __name__ == "__main__":
            service = CalculatorService(multiplier=3)
            g = Global(init_controller=True, unix_sock_path=SOCKET, process_name="service")
            print("up")
            g.join()
    """)
    service.expect("up")
    client = programs("""
        from daffi import Global
        from daffi.decorators import local
        from daffi.registry import Args, Fetcher

        class CalculatorClient(Fetcher):
            def calculate_sum(self, num1, num2):
                return self.create_args(num1, num2)

            @local
            def create_args(self, num1, num2):
                return Args(num1, num2)

        if __name__ == "__main__":
            g = Global(unix_sock_path=SOCKET)
            print(g.registered_callbacks)
            print("result", CalculatorClient().calculate_sum(1, 2))
            g.stop()
    """)
    lines = client.finish()
    assert "{'service': ['calculate_sum']}" in lines and "result 9" in lines


def test_processes_wait_for_each_other_and_call_in_both_directions(programs):
    shop = programs("""
        from daffi import Global
        from daffi.registry import Callback, Fetcher

        class ShoppingService(Callback):
            auto_init = True

            def get_shop_items(self):
                return ["orange", "bread", "cheese"]

        class CalculatorClient(Fetcher):
            def calculate_sum(self, *numbers):
                pass

        if __name__ == "__main__":
            g = Global(init_controller=True, unix_sock_path=SOCKET, process_name="shopping service")
            print("up")
            g.wait_process("calculator service")
            print("sum", CalculatorClient().calculate_sum(1, 2, 3))
            g.join()
    """)
    shop.expect("up")
    # Its main ends, but it has callbacks, so it goes on serving.
    calculator = programs("""
        from daffi import Global
        from daffi.registry import Callback, Fetcher

        class CalculatorService(Callback):
            auto_init = True

            def calculate_sum(self, *numbers):
                return sum(numbers)

        class ShoppingClient(Fetcher):
            def get_shop_items(self):
                pass

        if __name__ == "__main__":
            g = Global(unix_sock_path=SOCKET, process_name="calculator service")
            g.wait_process("shopping service")
            print("items", ShoppingClient().get_shop_items())
    """, log="info")
    calculator.expect("items ['orange', 'bread', 'cheese']")
    shop.expect("sum 6")
    calculator.expect("keeps serving")
    calculator.interrupt(15)
    calculator.finish(0)


def test_background_calls_and_modifiers_at_the_call(programs):
    service = programs("""
        from daffi import Global
        from daffi.decorators import callback

        @callback
        def calculate_fibonacci(n):
            return n if n < 2 else calculate_fibonacci(n - 1) + calculate_fibonacci(n - 2)

        if __name__ == "__main__":
            g = Global(init_controller=True, unix_sock_path=SOCKET)
            print("up")
            g.join()
    """)
    service.expect("up")
    client = programs("""
        from daffi import BG, FG, Global
        from daffi.registry import Fetcher

        class CalculatorClient(Fetcher):
            exec_modifier = BG(timeout=30)

            def calculate_fibonacci(self, n):
                pass

        if __name__ == "__main__":
            g = Global(unix_sock_path=SOCKET)
            client = CalculatorClient()
            later = client.calculate_fibonacci(20)
            print("later", later.get(), later.get())
            print("now", client.calculate_fibonacci.call(exec_modifier=FG, n=15))
            print("lazy", g.call.calculate_fibonacci(10) & FG(timeout="5s"))
    """)
    lines = client.finish()
    assert "later 6765 6765" in lines and "now 610" in lines and "lazy 55" in lines


def test_async_fetchers_and_callbacks(programs):
    service = programs("""
        import asyncio
        from daffi import Global
        from daffi.decorators import callback

        @callback
        async def trigger_me(word):
            return word + "!", asyncio.get_running_loop() is main_loop

        async def main():
            global main_loop
            main_loop = asyncio.get_running_loop()
            g = Global(init_controller=True, unix_sock_path=SOCKET)
            print("up")
            await g.join_async()

        asyncio.run(main())
    """)
    service.expect("up")
    client = programs("""
        import asyncio
        from daffi import BG, FG, Global
        from daffi.decorators import fetcher

        @fetcher(FG)
        async def trigger_me(word):
            pass

        async def main():
            g = Global(unix_sock_path=SOCKET)
            await g.wait_function_async("trigger_me")
            print(await trigger_me("go"))
            print(await asyncio.gather(*(g.call.trigger_me(str(i)) & BG for i in range(3))))
            g.stop()

        asyncio.run(main())
    """)
    lines = client.finish()
    assert "('go!', True)" in lines
    assert "[('0!', True), ('1!', True), ('2!', True)]" in lines
    service.interrupt(15)
    service.finish(0)


def test_a_self_signed_certificate_on_both_sides(programs, tmp_path):
    import subprocess

    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-sha256", "-days", "2", "-nodes", "-keyout", "key.pem",
         "-out", "cert.pem", "-subj", "/CN=example.com", "-addext", "subjectAltName=DNS:example.com,IP:::"],
        cwd=tmp_path, check=True, capture_output=True,
    )
    service = programs("""
        from daffi import Global
        from daffi.registry import Callback

        class CalculatorService(Callback):
            auto_init = True

            def calculate_sum(self, *numbers):
                return sum(numbers)

        if __name__ == "__main__":
            g = Global(init_controller=True, host="localhost", ssl_certificate="cert.pem", ssl_key="key.pem")
            print("port", g.port)
            g.join()
    """)
    port = int(service.expect("port ").split()[-1])
    client = programs("""
        from daffi import Global
        from daffi.registry import Fetcher

        class CalculatorClient(Fetcher):
            def calculate_sum(self, *numbers):
                pass

        if __name__ == "__main__":
            g = Global(host="localhost", port=PORT, ssl_certificate="cert.pem", ssl_key="key.pem")
            print("sum", CalculatorClient().calculate_sum(10, 20, 30))
            g.stop()
    """, PORT=port)
    assert "sum 60" in client.finish()


def test_lifecycle_hooks_are_told_of_connections(programs):
    controller = programs("""
        from daffi import Global

        def on_init(g, name):
            print("init", name, g.is_controller)

        def on_connect(g, name):
            print("connected", name)

        def on_disconnect(g, name):
            print("disconnected", name)

        if __name__ == "__main__":
            g = Global("boss", init_controller=True, unix_sock_path=SOCKET, on_init=on_init,
                       on_node_connect=on_connect, on_node_disconnect=on_disconnect)
            g.join()
    """)
    controller.expect("init boss True")
    controller.expect("connected boss")
    worker = programs("""
        from daffi import Global
        with Global("worker", unix_sock_path=SOCKET):
            pass
    """)
    controller.expect("connected worker")
    worker.finish()
    controller.expect("disconnected worker")
    controller.interrupt(15)
    controller.expect("disconnected boss")
    controller.finish(0)
