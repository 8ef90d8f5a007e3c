"""What the tests share: real processes whose output is waited for, never slept for."""

import os
import queue
import signal
import subprocess
import sys
import textwrap
import threading

import pytest

LIMIT = 40


class Program:
    """A Python script as a process of its own. Its lines are read as they come."""

    def __init__(self, command, cwd, env):
        self.process = subprocess.Popen(
            command, cwd=cwd, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, bufsize=1
        )
        self.lines = queue.Queue()
        self.seen = []
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(line.rstrip("\n"))
        self.lines.put(None)

    def expect(self, text):
        """Waits for a line that contains the text."""
        while True:
            try:
                line = self.lines.get(timeout=LIMIT)
            except queue.Empty:
                raise AssertionError(f"no line with {text!r} within {LIMIT} s; so far:\n" + "\n".join(self.seen)) from None
            if line is None:
                raise AssertionError(f"it ended without a line with {text!r}:\n" + "\n".join(self.seen))
            self.seen.append(line)
            if text in line:
                return line

    def finish(self, status=0):
        """Waits for the end; gives all lines."""
        while (line := self.lines.get(timeout=LIMIT)) is not None:
            self.seen.append(line)
        assert self.process.wait(LIMIT) == status, "\n".join(self.seen)
        return self.seen

    def interrupt(self, number=signal.SIGINT):
        self.process.send_signal(number)

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


@pytest.fixture
def programs(tmp_path):
    """Starts scripts in a folder of their own; each gets SOCKET, the folder of a private UNIX socket, as a global."""
    started = []
    folder = tmp_path / "s"
    folder.mkdir(mode=0o700)

    def start(script, log="warning", **names):
        path = tmp_path / f"program{len(started)}.py"
        prelude = f"SOCKET = {str(folder)!r}\n" + "".join(f"{name} = {value!r}\n" for name, value in names.items())
        path.write_text(prelude + textwrap.dedent(script))
        env = dict(os.environ, PYTHONUNBUFFERED="1", DAFFI_LOG=log, DAFFI_COOKIE_FILE=str(tmp_path / "cookie"))
        started.append(Program([sys.executable, str(path)], tmp_path, env))
        return started[-1]

    yield start
    for each in started:
        each.kill()


@pytest.fixture
def cluster():
    """A controller and private nodes in this process."""
    from daffi.testing import Cluster

    with Cluster() as made:
        yield made
