"""PyTorch's side of compare.py: times the training step of a workload, and each of its layers.

Prints one JSON object: step_ms (median), peak_bytes, layers (milliseconds by name, forward and
backward, medians of steps of their own). Not a reference of correctness: the network has the shapes
and the arithmetic of the workload, its data are random numbers.
"""
import json
import os
import resource
import statistics
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn

import torch_network

LAYOUTS = {4: torch.channels_last, 5: torch.channels_last_3d}


def make_optimizer(settings, parameters):
    kind, rate, decay = settings["kind"], settings["learning_rate"], settings.get("weight_decay", 0.0)
    betas = settings.get("beta1", 0.9), settings.get("beta2", 0.999)
    for how in ({"fused": True}, {"foreach": True}):
        try:
            if kind == "sgd":
                return torch.optim.SGD(parameters, rate, settings.get("momentum", 0.0),
                                       weight_decay=decay, **how)
            classes = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}
            return classes[kind](parameters, rate, betas, weight_decay=decay, **how)
        except (RuntimeError, TypeError):  # this version has no fused form for CPUs
            continue
    raise SystemExit(f"compare: no optimizer {kind}")


def make_batch(config, batch, out, channels_last):
    """Random samples, and targets that the loss takes: tokens, classes, or values."""
    shape = config["model"]["input"]
    if len(shape) == 1:
        vocabulary = config["model"]["layers"][0]["embedding"]["vocabulary"]
        return torch.randint(vocabulary, (batch, *shape)), torch.randint(vocabulary, (batch, *shape))
    x = torch.randn(batch, shape[-1], *shape[:-1])
    if channels_last:
        x = x.to(memory_format=LAYOUTS[x.dim()])
    if config["loss"] == "mse":
        return x, torch.randn(batch, out[-1], *out[:-1])
    return x, torch.randint(out[-1], (batch,))


def loss_of(kind, y, target):
    if kind == "mse":
        return F.mse_loss(y, target)
    return F.cross_entropy(y.reshape(-1, y.shape[-1]), target.reshape(-1))


class Stopwatch:
    """Times of modules by hooks: those that only call others have theirs in them."""

    def __init__(self, named):
        self.times = {name: ([], []) for name in named}
        self.began, self.handles = {}, []
        for name, module in named.items():
            for way, before, after in (
                    (0, module.register_forward_pre_hook, module.register_forward_hook),
                    (1, module.register_full_backward_pre_hook, module.register_full_backward_hook)):
                self.handles += [before(self.start(name, way)), after(self.stop(name, way))]

    def start(self, name, way):
        def hook(*_):
            self.began[name, way] = time.perf_counter()
        return hook

    def stop(self, name, way):
        def hook(*_):
            self.times[name][way].append(1e3 * (time.perf_counter() - self.began[name, way]))
        return hook

    def remove(self):
        for handle in self.handles:
            handle.remove()

    def medians(self):
        return {name: [statistics.median(t) if t else 0.0 for t in both]
                for name, both in self.times.items()}


def main(path, steps, threads, channels_last):
    with open(path) as f:
        config = json.load(f)
    ranks, rank = int(os.environ.get("WORLD_SIZE", "1")), int(os.environ.get("RANK", "0"))
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    builder = torch_network.Builder(config["model"]["input"])
    model = builder.sequence(config["model"]["layers"])
    if channels_last:
        model = model.to(memory_format=LAYOUTS[len(config["model"]["input"]) + 1])
    parameters = list(model.parameters())
    step_model = model
    if ranks > 1:
        torch.distributed.init_process_group("gloo")
        step_model = nn.parallel.DistributedDataParallel(model)
    optimizer = make_optimizer(config["optimizer"], parameters)
    clip = config["train"].get("clip_norm", 0.0)
    x, target = make_batch(config, config["train"]["batch_size"] // ranks, builder.shape,
                           channels_last)

    def step():
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast("cpu", torch.bfloat16, config["train"]["precision"] == "bfloat16"):
            loss = loss_of(config["loss"], step_model(x), target)
        loss.backward()
        if clip > 0:
            nn.utils.clip_grad_norm_(parameters, clip, foreach=True)
        optimizer.step()

    times = []
    for i in range(steps + 2):
        start = time.perf_counter()
        step()
        if i >= 2:
            times.append(time.perf_counter() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    stopwatch = Stopwatch(builder.named)
    for _ in range(min(steps, 5)):
        step()
    if rank == 0:
        print(json.dumps({"step_ms": 1e3 * statistics.median(times), "peak_bytes": peak,
                          "layers": stopwatch.medians(), "version": torch.__version__}))
    if ranks > 1:
        torch.distributed.destroy_process_group()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4] == "channels_last")
