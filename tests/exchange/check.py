#!/usr/bin/env python3
"""Files of other programs (make.py) give here what they gave there: imported, then predicted.

    check.py GYRE MPIRUN_SH MPIEXEC RANKS [CASE…]
"""
import pathlib
import subprocess
import sys
import tempfile

import h5py
import numpy

HERE = pathlib.Path(__file__).parent
TOLERANCE = 1e-5


def file_of(case):
    return next(p for p in HERE.glob(f"{case}.*") if p.suffix not in (".yaml", ".py"))


def check(case, launch):
    data = HERE / f"{case}-data.h5"
    with tempfile.TemporaryDirectory(prefix="gyre-exchange-") as place:
        for command in ([*launch, "import", file_of(case), "--config", HERE / f"{case}.yaml", "-o", "made"],
                        [*launch, "predict", "made", "--data", f"{data}:/", "-o", "out.h5"]):
            done = subprocess.run(command, cwd=place, capture_output=True, text=True, timeout=60)
            if done.returncode != 0:
                return f"exit code {done.returncode}: {done.stderr}"
        with h5py.File(pathlib.Path(place) / "out.h5") as got, h5py.File(data) as want:
            off = numpy.abs(got["outputs"][()] - want["y"][()]).max()
            size = numpy.abs(want["y"][()]).max()
        return None if off <= TOLERANCE * max(size, 1) else f"off by {off:.1e} of {size:.1e}"


def main():
    gyre, mpirun_sh, mpiexec, ranks = sys.argv[1:5]
    cases = sys.argv[5:] or sorted(path.stem for path in HERE.glob("*.yaml"))
    failed = 0
    for case in cases:
        wrong = check(case, [mpirun_sh, mpiexec, ranks, gyre])
        failed += wrong is not None
        print(f"{case} on {ranks} ranks: {wrong or 'as there'}")
    sys.exit(failed > 0 or not cases)


if __name__ == "__main__":
    main()
