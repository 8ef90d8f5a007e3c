#!/usr/bin/env python3
"""Keeps the code in our documents true: compiles and runs it, page by page.

usage: run_snippets.py BUILD_FOLDER [PAGE...]

A fenced block is looked at when a comment stands on the line before it:

  <!-- snippet: quotes PATH -->    the block stands word for word in that file of the repository
  <!-- snippet: file NAME.cpp -->  the block is a program; it is compiled, and later blocks can start it as NAME
  <!-- snippet: file NAME.py -->   the block is a Python program, or its beginning
  <!-- snippet: append NAME.py --> the block continues that program
  <!-- snippet: background -->     shell; started, and left running until the page ends, once it has printed a line
  <!-- snippet: run -->            shell; must succeed
  <!-- snippet: output -->         what the last `run` printed

Every block that is a whole C++ program, and every Python block, must carry such a comment. Port 8888 of the documents becomes a free one here.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BLOCK = re.compile(r"(?:^<!-- snippet: ([^\n]*?) -->\n)?^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LIMIT = 60  # seconds for anything a snippet does


class Wrong(Exception):
    """A snippet that does not hold."""


@dataclass
class Snippet:
    line: int
    kind: str  # the first word of its comment; empty without one
    argument: str
    language: str
    text: str


def snippets_of(page: Path) -> list[Snippet]:
    text = page.read_text()
    result = []
    for match in BLOCK.finditer(text):
        kind, _, argument = (match.group(1) or "").partition(" ")
        result.append(Snippet(text.count("\n", 0, match.start()) + 1, kind, argument, match.group(2), match.group(3)))
    return result


def free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


class Page:
    """One page's snippets share a folder, a port and the programs started in the background."""

    def __init__(self, build: Path, folder: Path):
        self.build, self.folder, self.port = build, folder, free_port()
        self.background: list[subprocess.Popen] = []
        self.printed = ""
        places = [folder, build / "bin", build / "examples", ROOT / "build" / "venv" / "bin"]
        self.environment = dict(os.environ, NO_COLOR="1", PATH=os.pathsep.join([*map(str, places), os.environ["PATH"]]),
                                PYTHONPATH=str(build / "python"), DAFFI_COOKIE_FILE=str(folder / "cookie"))

    def adapt(self, text: str) -> str:
        return text.replace("8888", self.port)

    def quotes(self, snippet: Snippet) -> None:
        if snippet.text not in (ROOT / snippet.argument).read_text():
            raise Wrong(f"does not stand in {snippet.argument}")

    def file(self, snippet: Snippet) -> None:
        source = self.folder / snippet.argument
        source.write_text(self.adapt(snippet.text))
        if source.suffix == ".py":
            return
        done = subprocess.run(
            ["ccache", "g++", "-std=c++20", "-Wall", "-Wextra", f"-I{ROOT}/include", f"-I{self.build}/include", str(source),
             "-o", str(source.with_suffix("")), f"-L{self.build}", f"-Wl,-rpath,{self.build}", "-ldaffi"],
            capture_output=True, text=True)
        if done.returncode:
            raise Wrong(f"does not compile:\n{done.stderr}")

    def append(self, snippet: Snippet) -> None:
        with (self.folder / snippet.argument).open("a") as source:
            source.write(self.adapt(snippet.text))

    def run(self, snippet: Snippet) -> None:
        done = subprocess.run(["bash", "-euc", self.adapt(snippet.text)], cwd=self.folder, env=self.environment,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=LIMIT)
        self.printed = done.stdout
        if done.returncode:
            raise Wrong(f"ended with {done.returncode}:\n{done.stdout}{done.stderr}")

    def start(self, snippet: Snippet) -> None:
        child = subprocess.Popen(["bash", "-euc", self.adapt(snippet.text)], cwd=self.folder, env=self.environment,
                                 stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, start_new_session=True)
        self.background.append(child)
        if not child.stdout.readline():
            raise Wrong("ended without a word")

    def output(self, snippet: Snippet) -> None:
        if self.printed.split() != self.adapt(snippet.text).split():
            raise Wrong(f"printed was:\n{self.printed}")

    def hold(self, snippet: Snippet) -> bool:
        """Whether the snippet was looked at; raises when it does not hold."""
        actions = {"quotes": self.quotes, "file": self.file, "append": self.append, "run": self.run,
                   "background": self.start, "output": self.output}
        if snippet.kind:
            if snippet.kind not in actions:
                raise Wrong(f"'{snippet.kind}' is no kind of snippet")
            actions[snippet.kind](snippet)
        elif snippet.language == "cpp" and "int main(" in snippet.text:
            raise Wrong("a whole program without a snippet comment")
        elif snippet.language == "python":
            raise Wrong("Python without a snippet comment")
        return bool(snippet.kind)

    def close(self) -> None:
        for child in reversed(self.background):
            if child.poll() is None:
                os.killpg(child.pid, signal.SIGTERM)
            try:
                child.wait(timeout=10)
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()


def hold_page(page: Path, build: Path) -> tuple[int, list[str]]:
    held, wrong = 0, []
    with tempfile.TemporaryDirectory(prefix="daffi-snippets-") as folder:
        shared = Page(build, Path(folder))
        try:
            for snippet in snippets_of(page):
                try:
                    held += shared.hold(snippet)
                except (Wrong, OSError, subprocess.TimeoutExpired) as error:
                    wrong.append(f"{page.relative_to(ROOT)}:{snippet.line}: {error}")
        finally:
            shared.close()
    return held, wrong


def main() -> int:
    build = Path(sys.argv[1]).resolve()
    pages = [Path(name).resolve() for name in sys.argv[2:]] or [
        ROOT / "README.md", ROOT / "python" / "README.md", *sorted(ROOT.glob("docs/**/*.md"))]
    held, wrong = 0, []
    for page in pages:
        count, problems = hold_page(page, build)
        held += count
        wrong += problems
    for row in wrong:
        print(row, file=sys.stderr)
    print(f"snippets: {len(wrong)} do not hold" if wrong else f"snippets: {held} hold")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
