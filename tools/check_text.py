#!/usr/bin/env python3
"""Refuses words and paths that have no business in the repository, sleeps in tests, and files grown too long."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LONG, TOO_LONG = 400, 500
SOURCES = {".cpp", ".hpp", ".py", ".ts", ".sh", ""}

# Each pattern is written so that it does not find itself.
EVERYWHERE = [
    (r"TO[D]O|FIX[M]E|XX[X]", "an unfinished mark; finish it, or write it down as an issue"),
    (r"(?<![\w.~$}-])/(wor[k]|hom[e]/\w+|roo[t]|User[s]/\w+|tmp/[w]|tmp/bash_[j]obs\S*)/", "a path of somebody's machine"),
    (r"\b(deb\.debian\.org|pypi\.org|pythonhosted\.org|npmjs\.(org|com)|crates\.io|proxy\.golang\.org)\b",
     "the host of a package registry; which one is used is the machine's business"),
]
IN_TESTS = [
    (r"\b(sleep_for|sleep_until|usleep|nanosleep|time\.slee[p])\b", "a sleep in a test; wait for the event instead"),
]


def tracked() -> list[Path]:
    """Everything that is, or is about to be, in the repository."""
    listing = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                             cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [Path(name) for name in listing.split("\0") if name and (ROOT / name).is_file()]


def is_test(path: Path) -> bool:
    return "tests" in path.parts


def main() -> int:
    found, long_files = [], []
    for path in tracked():
        try:
            text = (ROOT / path).read_text()
        except UnicodeDecodeError:
            continue  # fuzz corpora and the like
        rules = EVERYWHERE + (IN_TESTS if is_test(path) else [])
        lines = text.splitlines()
        for number, line in enumerate(lines, 1):
            for pattern, why in rules:
                if match := re.search(pattern, line):
                    found.append(f"{path}:{number}: '{match.group(0)}': {why}")
        if path.suffix in SOURCES and "generated" not in path.parts and "corpus" not in path.parts:
            if len(lines) > TOO_LONG:
                found.append(f"{path}: {len(lines)} lines, more than {TOO_LONG}; a second topic is a second file")
            elif len(lines) > LONG:
                long_files.append(f"{path} ({len(lines)})")
        if path.suffix in {".cpp", ".hpp"} and not lines[:1] == [] and not lines[0].startswith("/// @file  "):
            found.append(f"{path}:1: the first line says what the file is: '/// @file  ...'")
    if long_files:
        print(f"check_text: getting long (over {LONG} lines): " + ", ".join(long_files))
    for row in found:
        print(row, file=sys.stderr)
    print(f"check_text: {len(found)} found" if found else "check_text: clean")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
