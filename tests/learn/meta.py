#!/usr/bin/env python3
"""Training on tasks: Reptile against NumPy's, the same bits on any ranks and through a stop, and what it is for.

    meta.py GYRE MPIRUN_SH MPIEXEC          (in the repository's root)
"""
import json
import pathlib
import subprocess
import sys
import tempfile

import h5py
import numpy

LINES = """
name: lines
threads: 1
data: {{train: "{0}/lines.h5:/train?group=line", validation: "{0}/lines.h5:/new?group=line"}}
model: {{input: [2], layers: [dense: {{units: 1, name: out}}]}}
loss: mse
optimizer: {{kind: sgd, learning_rate: 0.1, momentum: 0.5}}
schedule: {{kind: linear}}
meta: {{tasks: 3, shots: 6, inner_steps: 4, outer_learning_rate: 0.7, adapt_steps: 3, queries: 5}}
train: {{steps: 8, evaluate_every_steps: 4}}
"""
SHOTS, INNER, ADAPT, STEPS = 6, 4, 3, 8


def make_lines(path):
    """y = a·x + b for each line: 3 lines of 6 points to train on, 2 of 11 new ones, groups mixed up."""
    random = numpy.random.default_rng(1)
    with h5py.File(path, "w") as file:
        for name, lines, points in (("train", 3, SHOTS), ("new", 2, SHOTS + 5)):
            line = random.permutation(numpy.repeat(numpy.arange(lines), points))
            a, x = random.normal(size=(lines, 2)), random.normal(size=(lines * points, 2)).astype("float32")
            file[f"{name}/x"], file[f"{name}/line"] = x, (7 * line).astype("int16")
            file[f"{name}/y"] = ((a[line] * x).sum(1, keepdims=True) + line[:, None]).astype("float32")


def descend(w, x, y, steps):
    """Gradient descent with momentum from w = [a1, a2, b], on all points at once; the loss before each step."""
    v, losses = numpy.zeros(3), []
    x = numpy.column_stack([x, numpy.ones(len(x))])
    for _ in range(steps):
        error = x @ w - y
        losses.append((error ** 2).mean())
        v = 0.5 * v + 2 * x.T @ error / len(x)
        w = w - 0.1 * v
    return w, numpy.mean(losses) if losses else None


def reptile(w, path):
    """Steps whose tasks are all there are, each of them with all its points: nothing is drawn."""
    losses = []
    with h5py.File(path) as file:
        x, y, line = (file[f"train/{name}"][:].astype(float) for name in ("x", "y", "line"))
    for step in range(STEPS):
        ends = [descend(w, x[line == n], y[line == n, 0], INNER) for n in numpy.unique(line)]
        losses.append(numpy.mean([loss for _, loss in ends]))
        w = w + 0.7 * (1 - step / STEPS) * (numpy.mean([end for end, _ in ends], 0) - w)
    return w, losses


def main():
    gyre, mpirun, mpiexec = sys.argv[1:]
    with tempfile.TemporaryDirectory(prefix="gyre-meta-") as base:
        place = pathlib.Path(base)

        def run(*words, ranks=1, code=0):
            done = subprocess.run([mpirun, mpiexec, str(ranks), gyre, *map(str, words)], capture_output=True, text=True,
                                  timeout=200)
            assert done.returncode == code, done
            return done

        def meta(config, name, *more, **others):
            lines = run("meta", config, "--run-dir", place / name, "--quiet", "--json", *more, **others).stdout.splitlines()
            events = [json.loads(line) for line in lines]
            return events, [e for e in events if e["event"] == "adapt"]

        def weights(name):
            with h5py.File(place / name / "checkpoints/latest/index.h5") as file:
                return {path: file["params"][path][:] for path in
                        ("out/weight", "out/bias")}

        # losses and parameters are NumPy's
        make_lines(place / "lines.h5")
        (place / "lines.yaml").write_text(LINES.format(base))
        run("train", place / "lines.yaml", "--run-dir", place / "start", "--quiet", "--set", "train.steps=1",
            "--set", "meta.outer_learning_rate=0")
        start = numpy.append(weights("start")["out/weight"], 0.0)
        want, losses = reptile(start, place / "lines.h5")
        events, curves = meta(place / "lines.yaml", "lines", "--set", "log.every_steps=1")
        found = weights("lines")
        numpy.testing.assert_allclose(numpy.append(found["out/weight"], found["out/bias"]), want, rtol=1e-5)
        numpy.testing.assert_allclose([e["loss"] for e in events if e["event"] == "step"], losses, rtol=1e-5)

        # what new tasks are measured on is not what they are fitted to; the run's own validation is the curve's end
        assert [(e["start"], e["adapt_steps"], e["tasks"]) for e in curves] == \
            [(name, i, 2) for name in ("random", str(place / "lines")) for i in range(ADAPT + 1)]
        ends = [e["validation_loss"] for e in events if e["event"] == "evaluate"]
        assert len(ends) == 2 and ends[-1] == curves[-1]["validation_loss"], (ends, curves[-1])
        with h5py.File(place / "lines.h5") as file:
            x, y, line = (file[f"new/{name}"][:].astype(float) for name in ("x", "y", "line"))
        before = numpy.mean((numpy.column_stack([x, numpy.ones(len(x))]) @ start - y[:, 0]) ** 2)
        assert 0.3 < curves[0]["validation_loss"] / before < 3, (curves[0], before)

        # the same on any ranks, and through a stop
        sinusoid = ["launch/examples/sinusoid_meta.yaml", "--set", "schedule.kind=constant", "--set", "threads=1"]
        short = ["--set", "meta.adapt_steps=2", "--set", "data.test=synthetic:sinusoid?n=500&points=100&seed=1"]

        def state(name, *more, ranks=1):
            _, points = meta(sinusoid[0], name, *sinusoid[1:], *short, *more, ranks=ranks)
            with h5py.File(place / name / "checkpoints/latest/index.h5") as file:
                return file["params/hidden2/weight"][:].tobytes(), [p["test_loss"] for p in points]
        whole = state("whole", "--set", "train.steps=30")
        for ranks in (2, 3):
            assert state(f"on-{ranks}", "--set", "train.steps=30", ranks=ranks) == whole, ranks
        state("stopped", "--set", "train.steps=13", ranks=2)
        assert state("stopped", "--set", "train.steps=30") == whole

        # from ten points of an unseen wave, in ten steps; by the others' methods, too
        _, points = meta(sinusoid[0], "sinusoid", "--set", "train.steps=1500", "--set", "meta.tasks=2",
                         "--against", place / "whole")
        random, least, best = (points[10 + 11 * i] for i in range(3))
        assert [random["start"], least["start"]] == ["random", str(place / "whole")] and best["tasks"] == 100
        print(f"after 10 steps: {best['test_loss']:.3f}, from random values {random['test_loss']:.3f}")
        assert 5 * best["test_loss"] < random["test_loss"] and best["test_loss"] < least["test_loss"]
        checkpoint = place / "sinusoid/checkpoints/latest"
        assert "loss" in json.loads(run("eval", checkpoint, "--json").stdout)
        run("predict", checkpoint, "--data", "synthetic:sinusoid?n=20", "-o", place / "out.csv")
        run("train", sinusoid[0], "--init", checkpoint, "--run-dir", place / "wave", "--quiet", "--set", "meta.tasks=0",
            "--set", "data.train=synthetic:sinusoid?n=10&points=10&seed=3", "--set", "train.steps=10")

        # what is wrong is one line, and nothing is written
        for says, *more in (("its samples belong to no groups", f"data.train={place}/lines.h5:/train"),
                            ("task 0 has 11 of 106", "meta.queries=100"),
                            ("fewer grains than ranks", "meta.tasks=1"),
                            ("it says how many tasks a step has", "meta.tasks=0"),
                            ("of a single value", "meta.shots=1", "--set", "model.layers=[batch_norm, dense: {units: 1}]"),
                            ("trains on whole tasks", "train.micro_batch_size=2"),
                            ("starts are compared on them", "data.validation="),
                            ("from 1 to 65536", "meta.shots=65537"),
                            ("key group", f"data.train={place}/lines.h5:/train?group=x")):
            said = run("meta", place / "lines.yaml", "--run-dir", place / "none", "--quiet", "--set", *more, code=2,
                       ranks=2).stderr
            assert said.startswith("gyre: error: ") and said.count("gyre: ") == 1 and says in said, (says, said)
        said = run("meta", place / "lines.yaml", "--run-dir", place / "none", "--quiet", "--against", place / "gone", code=2)
        assert "gone" in said.stderr and not (place / "none").exists(), said


main()
