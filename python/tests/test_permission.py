"""Whose pickles and functions are taken: those of the same user on this host, and nobody else's without more."""

SERVICE = """
    import os
    os.environ["DAFFI_COOKIE_FILE"] = "theirs"
    from daffi import Global
    from daffi.decorators import callback

    @callback
    def echo(value):
        return value

    @callback
    def give():
        return lambda: 1

    g = Global("service", init_controller=True, host="localhost")
    print("port", g.port)
    g.join()
"""

CLIENT = """
    import os
    os.environ["DAFFI_COOKIE_FILE"] = COOKIE
    import datetime, decimal
    from daffi import FG, Global
    from daffi.exceptions import NotPermittedError
    g = Global("client", host="localhost", port=PORT)

    def told(what):
        try:
            print("given", what())
        except NotPermittedError as error:
            print("refused", error.may_have_run, error)

    for plain in [(1, "a"), {2}, 2**80, datetime.date(2024, 1, 2), decimal.Decimal("1.5"), b"x", ValueError("v")]:
        assert repr(g.call.echo(plain) & FG) == repr(plain)
    told(lambda: (g.call.echo(lambda: 2) & FG)())
    told(lambda: (g.call.give() & FG)())
    told(lambda: g.transfer_and_call("service", lambda: 3))
    print("alive", g.call.echo(4) & FG)
"""


def run(programs, cookie):
    port = int(programs(SERVICE).expect("port").split()[1])
    return programs(CLIENT, PORT=port, COOKIE=cookie).finish(0)


def test_the_same_users_code_is_taken(programs):
    assert run(programs, "theirs") == ["given 2", "given 1", "given 3", "alive 4"]


def test_a_strangers_plain_data_is_taken_and_its_code_refused(programs):
    argument, result, function, alive = run(programs, "another")
    assert argument.startswith("refused False") and "'service' takes no pickled values from here" in argument
    assert result.startswith("refused True") and "'service' may not send pickled values" in result
    assert function.startswith("refused False") and "does not run code sent by 'client'" in function
    assert alive == "alive 4"
