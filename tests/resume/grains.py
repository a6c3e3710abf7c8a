#!/usr/bin/env python3
"""With comm.reproducible_grains a run has the same bits on any number of ranks.

    grains.py CASE GYRE MPIRUN_SH MPIEXEC RANKS

RANKS is the number of ranks that a run on one is held against. Cases: dense, conv, lstm, gpt (the
families of models, with all that draws, sums and decides), bfloat16 (products), sums (every all-reduce, shares of
the optimizer), norms (of whole tensors), blocks (of outputs), chain (kills and other numbers of
ranks), skipped (steps), applied (eval, predict), moved, settings.
"""
import json
import shutil
import subprocess

import h5py

import bench as b
from families import CONV, DENSE, GPT, LSTM

WORDS = """
name: run
run_dir: run
data: {train: "synthetic:sequence?n=6&length=260&vocabulary=66000", validation_fraction: 0.5}
model:
  input: [260]
  layers:
    - embedding: {name: tokens, vocabulary: 66000, units: 4}
    - layer_norm
    - output_embedding: {share: tokens}
metrics: [accuracy, perplexity]
optimizer: {kind: adam, learning_rate: 0.01}
train: {epochs: 1, batch_size: 3}
comm: {reproducible_grains: 3}
log: {every_steps: 1}
"""


def family(config):
    def case(bench):
        alone, together = bench.place("alone", config), bench.place("together", config)
        fewer = ["--set", "train.epochs=3"] if bench.ranks > 5 else []  # many ranks, few cores
        bench.train(alone, *fewer, ranks=1)
        bench.train(together, *fewer)
        b.same_run(alone, together)
        kinds = [e["event"] for e in b.told(alone)]
        assert kinds.count("step") > 8 and kinds.count("evaluate") > 2, kinds
    return case


def bfloat16(bench):
    """Products in bfloat16: through a kill, with shares of the optimizer, on other numbers of ranks."""
    config = LSTM.replace("    - lstm", "    - conv1d: {filters: 9, kernel: 3}\n    - lstm")
    config = config.replace("train: {", "train: {precision: bfloat16, ")
    alone, killed = bench.place("alone", config), bench.place("killed", config)
    bench.train(alone, ranks=1)
    shards = "--set", "comm.shard_optimizer=true"
    done = bench.try_train(killed, *shards, "--inject", "kill:rank=1,step=6")
    assert done.returncode != 0, done
    bench.train(killed, *shards, ranks=2)
    b.same_run(alone, killed)


def sums(bench):
    """Every all-reduce, other buckets: the bits of one rank."""
    alone = bench.place("alone", CONV)
    bench.train(alone, ranks=1)
    for kind, mib in (("ring", 4), ("tree", 0.002), ("hierarchical", 0.03), ("mpi", 0.001)):
        place = bench.place(kind, CONV)
        bench.train(place, "--set", f"comm.allreduce={kind}", "--set", f"comm.bucket_mib={mib}")
        b.same_run(alone, place)
    for config in (DENSE, GPT):  # shares of the optimizer's state
        alone, place = bench.place("alone2", config), bench.place("shards", config)
        bench.train(alone, ranks=1)
        bench.train(place, "--set", "comm.shard_optimizer=true")
        b.same_run(alone, place)
        shutil.rmtree(alone)
        shutil.rmtree(place)


def norms(bench):
    """Optimizers that go by the norms of whole tensors, of which ranks may have parts."""
    for kind, config in (("lamb", GPT.replace("kind: adamw", "kind: lamb")),
                         ("adafactor", GPT.replace("kind: adamw", "kind: adafactor")),
                         ("lars", DENSE.replace("kind: adamw", "kind: lars, momentum: 0.9"))):
        alone = bench.place(kind, config)
        bench.train(alone, ranks=1)
        for ranks, shards in ((2, "true"), (bench.ranks, "true"), (bench.ranks, "false")):
            place = bench.place(f"{kind}-{ranks}-{shards}", config)
            bench.train(place, "--set", f"comm.shard_optimizer={shards}", ranks=ranks)
            b.same_run(alone, place)


def blocks(bench):
    """Outputs of so many words are never whole: a grain's are made and judged in two blocks."""
    places = bench.place("alone", WORDS), bench.place("together", WORDS)
    for place, ranks in zip(places, (1, bench.ranks)):
        bench.train(place, ranks=ranks)
    b.same_run(*places)


def chain(bench):
    """From kill to kill, each time on another number of ranks."""
    alone, place = bench.place("alone", DENSE), bench.place("chain", DENSE)
    bench.train(alone, ranks=1)
    last = b.events(alone)[-1]["step"]
    for step, ranks in ((9, 2), (14, 3), (18, 5), (23, 1)):
        assert step < last
        done = bench.try_train(place, "--inject", f"kill:rank={ranks - 1},step={step}", ranks=ranks)
        assert done.returncode != 0, done
    bench.train(place, ranks=8)
    b.same_run(alone, place)


def skipped(bench):
    """A step that is not finite leaves nothing behind, in the buffers neither."""
    places = bench.place("alone", CONV), bench.place("together", CONV)
    for place, ranks in zip(places, (1, bench.ranks)):
        bench.train(place, "--inject", "not_finite:step=4", ranks=ranks)
        assert [e["event"] for e in b.events(place)].count("not_finite") == 1
    b.same_run(*places)
    whole = bench.place("whole", CONV)
    bench.train(whole, "--set", "train.steps=3")
    bench.train(places[0], "--resume", "none", "--set", "train.steps=4", "--inject",
                "not_finite:step=4", ranks=1)
    got, want = b.tensors(places[0]), b.tensors(whole)
    assert all(got[k].tobytes() == want[k].tobytes() for k in want if k != "step")


def applied(bench):
    """What is done with the checkpoint has the same bits too."""
    place = bench.place("run", CONV)
    bench.train(place)
    told = []
    for ranks in (1, bench.ranks):
        out = f"out-{ranks}.h5"
        command = [*bench.command, str(ranks), bench.gyre]
        data = ("--data", "synthetic:images?n=37&shape=9x9x2&classes=3&seed=3")
        done = subprocess.run([*command, "eval", "run", "--json", *data], cwd=place, check=True,
                              capture_output=True, text=True, timeout=200)
        event = json.loads(done.stdout)
        subprocess.run([*command, "predict", "run", *data, "-o", out], cwd=place, check=True,
                       capture_output=True, timeout=200)
        with h5py.File(place / out) as f:
            told.append((event["loss"], event["accuracy"], f["outputs"][()].tobytes()))
    assert told[0] == told[1]


def moved(bench):
    """Another number of threads, as another processor: said, not hidden."""
    place = bench.place("run", DENSE)
    bench.try_train(place, "--inject", "kill:rank=0,step=9")
    done = bench.train(place, "--no-quiet", "--set", "threads=2")
    assert done.stderr.count("the checkpoint was written on another machine") == 1, done.stderr
    assert ", 1 thread, simd" in done.stderr and ", 2 threads, simd" in done.stderr, done.stderr


def settings(bench):
    place = bench.place("run", DENSE)
    done = bench.train(place, "--set", "comm.reproducible_grains=2", ranks=3, code=2)
    assert done.stderr.count("gyre: error: fewer grains than ranks") == 1, done
    done = bench.train(place, "--set", "comm.wire=bfloat16", code=2)
    assert done.stderr.count("gyre: error: wrong value of comm.wire") == 1, done
    assert not (place / "run").exists()


b.main({"dense": family(DENSE), "conv": family(CONV), "lstm": family(LSTM), "gpt": family(GPT),
        "bfloat16": bfloat16, "sums": sums, "norms": norms, "blocks": blocks, "chain": chain, "skipped": skipped, "applied": applied,
        "moved": moved, "settings": settings})
