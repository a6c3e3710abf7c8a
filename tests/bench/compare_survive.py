#!/usr/bin/env python3
"""What comm.survive costs where nobody dies: milliseconds of a step without and with it, on two ranks, in turns.

    compare_survive.py GYRE [WORKLOAD …] [--turns N] [--steps N]

A run's step is the median of what five in a row took, the figure the least of all turns; the ratio's range is that of its turns.
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
WORKLOADS = ["mlp", "lenet", "lstm", "gru", "resnet20", "gpt_char", "vgg", "gpt2_124m"]
APART = 5  # steps: a journal's times are in milliseconds


def step_ms(gyre, workload, steps, survives):
    with tempfile.TemporaryDirectory() as place:
        sets = (f"comm.survive={survives}", f"train.steps={steps}", "log.every_steps=1", "checkpoint.every_epochs=0", "threads=1")
        command = [HERE.parent / "support/mpirun.sh", "mpirun", "2", gyre, "train", HERE / f"workloads/{workload}.yaml",
                   "--quiet", "--run-dir", place, *(word for s in sets for word in ("--set", s))]
        subprocess.run(command, check=True)
        events = map(json.loads, (pathlib.Path(place) / "metrics.jsonl").read_text().splitlines())
        times = [e["time"] for e in events if e["event"] == "step"]
        return 1e3 / APART * statistics.median(b - a for a, b in zip(times, times[APART:]))


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("gyre")
    parser.add_argument("workloads", nargs="*", default=WORKLOADS)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--steps", type=int, default=20)
    options = parser.parse_args()
    print(f"{'':10} without      with  ratio  (turns)")
    for name in options.workloads:
        turns = []
        for turn in range(options.turns):
            order = ("false", "true") if turn % 2 == 0 else ("true", "false")
            found = {word: step_ms(options.gyre, name, options.steps, word) for word in order}
            turns.append((found["false"], found["true"]))
        without, with_it = (min(side) for side in zip(*turns))
        ratios = sorted(b / a for a, b in turns)
        print(f"{name:10} {without:7.2f} {with_it:9.2f}  {with_it / without:5.3f}  ({ratios[0]:.3f} to {ratios[-1]:.3f})", flush=True)


main()
