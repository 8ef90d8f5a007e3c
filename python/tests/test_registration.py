"""Callback and fetcher classes and decorators: what they refuse and what they announce."""

import functools

import pytest

from daffi import FG, Global, registry
from daffi._bodies import has_body
from daffi.decorators import __body_unknown__, alias, callback, fetcher, local
from daffi.exceptions import GlobalContextError, InitializationError
from daffi.registry import Args, Callback, Fetcher


@pytest.fixture
def unregistered():
    """Takes out again what a test registers by decorators."""
    from daffi import _registered

    before = dict(_registered._handlers)
    yield _registered._handlers
    _registered._handlers.clear()
    _registered._handlers.update(before)


def test_exports_are_what_they_should_be():
    import daffi
    from daffi import decorators, exceptions

    names = {}
    exec("from daffi import *", names)
    assert {"Global", "FG", "BG", "PERIOD", "BROADCAST"} == set(names) - {"__builtins__"}
    assert daffi.AsyncResult and daffi.ScheduledTask and daffi.current_call
    assert exceptions.BaseException is exceptions.DaffiError and "BaseException" not in exceptions.__all__
    assert decorators.body_unknown is registry.body_unknown is __body_unknown__


def returns_constant():
    return 5


def returns_sometimes(x):
    if x:
        return x
    return None


def returns_none(x):
    if x:
        return
    return None


def returns_in_nested():
    def inner():
        return 5

    inner()


def returns_after_finally(x):
    try:
        return x
    finally:
        print()


def returns_mark(a):
    return __body_unknown__(a)


@pytest.mark.parametrize(
    "function, expected",
    [
        (returns_constant, True),
        (returns_sometimes, True),
        (returns_none, False),
        (returns_in_nested, False),
        (returns_after_finally, True),
        (returns_mark, False),
        (lambda: None, False),
    ],
)
def test_bodies_are_found_in_byte_code(function, expected):
    assert has_body(function) is expected


def test_decorated_callbacks_stay_callable(unregistered):
    @callback
    def here(a):
        """Words."""
        return a + 1

    assert here(1) == 2 and here.alias == "here" and here.wrapped(2) == 3 and here.__doc__ == "Words."
    assert here.g is None or isinstance(here.g, Global)
    assert "here" in unregistered


def test_an_alias_in_either_order(unregistered):
    @alias("outer")
    @callback
    def one():
        pass

    @callback
    @alias("inner")
    def two():
        pass

    assert one.alias == "outer" and two.alias == "inner"
    assert {"outer", "inner"} <= set(unregistered) and not {"one", "two"} & set(unregistered)
    with pytest.raises(ValueError, match="Alias must be string."):
        alias(5)


def test_lambdas_and_classes_are_refused():
    for decorator in (callback, fetcher):
        with pytest.raises(InitializationError):
            decorator(lambda: None)
        with pytest.raises(InitializationError):
            decorator(int)


def test_one_class_is_not_both(unregistered):
    with pytest.raises(InitializationError, match="Multiple inheritance is prohibited"):

        class Both(Callback, Fetcher):
            pass

    class A(Callback):
        def a(self):
            return 1

    class B(Fetcher):
        def b(self):
            pass

    class C(A, B):
        pass

    assert C().a() == 1


def test_only_public_methods_are_offered_inherited_ones_too(unregistered):
    class Base(Callback):
        def inherited(self):
            pass

        def _hidden(self):
            pass

        @local
        def kept(self):
            pass

    class Derived(Base):
        @alias("other")
        def own(self):
            pass

        @staticmethod
        def static(a):
            pass

        @classmethod
        def of_class(cls, a):
            pass

    assert {"inherited", "other", "static", "of_class"} <= set(unregistered)
    assert not {"_hidden", "kept", "own", "g"} & set(unregistered)


def test_exactly_one_instance(unregistered):
    class Service(Callback):
        def __init__(self, value):
            super().__init__()
            self.value = value

        def __post_init__(self):
            self.seen = self.value

        def get(self):
            return self.seen

    assert Service(3).get() == 3
    with pytest.raises(InitializationError, match="Only one callback instance of 'Service' should be created."):
        Service(4)


def test_a_class_without_instance_gets_one_at_its_first_call(unregistered, cluster):
    class Menu(Callback):
        def get_menu(self):
            return type(self).__name__

    class Needs(Callback):
        def __init__(self, value):
            self.value = value

        def get_value(self):
            return self.value

    cluster.controller._core.add(unregistered["get_menu"])
    cluster.controller._core.add(unregistered["get_value"])
    client = cluster.node()
    client.wait_function("get_value")
    assert client.call.get_menu() & FG == "Menu"
    Menu()
    with pytest.raises(Exception, match="create it in its own process"):
        client.call.get_value() & FG
    Needs(5)
    assert client.call.get_value() & FG == 5


def test_fetchers_bind_at_the_call_and_say_when_there_is_no_global():
    @fetcher
    def nowhere():
        pass

    if nowhere.g is None:
        with pytest.raises(GlobalContextError, match="there is no Global yet"):
            nowhere()


def test_fetcher_settings():
    from daffi import BG

    @fetcher(BG(timeout=3))
    def one():
        pass

    @fetcher(exec_modifier=FG)
    def two():
        pass

    class Many(Fetcher):
        exec_modifier = BG

        def three(self):
            pass

    assert one.exec_modifier == BG(timeout=3) and two.exec_modifier == FG()
    many = Many()
    assert many.three.exec_modifier == BG() and many.three is many.three
    many.three.exec_modifier = FG(timeout=1)
    many.three.alias = "four"
    assert many.three.exec_modifier == FG(timeout=1) and many.three.alias == "four"
    assert Many().three.alias == "three"


def test_args_are_several_arguments():
    assert Args(1, a=2) == Args(1, a=2) != Args(1)
    assert repr(Args(1, a="x")) == "Args(1, a='x')"


def test_wrapped_functions_keep_their_kind(unregistered):
    from daffi import _registered

    async def coroutine():
        pass

    @functools.wraps(coroutine)
    async def wrapper():
        return await coroutine()

    assert _registered.kind_of(wrapper) == _registered.COROUTINE


def test_static_and_class_methods_of_fetchers_call_as_their_class_says(programs):
    lines = programs("""
        from daffi import BG, FG, Global
        from daffi.decorators import callback
        from daffi.registry import Args, Fetcher

        @callback
        def join(*words):
            return "-".join(words)

        class Joiner(Fetcher):
            exec_modifier = FG(receiver="me")
            word = "c"

            @staticmethod
            def join(*words):
                pass

            @classmethod
            def join_class(cls, *words):
                return Args(cls.word, *words)

        Joiner.join_class.alias = "join"
        Global("me", init_controller=True, unix_sock_path=SOCKET)
        print(Joiner().join("a", "b"), Joiner.join("d"), Joiner().join_class("e"))
        print(Joiner.join.call("f", exec_modifier=BG(receiver="me")).get())
        Joiner().g.stop()
    """).finish(0)
    assert lines == ["a-b d c-e", "f"]


def test_methods_may_have_a_modifier_and_an_alias_of_their_own(programs):
    lines = programs("""
        from daffi import BG, FG, Global
        from daffi.decorators import alias, callback, fetcher
        from daffi.registry import Args, Fetcher

        @callback
        def join(*words):
            return "-".join(words)

        @fetcher
        def elsewhere(*words):
            return Args(*words)

        elsewhere.alias = "join"

        class Joiner(Fetcher):
            exec_modifier = FG(receiver="me")
            word = "c"
            shared = elsewhere

            @fetcher
            def join(self, word):
                return Args(self.word, word)

            @fetcher(BG(receiver="me"))
            @alias("join")
            def join_later(self, *words):
                pass

            @alias("join")
            @fetcher(exec_modifier=BG(receiver="me"))
            def join_first(self, *words):
                return Args("first", *words)

        Global("me", init_controller=True, unix_sock_path=SOCKET)
        joiner = Joiner()
        print(joiner.join("a"), joiner.join_later("b", "d").get(), joiner.join_first("e").get())
        print(joiner.join.call("f", exec_modifier=BG(receiver="me")).get())
        print(joiner.shared.call("g", exec_modifier=FG(receiver="me")))
        joiner.g.stop()
    """).finish(0)
    assert lines == ["c-a b-d first-e", "c-f", "g"]
