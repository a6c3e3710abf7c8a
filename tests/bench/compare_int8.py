#!/usr/bin/env python3
"""Forward passes by int8 beside those by float32, of gyre and of PyTorch's own int8 (torch.ao), in turns.

    compare_int8.py [--gyre build/gyre] [--turns 5] [--batch 64] [WORKLOAD…]

One thread each, in milliseconds of the processor, so that others on the machine disturb little. Every turn runs all
four; the ratio is float32's by int8's. gyre: weights in int8 and inputs by calibrated ranges (`gyre compress --quantize int8 --calibrate`);
PyTorch: static quantisation by FX with its x86 engine, calibrated on one batch. Accuracy is not looked at here.

Needs Python 3 with PyYAML and PyTorch.
"""
import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import warnings

import yaml

HERE = os.path.dirname(os.path.abspath(__file__))
PASSES = 20


def gyre_checkpoints(gyre, config, place, batch):
    """A network of a step of training, and the same of int8."""
    path = os.path.join(place, f"{config['name']}.yaml")
    with open(path, "w") as f:
        yaml.safe_dump(config, f)
    run, small = os.path.join(place, config["name"]), os.path.join(place, config["name"] + "-int8")
    for words in (["train", path, "--quiet", "--run-dir", run, "--set", "train.steps=1", "--set",
                   f"train.batch_size={batch}"],
                  ["compress", run, "-o", small, "--quantize", "int8", "--calibrate", config["data"]["train"]]):
        subprocess.run([gyre, *words], check=True, stdout=subprocess.DEVNULL)
    return run, small


def cpu_of_a_pass(gyre, checkpoint, batch):
    """What a pass of a batch and one of a single sample take, by what more of them take."""
    spent = []
    for passes in (PASSES, 4 * PASSES):
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        subprocess.run([gyre, "bench", "step", "--inference", checkpoint, "--steps", str(passes), "--set",
                        f"train.batch_size={batch}"], check=True, stdout=subprocess.DEVNULL)
        spent.append(resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before)
    return 1e3 * (spent[1] - spent[0]) / (3 * PASSES)


def gyre_least(gyre, checkpoint, batch):
    return cpu_of_a_pass(gyre, checkpoint, batch) - cpu_of_a_pass(gyre, checkpoint, 1) / 2


def torch_models(config, batch):
    import torch
    from torch.ao.quantization import get_default_qconfig_mapping, quantize_fx
    sys.path.insert(0, HERE)
    import torch_network
    torch.set_num_threads(1)
    torch.backends.quantized.engine = "x86"
    builder = torch_network.Builder(config["model"]["input"])
    model = builder.sequence(config["model"]["layers"]).eval()
    x = torch.randn(batch, config["model"]["input"][-1], *config["model"]["input"][:-1])
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        prepared = quantize_fx.prepare_fx(model, get_default_qconfig_mapping("x86"), (x,))
        prepared(x)
        return x, model, quantize_fx.convert_fx(prepared)


def torch_least(model, x):
    import torch
    best = float("inf")
    with torch.no_grad():
        for _ in range(PASSES + 2):
            start = time.thread_time()
            model(x)
            best = min(best, time.thread_time() - start)
    return 1e3 * best


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gyre", default="build/gyre")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("workloads", nargs="*", default=["mlp", "lenet"])
    options = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"
    print(f"{'batch ' + str(options.batch):12} {'gyre':>30} {'PyTorch':>30}  ms, least of all turns; ratio of each turn")
    with tempfile.TemporaryDirectory() as place:
        for name in options.workloads:
            with open(os.path.join(HERE, "workloads", name + ".yaml")) as f:
                config = yaml.safe_load(f)
            run, small = gyre_checkpoints(options.gyre, config, place, options.batch)
            x, model, quantized = torch_models(config, options.batch)
            turns = [(gyre_least(options.gyre, run, options.batch), gyre_least(options.gyre, small, options.batch), torch_least(model, x),
                      torch_least(quantized, x)) for _ in range(options.turns)]
            told = []
            for i in (0, 2):
                ratios = sorted(t[i] / t[i + 1] for t in turns)
                told.append(f"{min(t[i] for t in turns):8.2f} {min(t[i + 1] for t in turns):8.2f}  "
                            f"{statistics.median(ratios):.2f} ({ratios[0]:.2f}–{ratios[-1]:.2f})")
            print(f"{name:12} {told[0]:>30} {told[1]:>30}")


main()
