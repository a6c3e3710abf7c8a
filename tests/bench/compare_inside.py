#!/usr/bin/env python3
"""A network in memory beside ONNX Runtime's C interface, one thread each, in turns (bench_inside.c).

    compare_inside.py BENCH_INSIDE [mlp|conv|lstm [N …]]

Needs PyTorch, onnx and onnxruntime, whose library is all that is used of it. The networks have the same shapes and
arithmetic, not the same parameters.
"""
import os
import pathlib
import subprocess
import sys
import tempfile
import warnings

import torch
from torch import nn


class Last(nn.Module):
    """An LSTM whose last output is what counts."""

    def __init__(self):
        super().__init__()
        self.lstm, self.out = nn.LSTM(16, 64, batch_first=True), nn.Linear(64, 10)

    def forward(self, x):
        return self.out(self.lstm(x)[0][:, -1])


def conv(a, b):
    return [nn.Conv1d(a, b, 5, padding=2), nn.ReLU()]


NETWORKS = {  # kind: (numbers of samples, input of ours, layers of ours, input of theirs, theirs)
    "mlp": ((1, 16, 128), [64],
            "[dense: {units: 128, activation: relu}, dense: {units: 64, activation: relu}, dense: {units: 10}]",
            [64], nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 10))),
    "conv": ((1, 64, 4096), [64, 8],
             "[" + ", ".join(f"conv1d: {{filters: {n}, kernel: 5, padding: same, activation: relu}}"
                             for n in (64, 96, 128)) + ", global_avg_pool: {}, dense: {units: 10}]",
             [8, 64], nn.Sequential(*conv(8, 64), *conv(64, 96), *conv(96, 128), nn.AdaptiveAvgPool1d(1),
                                    nn.Flatten(), nn.Linear(128, 10))),
    "lstm": ((1, 16), [32, 16], "[lstm: {units: 64, return: last}, dense: {units: 10}]", [32, 16], Last())}


def find_library():
    import onnxruntime
    return next((pathlib.Path(onnxruntime.__file__).parent / "capi").glob("libonnxruntime.so*"))


def compare(program, kind, numbers):
    usual, ours, layers, theirs, network = NETWORKS[kind]
    print(f"{kind} {layers}", flush=True)
    with tempfile.TemporaryDirectory() as place:
        yaml, onnx = pathlib.Path(place, "net.yaml"), pathlib.Path(place, "net.onnx")
        yaml.write_text(f"model: {{input: {ours}, layers: {layers}}}\nloss: mse\n"
                        "optimizer: {kind: adam, learning_rate: 0.001}\n")
        warnings.simplefilter("ignore")
        torch.onnx.export(network.eval(), torch.zeros(2, *theirs), onnx, input_names=["x"], output_names=["y"],
                          dynamic_axes={"x": {0: "n"}, "y": {0: "n"}}, dynamo=False)
        subprocess.run([program, yaml, find_library(), onnx, *map(str, numbers or usual)], check=True,
                       env=os.environ | {"OMP_NUM_THREADS": "1"})


def main(program, *kind_and_numbers):
    for kind in kind_and_numbers[:1] or NETWORKS:
        compare(program, kind, kind_and_numbers[1:])


if __name__ == "__main__":
    main(*sys.argv[1:])
