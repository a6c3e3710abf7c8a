#!/usr/bin/env python3
"""Models that are made smaller while they are trained: what is computed, against numpy; the same bits on
any number of ranks with grains, and whether or not the run was stopped.

    smaller.py CASE GYRE MPIRUN_SH MPIEXEC RANKS
"""
import json
import subprocess

import h5py
import numpy

import bench as b

CONFIG = """
name: run
run_dir: run
seed: 5
data: {train: "synthetic:blobs?n=120&features=6&classes=4", validation_fraction: 0.1, shuffle: false}
model:
  input: [6]
  layers:
    - dense: {units: 24, activation: tanh, name: hidden}
    - dense: {units: 4, name: out}
optimizer: {kind: adamw, learning_rate: 0.01, weight_decay: 0.1}
train: {epochs: 4, batch_size: 32, micro_batch_size: 3, clip_norm: 0.5, parameter_average: 0.8}
comm: {reproducible_grains: 6, bucket_mib: 0.001}
checkpoint: {every_steps: 1, keep: 100}
log: {every_steps: 1}
"""
DATA = "synthetic:blobs?n=120&features=6&classes=4"
STOP = 6
# one step by the gradient of all samples
ONCE = ("--set", "optimizer.kind=sgd", "--set", "optimizer.weight_decay=0", "--set",
        "data.validation_fraction=0", "--set", "train.batch_size=120", "--set", "train.clip_norm=0",
        "--set", "train.parameter_average=0", "--set", "train.steps=1")


def call(bench, place, *words, code=0):
    done = subprocess.run([bench.gyre, *words], cwd=place, capture_output=True, text=True, timeout=200)
    assert done.returncode == code, (words, done.returncode, done.stdout, done.stderr)
    return done


def refused(bench, place, says, *options):
    """One line, code 2, and nothing is written."""
    before = sorted(place.rglob("*"))
    done = bench.try_train(place, *options)
    lines = [line for line in done.stderr.splitlines() if line.startswith("gyre: error: ")]
    assert done.returncode == 2 and len(lines) == 1 and says in lines[0], (done.returncode, done.stderr)
    assert sorted(place.rglob("*")) == before


def told(place, kinds=("step", "epoch", "evaluate", "sparsity")):
    clock = ("time", "wall", "seconds", "samples_per_second", "phases", "slowest_rank", "slowest_host")
    return [{k: v for k, v in e.items() if k not in clock}
            for e in b.events(place) if e["event"] in kinds]


def same_anywhere(bench, config, *options):
    """On one rank, on two, and stopped there to go on with more: the same bits."""
    alone, place = bench.place("alone", config), bench.place("together", config)
    bench.train(alone, *options, ranks=1)
    for ranks in (2, bench.ranks):
        bench.train(place, *options, ranks=ranks)
        assert told(place) == told(alone), ranks
        b.same_bits(b.tensors(place), b.tensors(alone))
        b.keep_until(place, STOP)
    return alone


def outputs(bench, place, run):
    call(bench, place, "predict", run, "--data", DATA, "-o", "out.h5")
    with h5py.File(place / "out.h5") as f:
        return f["outputs"][()].astype(float)


def read_data(bench, place):
    call(bench, place, "data", "convert", DATA, "-o", "data.h5")
    with h5py.File(place / "data.h5") as f:
        group = f if "y" in f else f[next(iter(f))]
        return group["x"][()].astype(float), group["y"][()].astype(int)


def softmax(x):
    e = numpy.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def distilled(bench):
    """The loss and the step of the last layer's bias are those of the formula."""
    large = CONFIG.replace("units: 24", "units: 48").replace("seed: 5", "seed: 6")
    teacher = bench.place("teacher", large)
    bench.train(teacher, ranks=1)
    config = CONFIG + "distill: {teacher: ../teacher/run, temperature: 3.0, weight: 0.7}\n"
    same_anywhere(bench, config)
    place = bench.place("once", config)
    bench.train(place, *ONCE, "--set", "optimizer.learning_rate=1e-9", ranks=1)
    student, other = outputs(bench, place, "run"), outputs(bench, place, "../teacher/run")
    one_hot = numpy.eye(4)[read_data(bench, place)[1]]
    p, q = softmax(other / 3), softmax(student / 3)
    loss = -(one_hot * numpy.log(softmax(student))).sum(-1).mean()
    loss = 0.3 * loss + 0.7 * 9 * (p * numpy.log(p / q)).sum(-1).mean()
    got = b.events(place)[1]["loss"]
    assert abs(got - loss) < 1e-5 * loss, (got, loss)
    slope = (0.3 * (softmax(student) - one_hot) + 0.7 * 3 * (q - p)).mean(0)
    place = bench.place("step", config)
    bench.train(place, *ONCE, "--set", "optimizer.learning_rate=1")
    numpy.testing.assert_allclose(-b.tensors(place)["params/out/bias"], slope, rtol=1e-4, atol=1e-6)
    unfit(bench, config)


def unfit(bench, config):
    """Teachers of other tasks."""
    teacher = "the teacher does not fit (distill.teacher: ../teacher/run)"
    for name, change, says in (
            ("input", ("features=6", "features=5"), f"{teacher}: a sample is [6] there, [5] here"),
            ("classes", ("units: 4,", "units: 5,"), f"{teacher}: a sample's outputs are [4] there"),
            ("scale", ("shuffle: false", "scale: 0.5"), f"{teacher}: data.scale 1.0 there, 0.5 here")):
        changed = config.replace(*change).replace("input: [6]",
                                                  "input: [5]" if name == "input" else "input: [6]")
        refused(bench, bench.place(name, changed), says)
    refused(bench, bench.place("none", config.replace("../teacher", "../nobody")), "../nobody/run")


WEIGHTS = ("hidden/weight", "out/weight")


def kernel_densities(shapes, density):
    """Erdős–Rényi–Kernel: in proportion to Σ / Π of the lengths, none above 1."""
    raw = {k: sum(v) / numpy.prod(v) for k, v in shapes.items()}
    full = set()
    while len(full) < len(shapes):
        left = density * sum(numpy.prod(v) for v in shapes.values())
        left -= sum(numpy.prod(shapes[k]) for k in full)
        factor = left / sum(raw[k] * numpy.prod(shapes[k]) for k in shapes if k not in full)
        more = {k for k in shapes if k not in full and factor * raw[k] >= 1}
        if not more:
            return {k: 1.0 if k in full else factor * raw[k] for k in shapes}
        full |= more
    return {k: 1.0 for k in shapes}


def there(mask):
    return {k: int(mask[f"optimizer/mask/{k}"].sum()) for k in WEIGHTS}


def sparse(bench):
    """How many weights there are, which, and that what is not there is nothing."""
    config = CONFIG + "sparse: {target: 0.8, start_step: 2, end_step: 10, every_steps: 3, regrow: 0.5}\n"
    alone = same_anywhere(bench, config)
    shapes = {k: b.tensors(alone)[f"params/{k}"].shape for k in WEIGHTS}
    changes = {e["step"]: e for e in b.events(alone) if e["event"] == "sparsity"}
    assert list(changes) == [3, 6, 9, 11], changes
    wanted = {k: numpy.prod(v) for k, v in shapes.items()}
    for step in range(1, 17):
        now = b.tensors(alone, f"step-{step:09d}")
        for name, value in now.items():
            key = name.split("/", 2)[-1] if name.startswith("optimizer/") else name[len("params/"):]
            if key in WEIGHTS and "mask" not in name:
                assert not value[now[f"optimizer/mask/{key}"] == 0].any(), (step, name)
        if step in changes:
            rise = 0.8 * (1 - (1 - min(1, (step - 3) / 8))**3)
            wanted = {k: round(v * numpy.prod(shapes[k]))
                      for k, v in kernel_densities(shapes, 1 - rise).items()}
            of = sum(numpy.prod(v) for v in shapes.values())
            assert abs(changes[step]["sparsity"] - (1 - sum(there(now).values()) / of)) < 1e-12
        assert there(now) == wanted, (step, there(now), wanted)
    assert sum(e["grown"] for e in changes.values()) > 0
    chosen(bench)
    place = bench.place("on", CONFIG)  # what was sparse stays so
    bench.train(place, "--init", "../alone/run/checkpoints/latest", ranks=1)
    before, after = b.tensors(alone), b.tensors(place)
    for key in WEIGHTS:
        assert ((after[f"params/{key}"] != 0) == (before[f"params/{key}"] != 0)).all(), key
    refused(bench, bench.place("shard", config), "wrong value of comm.shard_optimizer", "--set",
            "comm.shard_optimizer=true")
    refused(bench, bench.place("late", config), "the target is not reached (sparse.end_step: 16)",
            "--set", "sparse.end_step=16")


def chosen(bench):
    """The largest stay, and of the others those with the largest gradient come."""
    first = bench.place("random", CONFIG + "sparse: {target: 0.5, start: random, regrow: 0}\n")
    bench.train(first, *ONCE, "--set", "optimizer.learning_rate=1e-9", ranks=1)
    before = b.tensors(first)
    place = bench.place("chosen", CONFIG + "sparse: {target: 0.5, start: random, regrow: 0.4}\n")
    bench.train(place, *ONCE, "--set", "optimizer.learning_rate=1e-9", ranks=1)
    after = b.tensors(place)
    w, v = (before[f"params/{k}"].astype(float) for k in WEIGHTS)
    mask, got = (t["optimizer/mask/out/weight"] != 0 for t in (before, after))
    x, y = read_data(bench, first)
    hidden = numpy.tanh(x @ w.T)
    gradient = (softmax(hidden @ v.T) - numpy.eye(4)[y]).T @ hidden
    keep = mask.sum() - round(0.4 * mask.sum())
    largest = numpy.sort(abs(v[mask]))[-keep]
    kept = mask & (abs(v) >= largest)
    grown = numpy.sort(abs(gradient[~kept]))[-(mask.sum() - keep)]
    want = kept | (~kept & (abs(gradient) >= grown))
    assert (want == got).all() and (got != mask).any()


SEQUENCE = """
name: run
run_dir: run
seed: 5
data: {train: "synthetic:sequence?n=44&length=8&vocabulary=11", validation_fraction: 0.2, shuffle: false}
model:
  input: [8]
  layers:
    - embedding: {vocabulary: 11, units: 8}
    - position_embedding
    - transformer_block: {heads: 2, causal: true, mlp: 2}
    - dense: {units: 11, name: out}
metrics: []
optimizer: {kind: adamw, learning_rate: 0.01, weight_decay: 0.1}
train: {epochs: 4, batch_size: 9, micro_batch_size: 2, clip_norm: 0.5, parameter_average: 0.8}
comm: {reproducible_grains: 6, bucket_mib: 0.001}
checkpoint: {every_steps: 1, keep: 100}
log: {every_steps: 1}
"""
SEQUENCE_DATA = "synthetic:sequence?n=44&length=8&vocabulary=11"
ADAPT = "adapt: {rank: 2, alpha: 6, layers: [attention, dense]}\n"
INIT = ("--init", "../base/run/checkpoints/latest")


def evaluate(bench, place, run, *options, code=0):
    done = call(bench, place, "eval", run, "--data", SEQUENCE_DATA, "--json", *options, code=code)
    return json.loads(done.stdout)["loss"] if code == 0 else done.stderr


def adapted(bench):
    """Checkpoints have the adapters; what they learn is what the weights would; and their base is looked at."""
    base = bench.place("base", SEQUENCE)
    bench.train(base, ranks=1)
    alone = same_anywhere(bench, SEQUENCE + ADAPT, *INIT)
    weights = [name[len("params/"):] for name, v in b.tensors(base).items()
               if v.ndim == 2 and "embedding" not in name and name.startswith("params/")]
    assert len(weights) == 7, weights
    names = {f"params/{w}_{side}" for w in weights for side in ("down", "up")}
    assert {n for n in b.tensors(alone) if n.startswith("params/")} == names
    whole = ("--set", "data.validation_fraction=0", *ONCE)
    rate = ("--set", "train.batch_size=44", "--set", "optimizer.learning_rate=0.5")
    place = bench.place("steps", SEQUENCE + ADAPT)
    bench.train(place, *INIT, *whole, *rate, "--set", "train.steps=2", ranks=1)
    done = call(bench, place, "compress", "run/checkpoints/step-000000001", "-o", "merged", "--merge")
    assert "changed nothing" not in done.stderr, done.stderr
    full = bench.place("full", SEQUENCE)
    bench.train(full, "--init", "../steps/merged", *whole, *rate, "--set", "train.steps=1", ranks=1)
    one, two = (b.tensors(place, f"step-{n:09d}") for n in (1, 2))
    with h5py.File(place / "merged/index.h5") as f:
        merged = {w: f["params"][w][()].astype(float) for w in weights}
    before, after = b.tensors(base), b.tensors(full)
    for w in weights:
        up, down = one[f"params/{w}_up"].astype(float), one[f"params/{w}_down"].astype(float)
        numpy.testing.assert_allclose(merged[w], before[f"params/{w}"] + 3 * up @ down, atol=1e-6)
        change = after[f"params/{w}"] - merged[w]
        numpy.testing.assert_allclose(two[f"params/{w}_up"] - up, 3 * change @ down.T, atol=2e-6)
        numpy.testing.assert_allclose(two[f"params/{w}_down"] - down, 3 * up.T @ change, atol=2e-6)
        assert abs(up).max() > 1e-4 and abs(change).max() > 1e-4
    loss = evaluate(bench, place, "run/checkpoints/step-000000001")
    assert abs(evaluate(bench, place, "merged") - loss) < 1e-5
    assert abs(evaluate(bench, base, "run") - loss) > 1e-4
    moved(bench, base, place)


def moved(bench, base, place):
    """A base that is elsewhere, another one, none."""
    loss = evaluate(bench, place, "run")
    base.rename(base.parent / "elsewhere")
    lost = evaluate(bench, place, "run", code=2)
    assert "the base of the adapters is not there (../base/run/checkpoints/latest)" in lost, lost
    assert evaluate(bench, place, "run", "--set", "adapt.base=../elsewhere/run") == loss
    other = evaluate(bench, place, "run", "--set", "adapt.base=../full/run", code=2)
    assert other.count("gyre: error: the base of the adapters has changed (../full/run/") == 1, other
    refused(bench, bench.place("alone-2", SEQUENCE + ADAPT), "adapters without a base (adapt.rank)")
    none = SEQUENCE + ADAPT.replace("attention, dense", "conv2d")
    refused(bench, bench.place("nothing", none), "nothing to adapt (adapt.layers)", "--init",
            "../elsewhere/run/checkpoints/latest")


def rounded(w):
    """Weights as int8 has them, row by row."""
    scale = abs(w).max(1, keepdims=True) / numpy.float32(127)
    return numpy.rint(w / scale) * scale


def coded(x):
    """Inputs of products: 7 bits, by the range of their row and zero."""
    low, high = numpy.minimum(x.min(1), 0)[:, None], numpy.maximum(x.max(1), 0)[:, None]
    scale, zero = (high - low) / 127, numpy.rint(-low * (127 / (high - low)))
    return scale * (numpy.clip(numpy.floor(x * (127 / (high - low)) + zero + 0.5), 0, 127) - zero)


def quantized(bench):
    """What passes see, that gradients go through, and that nothing is lost afterwards."""
    quantize = ("--set", "train.quantize=int8")
    alone = same_anywhere(bench, CONFIG, *quantize)
    call(bench, alone, "compress", "run", "-o", "small", "--quantize", "int8")
    losses = [json.loads(call(bench, alone, "eval", run, "--data", DATA, "--json").stdout)["loss"]
              for run in ("run", "small")]
    assert abs(losses[0] - losses[1]) < 2e-5, losses
    still, moves = bench.place("still", CONFIG), bench.place("moves", CONFIG)
    for place, rate in ((still, "1e-9"), (moves, "1")):
        bench.train(place, *quantize, *ONCE, "--set", f"optimizer.learning_rate={rate}", ranks=1)
    x, y = read_data(bench, still)
    before, after = b.tensors(still), b.tensors(moves)
    w, v = (before[f"params/{k}"] for k in WEIGHTS)
    hidden = numpy.tanh(coded(x) @ rounded(w).T)
    p = softmax(coded(hidden) @ rounded(v).T)
    loss = -numpy.log(p[numpy.arange(len(y)), y]).mean()
    assert abs(b.events(still)[1]["loss"] - loss) < 1e-4 * loss, loss
    dy = (p - numpy.eye(4)[y]) / len(y)
    changes = (dy @ rounded(v) * (1 - hidden**2)).T @ coded(x), dy.T @ coded(hidden)
    for key, change in zip(WEIGHTS, changes):
        got = before[f"params/{key}"] - after[f"params/{key}"]
        numpy.testing.assert_allclose(got, change, atol=1e-4 * abs(change).max(), err_msg=key)


if __name__ == "__main__":
    b.main({"distilled": distilled, "sparse": sparse, "adapted": adapted,
            "quantized": quantized})
