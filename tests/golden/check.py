#!/usr/bin/env python3
"""Holds gyre against the reference cases that make.py made with PyTorch.

    check.py GYRE MPIRUN_SH MPIEXEC RANKS [CASE…]

Loss, gradient norm, parameters and buffers must agree to float32 rounding: TOLERANCE of the largest
value of a tensor, and of how far it moved. On one rank cases of ROUNDED run a second time with operands
in bfloat16: their losses and norms must agree to ROUNDING, and not to float32's.
"""
import json
import pathlib
import subprocess
import sys
import tempfile

import h5py
import numpy

HERE = pathlib.Path(__file__).parent
TOLERANCE = 2e-5  # PyTorch's own float32 stays within a third of it
ROUNDED = ("attention", "conv", "dense_cross_entropy", "recurrent", "sequence", "volume")
ROUNDING = 2**-7  # that of both operands of a product, 2⁻⁸ each: of what a few products in a row make, mostly less


def tensors(group):
    """Every data set below a group, by its path."""
    found = {}
    if group is not None:
        group.visititems(lambda path, item: found.update({path: item[()]})
                         if isinstance(item, h5py.Dataset) else None)
    return found


def compare(name, got, want, scale=None, tolerance=TOLERANCE):
    """What is wrong with a tensor, as a list of at most one text."""
    if got is None or got.shape != want.shape:
        return [f"{name}: {None if got is None else got.shape}, not {want.shape}"]
    scale = numpy.abs(want).max() if scale is None else scale
    off = numpy.abs(got - want).max() / max(scale, 1e-3)
    return [] if off <= tolerance else [f"{name}: off by {off:.1e}"]


def check(case, launch, precision="float32"):
    with tempfile.TemporaryDirectory(prefix="gyre-golden-") as place:
        with h5py.File(HERE / f"{case}.h5") as file:
            weight = "?weight=weight" if "train/weight" in file else ""
        command = [*launch, "train", str(HERE / f"{case}.yaml"), "--set",
                   f"data.train={HERE / case}.h5:/train{weight}", "--init", str(HERE / f"{case}.h5"),
                   "--run-dir", "run", "--quiet", "--set", f"train.precision={precision}"]
        done = subprocess.run(command, cwd=place, capture_output=True, text=True, timeout=200)
        said = [line for line in done.stderr.splitlines() if "take turns" not in line]
        if done.returncode != 0 or said:
            return [f"exit code {done.returncode}: {said}"]
        run = pathlib.Path(place) / "run"
        events = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
        steps = [event for event in events if event["event"] == "step"]
        with h5py.File(HERE / f"{case}.h5") as file, \
                h5py.File(run / "checkpoints/latest/index.h5") as index:
            wrong, same = [], []
            for key in ("loss", "gradient_norm"):
                want, got = file[f"expect/{key}"][()], numpy.array([step[key] for step in steps])
                same += compare(key, got, want)
                wrong += compare(key, got, want,
                                 tolerance=TOLERANCE if precision == "float32" else ROUNDING)
            if precision != "float32":
                return wrong if same else [f"as float32 in {precision}"]
            for kind in ("params", "buffers"):
                want, got = tensors(file.get(f"expect/{kind}")), tensors(index.get(kind))
                start = tensors(file.get(kind))
                wrong += [f"{kind}/{path}: not expected" for path in got.keys() - want.keys()]
                for path, value in want.items():
                    moved = numpy.abs(value - start.get(path, 0)).max()
                    wrong += compare(f"{kind}/{path}", got.get(path), value)
                    wrong += compare(f"{kind}/{path}, change", got.get(path), value,
                                     20 * moved + 1e-7 / TOLERANCE * numpy.abs(value).max())
        return wrong


def main():
    gyre, mpirun_sh, mpiexec, ranks = sys.argv[1:5]
    cases = sys.argv[5:] or sorted(path.stem for path in HERE.glob("*.yaml"))
    failed = 0
    for case in cases:
        launch = [mpirun_sh, mpiexec, ranks, gyre]
        wrong = check(case, launch)
        failed += bool(wrong)
        print(f"{case} on {ranks} ranks: {'as PyTorch' if not wrong else '; '.join(wrong)}")
        if case in ROUNDED and ranks == "1":
            wrong = check(case, launch, "bfloat16")
            failed += bool(wrong)
            print(f"{case} in bfloat16: {'near PyTorch' if not wrong else '; '.join(wrong)}")
    sys.exit(failed > 0 or not cases)


if __name__ == "__main__":
    main()
