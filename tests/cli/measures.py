#!/usr/bin/env python3
"""What is measured, against numpy: metrics with weights, classes one by one, losses on any number of ranks,
rollouts; and what is said of targets that are far apart.

    measures.py GYRE MPIEXEC
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import h5py
import numpy as np

GYRE, MPIEXEC = os.path.abspath(sys.argv[1]), sys.argv[2]
ENVIRONMENT = {**{k: v for k, v in os.environ.items() if not k.startswith("GYRE_")},
               "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
               "OMPI_MCA_rmaps_base_oversubscribe": "1", "OMPI_MCA_mpi_yield_when_idle": "1",
               "OMPI_MCA_hwloc_base_binding_policy": "none", "OMPI_MCA_pml": "ob1",
               "OMP_NUM_THREADS": "1"}
CONFIG = """
threads: 1
data: {train: "%s", shuffle: false}
model: {input: %s, layers: [%s]}
loss: %s
metrics: [%s]
optimizer: {kind: sgd, learning_rate: 0.2}
train: {steps: 6, batch_size: 16}
log: {every_steps: 1}
"""


def gyre(*words, ranks=1):
    command = [GYRE, *words]
    if ranks > 1:
        command = [MPIEXEC, "-n", str(ranks), *command]
    done = subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT, timeout=200,
                          check=False)
    assert done.returncode == 0, (words, done.stderr)
    return done


def train(name, *config, ranks=1):
    pathlib.Path(f"{name}.yaml").write_text(CONFIG % config)
    return gyre("train", f"{name}.yaml", "--run-dir", f"{name}.run", ranks=ranks).stderr


def outputs(run, source, *more):
    gyre("predict", f"{run}.run", "--data", source, "-o", "out.h5", *more)
    with h5py.File("out.h5") as file:
        return file["outputs"][...].astype("f8")


def evaluated(run, source, *more):
    lines = gyre("eval", f"{run}.run", "--data", source, "--json", *more).stdout.splitlines()
    return [json.loads(line) for line in lines]


def close(got, want, what, tolerance=1e-5):
    assert np.allclose(got, want, rtol=tolerance, atol=tolerance), (what, got, want)


def classes(draw):
    """Precision, recall, f1 as scikit-learn defines them with sample_weight; means over what occurs."""
    x, w = draw.normal(size=(90, 4)), draw.uniform(0, 2, 90)
    y = (x[:, 0] > 0).astype(int) + (x[:, 1] > 0.5)
    w[::7] = 0
    with h5py.File("classes.h5", "w") as file:
        file["x"], file["y"], file["w"] = x, y, w
    train("classes", "classes.h5?weight=w", [4], "dense: {units: 4}", "cross_entropy",
          "accuracy, f1, iou")
    total, *rows = evaluated("classes", "classes.h5?weight=w", "--per-class")
    logits = outputs("classes", "classes.h5")
    said = logits.argmax(1)
    table = np.zeros((4, 4))
    np.add.at(table, (y, said), w)  # what is met, what is said of it
    right, met, told = table.diagonal(), table.sum(1), table.sum(0)
    with np.errstate(invalid="ignore", divide="ignore"):
        f1 = np.nan_to_num(2 * right / (met + told))
        iou = np.nan_to_num(right / (met + told - right))
        precision, recall = np.nan_to_num(right / told), np.nan_to_num(right / met)
    occurs = met + told > 0
    close(total["accuracy"], right.sum() / w.sum(), "accuracy")
    close(total["f1"], f1[occurs].mean(), "f1")
    close(total["iou"], iou[occurs].mean(), "iou")
    loss = np.log(np.exp(logits).sum(1)) - logits[np.arange(90), y]
    close(total["loss"], (w * loss).sum() / w.sum(), "cross entropy")
    assert [row["number"] for row in rows] == [0, 1, 2, 3], rows
    for row in rows:
        k = row["number"]
        for name, want in (("precision", precision), ("recall", recall), ("f1", f1), ("met", met)):
            close(row[name], want[k], (name, k))
        assert np.abs(np.array(row["said"]) - table[k]).max() <= 0.5, (row["said"], table[k])


def values(draw):
    x, y = draw.normal(size=(70, 5)), draw.normal(size=(70, 2))
    w = draw.uniform(0, 3, (70, 2)) * (draw.uniform(size=(70, 2)) > 0.2)
    with h5py.File("values.h5", "w") as file:
        file["x"], file["y"], file["w"] = x, y + x[:, :2] + 3, w
        y = file["y"][...]
    train("values", "values.h5?weight=w", [5], "dense: {units: 2}", "mse", "mae, rmse, r2, nrmse")
    got, = evaluated("values", "values.h5?weight=w")
    e = outputs("values", "values.h5") - y
    mean = (w * y).sum(0) / w.sum(0)
    close(got["loss"], (w * e ** 2).sum() / w.sum(), "mse")
    close(got["mae"], (w * abs(e)).sum() / w.sum(), "mae")
    close(got["rmse"], np.sqrt((w * e ** 2).sum() / w.sum()), "rmse")
    close(got["nrmse"], np.sqrt((w * e ** 2).sum() / (w * y ** 2).sum()), "nrmse")
    r2 = 1 - (w * e ** 2).sum(0) / (w * (y - mean) ** 2).sum(0)
    close(got["r2"], r2.mean(), "r2")


def ranks(draw):
    """Weights that are others on every rank, all of them 0 on some: one loss, however the batch is cut."""
    w = np.exp(3 * draw.normal(size=64))
    w.reshape(4, 16)[1, :8] = 0  # the first ranks' of a batch
    w.reshape(4, 16)[2] = 0      # of a whole batch
    with h5py.File("ranks.h5", "w") as file:
        file["x"], file["y"] = draw.normal(size=(64, 6)), draw.integers(0, 3, 64)
        file["w"] = w
    runs = []
    for n in range(1, 6):
        train(f"ranks-{n}", "ranks.h5?weight=w", [6],
              "{dense: {units: 9, activation: tanh}}, {dense: {units: 3}}",
              "cross_entropy", "accuracy", ranks=n)
        lines = pathlib.Path(f"ranks-{n}.run/metrics.jsonl").read_text().splitlines()
        steps = [line for line in map(json.loads, lines) if line["event"] == "step"]
        runs.append([[step["loss"], step["gradient_norm"]] for step in steps])
    assert runs[0][2] == [0, 0] and len(runs[0]) == 6, runs[0]
    for n, run in enumerate(runs):
        close(run, runs[0], f"{n + 1} ranks")


def rollouts(draw):
    """The network applied to its own output is predict applied to what predict wrote."""
    film = draw.normal(size=(3, 6, 8))
    with h5py.File("film.h5", "w") as file:
        file["u"] = film
    train("film", "film.h5?x=u&window=2", [8, 2],
          "conv1d: {filters: 1, kernel: 3, border: circular, activation: tanh}", "mse", "mae")
    rolled = outputs("film", "film.h5?x=u&window=2", "--rollout", "3")
    frames = [film[:, 0], film[:, 1]]  # of the first start of each trajectory
    first = np.arange(3) * 4
    for k in range(3):
        with h5py.File("step.h5", "w") as file:
            file["x"] = np.stack(frames[-2:], -1)
        frames.append(outputs("film", "step.h5").reshape(3, 8))
    got = rolled.reshape(12, -1, 8) if rolled.shape[1] == 3 else np.moveaxis(rolled, -1, 1)
    close(got[first], np.stack(frames[2:], 1), "rollout")


def far_targets(draw):
    """Whatever the format: a word where targets deviate by more than 100, and none below."""
    x, y = draw.normal(size=(40, 3)), draw.normal(size=40)
    for name, scale in (("near", 50), ("far", 500)):
        with h5py.File(f"{name}.h5", "w") as file:
            file["x"], file["y"] = x, scale * y
        np.save(f"{name}-x.npy", x)
        np.save(f"{name}-y.npy", scale * y)
        rows = [",".join(map(str, row)) for row in np.column_stack([x, scale * y])]
        pathlib.Path(f"{name}.csv").write_text("\n".join(["a,b,c,y", *rows]) + "\n")
        for source in (f"{name}.h5", f"{name}-x.npy,{name}-y.npy", f"{name}.csv?target=y"):
            said = train(source[:8].replace(".", "-"), source, [3], "dense: {units: 1}", "mse", "mae")
            warns = "deviate by" in said and "normalize_targets" in said
            assert warns == (scale > 100), (source, said)


def gaps(draw):
    """Targets that are missing where nobody looked: their unit is that of the others."""
    x, y = draw.normal(size=(50, 4, 3)), 300 + 7 * draw.normal(size=(50, 4))
    w = (draw.uniform(size=(50, 4)) < 0.5).astype("f4")
    w[:, 3] = 0  # never seen
    y[w == 0] = np.nan
    with h5py.File("gaps.h5", "w") as file:
        file["x"], file["y"], file["w"] = x, y, w
    for kind, mean, deviation in (
            ("global", np.nanmean(y), np.nanstd(y)),
            ("per_feature", [*np.nanmean(y[:, :3], 0), 0], [*np.nanstd(y[:, :3], 0), 1])):
        run = train(f"gaps-{kind}", f"gaps.h5?weight=w\", normalize_targets: {kind}, tokens: \"bytes", [4, 3],
                    "dense: {units: 1, init: zeros}", "mse", "mae")
        assert "skipped" not in run, run
        got, = evaluated(f"gaps-{kind}", "gaps.h5?weight=w")
        e = (outputs(f"gaps-{kind}", "gaps.h5?weight=w")[..., 0] - y) / deviation
        close(got["loss"], np.nansum(w * e ** 2) / w.sum(), (kind, mean), 1e-4)


def main():
    failed = []
    for case in (classes, values, ranks, rollouts, far_targets, gaps):
        with tempfile.TemporaryDirectory() as place:
            os.chdir(place)
            try:
                case(np.random.default_rng(3))
            except AssertionError as error:
                failed.append(case.__name__)
                print(f"{case.__name__}: {error}")
            os.chdir("/")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
