#!/usr/bin/env python3
"""Runs the shopping example as processes and shows what each of them says: a service in C++, a shopper in C++, and, when
the Python package is built, one in Python.

usage: demo.py FOLDER_OF_THE_EXAMPLES
"""

import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COLOURS = {"service": "36", "shopper": "33", "python": "35"}
START_LIMIT = 30  # seconds until the service must have said where it listens


class Child:
    """A running program whose lines are printed as they come, with its name before them."""

    def __init__(self, name: str, *command: str, **environment: str):
        self.name = name
        self.listening = threading.Event()
        self.port = ""
        # A session of its own: Ctrl-C in the terminal reaches only us, and we end the children in order.
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True, start_new_session=True,
                                        env=dict(os.environ, **environment))
        self.reader = threading.Thread(target=self._follow, daemon=True)
        self.reader.start()

    def _follow(self) -> None:
        for line in self.process.stdout:
            show(self.name, line.rstrip("\n"))
            if match := re.search(r"port (\d+)", line):
                self.port = match.group(1)
                self.listening.set()
        self.listening.set()  # it ended; nobody should wait any longer

    def end(self, number: int) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.reader.join(timeout=5)
        return self.process.returncode


def show(name: str, line: str) -> None:
    label = f"{name:>8} |"
    if sys.stdout.isatty() and "NO_COLOR" not in os.environ:
        label = f"\033[{COLOURS[name]}m{label}\033[0m"
    print(f"{label} {line}", flush=True)


def python_shopper(examples: Path, port: str) -> Child | None:
    """The Python client of the same service; None without the package in the build tree."""
    package, python = examples.resolve().parent / "python", ROOT / "build" / "venv" / "bin" / "python"
    if not python.exists() or not list((package / "daffi").glob("_core*.so")):
        return None
    return Child("python", str(python), str(ROOT / "examples" / "python" / "cpp_shopper.py"), "--port", port,
                 PYTHONPATH=str(package), PYTHONUNBUFFERED="1")


def main() -> int:
    examples = Path(sys.argv[1])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    service = Child("service", str(examples / "shopping_service"), "--port", "0")
    shopper = python = None
    try:
        if not service.listening.wait(START_LIMIT) or not service.port:
            print("demo: the service did not say where it listens", file=sys.stderr)
            return 1
        shopper = Child("shopper", str(examples / "shopper"), "--port", service.port)
        status = shopper.process.wait(timeout=60)
        shopper.reader.join(timeout=5)
        python = python_shopper(examples, service.port)
        if python:
            status = python.process.wait(timeout=60) or status
            python.reader.join(timeout=5)
        ended = service.end(signal.SIGTERM)
        if status or ended:
            print(f"demo: a shopper ended with {status}, the service with {ended}", file=sys.stderr)
            return 1
        print("demo: two processes called each other; the code is in examples/cpp/shopping_service.cpp and shopper.cpp")
        if python:
            print("demo: and a third one did, in Python: examples/python/cpp_shopper.py")
        return 0
    except KeyboardInterrupt:
        print("\ndemo: interrupted", file=sys.stderr)
        return 130
    finally:
        for child in (python, shopper, service):
            if child:
                child.end(signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main())
