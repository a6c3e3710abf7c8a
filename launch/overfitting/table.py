#!/usr/bin/env python3
"""Makes the table of README.md: what each way against over-fitting does, as the mean of some runs.

    launch/overfitting/table.py [--seeds 5] [--epochs 150] [WAY …]          (in the repository's root)

A way is a name in WAYS; all by default. Runs `gyre`, as the shell finds it, in a directory of its own.
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
TRAIN, TEST = "datasets/digits.h5:/train?rows=0:100", "datasets/digits.h5:/test"
CONVOLUTIONS = ("model.layers=[conv2d: {filters: 32, kernel: 3, activation: relu}, max_pool2d: {size: 2}, "
                "conv2d: {filters: 64, kernel: 3, activation: relu}, global_avg_pool, dropout: {rate: 0, name: dropout1}, "
                "dense: {units: 10, name: out}]")
DROPOUT = ["model.layers.2.dropout.rate=0.5", "model.layers.4.dropout.rate=0.5"]
MOVES = ["data.augment.crop_padding=1", "data.augment.noise=0.2"]
AVERAGE = ["train.parameter_average=0.99"]
WAYS = {
    "nothing": [],
    "restoring the best": ["train.early_stopping.patience=1000"],
    "early stopping": ["train.early_stopping.patience=10"],
    "plateau": ["schedule.kind=plateau", "schedule.patience=5", "schedule.factor=0.3"],
    "label smoothing": ["label_smoothing=0.1"],
    "dropout": DROPOUT,
    "L1": ["optimizer.l1=0.0003"],
    "L2": ["optimizer.l2=0.003"],
    "weight decay": ["optimizer.kind=adamw", "optimizer.weight_decay=0.5"],
    "augmentation": MOVES,
    "moving average": AVERAGE,
    "shared parameters": [CONVOLUTIONS],
    "dropout, augmentation, average": [*DROPOUT, *MOVES, *AVERAGE],
    "shared parameters, augmentation": [CONVOLUTIONS, *MOVES],
}


def run(*words):
    done = subprocess.run(["gyre", *map(str, words)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(done.stderr)
    return done.stdout


def measure(place, sets):
    """(train loss, train accuracy, test loss, test accuracy, steps) of a run, with the parameters that it ends with."""
    run("train", HERE / "few.yaml", "--quiet", "--run-dir", place, *(word for item in sets for word in ("--set", item)))
    end = json.loads((place / "metrics.jsonl").read_text().splitlines()[-1])
    train, test = (json.loads(run("eval", place, "--json", "--data", source)) for source in (TRAIN, TEST))
    return train["loss"], train["accuracy"], test["loss"], test["accuracy"], end["step"]


def main():
    reader = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    reader.add_argument("--seeds", type=int, default=5)
    reader.add_argument("--epochs", type=int, default=150)
    reader.add_argument("ways", nargs="*", metavar="WAY", help=f"of: {', '.join(WAYS)}")
    options = reader.parse_args()
    unknown = set(options.ways) - set(WAYS)
    if unknown:
        reader.error(f"unknown way {unknown.pop()!r}; there are {', '.join(WAYS)}")
    print("| way | train loss | train accuracy | test loss | test accuracy | steps |")
    print("| --- | --- | --- | --- | --- | --- |")
    for way in options.ways or WAYS:
        with tempfile.TemporaryDirectory(prefix="gyre-overfitting-") as base:
            results = [measure(pathlib.Path(base) / str(seed),
                               [*WAYS[way], f"train.epochs={options.epochs}", f"seed={seed + 1}"])
                       for seed in range(options.seeds)]
        columns = list(zip(*results))
        mean = [statistics.mean(column) for column in columns]
        spread = statistics.stdev(columns[3]) if options.seeds > 1 else 0
        print(f"| {way} | {mean[0]:.3f} | {100 * mean[1]:.1f} % | {mean[2]:.3f} | "
              f"{100 * mean[3]:.1f} ± {100 * spread:.1f} % | {mean[4]:.0f} |", flush=True)


if __name__ == "__main__":
    main()
