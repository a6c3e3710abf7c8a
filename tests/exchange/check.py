#!/usr/bin/env python3
"""Files of other programs (make.py) give here what they gave there: imported, then predicted. Those of
formats that are written are written again, and hold the same numbers. A tokenizer cuts a page alike.

    check.py GYRE MPIRUN_SH MPIEXEC RANKS [CASE…]
"""
import json
import pathlib
import struct
import subprocess
import sys
import tempfile

import h5py
import numpy

HERE = pathlib.Path(__file__).parent
TOLERANCE = 1e-5


def file_of(case):
    if (HERE / case).is_dir():
        return HERE / case
    return next(p for p in HERE.glob(f"{case}.*") if p.suffix not in (".yaml", ".py"))


def tensors(path):
    """Name → type, shape, bytes of a safetensors file."""
    raw = (path / "model.safetensors" if path.is_dir() else path).read_bytes()
    n = struct.unpack("<Q", raw[:8])[0]
    head = json.loads(raw[8:8 + n])
    head.pop("__metadata__", None)
    found = {}
    for name, t in head.items():
        a, b = t["data_offsets"]
        found[name.removeprefix("transformer.")] = (t["dtype"], t["shape"], raw[8 + n + a:8 + n + b])
    return found


def graph(path):
    """The graph of an ONNX file: field 7 of its message."""
    raw, at = path.read_bytes(), 0

    def varint():
        nonlocal at
        value, shift = 0, 0
        while True:
            value |= (raw[at] & 127) << shift
            at, shift = at + 1, shift + 7
            if raw[at - 1] < 128:
                return value

    while at < len(raw):
        key = varint()
        n = varint()
        if key & 7 == 2:
            at += n
            if key >> 3 == 7:
                return raw[at - n:at]
    return None


def goes_back(run, source):
    """What is wrong with the file that is written of what was read, a list of texts."""
    made = pathlib.Path("back" if source.is_dir() else f"back{source.suffix}")
    run("export", "made", "-o", made)
    if source.suffix == ".onnx":
        same = graph(source) == graph(pathlib.Path(run.place) / made)
        return [] if same else ["its graph is another one than that which onnxruntime ran"]
    want, got = tensors(source), tensors(pathlib.Path(run.place) / made)
    # two biases that are one here come back as the sum and zeros; a counter is not kept
    return [f"{name} is another one" for name in want if want[name] != got.get(name)
            and "bias_ih" not in name and "bias_hh" not in name and want[name][0] == "F32"]


def cuts_alike(run, case, want):
    run("data", "convert", HERE / f"{case}-page.txt", "--tokens", "bpe", "--tokenizer", HERE / case,
        "--sequence", "1", "-o", "tokens.h5")
    with h5py.File(pathlib.Path(run.place) / "tokens.h5") as file:
        got = [*file["x"][:, 0], file["y"][-1, 0]]
    return [] if got == list(want) else ["the tokens are others"]


class Runner:
    def __init__(self, launch, place):
        self.launch, self.place = launch, place

    def __call__(self, *words):
        done = subprocess.run([*self.launch, *words], cwd=self.place, capture_output=True, text=True,
                              timeout=200)
        if done.returncode != 0:
            raise RuntimeError(f"exit code {done.returncode}: {done.stderr}")


def check(case, launch):
    """What is wrong, a list of texts."""
    data, source, yaml = HERE / f"{case}-data.h5", file_of(case), HERE / f"{case}.yaml"
    with tempfile.TemporaryDirectory(prefix="gyre-exchange-") as place, h5py.File(data) as want:
        run = Runner(launch, place)
        try:
            run("import", source, *(("--config", yaml) if yaml.exists() else ()), "-o", "made")
            run("predict", "made", "--data", f"{data}:/", "-o", "out.h5")
            with h5py.File(pathlib.Path(place) / "out.h5") as got:
                off = numpy.abs(got["outputs"][()] - want["expect"][()]).max()
            size = max(numpy.abs(want["expect"][()]).max(), 1)
            wrong = [] if off <= TOLERANCE * size else [f"off by {off:.1e} of {size:.1e}"]
            if source.suffix in ("", ".safetensors") or case.startswith("ours"):
                wrong += goes_back(run, source)
            if "tokens" in want:
                wrong += cuts_alike(run, case, want["tokens"][()])
        except RuntimeError as error:
            return [str(error)]
    return wrong


def main():
    gyre, mpirun_sh, mpiexec, ranks = sys.argv[1:5]
    cases = sys.argv[5:] or sorted(p.name.removesuffix("-data.h5") for p in HERE.glob("*-data.h5"))
    failed = 0
    for case in cases:
        wrong = check(case, [mpirun_sh, mpiexec, ranks, gyre])
        failed += bool(wrong)
        print(f"{case} on {ranks} ranks: {'; '.join(wrong) or 'as there'}")
    sys.exit(failed > 0 or not cases)


if __name__ == "__main__":
    main()
