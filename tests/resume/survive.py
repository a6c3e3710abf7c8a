#!/usr/bin/env python3
"""With comm.survive the ranks that are left train on, to the bits of a run that nothing happened to.

    survive.py CASE GYRE MPIRUN_SH MPIEXEC RANKS

Cases: deaths (at random moments; GYRE_SURVIVE_SEEDS of them, 8, from GYRE_SURVIVE_FIRST on), record (on each side of the moment between
record and update), last (down to one rank), best (its checkpoint is given up), cut_off (rank 0 keeps its
lock, as a host that is gone does on a shared file system), again (a launcher's next start, while the one before
lives), plain (without grains: to the end, no step twice), refused; by GYRE_SURVIVE_ALL=1 every family of models
in `deaths` and `last`, every all-reduce in `plain`.
"""
import os
import random
import signal
import subprocess
import sys
import time

import bench as b
from families import CONV, DENSE, GPT, LSTM

SURVIVE = ("--set", "comm.survive=true")
LONG = ("--set", "train.epochs=24", "--set", "train.early_stopping.patience=1000")
# where the launcher leaves the others alone; what it answers then is its own
RECOVERS = {"OMPI_MCA_orte_enable_recovery": "1"}
ALL = os.environ.get("GYRE_SURVIVE_ALL") == "1"
END_S = 300 if ALL else 200  # convolutions and GPT on cores that others use, too
FAMILIES = {"dense": DENSE, **({"conv": CONV, "lstm": LSTM, "gpt": GPT} if ALL else {})}


def lost(place):
    return [e["lost_rank"] for e in b.events(place) if e["event"] == "mend"]


def check_whole(place):
    """No step is there twice, none is missing, and the run has come to its end."""
    told = b.events(place)
    steps = [e["step"] for e in told if e["event"] == "step"]
    assert steps == list(range(1, len(steps) + 1)), steps
    assert told[-1]["event"] == "end", told[-1]


def faults(bench, place, kills, *options):
    inject = [word for kill in kills for word in ("--inject", kill)]
    done = bench.try_train(place, *SURVIVE, *inject, *options, env=RECOVERS)
    assert "gyre: error" not in done.stderr, done
    check_whole(place)
    assert len(lost(place)) == len(kills), lost(place)
    return done


def steps_of(place):
    try:
        return (place / "run/metrics.jsonl").read_bytes().count(b'"event": "step"')
    except OSError:
        return 0


def kill_at(process, place, step, ranks, wait):
    """Kills these ranks, after they have come so far and some more; how many of them it found."""
    while steps_of(place) < step and process.poll() is None:
        time.sleep(0.001)
    time.sleep(wait)
    killed = 0
    for rank in ranks:
        try:
            os.kill(b.rank_process(process, rank), signal.SIGKILL)
            killed += 1
        except (AssertionError, ProcessLookupError):
            pass  # it has come to its end
    return killed


def deaths(bench):
    alone = {name: bench.place(name, config) for name, config in FAMILIES.items()}
    for place in alone.values():
        bench.train(place, *LONG, ranks=1)
    first, seeds = (int(os.environ.get(f"GYRE_SURVIVE_{word}", n)) for word, n in (("FIRST", 0), ("SEEDS", 8)))
    times, died = [], 0
    for seed in range(first, first + seeds):
        draw = random.Random(seed)
        name = list(FAMILIES)[seed % len(FAMILIES)]
        last, place = steps_of(alone[name]), bench.place(f"seed-{seed}", FAMILIES[name])
        left = list(range(bench.ranks))
        process = bench.start(place, *SURVIVE, *LONG, stderr=sys.stderr, env=RECOVERS)
        step = 0
        for _ in range(draw.randint(1, 3)):
            victims = draw.sample(left, draw.randint(1, min(2, len(left) - 1))) if len(left) > 1 else []
            left = [rank for rank in left if rank not in victims]
            step += draw.randint(0, last // 3)
            died += kill_at(process, place, step, victims, draw.choice((0, 0.01, 0.1)) * draw.random())
        process.wait(END_S)
        b.all_end(process)
        check_whole(place)
        b.same_run(alone[name], place)
        times += [e["seconds"] for e in b.events(place) if e["event"] == "mend"]
    assert died and times, f"{died} ranks killed, mended {len(times)} times"
    print(f"{seeds} seeds of {', '.join(FAMILIES)}: {died} deaths, mended {len(times)} times, {sorted(times)[len(times) // 2]:.3f} s in the middle, "
          f"{max(times):.3f} s at most")


def record(bench):
    alone, place = bench.place("alone", CONV), bench.place("run", CONV)
    bench.train(alone, ranks=1)
    # rank 2 takes it and gives it to nobody; rank 0 gives it to one of two; rank 1 to nobody, its part neither
    faults(bench, place, ["kill_record:rank=2,step=3,messages=1", "kill_record:rank=0,step=5,messages=1",
                          "kill_record:rank=1,step=7,messages=0"])
    b.same_run(alone, place)


def last(bench):
    for name, config in FAMILIES.items():
        alone, place = bench.place(f"{name}-alone", config), bench.place(name, config)
        bench.train(alone, ranks=1)
        kills = ("kill:rank=0,step=2", "kill:rank=3,step=4", "kill:rank=1,step=6")
        done = faults(bench, place, kills)
        assert "1 of 4 ranks go on after step 5" in done.stderr, done.stderr
        b.same_run(alone, place)


def best(bench):
    """Rank 0 dies with the checkpoint half written that holds the best: it is written again."""
    # steps so long that no later evaluation is better
    worse = ("--set", "checkpoint={every_steps: 0, every_epochs: 1, keep: 100}", "--set", "train.epochs=6",
             "--set", "train.parameter_average=0", "--set", "optimizer.learning_rate=3", "--set", "schedule.patience=50")

    def found(place):
        lines = (place / "run/checkpoints/HEAD").read_text().splitlines()
        words = [line.split() for line in lines if line.startswith("best ")]
        assert words and (place / "run/checkpoints" / words[0][3]).is_dir(), (lines, "the best is lost")
        return words[0][1:3]

    alone, place = bench.place("alone", DENSE), bench.place("run", DENSE)
    bench.train(alone, *worse, ranks=1)
    step = int(found(alone)[0])
    assert step < steps_of(alone), "the best is the last"
    faults(bench, place, [f"kill:rank=0,step={step + 2}"], *worse)
    assert found(place) == found(alone), (found(place), found(alone))


def cut_off(bench):
    """Rank 0, on a host of its own, is stopped: it keeps the lock of the run's directory. The others inherit it
    at once, a stranger waits; and rank 0 writes nothing when it comes back."""
    epochs = ("--set", "train.epochs=6")
    alone, place = bench.place("alone", DENSE), bench.place("run", DENSE)
    bench.train(alone, *epochs, ranks=1)
    hosts = {**RECOVERS, "GYRE_HOST_RANKS": "1"}
    process = bench.start(place, *SURVIVE, *epochs, "--set", "comm.silence_seconds=2", "--inject", "slow:rank=1,ms=400",
                          stderr=sys.stderr, env=hosts)
    b.wait_for_step(place, process, 2)
    first, heir = (b.rank_process(process, rank) for rank in (0, 1))
    os.kill(first, signal.SIGSTOP)
    begin = time.monotonic()
    b.wait_for_event(place, process, "mend")
    seconds = time.monotonic() - begin
    assert seconds < 2 + 10, seconds  # the silence, and less than who is no heir waits for the lock
    assert f"process {heir} on " in (place / "run/lock").read_text()
    stranger = bench.start(place, *epochs, "--no-quiet", stderr=subprocess.PIPE, ranks=1)  # which is there soonest
    said = next((line for line in stranger.stderr if b"waits: another job writes to" in line), b"")
    assert f"process {heir} on ".encode() in said, said
    assert process.poll() is None and stranger.poll() is None
    b.send(stranger, signal.SIGTERM)
    assert stranger.wait(200) == 75, stranger.stderr.read()
    assert b.wait_for_event(place, process, "end")
    before = (place / "run/metrics.jsonl").read_bytes()
    os.kill(first, signal.SIGCONT)
    process.wait(200)
    b.all_end(process)
    assert (place / "run/metrics.jsonl").read_bytes() == before
    check_whole(place)
    b.same_run(alone, place)
    print(f"rank 0's host fell silent: the others went on {seconds:.2f} s later, 2 s of it silence")


def again(bench):
    """A start of the job that lives on while the next one takes over, which waits for it as long as it lives on
    this host, for it may write its last checkpoint: after that it writes no line, whatever the heir has rewound."""
    epochs = ("--set", "train.epochs=24", "--set", "train.early_stopping.patience=1000")
    for steps in (0, 7):
        often = (*epochs, "--set", f"checkpoint.every_steps={steps}")
        alone, place = bench.place(f"alone-{steps}", DENSE), bench.place(f"every-{steps}", DENSE)
        bench.train(alone, *often)
        process = bench.start(place, *often, "--inject", "slow:rank=0,ms=250", stderr=subprocess.PIPE, env={"GYRE_JOB": "this:1"})
        b.wait_for_step(place, process, 5)
        begin = time.monotonic()
        bench.train(place, *often, env={"GYRE_JOB": "this:2"})
        assert process.wait(200) == 1 and time.monotonic() - begin > 10
        lines = [line for line in process.stderr.read().decode().splitlines() if line.startswith("gyre: error: ")]
        assert len(lines) == 1 and ": the place was taken over by process " in lines[0], lines
        check_whole(place)
        b.same_run(alone, place)
    done = bench.train(place, *often, env={"GYRE_JOB": "this"})
    assert "gyre: warning: GYRE_JOB is passed over: 'this' is not NAME:START" in done.stderr, done.stderr


def plain(bench):
    kinds = [("auto", "--set", "comm.wire=bfloat16", "--set", "comm.progress=thread")]
    kinds += [(kind,) for kind in ("ring", "direct", "tree")] if ALL else []
    for kind, *options in kinds:
        for name, config in (("conv", CONV), ("gpt", GPT)):
            place = bench.place(f"{kind}-{name}", config)
            faults(bench, place, ("kill:rank=0,step=3", "kill_record:rank=2,step=5,messages=1"), *options,
                   "--set", "comm.reproducible_grains=0", "--set", f"comm.allreduce={kind}")


def refused(bench):
    place = bench.place("run", DENSE)
    for other in ("comm.shard_optimizer=true", "comm.allreduce=hierarchical", "comm.allreduce=mpi",
                  "comm.compression=top_k"):
        grains = ("--set", "comm.reproducible_grains=0")
        done = bench.train(place, *SURVIVE, *grains, "--set", other, ranks=2, code=2)
        assert done.stderr.count("gyre: error: wrong value of comm.survive") == 1, done
    assert not (place / "run").exists()


b.main({"deaths": deaths, "record": record, "last": last, "best": best, "cut_off": cut_off, "again": again,
        "plain": plain, "refused": refused})
