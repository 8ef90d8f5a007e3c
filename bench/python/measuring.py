"""What the Python programs of the benchmark share: their arguments, and how a rate and a latency are taken."""

import argparse
import json
import time


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("role")
    parser.add_argument("--port", type=int)
    parser.add_argument("--unix")
    parser.add_argument("--mode", default="latency")
    parser.add_argument("--outstanding", type=int, default=1)
    parser.add_argument("--payload", type=int, default=64)
    parser.add_argument("--callees", type=int, default=1)
    parser.add_argument("--number", type=int, default=1)
    parser.add_argument("--warm-up", type=float, default=0.1)
    parser.add_argument("--seconds", type=float, default=0.5)
    return parser.parse_args()


def latency(args, call):
    """p50 and p99 of call(), in microseconds."""
    end = time.perf_counter() + args.warm_up
    while time.perf_counter() < end:
        call()
    taken = []
    end = time.perf_counter() + args.seconds
    now = time.perf_counter()
    while now < end:
        call()
        after = time.perf_counter()
        taken.append(after - now)
        now = after
    taken.sort()
    report({"p50": taken[len(taken) // 2] * 1e6, "p99": taken[len(taken) * 99 // 100] * 1e6})


def rate(args, batch):
    """How often per second what batch() does, which returns how many it did."""
    end = time.perf_counter() + args.warm_up
    while time.perf_counter() < end:
        batch()
    done, begin = 0, time.perf_counter()
    while time.perf_counter() < begin + args.seconds:
        done += batch()
    report({"rate": done / (time.perf_counter() - begin)})


def report(figures):
    print(json.dumps(figures), flush=True)
