#!/usr/bin/env python3
"""Trains a small network on two ranks and holds it to what its file expects of it.

    learn.py NAME.yaml GYRE MPIRUN_SH MPIEXEC

A line `# expect: VALUE >= BOUND` (or <=) names a value of the run's last event. The bounds are such that
a network with a broken layer misses them. A new case is a file; it runs in the repository's root.
"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile


def main():
    config, gyre, mpirun, mpiexec = sys.argv[1:]
    expected = re.findall(r"^# expect: (\w+) (>=|<=) ([\d.]+)$", pathlib.Path(config).read_text(), re.M)
    assert expected, f"{config} expects nothing"
    with tempfile.TemporaryDirectory() as run:
        subprocess.run([mpirun, mpiexec, "2", gyre, "train", config, "--run-dir", run, "--quiet"],
                       check=True)
        lines = (pathlib.Path(run) / "metrics.jsonl").read_text().splitlines()
    end = json.loads(lines[-1])
    for name, relation, bound in expected:
        print(f"{name} {end[name]:.4f}, expected {relation} {bound}")
        value, bound = end[name], float(bound)
        assert value >= bound if relation == ">=" else value <= bound


if __name__ == "__main__":
    main()
