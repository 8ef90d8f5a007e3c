#!/usr/bin/env python3
"""Misuse of the public templates does not compile, and the compiler names the mistake in our own words.

Each file of tests/misuse compiles as it is, and does not with MISTAKE defined; what the compiler has to say then stands
in its second line.
"""

import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SAYS = "// The compiler says: "


def compile_with(build: Path, folder: str, source: Path, *more: str) -> subprocess.CompletedProcess:
    # The precompiled header is found first: it stands for the one it was made of.
    return subprocess.run(["g++", "-std=c++20", "-fsyntax-only", f"-I{folder}", f"-I{ROOT}/include",
                           f"-I{build}/include", *more, str(source)], capture_output=True, text=True)


def precompile(build: Path, folder: str) -> None:
    Path(folder, "daffi").mkdir()
    subprocess.run(["g++", "-std=c++20", f"-I{ROOT}/include", f"-I{build}/include", "-x", "c++-header",
                    f"{ROOT}/include/daffi/daffi.hpp", "-o", f"{folder}/daffi/daffi.hpp.gch"], check=True)


def complaint(build: Path, folder: str, source: Path) -> str:
    """What is wrong with that file; nothing when all is well."""
    line = source.read_text().split("\n")[1]
    if not line.startswith(SAYS):
        return f"its second line has to begin with '{SAYS}'"
    right = compile_with(build, folder, source)
    if right.returncode:
        return "does not compile without its mistake:\n" + right.stderr
    wrong = compile_with(build, folder, source, "-DMISTAKE")
    if wrong.returncode == 0:
        return "compiles with its mistake"
    errors = [said for said in wrong.stderr.split("\n") if "error: static assertion failed: " in said]
    if not any(line.removeprefix(SAYS) in said for said in errors):
        return f"the compiler does not say '{line.removeprefix(SAYS)}':\n{wrong.stderr}"
    return ""


def main() -> int:
    build = Path(sys.argv[1] if len(sys.argv) > 1 else "build/release").resolve()
    sources = sorted((ROOT / "tests/misuse").glob("*.cpp"))
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(os.cpu_count()) as pool:
        precompile(build, folder)
        complaints = list(pool.map(lambda source: complaint(build, folder, source), sources))
    for source, said in zip(sources, complaints):
        if said:
            print(f"{source.relative_to(ROOT)}: {said}", file=sys.stderr)
    if any(complaints) or not sources:
        return 1
    print(f"check_misuse: {len(sources)} mistakes are refused, each in our words")
    return 0


if __name__ == "__main__":
    sys.exit(main())
