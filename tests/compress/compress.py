#!/usr/bin/env python3
"""What `gyre compress` makes of a trained network, against numpy: one case for each kind of its list.

    compress.py GYRE MPIRUN_SH MPIEXEC
"""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import h5py
import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
LIST = ROOT / "src/apply/compress/compress_list.h"
DIGITS = ROOT / "datasets/digits.h5"

MODEL = f"""
name: small
seed: 3
data: {{train: "{DIGITS}:/train", validation: "{DIGITS}:/test", scale: 0.0625}}
model:
  input: [8, 8, 1]
  layers:
    - conv2d: {{filters: 6, kernel: 3, bias: false}}
    - batch_norm
    - activation: {{kind: relu}}
    - residual:
        layers:
          - conv2d: {{filters: 6, kernel: 3}}
          - batch_norm: {{epsilon: 0.001}}
    - batch_norm
    - flatten
    - dense: {{units: 40, activation: relu, name: hidden}}
    - dense: {{units: 10, name: out}}
loss: cross_entropy
optimizer: {{kind: adamw, learning_rate: 0.003, weight_decay: 0.01}}
train: {{epochs: 2, batch_size: 64}}
"""

gyre, mpirun, mpiexec = sys.argv[1], sys.argv[2], sys.argv[3]


def run(*words, ranks=1):
    """Its standard output; any other code than 0 ends the test."""
    launcher = [] if ranks == 1 else [mpirun, mpiexec, str(ranks)]
    env = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run([*launcher, gyre, *map(str, words)], capture_output=True, text=True, env=env)
    assert done.returncode == 0, f"{words}: {done.returncode}\n{done.stderr}"
    return done.stdout


def floats(group):
    """What a tensor in a form stands for, as this README's words say it, not the program's."""
    part = {name: x[()] for name, x in group.items()}
    shape = json.loads(group.attrs["shape"])
    rows, form = shape[0], group.attrs["form"]
    columns = int(np.prod(shape)) // rows
    if form == "int8":
        x = part["scales"][:, None] * part["codes"].reshape(rows, columns).astype("f4")
        x = x + part["offsets"][:, None] if "offsets" in part else x
    elif form == "int4":
        groups = part["codes"].reshape(rows, -1, 16).astype(int)
        codes = np.concatenate([groups & 15, groups >> 4], 2) - 8
        x = (part["scales"].reshape(rows, -1, 1) * codes.astype("f4")).reshape(rows, -1)[:, :columns]
    elif form == "float16":
        x = part["values"].view("f2").astype("f4")
    elif form == "bfloat16":
        x = (part["values"].view("u2").astype("u4") << 16).view("f4")
    elif form == "shared":
        x = part["values"][part["codes"]]
    elif form == "sparse":
        x = np.zeros((rows, columns), "f4")
        for r, (a, b) in enumerate(zip(part["starts"], part["starts"][1:])):
            x[r, part["columns"][a:b]] = part["values"][a:b] * (part["scales"][r] if "scales" in part else 1)
    return x.astype("f4").reshape(shape)


def visit(checkpoint, of_data, of_form):
    """What is made of each tensor, by name; None is left out."""
    found = {}
    def note(name, x):
        data, form = isinstance(x, h5py.Dataset), "form" in x.attrs
        made = of_data(x) if data and "offset" in x.attrs else of_form(x) if form else None
        if made is not None:
            found[name] = made
    with h5py.File(pathlib.Path(checkpoint) / "index.h5") as f:
        f["params"].visititems(note)
        if "compressed" in f:
            f["compressed"].visititems(note)
    return found


def tensors(checkpoint):
    return visit(checkpoint, lambda x: x[()], floats)


def forms(checkpoint):
    return visit(checkpoint, lambda x: None, lambda x: x.attrs["form"])


def keeps(checkpoint):
    return visit(checkpoint, *[lambda x: x.attrs.get("keeps")] * 2)


def outputs(checkpoint, precision="float32"):
    run("predict", checkpoint, "--data", f"{DIGITS}:/test", "-o", "out.h5", "--set", f"train.precision={precision}")
    with h5py.File("out.h5") as f:
        return f["outputs"][()]


def compress(out, *options, ranks=1, start="start"):
    event = json.loads(run("compress", start, "-o", out, "--json", *options, ranks=ranks))
    run("verify", out)
    after = tensors(out)
    assert event["after_parameters"] == sum(x.size for x in after.values()), event
    memory = json.loads(run("inspect", out, "--json"))["memory"]["parameters"]
    assert memory <= event["after_bytes"] + 64 * (len(after) + 6), (memory, event)  # and buffers
    assert event["after_zeros"] == sum(int((x == 0).sum()) for x in after.values()), event
    return event, after


def weights(named):
    return [name for name, x in named.items() if name.endswith("/weight") and x.ndim > 1]


def prune(before):
    """The least of all by size, exactly; of each layer; rows, channels and blocks as wholes."""
    names = weights(before)
    _, after = compress("pruned", "--prune", 0.9)
    sizes = np.sort(np.concatenate([abs(before[n]).ravel() for n in names]))
    limit = sizes[int(0.9 * sizes.size)]
    for n in before:
        want = np.where(abs(before[n]) < limit, 0, before[n]) if n in names else before[n]
        assert np.array_equal(after[n], want), n
    assert set(keeps("pruned")) == set(names) and set(keeps("pruned").values()) == {"zeros"}
    _, after = compress("pruned-layer", "--prune", 0.5, "--scope", "layer", "--layers", "*out*")
    assert [n for n in before if not np.array_equal(after[n], before[n])] == ["out/weight"]
    assert (after["out/weight"] == 0).sum() == after["out/weight"].size // 2
    for structure, axis in (("row", 0), ("channel", -1)):
        _, after = compress(f"pruned-{structure}", "--prune", 0.5, "--structure", structure)
        for n in names:
            x = np.moveaxis(after[n], axis, 0).reshape(after[n].shape[axis], -1)
            y = np.moveaxis(before[n], axis, 0).reshape(x.shape)
            gone = (x == 0).all(1)
            assert np.array_equal(x[~gone], y[~gone]), n
            size = np.sqrt((y.astype(float) ** 2).mean(1))
            assert gone.any() or size.min() > 0.1, n
    _, after = compress("pruned-block", "--prune", 0.5, "--structure", "block")
    zero = after["hidden/weight"].reshape(40, -1, 16) == 0
    assert (zero.all(2) == zero.any(2)).all() and 0.3 < zero.mean() < 0.8


def cluster(before):
    """As few values as asked for, each the mean of its own, each element's the nearest."""
    _, after = compress("clustered", "--cluster", 8)
    for n in weights(before):
        x, y = before[n].ravel().astype(float), after[n].ravel()
        values = np.unique(y)
        assert len(values) <= 8, n
        assert np.allclose(y, values[abs(x[:, None] - values).argmin(1)]), n
        assert np.allclose([x[y == v].mean() for v in values], values, atol=2e-3), n
    assert set(forms("clustered").values()) == {"shared"}
    both = compress("clustered-pruned", "--prune", 0.8, "--cluster", 4)[1]["hidden/weight"]
    assert (both == 0).mean() > 0.7 and len(np.unique(both)) <= 5


def low_rank(before):
    """The factors' product is the best of its rank; the rank the least that keeps the energy."""
    event, after = compress("factored", "--low-rank", 0.8)
    w = before["hidden/weight"].astype(float)
    u, s, v = np.linalg.svd(w, full_matrices=False)
    rank = int(np.searchsorted(np.cumsum(s**2), 0.8 * (s**2).sum()) + 1)
    up, down = after["hidden/up"], after["hidden/down"]
    assert up.shape == (40, rank) and down.shape == (rank, w.shape[1]), (up.shape, rank)
    assert np.allclose(up.astype(float) @ down, (u[:, :rank] * s[:rank]) @ v[:rank], atol=1e-4)
    assert event["after_flops"] < event["before_flops"]
    assert "out/up" not in after or after["out/up"].shape[1] < 8
    assert compress("factored-2", "--rank", 2)[1]["hidden/up"].shape == (40, 2)
    convolution(before)
    loop()


def convolution(before):
    """Two convolutions do what one with the product of the factors does."""
    _, after = compress("factored-conv", "--rank", 2, "--layers", "*conv2d_0")
    run("export", "start", "-o", "product.h5")
    with h5py.File("product.h5", "r+") as f:
        for layer, filters in (("conv2d_0", 6), ("residual_0/conv2d_0", 6)):
            up, down = after[f"{layer}/weight"].reshape(filters, 2), after[f"{layer}_down/weight"]
            u, s, v = np.linalg.svd(before[f"{layer}/weight"].reshape(filters, -1).astype(float), full_matrices=False)
            product = up @ down.reshape(2, -1)
            assert np.allclose(product, (u[:, :2] * s[:2]) @ v[:2], atol=1e-4), layer
            place = f[layer if layer in f else f"params/{layer}"]
            place["weight"][...] = product.reshape(before[f"{layer}/weight"].shape)
            place["weight"].attrs.pop("checksum")
    run("import", "product.h5", "--config", "m.yaml", "-o", "product")
    assert abs(outputs("factored-conv") - outputs("product")).max() < 1e-3


def loop():
    """All turns get one rank; what finds nothing to do says so."""
    pathlib.Path("loop.yaml").write_text(f"""
name: loop
data: {{train: "{DIGITS}:/train", scale: 0.0625}}
model:
  input: [8, 8, 1]
  layers:
    - flatten
    - repeat: {{name: turns, times: 2, layers: [dense: {{name: d, units: 64, activation: relu}}]}}
    - dense: {{name: first, units: 64}}
    - dense: {{name: out, units: 64, share: first}}
loss: cross_entropy
train: {{steps: 3, batch_size: 64}}
""")
    run("train", "loop.yaml", "--quiet")
    _, after = compress("loop-small", "--low-rank", 0.5, start="runs/loop")
    assert after["turns/0/d/up"].shape == after["turns/1/d/up"].shape and "first/weight" in after, set(after)
    run("eval", "loop-small", "--data", f"{DIGITS}:/test")
    done = subprocess.run([gyre, "compress", "start", "-o", "same", "--low-rank", "1"], capture_output=True, text=True)
    assert done.returncode == 0 and "warning: low_rank changed nothing" in done.stderr, done


def merge(before):
    """Other layers, the same outputs."""
    _, after = compress("merged", "--merge")
    assert set(after) == {f"{layer}/{p}" for layer in ("conv2d_0", "residual_0/conv2d_0", "hidden", "out")
                          for p in ("weight", "bias")} | {"batch_norm_1/gamma", "batch_norm_1/beta"}, set(after)
    assert abs(outputs("merged") - outputs("start")).max() < 1e-3


def quantize(before):
    """The nearest number of the form; whole numbers in products cost little of the outputs."""
    want = outputs("start")
    for form, options, step in (("int8", [], 1 / 127), ("int8", ["--affine"], 1 / 127), ("int4", [], 1 / 7),
                                ("float16", [], 2**-11), ("bfloat16", [], 2**-8)):
        out = f"quantized-{form}{len(options)}"
        event, after = compress(out, "--quantize", form, *options)
        assert forms(out) == {n: form for n in weights(before)}
        for n in weights(before):
            x, y = (t[n].reshape(len(t[n]), -1).astype(float) for t in (before, after))
            most = abs(x).max(1) if not options else (x.max(1) - x.min(1)) / 2
            assert (abs(x - y).max(1) <= 0.51 * step * most * (2 if "float" in form else 1) + 1e-6).all(), (n, form)
        made = outputs(out)
        error = abs(made - want).max() / abs(want).max()
        assert error < (0.3 if form == "int4" else 0.05), (form, error)
        error = abs(outputs(out, "bfloat16") - made).max() / abs(want).max()
        assert error < 2**-6, (form, error)  # of two operands, 2⁻⁸ each, in two convolutions
        assert event["after_bytes"] < {"4": 0.3, "8": 0.4}.get(form[-1], 0.6) * event["before_bytes"], event


def calibrate():
    """Ranges are those of the data, whoever looks at them; they cost nothing of the accuracy."""
    with h5py.File(DIGITS) as f:
        most = 0.0625 * f["train/x"][()].max()
    source, found = f"{DIGITS}:/train", []
    for ranks in (1, 2):
        event, _ = compress(f"calibrated-{ranks}", "--quantize", "int8", "--calibrate", source, "--data",
                            f"{DIGITS}:/test", ranks=ranks)
        assert event["after_accuracy"] > event["before_accuracy"] - 0.004, event
        found.append(visit(f"calibrated-{ranks}", lambda x: None, lambda x: (x.attrs["input_least"], x.attrs["input_most"])))
    assert found[0] == found[1] and found[0]["conv2d_0/weight"] == (0, most), found
    assert found[0]["hidden/weight"][1] > 1 and set(found[0]) == set(forms("calibrated-1"))
    assert abs(outputs("calibrated-1") - outputs("quantized-int80")).max() > 0
    done = subprocess.run([gyre, "compress", "start", "-o", "new", "--merge", "--calibrate", source], capture_output=True,
                          text=True)
    assert done.returncode == 2 and "nothing to calibrate" in done.stderr, done


def sequences():
    """Embeddings, attention and recurrent layers multiply by forms, too."""
    data = "synthetic:sequence?n=64&length=12&vocabulary=20"
    pathlib.Path("sequences.yaml").write_text(f"""
name: sequences
data: {{train: "{data}"}}
model:
  input: [12]
  layers:
    - embedding: {{name: tokens, vocabulary: 20, units: 32}}
    - position_embedding: {{length: 12}}
    - attention: {{heads: 2, causal: true, key_value_heads: 1}}
    - transformer_block: {{heads: 2, causal: true}}
    - lstm: {{units: 32}}
    - gru: {{units: 16, bidirectional: true}}
    - output_embedding: {{share: tokens}}
loss: cross_entropy
optimizer: {{kind: adam, learning_rate: 0.003}}
train: {{steps: 20, batch_size: 16}}
""")
    run("train", "sequences.yaml", "--quiet")
    def predicted(checkpoint):
        run("predict", checkpoint, "--data", data, "-o", "sequences.h5")
        with h5py.File("sequences.h5") as f:
            return f["outputs"][()]
    want = predicted("runs/sequences")
    for form, limit in (("int8", 0.06), ("int4", 0.6), ("float16", 0.003)):
        _, after = compress(f"sequences-{form}", "--quantize", form, start="runs/sequences")
        assert sum(n.endswith("weight") or "recurrent" in n for n in after) >= len(forms(f"sequences-{form}")) > 12
        error = abs(predicted(f"sequences-{form}") - want).max() / abs(want).max()
        assert error < limit, (form, error)


def sizes():
    """`inspect` knows what each step would come to."""
    told = json.loads(run("inspect", "start", "--json"))["sizes"]
    for form in ("int8", "int4", "float16", "bfloat16"):
        assert told[form] == compress(f"size-{form}", "--quantize", form)[0]["after_bytes"], (form, told)
    assert told["float32"] == 4 * sum(x.size for x in tensors("start").values())
    assert "int8" in run("inspect", "start")
    of = [json.loads(line) for line in run("bench", "step", "--inference", "size-int8", "--json").splitlines()]
    assert of[-1]["latency_ms"] > 0 and of[-1]["batch"] == 64 and of[-1]["inference"], of[-1]
    assert of[-1]["parameter_bytes"] <= told["int8"] + 64 * 20, of[-1]


def memory():
    """While a network runs it takes what it was made to take: `inspect` says how much less."""
    layers = ", ".join(f"dense: {{units: 1536, name: d{i}, activation: relu}}" for i in range(5))
    pathlib.Path("wide.yaml").write_text(f"""
name: wide
data: {{train: "synthetic:regression?n=64&features=1536", validation: "synthetic:regression?n=64&features=1536"}}
model: {{input: [1536], layers: [{layers}, dense: {{units: 1, name: last}}]}}
loss: mse
train: {{steps: 1, batch_size: 32}}
""")
    run("train", "wide.yaml", "--quiet", "--set", "checkpoint.every_epochs=0")
    compress("wide-int8", "--quantize", "int8", start="runs/wide")
    measured = []
    for checkpoint in ("runs/wide", "wide-int8"):
        program = "import os, resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True); " \
                  "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024)"
        words = ["predict", checkpoint, "--data", "synthetic:regression?n=64&features=1536", "-o", "wide.h5", "--quiet"]
        done = subprocess.run([sys.executable, "-c", program, gyre, *words[:-1]], capture_output=True, text=True,
                              env={**os.environ, "OMP_NUM_THREADS": "1"})
        assert done.returncode == 0, done
        memory = json.loads(run("inspect", checkpoint, "--json"))["memory"]
        told = memory["parameters"] + memory["packed"]
        measured.append((int(done.stdout.splitlines()[-1]), told))
    (floats, told_floats), (int8, told_int8) = measured
    assert abs((floats - int8) - (told_floats - told_int8)) < 0.15 * told_floats, measured


def one_file():
    """A file that somebody made of a checkpoint, its forms in it, is a start as good as that."""
    with h5py.File("single.h5", "w") as f, h5py.File("thin-int8/index.h5") as of:
        of.copy("compressed", f)
        for name, x in visit("thin-int8", lambda x: x[()], lambda x: None).items():
            f[f"params/{name}"] = x
    run("train", "m.yaml", "--init", "single.h5", "--quiet", "--run-dir", "one-file", "--set", "train.steps=1", "--set",
        "optimizer.learning_rate=1e-20")
    after, want = tensors("one-file/checkpoints/latest"), tensors("thin-int8")
    assert all(np.array_equal(after[n], x) for n, x in want.items())
    assert keeps("one-file/checkpoints/latest") == keeps("thin-int8")
    done = subprocess.run([gyre, "import", "single.h5", "--config", "m.yaml", "-o", "no"], capture_output=True, text=True)
    assert done.returncode == 2 and "single.h5:/compressed" in done.stderr, done


def sparse(before):
    """Not a bit of the values changes; with int8 as nearly as that allows."""
    event, after = compress("thin", "--prune", 0.9, "--sparse")
    assert all(np.array_equal(after[n], x) for n, x in tensors("pruned").items())
    assert forms("thin")["hidden/weight"] == "sparse" and event["after_bytes"] < 0.25 * event["before_bytes"]
    assert abs(outputs("thin") - outputs("pruned")).max() < 1e-4
    thin, small = compress("thin-int8", "--prune", 0.9, "--quantize", "int8", "--sparse")
    assert thin["after_bytes"] < 0.6 * event["after_bytes"]
    assert abs(small["hidden/weight"] - after["hidden/weight"]).max() < abs(after["hidden/weight"]).max() / 200
    _, again = compress("again", "--cluster", 4, start="thin-int8")
    assert ((again["hidden/weight"] == 0) == (small["hidden/weight"] == 0)).all()


def kept():
    """Training leaves what is zero zero and what is equal equal, through a stop and on several ranks."""
    for start, ranks in (("pruned", 2), ("clustered-pruned", 1)):
        words = ["train", "m.yaml", "--init", start, "--quiet", "--set", "train.epochs=1"]
        run(*words, "--run-dir", f"{start}-on", ranks=ranks)
        run(*words, "--run-dir", f"{start}-cut", "--set", "train.steps=7", ranks=ranks)
        run(*words[:2], *words[4:], "--run-dir", f"{start}-cut", ranks=ranks)
        begin, end, again = (tensors(d) for d in
                             (start, f"{start}-on/checkpoints/latest", f"{start}-cut/checkpoints/latest"))
        assert keeps(f"{start}-on/checkpoints/latest") == keeps(start)
        for n in begin:
            assert np.array_equal(end[n], again[n]), n
            if n not in keeps(start):
                continue
            assert not np.array_equal(end[n], begin[n]), n
            assert not end[n][begin[n] == 0].any(), n
            if keeps(start)[n] == "clusters":
                for v in np.unique(begin[n]):
                    assert len(np.unique(end[n][begin[n] == v])) == 1, (n, v)


def refused():
    """What is wrong is one line and code 2, and nothing is written."""
    there = sorted(os.listdir())
    for words, said in ((["-o", "start", "--merge"], "something of that name is there"),
                        (["-o", "new", "--merge", "--layers", "nothing*"], "no such layers"),
                        (["-o", "nowhere/new", "--merge", "--data", "missing.h5"], "missing.h5"),
                        (["-o", "new", "--quantize", "int8", "--prune", "0.5"], "wrong order"),
                        (["-o", "new", "--quantize", "int4", "--affine"], "no offsets"),
                        (["-o", "new", "--cluster", "4", "--set", "model.layers.7.dense.units=50"], "shape")):
        done = subprocess.run([gyre, "compress", "start", *words], capture_output=True, text=True)
        assert done.returncode == 2 and done.stderr.count("\n") == 1 and said in done.stderr, done
    words = ["train", "m.yaml", "--init", "clustered", "--run-dir", "no", "--set", "comm.shard_optimizer=true"]
    done = subprocess.run([mpirun, mpiexec, "2", gyre, *words], capture_output=True, text=True)
    assert done.returncode == 2 and "clusters cannot be kept" in done.stderr, done
    assert sorted(os.listdir()) == there, set(os.listdir()) ^ set(there)


def main():
    kinds = re.findall(r"X\((\w+)\)", LIST.read_text().split("#define GY_COMPRESS_LIST(X)")[1].split("#define")[0])
    with tempfile.TemporaryDirectory() as place:
        os.chdir(place)
        pathlib.Path("m.yaml").write_text(MODEL)
        run("train", "m.yaml", "--quiet")
        os.rename(os.path.realpath("runs/small/checkpoints/latest"), "start")
        before = tensors("start")
        for kind in kinds:
            globals()[kind](before)
        everything = ["--merge", "--low-rank", "0.9", "--prune", "0.5", "--cluster", "16"]
        one, two = (compress(f"all-{r}", *everything, "--data", f"{DIGITS}:/test", ranks=r) for r in (1, 2))
        assert all(np.array_equal(one[1][n], two[1][n]) for n in one[1])
        assert one[0]["after_accuracy"] > 0.8 and one[0]["before_accuracy"] > 0.9, one[0]
        told = {f.split()[0]: f.split()[1] for f in run("eval", "all-1").splitlines()}
        assert abs(float(told["loss"]) - one[0]["after_loss"]) < 1e-4
        run("train", "all-1/config.yaml", "--init", "all-1", "--quiet", "--set", "train.steps=3")
        calibrate()
        sequences()
        sizes()
        one_file()
        memory()
        kept()
        refused()
    print(f"{len(kinds)} kinds")


main()
