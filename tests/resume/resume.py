#!/usr/bin/env python3
"""Runs that are stopped and go on, held against the same run never stopped.

    resume.py CASE GYRE MPIRUN_SH MPIEXEC RANKS

Cases: from_any_step, signal, one_signal, kill, other_ranks, shards, optimizers, progress, compressed,
best, journal, finished, changed, diverged, writers, time_limit, life, own_norm, batch, monitor,
another_memory, new_optimizer.
"""
import json
import os
import random
import shutil
import signal
import subprocess
import time

import h5py
import numpy

from bench import (CONFIG, STEPS, all_end, catches, close, epochs, events, keep_until, main, rank_process,
                   same_bits, send, send_twice, state, states, steps_are_whole, tensors, wait_for_event,
                   wait_for_step)


def from_any_step(bench):
    whole = bench.place("whole")
    bench.train(whole)
    want = tensors(whole)
    for step in (3, 9, 30):  # in an epoch, near its end, at its end
        place = bench.base / f"from-{step}"
        shutil.copytree(whole, place, symlinks=True)
        keep_until(place, step)
        bench.train(place)
        same_bits(want, tensors(place))
        steps_are_whole(place)
        assert states(place) == states(whole)
        assert epochs(place) == epochs(whole)
        for later in range(step + 3, STEPS, 3):
            name = f"step-{later:09d}"
            assert state(place, name) == state(whole, name), (name, state(place, name))


def signals(bench):
    """SIGUSR2 to the ranks: code 75, and the same bits after going on."""
    whole = bench.place("whole")
    bench.train(whole)
    place = bench.place("stopped")
    process = bench.start(place, "--inject", "slow:rank=0,ms=700")  # the steps after these take half a minute
    wait_for_step(place, process, 3)
    send(process, signal.SIGUSR2)
    code = process.wait(timeout=200)
    assert code == 75, code
    stop = events(place)[-1]
    assert stop["event"] == "stop" and stop["step"] >= 3, stop
    bench.train(place)
    same_bits(tensors(whole), tensors(place))
    assert [e["event"] for e in events(place)].count("resume") == 1


def one_signal(bench):
    """Each signal to the last rank alone: SIGUSR1 saves and goes on, SIGTERM saves and stops, a
    second SIGTERM stops at once."""
    place = bench.place("run", CONFIG.replace("every_steps: 3", "every_steps: 1000000, every_epochs: 0")
                        .replace("epochs: 4", "epochs: 1000000, evaluate_every_epochs: 0"))
    process = bench.start(place, "--inject", "slow:rank=0,ms=5")
    wait_for_step(place, process, 5)
    os.kill(rank_process(process, bench.ranks - 1), signal.SIGUSR1)
    saved = wait_for_event(place, process, "checkpoint")["step"]  # as long as the disk may take
    wait_for_step(place, process, saved + 5)
    os.kill(rank_process(process, bench.ranks - 1), signal.SIGTERM)
    assert process.wait(timeout=200) == 75
    told = [(e["event"], e["step"]) for e in events(place) if e["event"] in ("checkpoint", "stop")]
    stop = told[-1][1]
    assert saved >= 5 and stop > saved + 5, (saved, stop)
    assert told == [("checkpoint", saved), ("checkpoint", stop), ("stop", stop)], told
    process = bench.start(place, "--inject", f"hang:rank=0,step={stop + 5}")
    wait_for_step(place, process, stop + 4)
    send_twice(process, 0, signal.SIGTERM)  # a run that hangs takes no requests
    assert process.wait(timeout=200) not in (0, 75)
    all_end(process)


def two_jobs(bench):
    """A run's directory belongs to one job at a time, however that job ends."""
    place = bench.place("run", CONFIG.replace("epochs: 4", "epochs: 40"))
    first = bench.start(place, "--inject", "slow:rank=0,ms=1000")
    wait_for_step(place, first, 1)
    done = bench.try_train(place)
    assert done.returncode == 1, (done.returncode, done.stderr)
    lines = [line for line in done.stderr.splitlines() if "gyre: error: " in line]
    assert len(lines) == 1 and f"process {rank_process(first, 0)} on " in lines[0], done.stderr
    assert first.poll() is None
    for number in (signal.SIGTERM, signal.SIGUSR2):  # a job that waits can be told to stop
        second = bench.start(place)
        while second.poll() is None and not catches(second, number, bench.ranks):
            time.sleep(0.01)
        send(second, number)
        code = second.wait(timeout=200)
        assert code == 75, (number, code)  # where it waits to the end of its patience, 1
    assert first.poll() is None
    os.killpg(first.pid, signal.SIGKILL)  # whose lock ends with it
    first.wait()
    all_end(first)
    bench.train(place)
    steps_are_whole(place, 400)


def kill(bench):
    """kill -9 at random moments, checkpoints after every step: many fall into a write."""
    often = CONFIG.replace("every_steps: 3", "every_steps: 1").replace("keep: 100", "keep: 2").replace(
        "epochs: 4", "epochs: 20")
    whole = bench.place("whole", often)
    bench.train(whole)
    place = bench.place("killed", often)
    draw, last, kills, before = random.Random(1), 0, 0, bench.base / "before"
    while kills < 6:
        shutil.copytree(place, before, symlinks=True)
        process = bench.start(place, "--inject", "slow:rank=0,ms=30")
        aim = last + draw.randint(1, 15)
        wait_for_step(place, process, aim)
        time.sleep(draw.uniform(0, 0.03))
        send(process, signal.SIGKILL)
        code = process.wait(timeout=200)
        all_end(process)
        said = [e for e in events(place) if e["event"] in ("step", "end")]
        assert said[-1]["step"] >= last, (said[-1], last)
        if said[-1]["event"] == "end" or said[-1]["step"] > aim + 15:  # so late that six would not fit
            shutil.rmtree(place)
            before.rename(place)
            continue
        assert code != 0, code
        last, kills = said[-1]["step"], kills + 1
        shutil.rmtree(before)
    bench.train(place)
    same_bits(tensors(whole), tensors(place))
    got = [e["step"] for e in events(place) if e["event"] == "step"]
    assert got == sorted(set(got)), got
    left = [p.name for p in (place / "run/checkpoints").iterdir() if p.name.startswith(".tmp")]
    assert left == [], left


def other_ranks(bench):
    whole = bench.place("whole")
    bench.train(whole)
    for ranks in (1, 2, 3):
        place = bench.base / f"ranks-{ranks}"
        shutil.copytree(whole, place, symlinks=True)
        keep_until(place, 15)
        bench.train(place, ranks=ranks)
        close(tensors(whole), tensors(place))
        steps_are_whole(place)


def shards(bench):
    """Each rank its share of the optimizer: the same bits on as many ranks, close on others."""
    share = ("--set", "comm.shard_optimizer=true", "--set", "comm.bucket_mib=0.001")
    plain, whole = bench.place("plain"), bench.place("whole")
    bench.train(plain)
    bench.train(whole, *share)
    close(tensors(plain), tensors(whole))
    for ranks in (None, 1, 3):
        place = bench.base / f"ranks-{ranks}"
        shutil.copytree(whole, place, symlinks=True)
        keep_until(place, 15)
        bench.train(place, *share, ranks=ranks or bench.ranks)
        if ranks is None:
            same_bits(tensors(whole), tensors(place))
        close(tensors(plain), tensors(place))


def optimizers(bench):
    """Every optimizer in shares: its slots and its count are all that it knows of the steps before."""
    config = """
name: run
run_dir: run
threads: 1
data: {train: "synthetic:blobs?n=60&features=5&classes=3"}
model: {input: [5], layers: [dense: {units: 7, activation: tanh}, layer_norm, dense: {units: 3}]}
optimizer: {kind: %s, learning_rate: 0.02, weight_decay: 0.01}
train: {epochs: 2, batch_size: 12, parameter_average: 0.9}
comm: {bucket_mib: 0.001, shard_optimizer: true}
checkpoint: {every_steps: 4, keep: 100}
"""
    done = bench.train(bench.place("none", config % "sgd"), "--set", "optimizer.kind=none", code=2)
    kinds = done.stderr.split("it must be one of ")[1].split(", not ")[0].split(", ")
    assert "adafactor" in kinds, kinds
    for kind in kinds:
        momentum = kind + ", momentum: 0.9" if kind in ("sgd", "lars") else kind
        whole, place = bench.place(kind, config % momentum), bench.base / f"{kind}-2"
        bench.train(whole)
        shutil.copytree(whole, place, symlinks=True)
        keep_until(place, 8)
        bench.train(place)
        same_bits(tensors(whole), tensors(place))
        with h5py.File(place / "run/checkpoints/latest/index.h5") as index:
            state = index["state"].attrs
            assert state[f"{kind}.updates"] == state["average_updates"] == 10, dict(state)


def progress(bench):
    """Whatever drives communication, and whenever: the same bits; with sums in the midst of passes."""
    layers = "model.layers=[dense: {units: 16, activation: relu}, batch_norm, dense: {units: 16}, " \
             "batch_norm, dense: {units: 4}]"
    for shard in ("false", "true"):
        options = ["--set", layers, "--set", "comm.bucket_mib=0.001", "--set", "comm.allreduce=ring",
                   "--set", f"comm.shard_optimizer={shard}"]
        whole = bench.place(f"whole-{shard}")
        bench.train(whole, *options, "--set", "comm.overlap=false")
        for how in ("poll", "thread"):
            place = bench.place(f"{how}-{shard}")
            bench.train(place, *options, "--set", f"comm.progress={how}")
            same_bits(tensors(whole), tensors(place))


def compressed(bench):
    """What a compression left out and what it remembers are in checkpoints: the same bits on as many
    ranks, nothing lost on others; all ranks have the same."""
    for kind, setting, slots in (("top_k", "top_k_fraction=0.1", ()),
                                 ("power_sgd", "power_sgd_rank=2", ("power_sgd",))):
        options = ["--set", f"comm.compression={kind}", "--set", f"comm.{setting}",
                   "--set", "comm.bucket_mib=0.001", "--set", "comm.verify_every_steps=1"]
        whole = bench.place(f"{kind}-whole")
        bench.train(whole, *options)
        kept = tensors(whole)
        for slot in (*slots, *(f"residual_{r}" for r in range(bench.ranks))):
            assert abs(kept[f"optimizer/{slot}/dense_0/weight"]).max() > 0, slot
        for ranks in (bench.ranks, 3, 1):
            place = bench.base / f"{kind}-{ranks}"
            shutil.copytree(whole, place, symlinks=True)
            keep_until(place, 15)
            bench.train(place, *options, ranks=ranks)
            if ranks == bench.ranks:
                same_bits(kept, tensors(place))
        place = bench.place(f"{kind}-shares")
        bench.train(place, *options, "--set", "comm.shard_optimizer=true")
        close(kept, tensors(place))


def best(bench):
    """Early stopping, the best parameters and the test with them survive a restart."""
    config = CONFIG.replace("epochs: 4", "epochs: 30, early_stopping: {patience: 3}")
    config = config.replace("validation_fraction: 0.1", "validation_fraction: 0.3, test: "
                            "\"synthetic:blobs?n=50&features=6&classes=4&seed=9\"")
    config = config.replace("blobs", "spirals").replace("features=6", "features=2")
    config = config.replace("input: [6]", "input: [2]").replace("rate: 0.01", "rate: 0.1")
    whole = bench.place("whole", config)
    bench.train(whole)
    end = events(whole)[-1]
    assert end["event"] == "end" and end["early"], end
    assert end["best_step"] < end["step"] < 30 * 8, end
    at_best = [e for e in events(whole) if e["event"] == "evaluate" and e["step"] == end["best_step"]]
    assert at_best[0]["validation_loss"] == end["best"], (at_best, end)
    for step in (end["best_step"], end["step"] - 3):
        kept = max(int(p.name[5:]) for p in (whole / "run/checkpoints").iterdir()
                   if p.name.startswith("step-") and int(p.name[5:]) <= step)
        place = bench.base / f"from-{kept}"
        shutil.copytree(whole, place, symlinks=True)
        keep_until(place, kept)
        (place / "run/checkpoints/best").symlink_to(f"step-{end['best_step']:09d}")
        bench.train(place)
        same_bits(tensors(whole), tensors(place))
        again = events(place)[-1]
        for key in ("best", "best_step", "test_loss", "test_accuracy", "validation_loss"):
            assert again[key] == end[key], (key, again[key], end[key])
    numpy.testing.assert_array_equal(  # what is left at the end is what was best
        tensors(whole)["optimizer/average/dense_0/weight"],
        tensors(whole)["params/dense_0/weight"])


def journal(bench):
    """Steps that a restart repeats are not left in twice, and a torn line goes; however long the
    journal is, it is cut from its end."""
    place = bench.place("run")
    bench.train(place)
    told = [e for e in events(place) if e["event"] == "checkpoint" and e["step"] <= 21]
    late = "".join(json.dumps(e) + "\n" for e in told)  # as if they had taken long to write
    for turn, hole in enumerate((0, 3 << 30), 1):
        keep_until(place, 21)
        path = place / "run/metrics.jsonl"
        lines = [x for x in path.read_text().splitlines(True) if json.loads(x) not in told]
        with open(path, "w") as f:
            f.seek(hole)  # what lies before the first line is not looked at
            f.write("\n" * (hole > 0) + "".join(lines) + 9000 * "x" + "\n" + late)
            f.write('{"event": "step", "step": 7, "st')
        bench.train(place)
        assert path.stat().st_size >= hole
        with open(path, "r+") as f:
            f.seek(hole + (hole > 0))
            text = f.read()
            f.seek(0)
            f.truncate()
            f.write(text)
        steps_are_whole(place)
        resumes = [e for e in events(place) if e["event"] == "resume"]
        assert [e["step"] for e in resumes] == turn * [21], resumes
        kept = [e for e in events(place) if e["event"] == "checkpoint" and e["step"] <= 21]
        assert kept == told, (kept, told)


def finished(bench):
    place = bench.place("run")
    bench.train(place)
    before = tensors(place), events(place)
    done = subprocess.run([a for a in bench.argv(None) if a != "--quiet"], cwd=place,
                          capture_output=True, text=True, timeout=200)
    assert done.returncode == 0 and "finished already" in done.stderr, done
    same_bits(before[0], tensors(place))
    assert before[1] == events(place)
    # the last evaluation was the best, and a run that goes on knows it
    assert before[1][-1]["best_step"] == STEPS, before[1][-1]
    assert os.readlink(place / "run/checkpoints/best") == f"step-{STEPS:09d}"
    done = bench.train(place, "--set", "train.epochs=5", "--no-quiet")
    assert "sought anew" not in done.stderr, done.stderr
    assert tensors(place)["step"] == STEPS + 10


def diverged(bench):
    """Steps that are not finite are skipped and named; too many in a row: code 3."""
    config = CONFIG.replace("blobs", "regression").replace("&classes=4", "")
    config = config.replace("units: 4}", "units: 1}\nloss: mse").replace("clip_norm: 0.5, ", "")
    config = config.replace("{kind: adamw, learning_rate: 0.01, weight_decay: 0.1}",
                            "{kind: sgd, learning_rate: 1e15}").replace("warmup_steps: 5", "")
    place = bench.place("run", config.replace("every_steps: 3", "every_steps: 1"))
    done = bench.train(place, code=3)
    assert done.stderr.count("gyre: error: the run diverged (step ") == 1, done.stderr
    bad = [e for e in events(place) if e["event"] == "not_finite"]
    assert [e["in_a_row"] for e in bad] == [1, 2, 3, 4], bad
    assert all(len(e["batch_samples"]) == 32 for e in bad), bad
    kept = tensors(place)
    assert kept["step"] >= bad[0]["step"] - 1
    assert all(numpy.isfinite(v).all() for k, v in kept.items() if k.startswith("params"))


def changed(bench):
    place = bench.place("run")
    bench.train(place)
    keep_until(place, 15)
    done = bench.train(place, "--set", "model.layers.0.dense.units=30", code=2)
    assert "model.layers.0.dense.units differs" in done.stderr, done.stderr
    assert done.stderr.count("gyre: error:") == 1, done.stderr
    done = bench.train(place, "--set", "train.batch_size=16", "--no-quiet")
    assert "train.batch_size changed from 32 to 16" in done.stderr, done.stderr
    assert "an epoch has another number of steps" in done.stderr, done.stderr


def batch(bench):
    """In the midst of an epoch with another batch size: no sample comes twice, none is left out."""
    config = CONFIG.replace("validation_fraction: 0.1", "shuffle: false").replace("n=330", "n=300")
    for ranks in (1, bench.ranks):
        place = bench.place(f"run-{ranks}", config)
        bench.train(place, ranks=ranks)
        keep_until(place, 12)  # 10 steps an epoch: at sample 64
        bad = [word for step in range(13, 19) for word in ("--inject", f"not_finite:step={step}")]
        done = bench.train(place, "--set", "train.batch_size=50", *bad, "--no-quiet", "--set",
                           "train.not_finite.skip=100", ranks=ranks)
        assert "goes on from sample 64 of the epoch" in done.stderr, done.stderr
        samples = [n for e in events(place) if e["event"] == "not_finite" for n in e["batch_samples"]]
        assert samples == [*range(64, 300), *range(0, 50)], samples


def monitor(bench):
    """Another monitored value is not compared with the best of the one before."""
    place = bench.place("run", CONFIG.replace("epochs: 4", "epochs: 4, early_stopping: {patience: 2}"))
    bench.train(place)
    keep_until(place, 15)
    done = bench.train(place, "--set", "train.early_stopping.monitor=validation_accuracy",
                       "--no-quiet")
    assert "the best is sought anew" in done.stderr, done.stderr
    end, seen = events(place)[-1], [e for e in events(place) if e["event"] == "evaluate"]
    later = [e["validation_accuracy"] for e in seen if e["step"] > 15]
    assert len(later) == 3 and end["best"] == max(later), (end, later)


def new_optimizer(bench):
    """The moments of an optimizer that is new begin with it: adam's first step is the learning rate."""
    place = bench.place("run", CONFIG.replace("kind: adamw, learning_rate: 0.01, weight_decay: 0.1",
                                              "kind: sgd, learning_rate: 0.01")
                        .replace("every_steps: 3", "every_steps: 1").replace("kind: cosine, ", ""))
    bench.train(place)
    keep_until(place, 25)
    bench.train(place, "--set", "optimizer.kind=adam")
    before, after = (tensors(place, f"step-0000000{step}") for step in (25, 26))
    step = max(abs(after[k] - before[k]).max() for k in before if k.startswith("params"))
    assert abs(step - 0.01) < 1e-5, step


def another_memory(bench):
    """What compression remembers of another shape, or another kind, is not taken."""
    options = ["--set", "comm.compression=power_sgd", "--set", "comm.power_sgd_rank=2"]
    place = bench.place("run")
    bench.train(place, *options)
    keep_until(place, 15)
    done = bench.train(place, *options, "--set", "comm.power_sgd_rank=3", "--no-quiet")
    assert "what the compression remembers starts anew" in done.stderr, done.stderr


def writers(bench):
    """However a checkpoint is written, it is the same, and a run goes on from it."""
    whole = bench.place("whole")
    bench.train(whole)
    for i, (background, writer, shard) in enumerate((("false", "rank0", "false"),
                                                     ("true", "all", "false"),
                                                     ("false", "all", "true"))):
        place = bench.place(f"way-{i}")
        options = ["--set", f"checkpoint.asynchronous={background}",
                   "--set", f"checkpoint.writer={writer}",
                   "--set", f"comm.shard_optimizer={shard}"]
        bench.train(place, *options)
        for step in ("step-000000003", "step-000000039", "latest"):
            (close if shard == "true" else same_bits)(tensors(whole, step), tensors(place, step))
            names = [sorted(p.name for p in (at / "run/checkpoints" / step).iterdir())
                     for at in (whole, place)]
            assert names[0] == names[1], names
        done = tensors(place)
        keep_until(place, 12)
        bench.train(place, *options)
        same_bits(done, tensors(place))
        saved = [e for e in events(place) if e["event"] == "checkpoint"]
        assert [e["step"] for e in saved] == sorted({*range(3, STEPS, 3), 10, 20, 30, STEPS})
        assert all(e["bytes"] > 4 * 3 * 268 and e["waited_seconds"] >= 0 for e in saved), saved


def squeue(bench, name, script):
    """The environment of a SLURM job, of which a squeue of our own knows the end."""
    place = bench.base / name
    place.mkdir()
    (place / "squeue").write_text(f"#!/bin/sh\n{script}\n")
    (place / "squeue").chmod(0o755)
    return {"PATH": f"{place}:{os.environ['PATH']}", "SLURM_JOB_ID": "12"}


def time_limit(bench):
    """A run stops before its own limit, or the end of its SLURM job, with a checkpoint and code 75, and
    goes on to the same bits. A squeue that hangs, or knows nothing, holds up nothing."""
    whole = bench.place("whole")
    bench.train(whole)
    for name, options, env in (
            ("limit", ["--set", "train.time_limit_minutes=0.02"], {}),
            ("squeue", [], squeue(bench, "ends", "echo 0:02")),
            ("environment", [], squeue(bench, "fails", "exit 1"))):
        for seconds in (4, 16, 64):  # longer where squeue, or the start, took as long as that
            place = bench.place(f"{name}-{seconds}")
            if name == "environment":  # an end that is over by the first step is another job's
                env["SLURM_JOB_END_TIME"] = str(int(time.time()) + seconds)
            slow = "--inject", f"slow:rank=0,ms={50 * seconds}"
            done = bench.try_train(place, *slow, *options, env=env)
            if done.returncode != 0:
                break
        assert done.returncode == 75, done
        stop = events(place)[-1]
        assert stop["event"] == "stop" and stop["reason"] == "time limit", stop
        assert 1 <= stop["step"] < STEPS, stop
        bench.train(place)
        same_bits(tensors(whole), tensors(place))
        steps_are_whole(place)
    place = bench.place("long")  # a third step would end after the limit
    bench.train(place, "--inject", "slow:rank=0,ms=700", "--set", "train.time_limit_minutes=0.0333",
                code=75)
    assert events(place)[-1]["step"] <= 2, events(place)[-1]
    place = bench.place("later")  # what steps took an earlier job is known: the second would end late
    bench.train(place, "--inject", "slow:rank=0,ms=700", "--set", "train.time_limit_minutes=0.0333",
                code=75)
    before = events(place)[-1]["step"]
    bench.train(place, "--inject", "slow:rank=0,ms=700", "--set", "train.time_limit_minutes=0.02",
                code=75)
    assert events(place)[-1]["step"] == before + 1, events(place)[-1]
    place = bench.place("hangs")
    bench.train(place, env=squeue(bench, "hanging", "exec sleep 60"))
    same_bits(tensors(whole), tensors(place))
    env = squeue(bench, "unknown", "echo 'slurm_load_jobs error: Invalid job id specified' >&2")
    process = bench.start(bench.place("no_answer"), "--inject", "slow:rank=0,ms=100", "--set", "train.epochs=1000",
                          "--no-quiet", env=env, stderr=subprocess.PIPE)
    said = next((line for line in process.stderr if b"SLURM job 12" in line), b"")
    send(process, signal.SIGUSR2)
    assert process.wait(200) == 75
    assert said.startswith(b"gyre: warning: the end of SLURM job 12 is not known (squeue: "
                           b"slurm_load_jobs error: Invalid job id specified)"), said
    assert b"SLURM job 12" not in process.stderr.read()


OWN_NORM = """
name: run
run_dir: run
threads: 1
data: {train: "data.h5:/train", shuffle: false}
model:
  input: [5]
  layers:
    - batch_norm: {sync: false, momentum: 1.0, name: norm}
    - dense: {units: 2}
loss: mse
optimizer: {kind: sgd, learning_rate: 0.1}
train: {steps: 1, batch_size: 26}
"""


def own_norm(bench):
    """batch_norm with sync: false: statistics of each rank's part, their mean in checkpoints."""
    place = bench.place("run", OWN_NORM)
    draw = numpy.random.default_rng(1)
    x, y = draw.normal(2, 3, (26, 5)).astype("f4"), draw.normal(0, 1, (26, 2)).astype("f4")
    with h5py.File(place / "data.h5", "w") as f:
        f["train/x"], f["train/y"] = x, y
    bench.train(place)
    parts = [x[r * 26 // bench.ranks:(r + 1) * 26 // bench.ranks] for r in range(bench.ranks)]
    got = tensors(place)
    for name, want in (("mean", numpy.mean([p.mean(0) for p in parts], 0)),
                       ("variance", numpy.mean([p.var(0, ddof=1) for p in parts], 0))):
        numpy.testing.assert_allclose(got[f"buffers/norm/{name}"], want, rtol=1e-5, err_msg=name)


LIFE = """
name: run
run_dir: run
threads: 1
data: {train: "synthetic:images?n=2000&shape=6x6x2&classes=3", validation_fraction: 0.1,
       normalize: per_channel, augment: {flip: true, noise: 0.1}}
model:
  input: [6, 6, 2]
  layers:
    - conv2d: {filters: 4, kernel: 3, bias: false}
    - batch_norm
    - activation: {kind: relu}
    - residual: {layers: [conv2d: {filters: 4, kernel: 3}]}
    - flatten
    - dropout: {rate: 0.1}
    - dense: {units: 3}
metrics: [accuracy, f1]
optimizer: {kind: lamb, learning_rate: 0.02}
train: {epochs: 2, batch_size: 40, micro_batch_size: 13, clip_norm: 1.0, parameter_average: 0.9,
        early_stopping: {patience: 5}}
comm: {bucket_mib: 0.001, shard_optimizer: true}
checkpoint: {every_steps: 10}
"""


def life(bench):
    """A run from its start to what is done with it: nothing is said on standard error, and where
    the sanitizers watch, nothing of ours leaks (lsan.supp has what others leave)."""
    place = bench.place("run", LIFE)
    images = ("--data", "synthetic:images?n=37&shape=6x6x2&classes=3&seed=3")
    with open(place / "said", "w+") as said:
        process = bench.start(place, "--inject", "slow:rank=0,ms=300", "--set", "checkpoint.every_steps=3", stderr=said)
        wait_for_event(place, process, "checkpoint")
        os.kill(rank_process(process, bench.ranks - 1), signal.SIGTERM)
        assert process.wait(timeout=200) == 75
        said.seek(0)
        lines = [line for line in said if "returned" not in line and line.startswith("gyre")]
        assert lines == [], lines
    assert bench.train(place).stderr == ""
    for command in (("eval", "run", *images), ("predict", "run", *images, "-o", "out.h5"),
                    ("inspect", "run"), ("verify", "run")):
        done = subprocess.run([*bench.command, str(bench.ranks), bench.gyre, *command], cwd=place,
                              capture_output=True, text=True, timeout=200)
        assert (done.returncode, done.stderr) == (0, ""), (command, done)


CASES = {"batch": batch, "monitor": monitor, "another_memory": another_memory, "new_optimizer": new_optimizer,
         "life": life, "own_norm": own_norm, "from_any_step": from_any_step, "signal": signals, "one_signal": one_signal, "two_jobs": two_jobs,
         "kill": kill,
         "other_ranks": other_ranks, "shards": shards, "optimizers": optimizers, "progress": progress, "compressed": compressed,
         "best": best, "journal": journal,
         "finished": finished, "changed": changed, "diverged": diverged, "writers": writers,
         "time_limit": time_limit}


main(CASES)
