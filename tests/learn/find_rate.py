#!/usr/bin/env python3
"""The search for a learning rate: its ramp against NumPy's, what it suggests, and that a run stays as it is.

    find_rate.py GYRE MPIRUN_SH MPIEXEC          (in the repository's root)
"""
import hashlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy

LINEAR = """
name: linear
threads: 1
data: {{train: "{0}/x.npy,{0}/y.npy", shuffle: false}}
model: {{input: [3], layers: [dense: {{units: 1, init: zeros}}]}}
loss: mse
optimizer: {{kind: sgd}}
train: {{epochs: 1, batch_size: 50}}
"""


def ramp(x, y):
    """Losses of gradient descent at growing rates, each after the update."""
    w, b = numpy.zeros(3), 0.0
    rates = 1e-7 * 1e8 ** (numpy.arange(160) / 159)
    losses = []
    for rate in rates:
        error = x @ w + b - y[:, 0]
        w, b = w - rate * 2 * x.T @ error / len(x), b - rate * 2 * error.mean()
        losses.append(numpy.mean((x @ w + b - y[:, 0]) ** 2))
    return rates, numpy.array(losses)


def digests(directory):
    return {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(directory.rglob("*"))
            if path.is_file() and not path.is_symlink()}


def main():
    gyre, mpirun, mpiexec = sys.argv[1:]
    with tempfile.TemporaryDirectory(prefix="gyre-rate-") as base:
        place = pathlib.Path(base)

        def run(config, name, *more, ranks=1, code=0, **others):
            done = subprocess.run([mpirun, mpiexec, str(ranks), gyre, "train", config, "--run-dir", place / name, *more],
                                  capture_output=True, text=True, timeout=200, **others)
            assert done.returncode == code, done
            return done

        def find(config, name, *more, **others):
            lines = run(config, name, "--quiet", "--json", "--find-learning-rate", *more, **others).stdout.splitlines()
            events = [json.loads(line) for line in lines]
            kept = [json.loads(line) for line in (place / name / "learning_rate.jsonl").read_text().splitlines()]
            assert kept == [e for e in events if e["event"] in ("rate", "suggestion")], kept
            assert kept[-1]["event"] == "suggestion" and kept[-1]["path"].endswith("learning_rate.jsonl"), kept[-1]
            return kept[:-1], kept[-1]

        # the losses are those of gradient descent, until they have grown
        random = numpy.random.default_rng(1)
        x = random.normal(size=(50, 3)).astype("float32")
        y = (x @ [[1.0], [-2.0], [0.5]] + 1).astype("float32")
        numpy.save(place / "x.npy", x)
        numpy.save(place / "y.npy", y)
        (place / "linear.yaml").write_text(LINEAR.format(base))
        rates, losses = ramp(x.astype(float), y.astype(float))
        points, found = find(place / "linear.yaml", "linear")
        n = len(points)
        numpy.testing.assert_allclose([p["learning_rate"] for p in points], rates[:n], rtol=1e-12)
        exact = numpy.argmin(losses) - 5  # beyond, float rounding is all that grows
        numpy.testing.assert_allclose([p["loss"] for p in points[:exact]], losses[:exact], rtol=1e-3, atol=1e-9)
        assert 100 < exact < n < 160 and points[-1]["loss"] > losses[0] and 0.1 < found["grown_at"] == rates[n - 1], found
        assert abs(found["first_loss"] - numpy.mean(y.astype(float) ** 2)) < 1e-5, found
        slope = numpy.polyfit(range(17), losses[(k := list(rates).index(found["learning_rate"])) - 8:k + 9], 1)[0]
        assert found["learning_rate"] < found["least_at"] < found["grown_at"] and slope < 0, found

        # where nothing can be learned there is no suggestion
        numpy.save(place / "y.npy", numpy.zeros((50, 1), "float32"))
        points, found = find(place / "linear.yaml", "nothing")
        assert "learning_rate" not in found and "at any rate" in found["reason"], found

        # a run stays as it is, on any ranks; the suggestion trains well, by a method far from the default rate
        digits = ["--set", "optimizer.kind=sgd", "--set", "optimizer.weight_decay=0", "--set", "train.epochs=5"]
        run("datasets/digits.yaml", "digits", *digits, "--quiet", "--set", "optimizer.learning_rate=0.003")
        before = digests(place / "digits")
        suggestions = [find("datasets/digits.yaml", "digits", *digits, ranks=ranks)[1] for ranks in (1, 2)]
        after = digests(place / "digits")
        assert after.pop(place / "digits/learning_rate.jsonl") and after == before
        a, b = (s["learning_rate"] for s in suggestions)
        assert 0.5 < a / b < 2, suggestions
        accuracy = {}
        for name, rate in (("default", 0.003), ("found", a)):
            run("datasets/digits.yaml", name, *digits, "--quiet", "--set", f"optimizer.learning_rate={rate}")
            accuracy[name] = json.loads((place / name / "metrics.jsonl").read_text().splitlines()[-1])["test_accuracy"]
        print(f"rate {a:.2g}: accuracy {accuracy}")
        assert accuracy["found"] > 0.9 > accuracy["default"], accuracy

        # from start values, it begins where they are
        init = find("datasets/digits.yaml", "init", *digits, "--init", place / "found/checkpoints/latest")[1]
        assert init["first_loss"] < 0.5 * suggestions[0]["first_loss"], init

        # for people; without gnuplot the curve alone is missing
        said = run("datasets/digits.yaml", "shown", "--quiet", "--find-learning-rate", env={**os.environ, "COLUMNS": "70"})
        assert "suggestion  --set optimizer.learning_rate=" in said.stdout and not said.stderr, said
        (place / "bin").mkdir()
        done = subprocess.run([gyre, "train", "datasets/digits.yaml", "--quiet", "--find-learning-rate", "--run-dir",
                               place / "shown"], capture_output=True, text=True, timeout=200, env={"PATH": place / "bin"})
        assert done.returncode == 0 and "no curve" in done.stderr and "suggestion" in done.stdout, done

        # what does not go together, or cannot be written, is one line and leaves nothing
        for more in (["--dry-run"], ["--resume", "none"], ["--inject", "slow:rank=0,ms=1"]):
            said = run("datasets/digits.yaml", "none", "--find-learning-rate", *more, code=2).stderr
            assert said.startswith("gyre: error: ") and said.count("\n") == 1 and more[0] in said, said
        (place / "file").write_text("")
        run("datasets/digits.yaml", "file/below", "--quiet", "--find-learning-rate", code=2)
        assert not (place / "none").exists()


main()
