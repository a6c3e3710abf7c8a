"""PyTorch's side of compare.py: builds a workload's network and times its training step.

Covers the layers of tests/bench/workloads/. Prints one JSON object: step_ms (median), peak_bytes.
Not a reference of correctness: the network has the shapes and the arithmetic of the workload, its
data are random numbers.
"""
import json
import os
import resource
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn

ACTIVATIONS = {"none": nn.Identity, "relu": nn.ReLU, "gelu": nn.GELU, "tanh": nn.Tanh,
               "gelu_tanh": lambda: nn.GELU(approximate="tanh")}


class Residual(nn.Module):
    def __init__(self, inner, shortcut):
        super().__init__()
        self.inner, self.shortcut = inner, shortcut

    def forward(self, x):
        return self.inner(x) + self.shortcut(x)


class Attention(nn.Module):
    """One product for query, key and value, as whoever wants speed writes it."""

    def __init__(self, units, heads, causal):
        super().__init__()
        self.heads, self.causal = heads, causal
        self.qkv, self.out = nn.Linear(units, 3 * units), nn.Linear(units, units)

    def forward(self, x):
        b, t, n = x.shape
        q, k, v = (p.view(b, t, self.heads, n // self.heads).transpose(1, 2)
                   for p in self.qkv(x).split(n, dim=2))
        y = F.scaled_dot_product_attention(q, k, v, is_causal=self.causal)
        return self.out(y.transpose(1, 2).reshape(b, t, n))


class Block(nn.Module):
    def __init__(self, units, heads, causal, activation):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(units), nn.LayerNorm(units)
        self.attention = Attention(units, heads, causal)
        self.mlp = nn.Sequential(nn.Linear(units, 4 * units), ACTIVATIONS[activation](),
                                 nn.Linear(4 * units, units))

    def forward(self, x):
        x = x + self.attention(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class Recurrent(nn.Module):
    def __init__(self, kind, units_in, units):
        super().__init__()
        self.cell = {"lstm": nn.LSTM, "gru": nn.GRU}[kind](units_in, units, batch_first=True)

    def forward(self, x):
        return self.cell(x)[0]


class Position(nn.Module):
    def __init__(self, length, units):
        super().__init__()
        self.weight = nn.Parameter(0.02 * torch.randn(length, units))

    def forward(self, x):
        return x + self.weight[: x.shape[1]]


class Tied(nn.Module):
    def __init__(self, embedding):
        super().__init__()
        self.embedding = [embedding]  # not a parameter twice

    def forward(self, x):
        return F.linear(x, self.embedding[0].weight)


def pair(v):
    return tuple(int(p) for p in str(v).split("x")) * (1 if "x" in str(v) else 2)


class Builder:
    """Layers one after the other; `shape` is that of a sample, channels last as in gyre."""

    def __init__(self, shape):
        self.shape, self.named = list(shape), {}

    def sequence(self, entries):
        layers = []
        for entry in entries:
            kind, s = next(iter(entry.items())) if isinstance(entry, dict) else (entry, None)
            layers.append(getattr(self, kind)(s or {}))
            if s and "name" in s:
                self.named[s["name"]] = layers[-1]
        return nn.Sequential(*layers)

    def activated(self, layer, s):
        a = s.get("activation", "none")
        return layer if a == "none" else nn.Sequential(layer, ACTIVATIONS[a]())

    def dense(self, s):
        layer = nn.Linear(self.shape[-1], s["units"], bias=s.get("bias", True))
        self.shape[-1] = s["units"]
        return self.activated(layer, s)

    def conv2d(self, s):
        kernel, stride = pair(s["kernel"]), s.get("stride", 1)
        assert s.get("padding", "same") == "same" and all(k % 2 == 1 for k in kernel)
        height, width, channels = self.shape
        layer = nn.Conv2d(channels, s["filters"], kernel, stride, [k // 2 for k in kernel],
                          bias=s.get("bias", True))
        self.shape = [-(-height // stride), -(-width // stride), s["filters"]]
        return self.activated(layer, s)

    def max_pool2d(self, s):
        height, width, channels = self.shape
        self.shape = [height // s["size"], width // s["size"], channels]
        return nn.MaxPool2d(s["size"])

    def global_avg_pool(self, s):
        self.shape = [self.shape[-1]]
        return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())

    def flatten(self, s):
        count = 1
        for n in self.shape:
            count *= n
        self.shape = [count]
        return nn.Flatten()

    def batch_norm(self, s):
        return nn.BatchNorm2d(self.shape[-1]) if len(self.shape) == 3 else nn.BatchNorm1d(self.shape[-1])

    def layer_norm(self, s):
        return nn.LayerNorm(self.shape[-1])

    def activation(self, s):
        return ACTIVATIONS[s["kind"]]()

    def residual(self, s):
        before = list(self.shape)
        inner = self.sequence(s["layers"])
        shortcut = nn.Identity()
        if s.get("projection") and before != self.shape:
            stride = before[0] // self.shape[0]
            shortcut = nn.Conv2d(before[-1], self.shape[-1], 1, stride, bias=False)
        return Residual(inner, shortcut)

    def repeat(self, s):
        return nn.Sequential(*[self.sequence(s["layers"]) for _ in range(s["times"])])

    def transformer_block(self, s):
        return Block(self.shape[-1], s["heads"], s.get("causal", False), s.get("activation", "gelu"))

    def embedding(self, s):
        self.shape.append(s["units"])
        return nn.Embedding(s["vocabulary"], s["units"])

    def position_embedding(self, s):
        return Position(s["length"], self.shape[-1])

    def output_embedding(self, s):
        embedding = self.named[s["share"]]
        self.shape[-1] = embedding.num_embeddings
        return Tied(embedding)

    def recurrent(self, kind, s):
        layer = Recurrent(kind, self.shape[-1], s["units"])
        self.shape[-1] = s["units"]
        return layer

    def lstm(self, s):
        return self.recurrent("lstm", s)

    def gru(self, s):
        return self.recurrent("gru", s)


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


def make_batch(config, batch, classes, channels_last):
    shape = config["model"]["input"]
    if len(shape) == 1:  # tokens
        vocabulary = config["model"]["layers"][0]["embedding"]["vocabulary"]
        return torch.randint(vocabulary, (batch, *shape)), torch.randint(vocabulary, (batch, *shape))
    x = torch.randn(batch, shape[2], shape[0], shape[1])
    if channels_last:
        x = x.to(memory_format=torch.channels_last)
    return x, torch.randint(classes, (batch,))


def main(path, steps, threads, channels_last):
    config = json.load(open(path))
    ranks, rank = int(os.environ.get("WORLD_SIZE", "1")), int(os.environ.get("RANK", "0"))
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    builder = Builder(config["model"]["input"])
    model = builder.sequence(config["model"]["layers"])
    if channels_last:
        model = model.to(memory_format=torch.channels_last)
    parameters = list(model.parameters())
    step_model = model
    if ranks > 1:
        torch.distributed.init_process_group("gloo")
        step_model = nn.parallel.DistributedDataParallel(model)
    optimizer = make_optimizer(config["optimizer"], parameters)
    clip = config["train"].get("clip_norm", 0.0)
    x, target = make_batch(config, config["train"]["batch_size"] // ranks, builder.shape[-1],
                           channels_last)

    def step():
        optimizer.zero_grad(set_to_none=True)
        y = step_model(x)
        loss = F.cross_entropy(y.reshape(-1, y.shape[-1]), target.reshape(-1))
        loss.backward()
        if clip > 0:
            nn.utils.clip_grad_norm_(parameters, clip, foreach=True)
        optimizer.step()
        return loss.item()

    times = []
    for i in range(steps + 2):
        start = time.perf_counter()
        step()
        if i >= 2:
            times.append(time.perf_counter() - start)
    if rank == 0:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        print(json.dumps({"step_ms": 1e3 * sorted(times)[len(times) // 2], "peak_bytes": peak,
                          "version": torch.__version__}))
    if ranks > 1:
        torch.distributed.destroy_process_group()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4] == "channels_last")
