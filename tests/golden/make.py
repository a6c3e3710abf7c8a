#!/usr/bin/env python3
"""Makes the reference cases: networks computed by PyTorch, in double precision.

    make.py [CASE…]    writes CASE.yaml and CASE.h5 beside itself; needs torch, h5py, numpy, yaml
"""
import math
import sys

import torch
import torch.nn.functional as F

import grid
import losses
from case import SAMPLES, Case, write


# ---- dense networks and losses

def mlp(name, activation, out, **rest):
    act = {"tanh": torch.tanh, "relu": torch.relu, "gelu": F.gelu, "silu": F.silu, "elu": F.elu,
           "softplus": F.softplus}[activation]

    def forward(x, p):
        h = act(F.linear(x, p["hidden/weight"], p["hidden/bias"]))
        return F.linear(h, p["out/weight"], p["out/bias"])
    return Case(name, [5], [{"dense": {"units": 6, "activation": activation, "name": "hidden"}},
                            {"dense": {"units": out, "name": "out"}}], forward,
                {"hidden/weight": (6, 5), "hidden/bias": (6,), "out/weight": (out, 6),
                 "out/bias": (out,)}, **rest)


def dense_cases():
    draw = torch.Generator().manual_seed(5)
    values = (2 * torch.randn(SAMPLES, 2, generator=draw)).float()
    yes = (values > 0).float()
    return [
        mlp("dense_cross_entropy", "tanh", 3, optimizer=("sgd", {"learning_rate": 0.5, "momentum": 0.9,
                                                                  "nesterov": True, "weight_decay": 0.01})),
        mlp("dense_smoothing", "relu", 3, optimizer=("adam", {"learning_rate": 0.02}),
            extra={"label_smoothing": 0.1}),
        mlp("dense_mse", "gelu", 2, loss="mse", y=values,
            optimizer=("adamw", {"learning_rate": 0.02, "weight_decay": 0.1})),
        mlp("dense_mae", "silu", 2, loss="mae", y=values, optimizer=("rmsprop", {"learning_rate": 0.01})),
        mlp("dense_huber", "elu", 2, loss="huber", y=values, extra={"huber_delta": 0.7},
            optimizer=("adagrad", {"learning_rate": 0.05})),
        mlp("dense_adafactor", "tanh", 3, optimizer=(
            "adafactor", {"learning_rate": 0.2, "weight_decay": 0.1})),
        mlp("dense_binary", "softplus", 2, loss="binary_cross_entropy", y=yes),
    ]


# ---- convolutions; channels last outside, first within torch

def conv_case():
    seen = {"norm/mean": torch.zeros(4), "norm/variance": torch.ones(4)}

    def forward(x, p):
        h = x.permute(0, 3, 1, 2)
        h = F.conv2d(h, p["first/weight"].permute(0, 3, 1, 2), p["first/bias"], padding=1)
        h = torch.relu(F.batch_norm(h, seen["norm/mean"], seen["norm/variance"], p["norm/gamma"],
                                    p["norm/beta"], training=True, momentum=0.1, eps=1e-5))
        h = F.max_pool2d(h, 2)
        h = F.conv2d(h, p["second/weight"].permute(0, 3, 1, 2), p["second/bias"], stride=2, groups=2)
        h = F.group_norm(h, 3, p["groups/gamma"], p["groups/beta"])
        h = F.avg_pool2d(torch.tanh(h), h.shape[2:]).flatten(1)
        return F.linear(h, p["out/weight"], p["out/bias"])
    layers = [{"conv2d": {"filters": 4, "kernel": 3, "padding": 1, "name": "first"}},
              {"batch_norm": {"name": "norm"}}, {"activation": {"kind": "relu"}},
              {"max_pool2d": {"size": 2}},
              {"conv2d": {"filters": 6, "kernel": 2, "stride": 2, "groups": 2, "padding": "valid",
                          "name": "second"}},
              {"group_norm": {"groups": 3, "name": "groups"}}, {"activation": {"kind": "tanh"}},
              "global_avg_pool", {"dense": {"units": 3, "name": "out"}}]
    return Case("conv", [8, 9, 2], layers, forward,
                {"first/weight": (4, 3, 3, 2), "first/bias": (4,), "norm/gamma": (4,),
                 "norm/beta": (4,), "second/weight": (6, 2, 2, 2), "second/bias": (6,),
                 "groups/gamma": (6,), "groups/beta": (6,), "out/weight": (3, 6), "out/bias": (3,)},
                buffers=seen)


# ---- pools of sequences

def sequence_case():
    def forward(x, p):
        h = x.permute(0, 2, 1)
        h = torch.tanh(F.conv1d(h, p["first/weight"].permute(0, 2, 1), p["first/bias"], padding=1))
        most = F.max_pool1d(h, 3, 2, padding=1)  # 11 -> 6
        mean = F.avg_pool1d(h, 3, 2, padding=1, count_include_pad=False)
        h = F.max_pool1d(torch.cat([most, mean], 1), 2)  # -> 3
        return F.linear(F.avg_pool1d(h, 2, 1).permute(0, 2, 1).flatten(1), p["out/weight"], p["out/bias"])
    layers = [{"conv1d": {"filters": 4, "kernel": 3, "activation": "tanh", "name": "first"}},
              {"parallel": {"merge": "concat", "branches": [
                  [{"max_pool1d": {"size": 3, "stride": 2, "padding": 1}}],
                  [{"avg_pool1d": {"size": 3, "stride": 2, "padding": 1}}]]}},
              {"max_pool1d": {"size": 2}}, {"avg_pool1d": {"size": 2, "stride": 1}}, "flatten",
              {"dense": {"units": 3, "name": "out"}}]
    return Case("sequence", [11, 2], layers, forward,
                {"first/weight": (4, 3, 2), "first/bias": (4,), "out/weight": (3, 16), "out/bias": (3,)})


# ---- recurrent layers, by torch.nn's modules with their gates joined from ours

def gates(prefix, names, units, n, new_bias=False):
    shapes = {}
    for gate in names:
        shapes |= {f"{prefix}/{gate}/weight": (units, n), f"{prefix}/{gate}/recurrent": (units, units),
                   f"{prefix}/{gate}/bias": (units,)}
    return shapes | ({f"{prefix}/new/recurrent_bias": (units,)} if new_bias else {})


def joined(p, prefix, names, suffix):
    """One direction's tensors in torch's order of gates."""
    def cat(kind):
        return torch.cat([p[f"{prefix}/{gate}/{kind}"] for gate in names])
    zero = torch.zeros_like(p[f"{prefix}/{names[0]}/bias"])
    second = [p.get(f"{prefix}/{gate}/recurrent_bias", zero) for gate in names]
    return {f"weight_ih_l0{suffix}": cat("weight"), f"weight_hh_l0{suffix}": cat("recurrent"),
            f"bias_ih_l0{suffix}": cat("bias"), f"bias_hh_l0{suffix}": torch.cat(second)}


LSTM, GRU = ("input", "forget", "cell", "output"), ("reset", "update", "new")


def recurrent_case():
    lstm = torch.nn.LSTM(3, 4, batch_first=True, bidirectional=True)
    gru, rnn = torch.nn.GRU(8, 5, batch_first=True), torch.nn.RNN(5, 4, batch_first=True)

    def forward(x, p):
        both = joined(p, "lstm", LSTM, "") | joined(p, "lstm/reverse", LSTM, "_reverse")
        h, _ = torch.func.functional_call(lstm, both, x)
        h, _ = torch.func.functional_call(gru, joined(p, "gru", GRU, ""), h)
        _, h = torch.func.functional_call(rnn, joined(p, "rnn", ("hidden",), ""), h)
        return F.linear(h[0], p["out/weight"], p["out/bias"])
    params = gates("lstm", LSTM, 4, 3) | gates("lstm/reverse", LSTM, 4, 3) | \
        gates("gru", GRU, 5, 8, new_bias=True) | gates("rnn", ("hidden",), 4, 5) | \
        {"out/weight": (3, 4), "out/bias": (3,)}
    layers = [{"lstm": {"units": 4, "bidirectional": True, "name": "lstm"}},
              {"gru": {"units": 5, "name": "gru"}},
              {"rnn": {"units": 4, "return": "last", "name": "rnn"}},
              {"dense": {"units": 3, "name": "out"}}]
    return Case("recurrent", [5, 3], layers, forward, params)


# ---- a small language model: embedding, positions, pre-norm block, tied output

def attention_case():
    n, heads, vocabulary, length = 8, 2, 11, 6
    tokens = torch.randint(0, vocabulary, (SAMPLES, length + 1), generator=torch.Generator().manual_seed(3))
    block = {"norm1/gamma": (n,), "norm1/beta": (n,), "norm2/gamma": (n,), "norm2/beta": (n,),
             "mlp/up/weight": (4 * n, n), "mlp/up/bias": (4 * n,), "mlp/down/weight": (n, 4 * n),
             "mlp/down/bias": (n,)}
    for part in ("query", "key", "value", "output"):
        block |= {f"attention/{part}/weight": (n, n), f"attention/{part}/bias": (n,)}
    params = {"words/weight": (vocabulary, n), "places/weight": (length, n), "last/gamma": (n,)} | \
        {f"block/{key}": shape for key, shape in block.items()}

    def attend(x, p):
        joint = [torch.cat([p[f"block/attention/{part}/{kind}"] for part in ("query", "key", "value")])
                 for kind in ("weight", "bias")]
        x = x.transpose(0, 1)
        mask = torch.triu(torch.full((length, length), -math.inf), 1)
        y, _ = F.multi_head_attention_forward(
            x, x, x, n, heads, *joint, None, None, False, 0.0, p["block/attention/output/weight"],
            p["block/attention/output/bias"], need_weights=False, attn_mask=mask)
        return y.transpose(0, 1)

    def forward(x, p):
        h = F.embedding(x, p["words/weight"]) + p["places/weight"]
        h = h + attend(F.layer_norm(h, (n,), p["block/norm1/gamma"], p["block/norm1/beta"]), p)
        m = F.layer_norm(h, (n,), p["block/norm2/gamma"], p["block/norm2/beta"])
        m = F.gelu(F.linear(m, p["block/mlp/up/weight"], p["block/mlp/up/bias"]))
        h = h + F.linear(m, p["block/mlp/down/weight"], p["block/mlp/down/bias"])
        h = F.rms_norm(h, (n,), p["last/gamma"], eps=1e-5)
        return F.linear(h, p["words/weight"])
    layers = [{"embedding": {"vocabulary": vocabulary, "units": n, "name": "words"}},
              {"position_embedding": {"length": length, "name": "places"}},
              {"transformer_block": {"heads": heads, "causal": True, "name": "block"}},
              {"rms_norm": {"name": "last"}}, {"output_embedding": {"share": "words"}}]
    # no adaptive method: the gradient of the keys' bias is rounding alone, which it would make steps of
    return Case("attention", [length], layers, forward, params, x=tokens[:, :-1], y=tokens[:, 1:])


if __name__ == "__main__":
    for case in [*dense_cases(), conv_case(), sequence_case(), recurrent_case(), attention_case(),
                 *grid.cases(), *losses.cases()]:
        if len(sys.argv) == 1 or case.name in sys.argv:
            write(case)
            print(case.name)
