#!/usr/bin/env python3
"""Holds what `gyre inspect` says against published counts and against what a process really takes.

    anatomy.py counts|memory GYRE EXAMPLES
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

COUNTS = {  # of launch/examples, as published
    "lenet5": 61_706,  # LeCun et al. 1998, all maps of S2 connected to all of C3
    "vgg16": 138_357_544,
    "resnet50": 25_557_032,
    "gpt2": 124_439_808,
    "cosmoflow": 5_597_604,
}

TEXTBOOK = """
name: textbook
data: {train: "synthetic:blobs?features=3&classes=2"}
model: {input: [3], layers: [dense: {units: 4}, dense: {units: 1}]}
loss: mse
"""

SMALLEST = """
name: smallest
data: {train: "synthetic:blobs?n=64"}
model: {input: [2], layers: [dense: {units: 3}]}
checkpoint: {every_epochs: 0}
train: {steps: 2, batch_size: 8}
"""

NETWORKS = {  # large enough for their tensors to outweigh what every process has
    "checkpoints": """
data: {train: "synthetic:blobs?n=512&features=1024&classes=10"}
model: {input: [1024], layers: [dense: {units: 4096, activation: relu}, dense: {units: 2048},
        dense: {units: 10}]}
optimizer: {kind: adam}
checkpoint: {every_epochs: 0, every_steps: 1}
train: {steps: 3, batch_size: 64}
""",
    "dense": """
data: {train: "synthetic:images?n=512&shape=28x28x1&classes=10"}
model: {input: [28, 28, 1], layers: [flatten, dense: {units: 3072, activation: gelu},
        dense: {units: 3072, activation: relu}, dense: {units: 10}]}
optimizer: {kind: adam}
checkpoint: {every_epochs: 0}
train: {steps: 2, batch_size: 256}
""",
    "convolution": """
data: {train: "synthetic:images?n=256&shape=32x32x3&classes=10"}
model: {input: [32, 32, 3], layers: [conv2d: {filters: 64, kernel: 3}, batch_norm,
        activation: {kind: relu}, residual: {layers: [conv2d: {filters: 64, kernel: 3}, batch_norm]},
        activation: {kind: relu}, global_avg_pool, dense: {units: 10}]}
optimizer: {kind: sgd, momentum: 0.9}
checkpoint: {every_epochs: 0}
train: {steps: 2, batch_size: 128}
""",
    "attention": """
data: {train: "synthetic:sequence?n=64&length=256&vocabulary=96"}
model: {input: [256], layers: [embedding: {vocabulary: 96, units: 256},
        repeat: {times: 2, layers: [transformer_block: {heads: 4, causal: true}]},
        layer_norm, dense: {units: 96}]}
checkpoint: {every_epochs: 0}
train: {steps: 2, batch_size: 16}
""",
    "recurrence": """
data: {train: "synthetic:sequence?n=64&length=128&vocabulary=96"}
model: {input: [128], layers: [embedding: {vocabulary: 96, units: 64}, lstm: {units: 512},
        dense: {units: 96}]}
checkpoint: {every_epochs: 0}
train: {steps: 2, batch_size: 32}
""",
}


def inspect(gyre, config):
    done = subprocess.run([gyre, "inspect", str(config), "--json"], check=True, capture_output=True)
    return json.loads(done.stdout)


def write(folder, name, text):
    path = folder / f"{name}.yaml"
    path.write_text(text if "name:" in text else f"name: {name}\n{text}")
    return path


def counts(gyre, examples, folder):
    for name, want in COUNTS.items():
        got = inspect(gyre, examples / f"{name}.yaml")["parameters"]
        print(f"{name}: {got:,}")
        assert got == want, f"{name} has {got:,}, not {want:,}"
    got = inspect(gyre, write(folder, "textbook", TEXTBOOK))
    print(got["formula"])
    assert (got["weights"], got["biases"], got["parameters"]) == (16, 5, 21)


def peak(gyre, config, folder):
    """MiB that a training run took at most, by the operating system."""
    arguments = [gyre, "train", str(config), "--run-dir", str(folder / config.stem), "--quiet",
                 "--resume", "none", "--set", "threads=1", "--progress", "none"]
    child = os.spawnv(os.P_NOWAIT, gyre, arguments)
    _, status, usage = os.wait4(child, 0)
    assert status == 0, f"{config.stem}: status {status}"
    return usage.ru_maxrss / 1024


def memory(gyre, _, folder):
    """Within a tenth: what a run takes beyond the smallest network's."""
    start = peak(gyre, write(folder, "smallest", SMALLEST), folder)
    for name, text in NETWORKS.items():
        config = write(folder, name, text)
        anatomy = inspect(gyre, config)
        parts = anatomy["memory"]  # packed are the weights of evaluations, of which there are none here
        predicted = sum(parts[part] for part in parts if part != "packed") / 2**20
        taken = peak(gyre, config, folder) - start
        print(f"{name}: predicted {predicted:.1f} MiB, taken {taken:.1f}")
        assert 0.9 < taken / predicted < 1.1, f"{name}: {taken / predicted:.3f} of the prediction"


def main():
    case, gyre, examples = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        globals()[case](gyre, pathlib.Path(examples), pathlib.Path(folder))


if __name__ == "__main__":
    main()
