#!/usr/bin/env python3
"""Cross-validation: folds that depend on nothing but seed and data, the same digits on any number of ranks
and through stops and kills; means as numpy has them; what is wrong in one line.

    crossval.py GYRE MPIRUN_SH MPIEXEC
"""
import json
import pathlib
import signal
import sys

import numpy

from bench import Bench

CONFIG = """
name: iris
seed: 1
threads: 1
data: {train: "iris.csv?target=species&group=%s", normalize: per_feature, validation_fraction: 0.1}
model:
  input: [4]
  layers:
    - dense: {units: 16, activation: relu}
    - dense: {units: 3}
optimizer: {kind: adamw, learning_rate: 0.02}
train: {epochs: 10, batch_size: 16}
checkpoint: {every_epochs: 4}
comm: {reproducible_grains: 4}
"""
HERE = pathlib.Path(__file__).parent


def summary(done):
    rows = [line.split() for line in done.stdout.splitlines()[1:]]
    return {row[0]: [float(v) for v in row[1:5]] for row in rows}


def same_on_any_ranks(bench):
    cv = ("crossval", "iris.yaml", "--folds", "3", "--stratified", "--repeats", "2", "--quiet")
    alone = bench.run(1, *cv, "--run-dir", "one")
    wanted = bench.trials("one")
    assert len(wanted) == 6 and wanted[5]["fold"] == "3/3" and wanted[5]["repeat"] == 2, wanted[5]
    for ranks, each in (2, 1), (3, 3), (3, 2):
        place = f"{ranks}-{each}"
        done = bench.run(ranks, *cv, "--run-dir", place, "--ranks-per-run", str(each))
        assert bench.trials(place) == wanted, place
        assert done.stdout == alone.stdout
    for name, (mean, deviation, least, largest) in summary(alone).items():
        values = numpy.array([wanted[i][name] for i in range(6)])
        numpy.testing.assert_allclose([mean, deviation, least, largest],
                                      [values.mean(), values.std(ddof=1), values.min(), values.max()],
                                      rtol=6e-4)
    assert 0.9 < summary(alone)["validation_accuracy"][0] <= 1, alone.stdout
    return wanted


def goes_on(bench, wanted):
    """Stopped by a signal, then killed, then left alone."""
    cv = ("crossval", "iris.yaml", "--folds", "3", "--stratified", "--repeats", "2", "--quiet",
          "--run-dir", "stopped")
    assert bench.strike(2, signal.SIGUSR2, 1, *cv) == 75
    bench.strike(2, signal.SIGKILL, 1, *cv)
    with open(bench.base / "stopped/study.jsonl", "a") as ledger:
        ledger.write('{"event": "trial", "tri')  # torn
    late = bench.run(2, *cv, "--set", "train.time_limit_minutes=0.0001", code=75)
    assert "the same command goes on" in late.stderr, late.stderr
    bench.run(3, *cv)
    assert bench.trials("stopped") == wanted
    again = json.loads(bench.run(1, *cv, "--json").stdout.splitlines()[0])
    assert again["event"] == "study"
    place = bench.base / "stopped/config.yaml"  # of a program that knew no section `search`
    place.write_text(place.read_text().partition("\nsearch:")[0] + "\n")
    bench.run(1, *cv)
    other = bench.run(1, *cv, "--set", "optimizer.learning_rate=0.5", code=2)
    assert "another study is there (stopped): optimizer.learning_rate was 0.02, it is 0.5; " in other.stderr


def one_fold(bench, wanted):
    """data.fold alone is that fold of a cross-validation."""
    bench.run(2, "train", "iris.yaml", "--quiet", "--run-dir", "fold", "--set", "data.fold=3/3", "--set",
              "data.fold_stratified=true", "--set", "data.validation_fraction=0")
    end = json.loads((bench.base / "fold/metrics.jsonl").read_text().splitlines()[-1])
    assert all(end[k] == wanted[2][k] for k in end if k.startswith("validation_")), (end, wanted[2])
    tested = bench.run(1, "eval", "fold", "--json").stdout
    assert json.loads(tested)["loss"] == end["validation_loss"]


def groups(bench):
    done = bench.run(2, "crossval", "groups.yaml", "--folds", "3", "--quiet", "--run-dir", "groups")
    assert summary(done)["validation_loss"][0] > 0
    wrong = bench.run(1, "crossval", "iris.yaml", "--group", "nobody", code=2)
    assert "no such column (iris.csv, column nobody)" in wrong.stderr, wrong.stderr


def refusals(bench):
    for words, says in [
            (["--ranks-per-run", "3"], "not enough ranks (crossval): a run takes 3, there is 1"),
            (["--folds", "1"], "folds"),
            (["--folds", "151"], "too few samples (iris.csv?target=species): 150, for 151 folds"),
            (["--set", "data.train=nothing.csv"], "nothing.csv"),
            (["--set", "model.input=[5]"], "samples do not fit the model"),
            (["--stratified", "--set", "data.train=iris.csv?target=petal_width", "--set", "loss=mse",
              "--set", "model.layers.1.dense.units=1", "--set", "model.input=[6]"],
             "folds are stratified by classes")]:
        done = bench.run(1, "crossval", "iris.yaml", "--run-dir", "refused", *words, code=2)
        lines = done.stderr.splitlines()
        assert len(lines) == 1 and says in lines[0], (words, done.stderr)
        assert not (bench.base / "refused").exists(), words
    diverged = bench.run(2, "crossval", "iris.yaml", "--run-dir", "diverged", "--quiet", "--set",
                         "optimizer.learning_rate=1.0e+12", "--set", "optimizer.kind=sgd", code=3)
    assert "a fold failed (diverged, trial 0): " in diverged.stderr, diverged.stderr
    assert {t["status"] for t in bench.trials("diverged").values()} == {"diverged"}


with Bench(sys.argv[1:]) as test:
    rows = (HERE / "iris.csv").read_text()
    (test.base / "iris.csv").write_text(rows)
    (test.base / "iris.yaml").write_text(CONFIG.replace("&group=%s", ""))
    head, *body = rows.splitlines()
    (test.base / "groups.csv").write_text("\n".join(
        [head + ",plant", *(f"{row},{i % 11}" for i, row in enumerate(body))]) + "\n")
    (test.base / "groups.yaml").write_text(
        CONFIG.replace("iris.csv", "groups.csv").replace("%s", "plant"))
    found = same_on_any_ranks(test)
    goes_on(test, found)
    one_fold(test, found)
    groups(test)
    refusals(test)
