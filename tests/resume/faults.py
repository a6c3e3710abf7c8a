#!/usr/bin/env python3
"""What holds when something breaks: --inject and harm from outside.

    faults.py CASE GYRE MPIRUN_SH MPIEXEC RANKS
"""
import os
import signal
import subprocess

import h5py
import numpy

from bench import (STEPS, all_end, events, keep_until, main, rank_process, same_bits, send_twice,
                   steps_are_whole, tensors, wait_for_step)


def error_lines(done):
    return [line for line in done.stderr.splitlines() if line.startswith("gyre: error: ")]


def steps_there(place):
    return sorted(p.name for p in (place / "run/checkpoints").iterdir())


def goes_on(bench, place):
    """After any fault the same command without it ends with the bits of a run without faults."""
    whole = bench.place("whole")
    bench.train(whole)
    bench.train(place)
    same_bits(tensors(whole), tensors(place))
    steps_are_whole(place)


def disk_full(bench):
    """Code 1, one line, earlier checkpoints whole, nothing half-written."""
    place = bench.place("full")
    done = bench.train(place, "--inject", "disk_full:checkpoint=2", code=1)
    lines = error_lines(done)
    assert len(lines) == 1 and "No space left on device" in lines[0], done.stderr
    assert steps_there(place) == ["HEAD", "latest", "step-000000003"], steps_there(place)
    goes_on(bench, place)


def small_disk(bench):
    """A real disk that is too small: for one checkpoint, code 2 and nothing written; for more, a
    warning, then code 1, and what was written is whole."""
    place = bench.place("small")
    disk = place / "run"
    wide = ["--set", "model.layers.0.dense.units=6000", "--no-quiet"]  # 1 MiB a checkpoint
    disk.mkdir()
    for size, code in (("700k", 2), ("3m", 1)):
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", disk],
                                 capture_output=True)
        if mounted.returncode != 0:
            print("skipped: no file system can be mounted here")
            return
        try:
            done = bench.train(place, *wide, code=code)
            lines = error_lines(done)
            assert len(lines) == 1 and "No space left on device" in lines[0], done.stderr
            if code == 2:
                assert list(disk.iterdir()) == [], list(disk.iterdir())
            else:
                assert "asks for" in done.stderr and "warning: run has room for 2 " in done.stderr
                there = steps_there(place)
                assert len(there) >= 2 and not any(n.startswith(".tmp") for n in there), there
                verified = subprocess.run([bench.gyre, "verify", disk], capture_output=True)
                assert verified.returncode == 0, verified
        finally:
            subprocess.run(["umount", disk], check=True)


def torn_write(bench):
    """The torn checkpoint is named, left alone, and the one before it is used."""
    place = bench.place("torn")
    bench.train(place, "--inject", "torn_write:checkpoint=2")
    keep_until(place, 6)
    harmed = place / "run/checkpoints/step-000000006/shard-00000.h5"
    torn = harmed.read_bytes()
    done = bench.train(place, "--no-quiet", "--set", "train.epochs=1")
    assert "passing over run/checkpoints/step-000000006: " in done.stderr, done.stderr
    assert "shard-00000.h5" in done.stderr and "is damaged" in done.stderr, done.stderr
    assert "goes on from run/checkpoints/step-000000003: " in done.stderr, done.stderr
    assert events(place)[-1]["step"] == 10
    assert harmed.read_bytes() != torn  # replaced by the whole one of the same step


def flip_bit(bench):
    """A rank whose parameters differ is named, before they are saved."""
    place = bench.place("flipped")
    done = bench.train(place, "--set", "comm.verify_every_steps=2", "--inject",
                       "flip_bit:rank=1,step=7", code=1)
    lines = error_lines(done)
    assert len(lines) == 1, done.stderr
    assert "a rank has other parameters than the others (rank 1 on " in lines[0], done.stderr
    assert "found after step 8" in lines[0], done.stderr
    assert steps_there(place) == ["HEAD", "latest", "step-000000003", "step-000000006"]
    goes_on(bench, place)


def not_finite(bench):
    """The step is skipped by all ranks, logged with its samples, and changes nothing."""
    place = bench.place("run")
    bench.train(place, "--inject", "not_finite:step=20")
    bad = [e for e in events(place) if e["event"] == "not_finite"]
    assert len(bad) == 1 and bad[0]["step"] == 20 and len(bad[0]["batch_samples"]) == 9, bad
    steps = [e["step"] for e in events(place) if e["event"] == "step"]
    assert steps == [n for n in range(1, STEPS + 1) if n != 20], steps
    with h5py.File(place / "run/checkpoints/latest/index.h5") as index:  # it was no update
        assert index["state"].attrs["adamw.updates"] == STEPS - 1
    kept = tensors(place)
    assert all(numpy.isfinite(v).all() for k, v in kept.items() if k != "step")
    done = bench.train(bench.place("more"), *[o for n in range(20, 24) for o in
                                              ("--inject", f"not_finite:step={n}")], code=3)
    assert len(error_lines(done)) == 1 and "diverged" in done.stderr, done.stderr


def kill(bench):
    """A rank dies by SIGKILL in a step: the job ends, and goes on from the last checkpoint."""
    place = bench.place("killed")
    done = bench.try_train(place, "--inject", f"kill:rank={bench.ranks - 1},step=20")
    assert done.returncode not in (0, 75), done
    newest = max(n for n in steps_there(place) if n.startswith("step-"))
    assert newest in ("step-000000018", "step-000000015"), newest
    goes_on(bench, place)


def slow(bench):
    """A slow rank changes times and names itself, not numbers."""
    place = bench.place("slow")
    bench.train(place, "--inject", f"slow:rank={bench.ranks - 1},ms=20")
    named = [e["slowest_rank"] for e in events(place) if e["event"] == "step"]
    assert named.count(bench.ranks - 1) > STEPS / 2, named  # another may have had to wait for a core
    goes_on(bench, place)


def stalls(bench, named, *options):
    """A rank that waits too long ends the job with one line, by the watchdog's time."""
    place = bench.place("run")
    victim = bench.ranks - 1
    process = bench.start(place, "--set", "comm.watchdog_seconds=3", "--inject", *options,
                          stderr=subprocess.PIPE)
    stops = "slow" in options[0]
    if stops:
        wait_for_step(place, process, 3)
        os.kill(rank_process(process, victim), signal.SIGSTOP)
    _, text = process.communicate(timeout=200)
    lines = [line for line in text.decode().splitlines() if line.startswith("gyre: error: ")]
    assert process.returncode == 1, (process.returncode, text)
    if stops and len(lines) > 1:  # mpirun wakes that rank to end it: it may find the others gone before
        assert lines.pop(1).endswith("; see what was said before it"), text
    assert len(lines) == 1 and "the run stands still (rank " in lines[0], text
    assert f"rank {victim} on " in lines[0] and named in lines[0], lines
    all_end(process)
    goes_on(bench, place)


def hang(bench):
    """A rank that hangs is named with its phase and step."""
    stalls(bench, "(input of step 20 for ", f"hang:rank={bench.ranks - 1},step=20")


def frozen(bench):
    """A rank that was stopped cannot answer: what it was last seen doing is told."""
    stalls(bench, "(no answer, last seen in ", "slow:rank=0,ms=700")


def hang_disk(bench):
    """A disk that hangs: the run goes on to its next checkpoint, and then says what it waits for,
    again and again; it is no stall, and ends by a signal."""
    place = bench.place("run")
    process = bench.start(place, "--set", "comm.watchdog_seconds=3", "--inject",
                          "hang_disk:checkpoint=2", stderr=subprocess.PIPE)
    lines = [process.stderr.readline().decode() for _ in range(2)]
    assert process.poll() is None
    for line in lines:
        assert line.startswith("gyre: warning: the checkpoint of step 6 is not on disk after "), line
        assert " s (run/checkpoints): the run waits for it" in line, line
    assert events(place)[-1]["step"] == 9, events(place)[-1]
    send_twice(process, 0, signal.SIGTERM)
    assert process.wait(timeout=200) not in (0, 75)
    all_end(process)
    goes_on(bench, place)


def malformed(bench):
    """Faults that are none: code 2, one line, nothing written."""
    place = bench.place("run")
    for fault, part in (("kil:rank=0,step=1", "did you mean kill?"),
                        ("kill:rank=0", "step is not given"),
                        ("kill", "rank is not given"),
                        ("kill:rank=0,step=1,ms=3", "it has no such key"),
                        ("kill:rank=0,step=x", "wrong value of a fault"),
                        ("kill:rank", "wrong value of a fault"),
                        ("kill:rank=0,step=0", "wrong value of a fault"),
                        ("kill:rank=64,step=1", f"there are ranks 0 to {bench.ranks - 1}")):
        done = bench.train(place, "--inject", fault, code=2)
        lines = error_lines(done)
        assert len(lines) == 1 and part in lines[0] and fault in lines[0], (fault, done.stderr)
        assert not (place / "run").exists()


main({"disk_full": disk_full, "small_disk": small_disk,
      "torn_write": torn_write, "not_finite": not_finite, "kill": kill,
      "flip_bit": flip_bit, "slow": slow, "hang": hang, "hang_disk": hang_disk, "frozen": frozen, "malformed": malformed})
