#!/usr/bin/env python3
"""Buffers (batch_norm's running statistics) belong to the step: one that is skipped leaves no trace in them, one
that spoils them is skipped, and a checkpoint more or less does not change them.

    buffers.py CASE GYRE MPIRUN_SH MPIEXEC RANKS

Cases: spoiled (a sample whose loss is not finite), overflowing (one whose variance alone is not), skipped,
extra.
"""
import h5py
import numpy

import bench as b

CONFIG = """
name: run
run_dir: run
seed: 3
threads: 1
data: {train: "bad.h5:/train", validation: "synthetic:blobs?n=50&features=6&classes=4&seed=2"}
model:
  input: [6]
  layers:
    - dense: {units: 24}
    - batch_norm: {momentum: 0.3}
    - activation: {kind: relu}
    - dense: {units: 4}
optimizer: {kind: adam, learning_rate: 0.01}
train: {epochs: 3, batch_size: 20, micro_batch_size: 7, not_finite: {skip: 3}}
checkpoint: {every_steps: 100, keep: 100}
log: {every_steps: 1}
"""
WAYS = ("sync: true", ""), ("sync: false", ""), ("sync: true", "comm.reproducible_grains=4")


def write(place, value):
    """Two hundred samples; one of them has a huge number."""
    draw = numpy.random.default_rng(1)
    x, y = draw.normal(size=(200, 6)).astype("f4"), draw.integers(4, size=200).astype("u1")
    x[77, 2] = value
    with h5py.File(place / "bad.h5", "w") as f:
        f["train/x"], f["train/y"] = x, y


def options(way):
    sync, grains = way
    made = ["--set", f"model.layers.1.batch_norm.sync={sync.partition(': ')[2]}"]
    return made + (["--set", grains] if grains else [])


def trained_on(bench, value):
    """A bad sample costs the steps that it is in, an epoch each, and nothing else."""
    for i, way in enumerate(WAYS):
        place = bench.place(f"run-{i}", CONFIG)
        write(place, value)
        bench.train(place, *options(way))
        told = b.events(place)
        assert [e["event"] for e in told].count("not_finite") == 3, way
        losses = [e["validation_loss"] for e in told if e["event"] == "evaluate"]
        assert len(losses) == 3 and numpy.all(numpy.isfinite(losses)) and losses[-1] < 5, losses
        for name, values in b.tensors(place).items():
            assert numpy.all(numpy.isfinite(values)), (way, name)


def spoiled(bench):
    trained_on(bench, 3e38)


def overflowing(bench):
    trained_on(bench, 1e25)


def skipped(bench):
    """After a step that was skipped everything is as before it."""
    for i, way in enumerate(WAYS):
        places = bench.place(f"skips-{i}", CONFIG), bench.place(f"stops-{i}", CONFIG)
        for place in places:
            write(place, 1)
        bench.train(places[0], *options(way), "--set", "train.steps=4", "--inject", "not_finite:step=4")
        bench.train(places[1], *options(way), "--set", "train.steps=3")
        got, want = (b.tensors(place) for place in places)
        differ = [k for k in want if k != "step" and got[k].tobytes() != want[k].tobytes()]
        assert differ == [], (way, differ)


def extra(bench):
    """Checkpoints in between change nothing, evaluations neither."""
    for i, way in enumerate(WAYS):
        places = bench.place(f"seldom-{i}", CONFIG), bench.place(f"often-{i}", CONFIG)
        for place, more in zip(places, ([], ["checkpoint.every_steps=4", "train.evaluate_every_steps=3"])):
            write(place, 1)
            bench.train(place, *options(way), *(word for s in more for word in ("--set", s)))
        got, want = (b.tensors(place) for place in places)
        differ = [k for k in want if got[k].tobytes() != want[k].tobytes()]
        assert differ == [], (way, differ)


b.main({"spoiled": spoiled, "overflowing": overflowing, "skipped": skipped, "extra": extra})
