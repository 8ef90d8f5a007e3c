"""Every example as real processes, its output checked."""

import os
import pathlib
import subprocess
import sys

import pytest
from conftest import Program

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = ROOT / "examples" / "python"


@pytest.fixture
def example(tmp_path):
    """Starts an example on a socket of the test's own, or at ``port``; with the words it is given behind."""
    started = []

    def start(name, *words, port=None):
        where = ["--unix-sock-path", str(tmp_path / "s")] if port is None else ["--port", str(port)]
        env = dict(
            os.environ, DAFFI_LOG="error", DAFFI_COOKIE_FILE=str(tmp_path / "cookie"), PYTHONUNBUFFERED="1",
            PYTHONWARNINGS="ignore::DeprecationWarning",
        )  # fmt: skip
        command = [sys.executable, str(FOLDER / f"{name}.py"), *where, *words]
        started.append(Program(command, tmp_path, env))
        return started[-1]

    yield start
    for each in started:
        each.kill()


@pytest.mark.parametrize(
    "service, ready, client, printed",
    [
        ("library_service", "open", "library_client",
         ["1", "2", "['Beowulf', 'Emma', 'Middlemarch', 'Romola']", "4", "Austen", "ValueError Emma is there already",
          "[]"]),
        ("walk_service", "measuring", "walk_client", ["to the mill: 7 km", "and round the lake: 17.5 km"]),
        ("walk_functions_service", "measuring", "walk_functions_client",
         ["to the mill: 7 km", "and round the lake: 17.5 km"]),
        ("recipe_service", "hot", "recipe_client", ["820 g of dough", "30 min at 220 C"]),
        ("recipe_functions_service", "hot", "recipe_functions_client", ["820 g of dough", "30 min at 220 C"]),
        ("greeter_service", "at the door", "greeter_client", ["SERVUS, ADA"]),
        ("password_service", "guarding", "password_client",
         ["strength 24", "offered {'passwords': ['strength']}",
          "Function 'kinds' is not found on any other process."]),
        ("thermostat_service", "ticking", "thermostat_client", ["21.0 C", "20.0 C", "26.9 C", "cold"]),
        ("thermostat_functions_service", "ticking", "thermostat_functions_client",
         ["21.0 C", "20.0 C", "26.9 C", "cold"]),
        ("diary_service", "blank", "diary_client", ["102 entries, 1: rain (fair) ... 102: sun (good)"]),
        ("diary_functions_service", "blank", "diary_functions_client",
         ["102 entries, 1: rain (fair) ... 102: sun (good)"]),
        ("primes_functions_service", "counting", "primes_functions_client",
         ["2", "3", "5", "7", "11", "13", "17", "19", "sum 76127"]),
        ("workbench", "free", "borrower",
         ["elsewhere True", "added 3", "counted [3, 2, 1]", "planed 18", "TypeError"]),
        ("collatz_service", "thinking", "collatz_client",
         ["asked for longest", "answer 2919", "at once 97"]),
        ("collatz_functions_service", "thinking", "collatz_functions_client",
         ["answers [9, 97, 871]", "at once 97", "by name 9", "unwanted None"]),
        ("garden_service", "green", "garden_client",
         ["period water True", "cancelled True again False", "at_time mow 2 to come", "cancelled True", "left []"]),
        ("garden_functions_service", "green", "garden_functions_client",
         ["cancelled True", "2 to come", "cancelled True"]),
        ("ferry_service", "afloat", "ferry_client",
         ["Ann is across", "['Ben is across', 'Cid is across']", "Dot is across", "Eve is across",
          "['8:00', '9:00', '10:00']"]),
    ],
)  # fmt: skip
def test_a_service_and_its_client(example, service, ready, client, printed):
    example(service).expect(ready)
    assert example(client).finish(0) == printed


def test_a_callback_function_is_a_function_where_it_is(example):
    example("walk_functions_service").expect("here it is a plain function: 3")


def test_a_second_instance_of_a_callback_class_is_refused(example):
    example("greeter_service").expect("Only one callback instance of 'Greeter' should be created.")


def test_leaving_a_stream_ends_it_at_the_callee(example):
    service = example("primes_service")
    service.expect("counting")
    assert example("primes_client").finish(0) == ["[101, 103, 107, 109, 113]", "[2, 2, 2, 3, 3, 5]"]
    service.expect("the caller has gone")


@pytest.mark.parametrize("order", [("lighthouse", "ship"), ("ship", "lighthouse")])
def test_named_processes_wait_for_each_other(example, order):
    first, second = example(order[0]), example(order[1])
    ship, lighthouse = (first, second) if order[0] == "ship" else (second, first)
    lighthouse.expect("a ship is in sight")
    assert ship.finish(0) == ["ship sees the lighthouse", "steer clear"]


@pytest.mark.parametrize("names", [("miller", "baker"), ("miller_functions", "baker_functions")])
def test_calls_in_both_directions(example, names):
    miller = example(names[0])
    miller.expect("turning")
    baker = example(names[1])
    baker.expect("ground: {'flour': 8.0}")
    miller.expect("lunch: 2.4 kg of flour for 3")


@pytest.mark.parametrize(
    "service, client", [("safe_service", "safe_client"), ("safe_functions_service", "safe_functions_client")]
)
def test_tls_by_a_shared_certificate(example, tmp_path, service, client):
    subprocess.run(["sh", ROOT / "examples/cpp/make_certificate.sh"], cwd=tmp_path, check=True, capture_output=True)
    port = example(service, port=0).expect("locked, port").split()[-1]
    assert example(client, port=port).finish(0) == ["things 1", "things 3"]


def test_who_has_another_certificate_stays_outside(example, tmp_path):
    make = ["sh", ROOT / "examples/cpp/make_certificate.sh"]
    subprocess.run(make, cwd=tmp_path, check=True, capture_output=True)
    port = example("safe_service", port=0).expect("locked, port").split()[-1]
    subprocess.run(make, cwd=tmp_path, check=True, capture_output=True)
    client = example("safe_client", port=port)
    assert "InitializationError" in client.finish(1)[-1]


def test_hooks_are_told_who_comes_and_goes(example):
    gatehouse = example("gatehouse")
    gatehouse.expect("gatehouse is up, controller: True")
    gatehouse.expect("gatehouse is here")
    assert example("visitor").finish(0) == ["inside"]
    gatehouse.expect("visitor is here")
    gatehouse.expect("visitor has left")
    gatehouse.interrupt(15)
    gatehouse.expect("gatehouse has left")


def test_a_broadcast_to_classes(example):
    for station in ("north", "south"):
        example("weather_station", station).expect("measuring")
    assert example("weather_survey").finish(0) == ["north -3.5", "south 21.0"]


def test_a_broadcast_of_which_one_fails(example):
    for station in ("north", "south", "east"):
        example("weather_functions_station", station).expect("measuring")
    assert example("weather_functions_survey").finish(0) == [
        "east failed: KeyError('east')", "north -3.5", "south 21.0", "None"
    ]  # fmt: skip


def test_two_nodes_of_a_controller_alone(example):
    example("controller").expect("switching")
    example("controlled", "serve").expect("serving")
    lines = example("controlled").finish(0)
    assert lines[:4] == [
        "asking controller: False",
        "{'answering': ['whoami']}",
        "hello asking",
        "not there, may be retried: True",
    ]
    assert "missing 1 required positional argument: 'greeting'" in lines[4]
    assert lines[-1] == "Global can no longer accept remote calls because it was stopped"


@pytest.mark.parametrize("service", ["asyncio", "trio"])
@pytest.mark.parametrize("client", ["asyncio", "trio"])
def test_either_loop_on_either_side(example, service, client):
    if "trio" in (service, client):
        pytest.importorskip("trio")
    ferry = example("ferry_service", service)
    ferry.expect("afloat")
    lines = example("ferry_client" if client == "asyncio" else "ferry_trio_client").finish(0)
    assert lines[-1] == "['8:00', '9:00', '10:00']"
    assert {"Ann is across", "Cid is across"} <= set(lines) or "['Ben is across', 'Cid is across']" in lines
    ferry.interrupt(15)
    ferry.finish(0)


def test_a_client_of_a_service_in_cpp(example, tmp_path):
    binary = pathlib.Path(os.environ.get("DAFFI_EXAMPLES", "nowhere")) / "shopping_service"
    if not binary.exists():
        pytest.skip("the C++ examples are not built")
    env = dict(os.environ, DAFFI_COOKIE_FILE=str(tmp_path / "cookie"))
    service = Program([str(binary), "--unix-sock-path", str(tmp_path / "s")], tmp_path, env)
    try:
        service.expect("listening on")
        first, refused, last = example("cpp_shopper").finish(0)
    finally:
        service.kill()
    assert first == "on the list: tea milk honey" and last == "on the list: nothing"
    assert "add_item" in refused and "expected str, got integer" in refused


def test_no_example_is_left_out():
    words = pathlib.Path(__file__).read_text()
    names = {path.stem for path in FOLDER.glob("*.py")} - {"address"}
    assert {name for name in names if f'"{name}"' not in words} == set()
