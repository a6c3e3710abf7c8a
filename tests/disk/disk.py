#!/usr/bin/env python3
"""A disk that fails at every moment in turn (preload.c): after each failure the same command, on a disk
that is well, ends as if there had been none.

    disk.py CASE GYRE PRELOAD.so

Cases: kill, full, late, quota, half: calls that change the disk, of a whole run; look, stale, read: calls of
a run that goes on; replace: kills while a damaged checkpoint is written again; never: a file system that
makes no links and takes no locks; flushed: directories are on disk in those that hold them.
A few moments, others by GYRE_DISK_FROM=n; with GYRE_DISK_ALL=1 in the environment every one (minutes).
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import h5py
import numpy

CONFIG = """
name: n
seed: 2
data: {train: "synthetic:blobs?n=64&noise=3", validation_fraction: 0.25,
       test: "synthetic:blobs?n=32&first=64&noise=3"}
model: {input: [2], layers: [dense: {units: 16, activation: relu}, batch_norm, dense: {units: 3}]}
loss: cross_entropy
optimizer: {kind: adamw, learning_rate: 0.3}
train: {epochs: 5, batch_size: 16, evaluate_every_epochs: 1}
checkpoint: {every_steps: EVERY, every_epochs: 0, keep: 1, asynchronous: false}
log: {every_steps: 1}
"""
MOMENTS = 6  # of a short trial
TIMES = ("time", "wall", "seconds", "waited_seconds", "samples_per_second", "path")


class Disk:
    def __init__(self, gyre, preload):
        self.gyre, self.preload = gyre, preload
        self.base = pathlib.Path(tempfile.mkdtemp(prefix="gyre-disk-"))
        self.every = 3

    def run(self, place, *options, kind="", how="", at=0):
        """Trains in a place; with a kind of calls, how many there were is self.calls."""
        (place / "n.yaml").write_text(CONFIG.replace("EVERY", str(self.every)))
        env = dict(os.environ, OMP_NUM_THREADS="1")
        if kind:
            env.update(LD_PRELOAD=self.preload, GYRE_DISK_BELOW=str(place / "run"),
                       GYRE_DISK_KIND=kind, GYRE_DISK_HOW=how, GYRE_DISK_AT=str(at),
                       GYRE_DISK_COUNT=str(place / "count"))
        done = subprocess.run([self.gyre, "train", "n.yaml", "--run-dir", "run", *options],
                              cwd=place, env=env, capture_output=True, text=True, timeout=200)
        told = (place / "count").read_text().splitlines() if (place / "count").exists() else ["0"]
        self.calls, self.unflushed = int(told[0]), told[1:]
        return done

    def place(self, name, like=None):
        place = self.base / name
        if place.exists():
            shutil.rmtree(place)
        if like is None:
            place.mkdir()
        else:
            shutil.copytree(like, place, symlinks=True)
        return place


def tensors(path):
    out = {}
    with h5py.File(path / "index.h5") as f:
        f.visititems(lambda name, item: out.update({name: item[()].tobytes()})
                     if isinstance(item, h5py.Dataset) else None)
        for name in ("/state", "/metrics"):
            out.update({f"{name}@{k}": str(v) for k, v in f[name].attrs.items()
                        if not k.endswith("seconds") and k not in ("end", "machine")})
    return out


def outcome(place):
    """All of a run that must not depend on what the disk did."""
    run = place / "run/checkpoints"
    lines = [json.loads(line) for line in (place / "run/metrics.jsonl").read_text().splitlines()]
    kept = [{k: v for k, v in e.items() if k not in TIMES and not isinstance(v, dict)}
            for e in lines if e["event"] in ("step", "epoch", "evaluate", "end")]
    return {"names": sorted(p.name for p in run.iterdir()),
            "latest": os.readlink(run / "latest"), "best": os.readlink(run / "best"),
            "events": kept, "newest": tensors(run / "latest"), "of the best": tensors(run / "best")}


def same(want, got, what):
    for key, value in want.items():
        if key == "events":
            lost = [e for e in value if e not in got[key]]
            assert not lost and len(got[key]) == len(value), (what, key, lost, len(got[key]))
        else:
            assert value == got[key], (what, key, value if key not in ("newest", "of the best") else
                                       [k for k in value if value[k] != got[key].get(k)],
                                       got[key] if key not in ("newest", "of the best") else "")


def moments(calls):
    if os.environ.get("GYRE_DISK_ALL"):
        return range(1, calls + 1)
    stride = max(1, calls // MOMENTS)
    first = 1 + int(os.environ.get("GYRE_DISK_FROM", 0)) % stride
    return range(first, calls + 1, stride)


def trial(disk, kind, how, begin=None, allowed=(0, 1)):
    """Fails at one moment after another, from a run's begin or from `begin` on."""
    wrong = []
    whole = disk.place("whole", begin)
    assert disk.run(whole).returncode == 0
    want = outcome(whole)
    counted = disk.place("counted", begin)
    assert disk.run(counted, kind=kind).returncode == 0
    calls = disk.calls
    same(want, outcome(counted), "no fault")
    tried = list(moments(calls))
    for k in tried:
        place = disk.place("trial", begin)
        done = disk.run(place, kind=kind, how=how, at=k)
        try:
            assert done.returncode in allowed or how == "kill", done
            assert "a new run" not in done.stderr, done.stderr
            assert "HDF5:" not in done.stderr, done.stderr  # the library's own, at the end
            again = disk.run(place)
            assert again.returncode == 0, again
            same(want, outcome(place), "after it")
        except AssertionError as error:
            wrong.append((k, str(error)[:600], done.stderr[-300:]))
    for line in wrong:
        print("wrong:", *line)
    print(f"{kind} {how}: {len(tried)} of {calls} moments, {len(wrong)} wrong; first {tried[0]}")
    assert not wrong


def stopped(disk):
    """A run that was killed before its end."""
    place = disk.place("stopped")
    done = disk.run(place, "--inject", "kill:rank=0,step=11")
    assert done.returncode not in (0, 75), done
    return place


def kill(disk):
    trial(disk, "change", "kill")


def alone(disk):
    """The best between two checkpoints is written alone."""
    disk.every = 5
    trial(disk, "change", "kill")


def full(disk):
    trial(disk, "change", "full", allowed=(0, 1, 2))


def late(disk):
    trial(disk, "change", "late", allowed=(0, 1, 2))


def quota(disk):
    trial(disk, "change", "quota", allowed=(0, 1, 2))


def half(disk):
    trial(disk, "change", "half", allowed=(0, 1, 2))


def look(disk):
    trial(disk, "look", "io", begin=stopped(disk))


def stale(disk):
    trial(disk, "look", "stale", begin=stopped(disk))


def read(disk):
    trial(disk, "read", "io", begin=stopped(disk))


def replace(disk):
    """The newest is damaged: its step is written again in its place, killed at every moment."""
    begin = stopped(disk)
    with open(begin / "run/checkpoints/step-000000009/shard-00000.h5", "ab") as f:
        f.write(b"x")
    trial(disk, "change", "kill", begin=begin)


def never(disk):
    """Once it is said, not at every checkpoint; and the run goes on from them as ever."""
    for kind, says in (("link", "no links"), ("lock", "cannot be locked on this file system")):
        place = disk.place(kind)
        for epochs in (4, 5):
            done = disk.run(place, f"--set=train.epochs={epochs}", kind=kind, how="never", at=1)
            assert done.returncode == 0 and done.stderr.count(says) == 1, done
        links = [p for p in (place / "run/checkpoints").iterdir() if p.is_symlink()]
        assert bool(links) == (kind == "lock"), links
        assert done.stderr.count("goes on from") == 1, done.stderr


def flushed(disk):
    place = disk.place("flushed")
    done = disk.run(place, "--run-dir=run/deep/er", kind="change")
    assert done.returncode == 0 and disk.calls > 0 and disk.unflushed == [], disk.unflushed


def main():
    case, gyre, preload = sys.argv[1:]
    disk = Disk(gyre, preload)
    globals()[case](disk)
    shutil.rmtree(disk.base)


main()
