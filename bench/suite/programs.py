"""The programs of a measurement: started in order, asked for their first line, and ended together."""

from __future__ import annotations

import dataclasses
import os
import pathlib
import selectors
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
READY_TIMEOUT = 20.0
ENVIRONMENT = {**os.environ, "DAFFI_LOG": "warning"}    # stdout is for what the driver reads


class BenchError(Exception):
    """Something that ends the run and is told in one line."""


@dataclasses.dataclass(frozen=True)
class Side:
    """Programs that do the same work over the same sockets: names of binaries, or "script role" for Python.

    Without a controller the caller connects to the callee itself.
    """

    name: str
    controller: str
    callee: str
    caller: str
    binaries: str = "bench"           # the folder of the build that has them
    scripts: str = "bench/python"     # the folder of this repository that has them
    venv: str = ""                    # the environment that runs them; empty: the driver's own
    transports: tuple[str, ...] = ("tcp", "unix")
    modes: tuple[str, ...] = ()       # which of the caller's modes it can do; empty: all

    def programs(self) -> tuple[str, ...]:
        return tuple(filter(None, (self.controller, self.callee, self.caller)))

    def command(self, build: pathlib.Path, program: str) -> list[str]:
        script, _, role = program.partition(" ")
        if not role:
            return [str(build / self.binaries / program)]
        python = str(ROOT / "build" / "peers" / self.venv / "bin" / "python") if self.venv else sys.executable
        # Another environment's packages are not shadowed by ours.
        return [python, *(["-E"] if self.venv else []), str(ROOT / self.scripts / script), role]

    def can(self, mode: str, transport: str) -> bool:
        return transport.removesuffix("-pinned") in self.transports and (not self.modes or mode in self.modes)


OURS = Side("ours", "bench_daffi_controller", "bench_daffi_callee", "bench_daffi_caller")
FLOOR = Side("floor", "bench_floor_relay", "bench_floor_callee", "bench_floor_caller")
PLAIN = Side("floor", "bench_daffi_controller", "bench_daffi_callee", "bench_daffi_caller")    # in the floor's place
PYTHON = Side("ours", "ours.py controller", "ours.py callee", "ours.py caller")
PYTHON_FLOOR = Side("floor", "floor.py relay", "floor.py callee", "floor.py caller")


class Processes:
    """What one measurement started; all of it is ended with it."""

    def __init__(self, folder: pathlib.Path, cpu: int | None):
        self._folder = folder
        self._cpu = cpu
        self._started: list[tuple[subprocess.Popen[str], pathlib.Path]] = []

    def __enter__(self) -> Processes:
        return self

    def __exit__(self, *_: object) -> None:
        for process, _log in reversed(self._started):
            if process.poll() is None:
                process.kill()
            process.wait()
            if process.stdout:
                process.stdout.close()

    def start(self, command: list[str], options: list[str]) -> subprocess.Popen[str]:
        log = self._folder / f"{len(self._started)}.log"
        # Children inherit the affinity of this moment; the driver itself only waits meanwhile.
        allowed = os.sched_getaffinity(0)
        try:
            if self._cpu is not None:
                os.sched_setaffinity(0, {self._cpu})
            with log.open("w") as errors:
                # A session of their own: Ctrl-C reaches the driver only, which then ends them in order.
                process = subprocess.Popen([*command, *options], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                           stderr=errors, text=True, start_new_session=True, env=ENVIRONMENT)
        finally:
            os.sched_setaffinity(0, allowed)
        self._started.append((process, log))
        return process

    def last(self) -> subprocess.Popen[str]:
        return self._started[-1][0]

    def start_server(self, command: list[str], options: list[str]) -> int:
        """Returns the port it serves, once it says that it is ready."""
        process = self.start(command, options)
        line = self.first_line(process, READY_TIMEOUT)
        words = line.split()
        if len(words) != 2 or words[0] != "ready":
            raise self.error(f"{' '.join(command)} said {line.strip()!r}")
        return int(words[1])

    def finish(self, process: subprocess.Popen[str], name: str, timeout: float) -> str:
        try:
            output, _ = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            raise self.error(f"{name} did not end within {timeout:.0f} s") from None
        if process.returncode != 0:
            raise self.error(f"{name} failed (status {process.returncode})")
        return output

    def error(self, what: str) -> BenchError:
        said = []
        for process, log in self._started:
            text = log.read_text(errors="replace").strip()
            if text:
                said.append(f"  {' '.join(map(str, process.args[:3]))}: " + "\n    ".join(text.splitlines()[-5:]))
        return BenchError("\n".join([what, *said]))

    def first_line(self, process: subprocess.Popen[str], timeout: float) -> str:
        assert process.stdout
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            if not selector.select(timeout):
                raise self.error(f"{' '.join(map(str, process.args))} said nothing for {timeout:.0f} s")
        return process.stdout.readline()
