#!/usr/bin/env python3
"""Installs a build into a fresh prefix and uses it as another project would: find_package, then pkg-config.

usage: check_install.py BUILD_FOLDER
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

PROGRAM = """#include <daffi/version.hpp>
#include <cstdio>
int main() { std::puts(DAFFI_VERSION); }
"""


def run(*command: str, **options) -> str:
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    if done.returncode:
        sys.exit(f"check_install: failed: {' '.join(command)}\n{done.stdout}")
    return done.stdout


def check_exports(library: Path) -> int:
    """Nothing but the public namespace is exported; returns how many symbols that is."""
    names = run("nm", "-DC", "--defined-only", str(library)).splitlines()
    foreign = [name for name in names if "daffi::v1::" not in name and not re.search(r" A ", name)]
    if foreign:
        sys.exit("check_install: exported, but not of the public API:\n" + "\n".join(foreign[:20]))
    return len(names)


def build_examples(prefix: Path, work: Path) -> int:
    """examples/cpp as a project of its own, configured against the prefix only."""
    run("cmake", "-S", str(ROOT / "examples/cpp"), "-B", str(work), "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={prefix}",
        "-DCMAKE_BUILD_TYPE=Debug", "-DCMAKE_CXX_FLAGS_DEBUG=-O0", "-DCMAKE_CXX_COMPILER_LAUNCHER=ccache",
        f"-DCMAKE_RUNTIME_OUTPUT_DIRECTORY={work}/out")
    run("cmake", "--build", str(work))
    out = work / "out"
    return len(list(out.iterdir())) if out.is_dir() else 0


def build_with_pkg_config(prefix: Path, work: Path) -> None:
    """One example by hand, with the flags pkg-config gives."""
    work.mkdir()
    example = ROOT / "examples/cpp/shopping_service.cpp"
    if not example.exists():
        example = work / "program.cpp"
        example.write_text(PROGRAM)
    folder = next(prefix.rglob("daffi.pc")).parent
    env = dict(os.environ, PKG_CONFIG_PATH=str(folder))
    flags = run("pkg-config", "--cflags", "--libs", "daffi", env=env).split()
    run("g++", "-std=c++20", str(example), "-o", str(work / "program"), *flags)
    library_path = os.pathsep.join(flag[2:] for flag in flags if flag.startswith("-L"))
    needed = run("ldd", str(work / "program"), env=dict(os.environ, LD_LIBRARY_PATH=library_path))
    if "not found" in needed:
        sys.exit(f"check_install: the program would not start:\n{needed}")


def main() -> int:
    build = Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory(prefix="daffi-install-") as temporary:
        prefix = Path(temporary) / "prefix"
        run("cmake", "--install", str(build), "--prefix", str(prefix))
        symbols = check_exports(next(prefix.rglob("libdaffi.so")))
        examples = build_examples(prefix, Path(temporary) / "examples")
        build_with_pkg_config(prefix, Path(temporary) / "by-hand")
        command = prefix / "bin" / "daffi"
        if command.exists():
            run(str(command), "--version")
    print(f"check_install: {symbols} exported symbols, {examples} examples by find_package, one by pkg-config")
    return 0


if __name__ == "__main__":
    sys.exit(main())
