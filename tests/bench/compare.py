#!/usr/bin/env python3
"""Speed and memory of gyre beside PyTorch, in turns on the same machine.

    compare.py [--gyre build/gyre] [--threads 1,2] [--ranks 1] [--precision bfloat16] [WORKLOAD…]

Each turn runs a workload in one and then in the other, each in a process of its own; the ratio of
the times is taken turn by turn. Printed are medians over the turns, the least and the greatest
ratio, and the most memory that either process held. PyTorch runs at the best set-up found: fused
optimizers, the channels_last layout where that is faster (tried before the first turn).
With --ranks N > 1: `mpirun -n N gyre` against DistributedDataParallel over gloo.

Needs Python 3 with PyYAML, and a Python with PyTorch (--python).
"""
import argparse
import json
import os
import platform
import socket
import statistics
import subprocess
import sys
import tempfile

import yaml

HERE = os.path.dirname(os.path.abspath(__file__))
WORKLOADS = "mlp lenet vgg resnet20 conv3d unet fno decoder lstm gru gpt_char gpt2_124m".split()
STEPS = {"mlp": 20, "lenet": 20, "resnet20": 10, "vgg": 10, "decoder": 10, "gpt2_124m": 2}  # else 5


def fail(what):
    sys.exit(f"compare: error: {what}")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Peer:
    """One program on one workload; run() gives step_ms, peak_bytes, layers."""

    def __init__(self, options, path, config, threads):
        self.options, self.path, self.threads = options, path, threads
        self.steps = options.steps or STEPS.get(config["name"], 5)
        self.environment = dict(os.environ, OMP_NUM_THREADS=str(threads))

    def output(self, command, environment=None):
        done = subprocess.run(command, capture_output=True, text=True,
                              env=environment or self.environment)
        if done.returncode != 0:
            fail(f"{' '.join(command)}: {done.stderr.strip() or done.stdout.strip()}")
        return done.stdout


class Gyre(Peer):
    def run(self):
        command = [self.options.gyre, "bench", "step", self.path, "--threads", str(self.threads),
                   "--steps", str(self.steps), "--json",
                   "--set", f"train.precision={self.options.precision}"]
        if self.options.ranks > 1:
            command = self.options.mpirun.split() + ["-n", str(self.options.ranks)] + command
        layers = {}
        for line in self.output(command).splitlines():
            event = json.loads(line)
            if event["event"] == "layer":
                layers[event["name"]] = event["forward_ms"], event["backward_ms"]
            if event["event"] == "bench":
                return dict(event, layers=layers)
        fail(f"{command[0]} told nothing")


class Torch(Peer):
    def __init__(self, options, path, config, threads):
        super().__init__(options, path, config, threads)
        self.file = tempfile.NamedTemporaryFile("w", suffix=".json")
        json.dump(config, self.file)
        self.file.flush()
        self.layout = "plain"
        if len(config["model"]["input"]) > 2:
            self.layout = min(("plain", "channels_last"), key=lambda l: self.run(l)["step_ms"])

    def run(self, layout=None):
        command = [self.options.python, os.path.join(HERE, "compare_torch.py"), self.file.name,
                   str(self.steps), str(self.threads), layout or self.layout]
        if self.options.ranks == 1:
            return json.loads(self.output(command))
        ranks = self.options.ranks
        shared = dict(self.environment, MASTER_ADDR="127.0.0.1", MASTER_PORT=str(free_port()),
                      WORLD_SIZE=str(ranks))
        others = [subprocess.Popen(command, env=dict(shared, RANK=str(r)),
                                   stdout=subprocess.DEVNULL) for r in range(1, ranks)]
        try:
            return json.loads(self.output(command, dict(shared, RANK="0")))
        finally:
            for other in others:
                other.wait()


def compare_layers(turns):
    """Each layer of a workload that both sides have by its name: medians over the turns."""
    for name in turns[0][0]["layers"]:
        if any(name not in side["layers"] for side in turns[0]):
            continue
        ms = [[statistics.median(turn[i]["layers"][name][way] for turn in turns) for way in (0, 1)]
              for i in (0, 1)]
        yield {"layer": name, "gyre_ms": ms[0], "torch_ms": ms[1],
               "ratio": sum(ms[1]) / max(sum(ms[0]), 1e-9)}


def print_layers(layers):
    for layer in layers:
        ours, theirs = ("".join(f"{ms:>10.2f}" for ms in layer[side]) for side in ("gyre_ms", "torch_ms"))
        print(f"  {layer['layer']:<32}{ours} {theirs} {layer['ratio']:>6.2f}", flush=True)


def compare(options, name, threads):
    path = name if name.endswith(".yaml") else os.path.join(HERE, "workloads", name + ".yaml")
    with open(path) as f:
        config = yaml.safe_load(f)
    config["train"]["precision"] = options.precision
    ours, theirs = (kind(options, path, config, threads) for kind in (Gyre, Torch))
    turns = [(ours.run(), theirs.run()) for _ in range(options.turns)]
    ratios = sorted(t["step_ms"] / o["step_ms"] for o, t in turns)
    o_ms, t_ms = (statistics.median(turn[i]["step_ms"] for turn in turns) for i in (0, 1))
    o_peak, t_peak = (max(turn[i]["peak_bytes"] for turn in turns) for i in (0, 1))
    result = {"workload": config["name"], "precision": options.precision,
              "ranks": options.ranks, "threads": threads,
              "gyre_ms": o_ms, "torch_ms": t_ms, "ratio": statistics.median(ratios),
              "ratio_least": ratios[0], "ratio_most": ratios[-1],
              "share_of_sgemm": statistics.median(o["share_of_sgemm"] for o, _ in turns),
              "gyre_bytes": o_peak, "torch_bytes": t_peak, "layout": theirs.layout,
              "torch": turns[0][1]["version"]}
    if options.layers:
        result["layers"] = list(compare_layers(turns))
    if options.json:
        print(json.dumps(result), flush=True)
    else:
        print(f"{config['name']:<10} {options.ranks:>5} {threads:>7} {o_ms:>9.1f} {t_ms:>9.1f} "
              f"{result['ratio']:>6.2f} {ratios[0]:>6.2f} {ratios[-1]:>6.2f} "
              f"{100 * result['share_of_sgemm']:>6.0f} % {o_peak / 2**20:>8.0f} "
              f"{t_peak / 2**20:>8.0f} {o_peak / t_peak:>6.2f}  {theirs.layout}", flush=True)
        print_layers(result.get("layers", []))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("workloads", nargs="*", default=WORKLOADS, metavar="WORKLOAD",
                        help=f"a configuration, or one of: {' '.join(WORKLOADS)}")
    parser.add_argument("--gyre", default="build/gyre")
    parser.add_argument("--python", default=sys.executable, help="a Python that has PyTorch")
    parser.add_argument("--threads", default="1", help="of a rank, e.g. 1,2")
    parser.add_argument("--ranks", type=int, default=1)
    parser.add_argument("--mpirun", default="mpirun", help="with its options")
    parser.add_argument("--precision", choices=("float32", "bfloat16"), default="float32",
                        help="of products: train.precision here, autocast there")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--steps", type=int, default=0, help="of a turn; 0: by workload")
    parser.add_argument("--layers", action="store_true",
                        help="and of each layer: ms forward, backward here and there, the ratio")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    options = parser.parse_args()
    if not options.json:
        print(f"{platform.machine()}, {os.cpu_count()} cores; {options.turns} turns")
        print(f"{'workload':<10} {'ranks':>5} {'threads':>7} {'gyre ms':>9} {'torch ms':>9} "
              f"{'ratio':>6} {'least':>6} {'most':>6} {'of sgemm':>8} {'gyre MiB':>8} "
              f"{'torch':>8} {'ratio':>6}")
    for name in options.workloads:
        for threads in options.threads.split(","):
            compare(options, name, int(threads))


if __name__ == "__main__":
    main()
