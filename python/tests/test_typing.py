"""Types tell the truth: the sample that the type checkers accept runs, and the core has what its stub says."""

import ast
import pathlib

import daffi
from daffi import _core

HERE = pathlib.Path(__file__).parent


def test_the_sample_runs(programs):
    run = """
        import runpy, sys
        sys.argv[1:] = [SOCKET]
        runpy.run_path(SAMPLE, run_name="__main__")
    """
    assert programs(run, SAMPLE=str(HERE / "typing" / "sample.py")).finish(0) == ["all of it"]


def names_of(body):
    return {
        name
        for each in body
        for name in (
            [each.name] if isinstance(each, (ast.FunctionDef, ast.ClassDef))
            else [each.target.id] if isinstance(each, ast.AnnAssign)
            else []
        )
    }  # fmt: skip


def test_the_stub_of_the_core_is_complete():
    stub = ast.parse((pathlib.Path(daffi.__file__).parent / "_core.pyi").read_text())
    assert names_of(stub.body) == {name for name in dir(_core) if not name.startswith("__")}
    for each in stub.body:
        if isinstance(each, ast.ClassDef):
            there = {name for name in vars(getattr(_core, each.name)) if not name.startswith("__")}
            # What Python adds to a class of the core is in the stub of the module that adds it.
            assert {name for name in names_of(each.body) if not name.startswith("__")} == there - {"get_async"}
