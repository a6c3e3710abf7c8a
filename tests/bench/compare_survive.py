#!/usr/bin/env python3
"""What comm.survive costs where nobody dies: milliseconds of a step without it, with messages only, and with it, on two ranks.

    compare_survive.py GYRE [WORKLOAD …] [--seconds N] [--steps N]

Many short turns, forth and back (A B C C B A …): a run's step is the median of what five in a row took, a side's figure the
least of its runs; a ratio is the median of those of neighbouring turns, with its interval of 95 % by the order of them.
`messages` is without survival, too, but with the sums that survival has: its own are not in memory that a host shares.
"""
import argparse
import json
import math
import pathlib
import statistics
import subprocess
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
WORKLOADS = ["mlp", "lenet", "lstm", "gru", "resnet20", "gpt_char", "vgg", "gpt2_124m"]
SIDES = {"without": (), "messages": ("comm.allreduce=direct",), "with": ("comm.survive=true", "comm.allreduce=direct")}
APART = 5  # steps: a journal's times are in milliseconds


def step_ms(gyre, workload, steps, sets):
    with tempfile.TemporaryDirectory() as place:
        sets = (*sets, f"train.steps={steps}", "log.every_steps=1", "checkpoint.every_epochs=0", "threads=1")
        command = [HERE.parent / "support/mpirun.sh", "mpirun", "2", gyre, "train", HERE / f"workloads/{workload}.yaml",
                   "--quiet", "--run-dir", place, *(word for s in sets for word in ("--set", s))]
        subprocess.run(command, check=True)
        events = map(json.loads, (pathlib.Path(place) / "metrics.jsonl").read_text().splitlines())
        times = [e["time"] for e in events if e["event"] == "step"]
        return 1e3 / APART * statistics.median(b - a for a, b in zip(times, times[APART:]))


def interval(ratios):
    """The order statistics that hold the median in 95 of 100 cases; of few, all of them."""
    n, k = len(ratios), 0
    while sum(math.comb(n, i) for i in range(k + 1)) * 2 / 2**n < 0.05:
        k += 1
    return ratios[max(k - 1, 0)], ratios[n - max(k, 1)]


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("gyre")
    parser.add_argument("workloads", nargs="*", default=WORKLOADS)
    parser.add_argument("--seconds", type=float, default=60, help="for a workload")
    parser.add_argument("--steps", type=int, default=12)
    options = parser.parse_args()
    for name in options.workloads:
        start, found = time.monotonic(), {side: [] for side in SIDES}
        while not (turns := len(found["with"])) or time.monotonic() - start < options.seconds * turns / (turns + 1):
            for side in list(SIDES)[:: 1 if turns % 2 == 0 else -1]:
                found[side].append(step_ms(options.gyre, name, options.steps, SIDES[side]))
        print(f"{name:9} {turns:2} turns", *(f" {side} {min(times):.2f}" for side, times in found.items()), end="")
        for a, b in (("without", "messages"), ("messages", "with"), ("without", "with")):
            ratios = sorted(y / x for x, y in zip(found[a], found[b]))
            low, high = interval(ratios)
            print(f"  {b}/{a} {statistics.median(ratios):.3f} ({low:.3f} to {high:.3f})", end="")
        print(flush=True)


main()
