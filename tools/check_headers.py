#!/usr/bin/env python3
"""Every header compiles alone, and the public API stays cheap to include.

A header that some .cpp includes first has been proven by the build already; only the others are compiled here.
"""

import os
import re
import resource
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "release"
FLAGS = ["-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", f"-I{ROOT}/include", f"-I{BUILD}/include", f"-I{ROOT}/src",
         f"-I{ROOT}/tests"]
FIRST_INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"|^\s*#\s*include\s*<', re.MULTILINE)
SERVICE_LIMIT = 3.0  # seconds to compile a small service; what a user pays on every build

SERVICE = """#include <daffi/daffi.hpp>

#include <memory>
#include <string>
#include <vector>

class Service {
 public:
  std::vector<std::string> get_items() const { return items_; }
  void add_item(std::string item) { items_.push_back(std::move(item)); }
  using callbacks = daffi::Methods<&Service::get_items, &Service::add_item>;

 private:
  std::vector<std::string> items_;
};

int main() {
  daffi::Global g{{.init_controller = true, .host = "localhost", .port = 8888}};
  auto handle = g.serve(std::make_shared<Service>());
  g.join();
}
"""


def included_first() -> set[str]:
    """Headers that open some source; tests do not count, a precompiled header comes before their first."""
    first = set()
    for path in (ROOT / "src").rglob("*.cpp"):
        match = FIRST_INCLUDE.search(path.read_text())
        if match and match.group(1):
            first.add(match.group(1))
    return first


def compile_alone(header: str) -> str:
    """What the compiler says; nothing when all is well."""
    run = subprocess.run(["g++", *FLAGS, "-x", "c++", "-"], input=f'#include "{header}"\n', capture_output=True, text=True)
    return run.stderr if run.returncode else ""


def time_service() -> float:
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "service.cpp"
        source.write_text(SERVICE)
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        run = subprocess.run(["g++", "-std=c++20", "-c", "-O0", f"-I{ROOT}/include", f"-I{BUILD}/include", str(source),
                              "-o", f"{folder}/service.o"], capture_output=True, text=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if run.returncode:
        sys.exit(f"check_headers: a small service does not compile:\n{run.stderr}")
    # Of the compiler alone: what else runs on this machine does not count.
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> int:
    proven = included_first()
    headers = [str(path.relative_to(ROOT / top)) for top in ("include", "src", "tests")
               for path in sorted((ROOT / top).rglob("*.hpp"))]
    rest = [header for header in headers if header not in proven]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        failures = [(header, said) for header, said in zip(rest, pool.map(compile_alone, rest)) if said]
    for header, said in failures:
        print(f"{header} does not compile alone:\n{said}", file=sys.stderr)
    if failures:
        return 1
    print(f"check_headers: {len(headers)} headers compile alone ({len(rest)} tried here, the others opened a source)")
    if (ROOT / "include/daffi/daffi.hpp").exists():
        took = min(time_service() for _ in range(2))
        print(f"check_headers: a small service compiles in {took:.1f} s")
        if took > SERVICE_LIMIT:
            print(f"check_headers: more than {SERVICE_LIMIT} s", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
