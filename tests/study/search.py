#!/usr/bin/env python3
"""Search: every method tries the same on any number of groups, whoever ends first, and after a kill; what is
limited, fails or diverges; the best, ready to be trained on; spaces that are wrong, in one line.

    search.py GYRE MPIRUN_SH MPIEXEC
"""
import json
import math
import os
import pathlib
import signal
import subprocess
import sys

from bench import Bench, send

CONFIG = """
name: iris
seed: 1
threads: 1
data: {train: "iris.csv?target=species", normalize: per_feature, fold: 1/4, fold_stratified: true}
model:
  input: [4]
  layers:
    - dense: {units: 8, activation: relu}
    - dense: {units: 3}
optimizer: {kind: adamw, learning_rate: 0.02}
train: {epochs: 4, batch_size: 16}
checkpoint: {every_epochs: 100}
comm: {reproducible_grains: 4}
search:
  method: random
  trials: 6
  ahead: 2
  max_parameters: 150
  space:
    - {key: optimizer.learning_rate, log_uniform: [1.0e-4, 1.0]}
    - {key: model.layers.0.dense.units, integer: [2, 32]}
    - {key: model.layers, choice: [[dense: {units: 9}, dense: {units: 3}], [dense: {units: 4}, dense: {units: 5}, dense: {units: 3}]]}
"""
# one of the two model keys at a time: layers come whole, or a layer's setting
WIDTHS = CONFIG[:CONFIG.index("    - {key: model.layers, choice")]
METHODS = {"grid": ["search.points=3"], "random": [], "halving": ["search.trials=9"],
           "evolve": ["search.population=3", "search.trials=9"],
           "population": ["search.trials=4", "search.rounds=3",
                          "search.space=[{key: optimizer.learning_rate, log_uniform: [1e-4, 1]}]"]}
HERE = pathlib.Path(__file__).parent


def sets(*values):
    return [word for value in values for word in ("--set", value)]


def methods(bench):
    for method, extra in METHODS.items():
        words = ["search", "widths.yaml", "--quiet", *sets(f"search.method={method}", *extra)]
        alone = bench.run(1, *words, "--run-dir", f"{method}-1")
        trials = bench.trials(f"{method}-1")
        assert len(trials) >= 4 and all(t["parameters"] <= 150 for t in trials.values()), trials
        several = bench.run(2, *words, "--run-dir", f"{method}-2")
        assert bench.trials(f"{method}-2") == trials, method
        assert several.stdout == alone.stdout
    bench.run(1, "search", "widths.yaml", "--quiet", "--run-dir", "whole", *sets(
        "search.method=grid", "search.points=3", "search.space=[{key: model.layers.0.dense.units, uniform: [4, 8]}]"))
    assert [point(t)["model.layers.0.dense.units"] for t in bench.trials("whole").values()] == [4, 6, 8]
    halving = bench.trials("halving-1").values()
    assert {t["until"] for t in halving} == {1, 3, 4}, halving
    assert len({t["run"] for t in halving}) == 9 < len(halving)
    rounds = bench.trials("population-1")
    assert len(rounds) == 12 and all("after" in rounds[i] for i in range(4, 12))
    assert any(rounds[i]["after"] != i - 4 for i in range(4, 12)), "nobody took over from another"


def the_best(bench):
    """Its run has what the table says, and its configuration trains to the same."""
    table = bench.run(1, "search", "widths.yaml", "--run-dir", "random-1", "--json").stdout
    places = [e for e in map(json.loads, table.splitlines()) if e["event"] == "place"]
    trials = bench.trials("random-1")
    assert [p["place"] for p in places] == list(range(1, len(places) + 1))
    assert places[0]["best"] == min(t["best"] for t in trials.values())
    end = json.loads((bench.base / "random-1/best/metrics.jsonl").read_text().splitlines()[-1])
    assert end["event"] == "end" and end["best"] == places[0]["best"]
    bench.run(2, "train", "random-1/best.yaml", "--quiet", "--run-dir", "again")
    again = json.loads((bench.base / "again/metrics.jsonl").read_text().splitlines()[-1])
    assert again["best"] == end["best"], (again, end)
    keys = {e["key"]: e for e in map(json.loads, table.splitlines()) if e["event"] == "importance"}
    assert set(keys) == {"optimizer.learning_rate", "model.layers.0.dense.units"}
    found = keys["optimizer.learning_rate"]["importance"]
    wanted = rank_correlation([point(t)["optimizer.learning_rate"] for t in trials.values()],
                              [t["best"] for t in trials.values()])
    assert math.isclose(found, wanted, rel_tol=1e-9), (found, wanted)


def point(trial):
    return {k: float(v) for k, v in (word.split("=") for word in trial["point"].split())}


def rank_correlation(x, y):
    a, b = ([sorted(v).index(u) - (len(v) - 1) / 2 for u in v] for v in (x, y))
    products = [sum(p * q for p, q in zip(*pair)) for pair in ((a, b), (a, a), (b, b))]
    return abs(products[0]) / math.sqrt(products[1] * products[2])


def killed(bench):
    words = ["search", "widths.yaml", "--quiet", "--run-dir", "killed",
             *sets("search.method=halving", *METHODS["halving"])]
    bench.strike(2, signal.SIGKILL, 3, *words)
    code = bench.strike(1, signal.SIGUSR2, 2, *words)
    assert code == 75, code
    bench.run(3, *words)
    assert bench.trials("killed") == bench.trials("halving-1")
    best = [(bench.base / place / "best.yaml").read_text() for place in ("killed", "halving-1")]
    assert best[0] == best[1]
    assert os.readlink(bench.base / "killed/best") == os.readlink(bench.base / "halving-1/best")
    other = bench.run(1, *words, *sets("search.trials=11"), code=2)
    assert "another" in other.stderr and "(killed" in other.stderr, other.stderr


def taken_over(bench):
    """A study whose lock is an heir's by now adds nothing to the ledger. It stands still after the first trial."""
    ledger, lock = (bench.base / "gone" / name for name in ("study.jsonl", "lock"))
    process, still = bench.stand_still(1, 1, "search", "widths.yaml", "--quiet", "--run-dir", "gone", stderr=subprocess.PIPE)
    heirs = lock.with_name("heir")
    heirs.write_text("process 1 on elsewhere, since today\n")
    heirs.rename(lock)
    before = ledger.read_text()
    send(still, signal.SIGCONT)
    _, said = process.communicate(timeout=200)
    assert process.returncode == 1 and "the place was taken over by process 1 on elsewhere" in said, said
    assert ledger.read_text() == before


def failures(bench):
    """Trials that diverge are told, and passed over; layers by choice."""
    bench.run(2, "search", "layers.yaml", "--quiet", "--run-dir", "failing", *sets(
        "search.space.0.log_uniform=[1e-3, 1e9]", "optimizer.kind=sgd", "search.trials=10"))
    found = bench.trials("failing")
    words = [t["status"] for t in found.values()]
    assert "diverged" in words and "done" in words, words
    assert len({t["parameters"] for t in found.values()}) == 2
    none = bench.run(1, "search", "layers.yaml", "--quiet", "--run-dir", "lost", *sets(
        "search.space.0.log_uniform=[1e13, 1e14]", "optimizer.kind=sgd", "search.trials=2"), code=3)
    assert "no trial came to an end (lost)" in none.stderr, none.stderr


def refusals(bench):
    for change, says in [
            ("search.space=[{key: optimizer.learning_rte, uniform: [0, 1]}]", "learning_rte"),
            ("search.space=[{key: optimizer.learning_rate, choice: []}]", "nothing to choose from"),
            ("search.space=[{key: optimizer.learning_rate, log_uniform: [0, 1]}]", "above 0"),
            ("search.space=[{key: model.layers.7.dense.units, integer: [1, 9]}]", "no entry of a list of 2"),
            ("search.space=[{key: model.layers.1.dense.units, uniform: [4, 8]}]", "whole number, at least 1, not '5.5"),
            ("search.space=[{key: model.layers.0.conv2d.filters, integer: [1, 9]}]", "several keys"),
            ("search.space=[{key: optimizer.kind, choice: [adam, adamm]}]", "adamm"),
            ("search.space=[]", "nothing to search"),
            ("search.max_parameters=3", "no point of the space is within the limits"),
            ("search.ranks_per_trial=2", "not enough ranks (search): a run takes 2, there is 1"),
            ("data.fold=", "nothing is validated"),
            ("data.train=none.csv", "none.csv")]:
        done = bench.run(1, "search", "widths.yaml", "--run-dir", "refused", *sets(change), code=2)
        lines = done.stderr.splitlines()
        assert len(lines) == 1 and says in lines[0], (change, done.stderr)
        assert not (bench.base / "refused").exists(), change


with Bench(sys.argv[1:]) as test:
    (test.base / "iris.csv").write_text((HERE / "iris.csv").read_text())
    (test.base / "widths.yaml").write_text(WIDTHS)
    (test.base / "layers.yaml").write_text(CONFIG.replace(
        "    - {key: model.layers.0.dense.units, integer: [2, 32]}\n", ""))
    methods(test)
    the_best(test)
    killed(test)
    taken_over(test)
    failures(test)
    refusals(test)
