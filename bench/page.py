#!/usr/bin/env python3
"""Writes the tables and charts of docs/benchmarks.md anew from docs/benchmarks.json; --check only compares."""

import sys

from suite import page

if "--check" in sys.argv[1:]:
    found = page.stale()
    for path in found:
        print(f"{path} is not what docs/benchmarks.json says; python3 bench/page.py writes it anew", file=sys.stderr)
    sys.exit(1 if found else 0)
page.write()
