"""The documentation's scripts, continued: 2.1 to 2.6, 2.11, 2.13, in both of the forms they are shown in.

They talk over TCP as they do there, at a port that was free.
"""

import subprocess

import pytest

SUMS = {
    "class": """
        import logging
        from daffi import Global
        from daffi.registry import Callback
        logging.basicConfig(level=logging.INFO)

        class CalculatorService(Callback):
            auto_init = True

            def calculate_sum(self, *numbers):
                return sum(numbers)
    """,
    "function": """
        import logging
        from daffi import Global
        from daffi.decorators import callback
        logging.basicConfig(level=logging.INFO)

        @callback
        def calculate_sum(*numbers):
            return sum(numbers)
    """,
}
SUM_CLIENTS = {
    "class": """
        import logging
        from daffi import Global
        from daffi.registry import Fetcher
        logging.basicConfig(level=logging.INFO)

        class CalculatorClient(Fetcher):
            def calculate_sum(self, *numbers):
                \"\"\"Nothing but words and pass: no body.\"\"\"
                pass

        def calculate_sum(*numbers):
            return CalculatorClient().calculate_sum(*numbers)
    """,
    "function": """
        import logging
        from daffi import Global
        from daffi.decorators import fetcher
        logging.basicConfig(level=logging.INFO)

        @fetcher
        def calculate_sum(*numbers):
            \"\"\"Nothing but words and pass: no body.\"\"\"
            pass
    """,
}
ARITHMETIC = """
        from daffi import Global
        from daffi.registry import Callback

        class CalculatorService(Callback):
            auto_init = True

            def calculate_sum(self, num1, num2):
                return num1 + num2

            def calculate_difference(self, num1, num2):
                return num1 - num2
"""


@pytest.fixture
def serve(programs):
    """Starts a script that ends by serving, and gives its port."""

    def start(script, more=""):
        service = programs(script + f"""
        if __name__ == '__main__':
            g = Global(init_controller=True, host="localhost"{more})
            print("port", g.port)
            g.join()
        """)
        return int(service.expect("port ").split()[-1])

    return start


@pytest.fixture
def run(programs):
    """Runs a client to its end, and gives what it printed."""

    def start(script, port, main, more=""):
        client = programs(script + f"""
        if __name__ == '__main__':
            g = Global(host="localhost", port=PORT{more})
            {main}
        """, PORT=port)
        return client.finish(0)

    return start


@pytest.mark.parametrize("client", SUM_CLIENTS)
@pytest.mark.parametrize("service", SUMS)
def test_a_sum(serve, run, service, client):
    port = serve(SUMS[service])
    main = "print(calculate_sum(1, 2)); print(calculate_sum(10, 20, 30)); g.stop()"
    assert run(SUM_CLIENTS[client], port, main) == ["3", "60"]


def test_bodies_of_methods_and_an_end_without_stop(serve, run):
    port = serve(ARITHMETIC)
    client = """
        from daffi import Global
        from daffi.registry import Fetcher, Args

        class CalculatorClient(Fetcher):
            def __post_init__(self):
                self.multiplier = 2

            def calculate_sum(self, num1, num2):
                num1 *= self.multiplier
                num2 *= self.multiplier
                return num1, num2

            def calculate_difference(self, num1, num2):
                num1 *= self.multiplier
                num2 *= self.multiplier
                return Args(num1=num1, num2=num2)
    """
    main = "c = CalculatorClient(); print(c.calculate_sum(1, 2)); print(c.calculate_difference(50, 20))"
    assert run(client, port, main) == ["6", "60"]


def test_the_users_own_instance(serve, run):
    port = serve("""
        from daffi import Global
        from daffi.registry import Callback

        class CalculatorService(Callback):
            auto_init = False

            def __init__(self, multiplier):
                super().__init__()
                self.multiplier = multiplier

            def calculate_sum(self, num1, num2):
                num1 *= self.multiplier
                num2 *= self.multiplier
                return num1 + num2

        calc_service = CalculatorService(multiplier=3)
    """)
    assert run(SUM_CLIENTS["class"], port, "print(calculate_sum(1, 2)); g.stop()") == ["9"]


ALIASES = {
    "class": """
        from daffi import Global
        from daffi.registry import Fetcher, Args
        from daffi.decorators import alias

        class CalculatorClient(Fetcher):
            def __post_init__(self):
                self.multiplier = 2

            def calculate_sum(self, num1, num2):
                \"\"\"Default proxy behavior\"\"\"

            @alias("calculate_sum")
            def calculate_sum_with_multiplier(self, num1, num2):
                num1 *= self.multiplier
                num2 *= self.multiplier
                return Args(num1, num2)

        client = CalculatorClient()
        calculate_sum, with_multiplier = client.calculate_sum, client.calculate_sum_with_multiplier
    """,
    "function": """
        from daffi import Global
        from daffi.decorators import fetcher, alias
        from daffi.registry import Args

        multiplier = 2

        @fetcher
        def calculate_sum(num1, num2):
            \"\"\"Default proxy behavior\"\"\"

        @alias("calculate_sum")
        @fetcher
        def with_multiplier(num1, num2):
            num1 *= multiplier
            num2 *= multiplier
            return Args(num1, num2)
    """,
}


@pytest.mark.parametrize("form", ALIASES)
def test_two_fetchers_of_one_callback(serve, run, form):
    port = serve(ARITHMETIC)
    assert run(ALIASES[form], port, "print(calculate_sum(1, 2), with_multiplier(1, 2)); g.stop()") == ["3 6"]


def test_a_named_process_is_waited_for(programs):
    service = programs("""
        from daffi import Global
        if __name__ == '__main__':
            g = Global(init_controller=True, host="localhost", process_name="calculator service")
            print("port", g.port)
            g.wait_process(process_name="calculator client")
            print("Calculator client has been started...")
            g.join()
    """)
    port = int(service.expect("port ").split()[-1])
    client = programs("""
        import sys
        from daffi import Global
        if __name__ == '__main__':
            g = Global(host="localhost", port=PORT, process_name="calculator client")
            g.join()
    """, PORT=port)
    service.expect("Calculator client has been started...")
    client.kill()


@pytest.mark.parametrize("form", SUMS)
def test_certificates_with_an_address_of_any_host(serve, run, tmp_path, form):
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-sha256", "-days", "3650", "-nodes", "-keyout", "key.pem",
         "-out", "cert.pem", "-subj", "/CN=example.com",
         "-addext", "subjectAltName=DNS:example.com,DNS:www.example.net,IP:::"],
        cwd=tmp_path, check=True, capture_output=True,
    )  # fmt: skip
    files = ', ssl_certificate="cert.pem", ssl_key="key.pem"'
    port = serve(SUMS[form], files)
    main = "print(calculate_sum(1, 2)); print(calculate_sum(10, 20, 30)); g.stop()"
    assert run(SUM_CLIENTS[form], port, main, files) == ["3", "60"]


FIBONACCI = {
    "class": """
        from daffi import Global
        from daffi.registry import Callback

        class CalculatorService(Callback):
            auto_init = True

            def calculate_fibonacci(self, n):
                if n == 0:
                    return 0
                elif n == 1 or n == 2:
                    return 1
                else:
                    return self.calculate_fibonacci(n - 1) + self.calculate_fibonacci(n - 2)
    """,
    "function": """
        from daffi import Global
        from daffi.decorators import callback

        @callback
        def calculate_fibonacci(n):
            if n == 0:
                return 0
            elif n == 1 or n == 2:
                return 1
            else:
                return calculate_fibonacci(n - 1) + calculate_fibonacci(n - 2)
    """,
}
FIBONACCI_CLIENTS = {
    "class": """
        from daffi import Global, BG, FG
        from daffi.registry import Fetcher

        class CalculatorClient(Fetcher):
            exec_modifier = BG(timeout=30)

            def calculate_fibonacci(self, n):
                \"\"\"Proxy fetcher\"\"\"
                pass

        calculate_fibonacci = CalculatorClient().calculate_fibonacci
    """,
    "function": """
        from daffi import Global, BG, FG
        from daffi.decorators import fetcher

        @fetcher(BG(timeout=30))
        def calculate_fibonacci(n):
            \"\"\"Proxy fetcher\"\"\"
            pass
    """,
}


@pytest.mark.parametrize("form", FIBONACCI)
def test_background_and_foreground(serve, run, form):
    port = serve(FIBONACCI[form])
    main = (
        "feature = calculate_fibonacci(20); print('Waiting'); print(f'Fibonacci result: {feature.get()}'); "
        "print(f'Fibonacci result: {calculate_fibonacci.call(exec_modifier=FG, n=15)}'); g.stop()"
    )
    assert run(FIBONACCI_CLIENTS[form], port, main) == ["Waiting", "Fibonacci result: 6765", "Fibonacci result: 610"]
