"""Callbacks that name their callers: by the role of the token that a process has proved."""

SERVICE = """
    from daffi import Global
    from daffi.decorators import callback, callers
    from daffi.exceptions import InitializationError
    from daffi.registry import Callback

    @callback
    @callers("role:operator", "certificate:console")
    def restart(times: int) -> int:
        return times

    @callback
    def status():
        return "up"

    class Service(Callback):
        auto_init = True

        @callers("role:operator")
        def halt(self):
            return "halted"

    for names in [(), ("everybody",), (1,)]:
        try:
            @callback
            @callers(*names)
            def wrong():
                pass
        except InitializationError as error:
            print("refused", error)

    g = Global("service", init_controller=True, host="localhost", token="all",
               token_roles={"operator": "for operators", "viewer": "for viewers"})
    print("port", g.port)
    g.join()
"""

CLIENT = """
    from daffi import FG, Global
    from daffi.exceptions import NotPermittedError
    g = Global(host="localhost", port=PORT, token=TOKEN)
    print("sees", sorted(g.registered_callbacks["service"]))
    for name, arguments in [("restart", (2,)), ("halt", ()), ("status", ())]:
        try:
            print(name, getattr(g.call, name)(*arguments) & FG)
        except NotPermittedError as error:
            print(name, "refused", error.may_have_run)
"""


def test_only_the_named_roles_call_and_see(programs):
    service = programs(SERVICE)
    for _ in range(3):
        service.expect("refused")
    port = int(service.expect("port").split()[1])
    assert programs(CLIENT, PORT=port, TOKEN="for operators").finish(0) == [
        "sees ['halt', 'restart', 'status']", "restart 2", "halt halted", "status up"]
    for token in ("for viewers", "all"):
        assert programs(CLIENT, PORT=port, TOKEN=token).finish(0) == [
            "sees ['status']", "restart refused False", "halt refused False", "status up"]
