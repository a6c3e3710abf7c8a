#!/usr/bin/env python3
"""Every setting changed on a run that goes on: what it makes void starts anew and is said, everything
else goes on, or the run is refused and nothing is written.

    keys.py keys GYRE MPIRUN_SH MPIEXEC RANKS

The settings are those that `gyre help config` knows: a new one without an outcome here fails.
"""
import concurrent.futures
import os
import re
import shutil
import subprocess

from bench import epochs, events, keep_until, main, same_bits, tensors

CONFIG = """
name: run
run_dir: run
threads: 1
data:
  train: "synthetic:blobs?n=200&features=6&classes=6"
  validation: "synthetic:blobs?n=60&features=6&classes=6&seed=2"
model:
  input: [6]
  layers:
    - dense: {units: 16, activation: tanh}
    - dense: {units: 6}
metrics: [accuracy, top5]
optimizer: {learning_rate: 0.01}
train: {epochs: 3, batch_size: 32, parameter_average: 0.9}
checkpoint: {every_steps: 1, keep: 100}
log: {every_steps: 1}
"""
STOP, END = 10, 21  # 7 steps an epoch: in the midst of the second

# What a run is that goes on, where the settings are not those of CONFIG.
VALUES = ['data.train=synthetic:regression?n=200&features=6',
          'data.validation=synthetic:regression?n=60&features=6&seed=2', "metrics=[mae]",
          "model.layers.1.dense.units=1"]
BASES = {
    "plain": [],
    "sgd": ["optimizer.kind=sgd", "optimizer.momentum=0.9"],
    "no_momentum": ["optimizer.kind=sgd"],
    "rmsprop": ["optimizer.kind=rmsprop"],
    "lars": ["optimizer.kind=lars"],
    "adafactor": ["optimizer.kind=adafactor"],
    "tasks": ["data.train=synthetic:sinusoid?n=420&points=20", "model.input=[1]", "model.layers.1.dense.units=1",
              "data.validation=synthetic:sinusoid?n=60&points=20&seed=2", "metrics=[mae]", "loss=mse",
              "meta.tasks=3", "meta.shots=4", "meta.inner_steps=2", "meta.queries=6"],
    "no_average": ["train.parameter_average=0"],
    "huber": [*VALUES, "loss=huber"],
    **{method: [f"search.method={method}"] for method in
       ("grid", "halving", "evolve", "population")},
    "fold": ["data.validation=", "data.fold=2/5"],
    "quantile": [*VALUES, "loss=quantile", "model.layers.1.dense.units=3"],
    "step": ["schedule.kind=step", "schedule.step_epochs=[1]"],
    "cosine": ["schedule.kind=cosine"],
    "one_cycle": ["schedule.kind=one_cycle"],
    "plateau": ["schedule.kind=plateau", "schedule.patience=1"],
    "top_k": ["comm.compression=top_k"],
    "power_sgd": ["comm.compression=power_sgd"],
    "distilled": ["distill.teacher=../plain/run"],
    "adapted": ["adapt.rank=2", "adapt.base=../plain/run"],
    "dense": ["sparse.end_step=14"],
    "sparse": ["sparse.target=0.5", "sparse.end_step=14", "sparse.every_steps=4"],
}


class Outcome:
    """What comes of a change: text that is said; whether the bits stay, of all or all but a slot."""

    def __init__(self, value, says="", base="plain", bits=False, named=True, refused=False):
        self.value, self.says, self.base = value, says, base
        self.bits, self.named, self.refused = bits, named, refused


def same(value, base="plain"):
    """The run ends with the bits of one that was never stopped."""
    return Outcome(value, base=base, bits=True)


def refused(value, says):
    return Outcome(value, says, refused=True)


AVERAGE = "optimizer/average/"
RATE = r"the learning rate goes on at \S+, it was to be \S+"
BEST = "the best is sought anew"
OTHER = "the samples are others, and the best is sought anew"
NUMBERS = "other numbers than it was trained with, and the best is sought anew"
DRAWN = "the rest of the epoch is drawn anew"
LOSS = "the sums of this epoch start anew, and the best where it is of the loss"
ANEW = "the sums of this epoch start anew"
DIGITS = "from here on the last digits may be others"
STATE = "optimizer.kind changed from adamw to {}: its state starts anew"

OUTCOMES = {
    "name": [Outcome("other", bits=True, named=False)],
    "run_dir": [],  # another run: elsewhere()
    "seed": [Outcome("8", DRAWN)],
    "threads": [Outcome("2", DIGITS)],
    "data.train": [Outcome('synthetic:blobs?n=220&features=6&classes=6', OTHER)],
    "data.validation": [Outcome('synthetic:blobs?n=70&features=6&classes=6&seed=3', BEST)],
    "data.test": [same('synthetic:blobs?n=70&features=6&classes=6&seed=3')],
    "data.validation_fraction": [refused("0.1", "validation")],
    "data.fold": [refused("2/5", "data.validation is given too"),
                  Outcome("3/5", OTHER, base="fold")],
    "data.fold_stratified": [Outcome("true", OTHER, base="fold")],
    "search.method": [same("grid")],
    **{f"search.{key}": [same("3")] for key in
       ("trials", "ranks_per_trial", "ahead", "max_parameters", "max_flops", "max_memory_mib")},
    "search.space": [same("[{key: seed, integer: [1, 9]}]")],
    "search.points": [same("7", base="grid")],
    **{f"search.{key}": [same("4", base="halving")] for key in ("least", "reduction")},
    "search.population": [same("9", base="evolve")],
    "search.sample": [same("2", base="evolve")],
    "search.step": [same("0.2", base="evolve")],
    "search.rounds": [same("3", base="population")],
    "search.worse": [same("0.25", base="population")],
    "search.factor": [same("2.0", base="population")],
    "data.shuffle": [Outcome("false", DRAWN)],
    "data.drop_last": [Outcome("true")],
    "data.scale": [Outcome("0.5", NUMBERS)],
    "data.offset": [Outcome("0.5", NUMBERS)],
    "data.normalize": [Outcome("per_feature", NUMBERS)],
    "data.normalize_targets": [Outcome("global", NUMBERS, base="huber")],
    "data.augment.flip": [refused("true", "images")],
    "data.augment.crop_padding": [refused("1", "images")],
    "data.augment.noise": [Outcome("0.1")],
    "data.sequence": [Outcome("128")],
    "data.tokens": [Outcome("chars")],
    "data.tokenizer": [Outcome("folder")],
    "model.input": [refused("[5]", "model.input")],
    "model.layers": [refused("[dense: {units: 6}]", "model.layers")],
    "loss": [Outcome("mse", LOSS, base="huber")],
    "label_smoothing": [Outcome("0.1", LOSS)],
    "huber_delta": [Outcome("0.5", LOSS, base="huber")],
    "quantiles": [Outcome("[0.2, 0.5, 0.8]", LOSS, base="quantile")],
    "train.rollout": [refused("2", "train.rollout")],
    "class_weights": [Outcome("balanced", LOSS), Outcome("[1, 2, 1, 1, 1, 1]", LOSS)],
    "ignore_label": [Outcome("5", LOSS)],
    "metrics": [Outcome("[accuracy, top5, f1]", "the sums of this epoch are without f1"), same("[]")],
    "optimizer.kind": [Outcome("sgd", STATE.format("sgd")), Outcome("adam", STATE.format("adam"))],
    "optimizer.momentum": [Outcome("0.5", base="sgd"),
                           Outcome("0", "momentum of the checkpoint is dropped", base="sgd"),
                           Outcome("0.9", "momentum is not in the checkpoint: it starts anew",
                                   base="no_momentum")],
    "optimizer.nesterov": [Outcome("true", base="sgd")],
    "optimizer.decay": [Outcome("0.9", base="rmsprop")],
    "optimizer.epsilon": [Outcome("1e-4")],
    "optimizer.beta1": [Outcome("0.8")],
    "optimizer.beta2": [Outcome("0.99")],
    "optimizer.trust": [Outcome("0.01", base="lars")],
    "optimizer.beta2_decay": [Outcome("-0.5", base="adafactor")],
    "optimizer.least_scale": [Outcome("0.01", base="adafactor")],
    "optimizer.clip_threshold": [Outcome("0.5", base="adafactor")],
    "optimizer.learning_rate": [Outcome("0.02", RATE)],
    "optimizer.weight_decay": [Outcome("0.1")],
    "optimizer.decay_all": [same("true")],
    "optimizer.l1": [Outcome("0.1")],
    "optimizer.l2": [Outcome("0.1")],
    "schedule.kind": [Outcome("cosine", RATE)],
    "schedule.step_epochs": [Outcome("[2]", RATE, base="step")],
    "schedule.factor": [Outcome("0.2", RATE, base="step")],
    "schedule.peak_fraction": [Outcome("0.6", RATE, base="one_cycle")],
    "schedule.patience": [Outcome("5", base="plateau")],
    "schedule.warmup_steps": [Outcome("20", RATE)],
    "schedule.min_learning_rate": [Outcome("0.001", RATE, base="cosine")],
    "train.epochs": [Outcome("4", RATE, base="cosine"), Outcome("4")],
    "train.steps": [Outcome("30", RATE, base="cosine")],
    "train.batch_size": [Outcome("40", "goes on from sample 96 of the epoch")],
    "train.micro_batch_size": [Outcome("5")],
    "train.clip_norm": [Outcome("0.01")],
    "train.early_stopping.monitor": [Outcome("validation_accuracy", BEST)],
    "train.early_stopping.patience": [Outcome("50")],  # ends with the best parameters
    "train.early_stopping.min_delta": [same("0.001")],
    "train.early_stopping.restore_best": [same("false")],
    "train.evaluate_every_epochs": [same("2")],
    "train.evaluate_every_steps": [same("3")],
    "train.parameter_average": [Outcome("0.5", bits=AVERAGE),
                                Outcome("0", "average of the checkpoint is dropped", bits=AVERAGE),
                                Outcome("0.9", "average is not in the checkpoint: it starts anew",
                                        base="no_average", bits=AVERAGE)],
    "train.time_limit_minutes": [same("60")],
    "train.not_finite.skip": [same("5")],
    "train.quantize": [Outcome("int8", NUMBERS)],
    "train.precision": [Outcome("bfloat16", DIGITS)],
    "train.recompute": [same("blocks")],
    "train.winograd": [Outcome("bfloat16", DIGITS)],
    "comm.allreduce": [Outcome("ring", DIGITS)],
    "comm.bucket_mib": [Outcome("1", DIGITS)],
    "comm.overlap": [same("false")],
    "comm.progress": [same("thread")],
    "comm.watchdog_seconds": [same("500")],
    "comm.survive": [same("true")],
    "comm.silence_seconds": [same("4")],
    "comm.wire": [Outcome("bfloat16", DIGITS)],
    "comm.compression": [Outcome("top_k", "what the compression remembers starts anew")],
    "comm.top_k_fraction": [Outcome("0.1", base="top_k")],
    "comm.power_sgd_rank": [Outcome("2", "what the compression remembers starts anew",
                                    base="power_sgd")],
    "comm.shard_optimizer": [same("true")],
    "comm.verify_every_steps": [same("2")],
    "comm.reproducible_grains": [Outcome("4", "from here on the bits are those of other grains")],
    "checkpoint.every_epochs": [same("2")],
    "checkpoint.every_steps": [same("2")],
    "checkpoint.every_minutes": [same("1")],
    "checkpoint.keep": [same("50")],
    "checkpoint.asynchronous": [same("false")],
    "checkpoint.shards": [same("2")],
    "checkpoint.writer": [same("all")],
    "log.every_steps": [same("2")],
    "meta.tasks": [Outcome("4", f"{DRAWN}, and {BEST}", base="tasks"), refused("2", "belong to no groups")],
    "meta.shots": [Outcome("5", f"{DRAWN}, and {BEST}", base="tasks")],
    "meta.inner_steps": [Outcome("3", f"{DRAWN}, and {BEST}", base="tasks")],
    "meta.inner_learning_rate": [Outcome("0.02", BEST, base="tasks")],
    "meta.outer_learning_rate": [Outcome("0.5", RATE, base="tasks")],
    "meta.adapt_steps": [Outcome("3", BEST, base="tasks")],
    "meta.queries": [Outcome("8", BEST, base="tasks")],
    "distill.teacher": [Outcome("../plain/run", ANEW)],
    "distill.temperature": [Outcome("3", ANEW, base="distilled")],
    "distill.weight": [Outcome("0.9", ANEW, base="distilled")],
    "sparse.target": [Outcome("0.7", base="sparse"),
                      Outcome("0.5", "mask is not in the checkpoint: it starts anew", base="dense"),
                      Outcome("0", "mask of the checkpoint is dropped", base="sparse")],
    "sparse.start_step": [Outcome("11", base="sparse")],
    "sparse.end_step": [Outcome("16", base="sparse"),
                        Outcome("30", "the target is not reached", base="sparse", refused=True)],
    "sparse.every_steps": [Outcome("1", base="sparse")],
    "sparse.regrow": [Outcome("0.6", base="sparse")],
    "sparse.start": [Outcome("random", base="sparse")],
    "adapt.rank": [Outcome("3", "adapt.rank differs", base="adapted", refused=True),
                   refused("2", "adapters without a base|adapt.rank differs")],
    "adapt.alpha": [Outcome("3", "adapt.alpha differs", base="adapted", refused=True)],
    "adapt.layers": [Outcome("[dense_0]", "adapt.layers differs", base="adapted", refused=True)],
    "adapt.base": [same("../plain/run/checkpoints/latest", base="adapted")],
    **{f"log.{name}": [same("true")] for name in ("tensorboard", "mlflow", "prometheus", "mllog")},
}


def known_keys(text):
    """The keys that `gyre help config` describes: `key=default …`, `section: …`, `list kind: …`."""
    keys, sections = set(), []
    for line in text.splitlines():
        indent, words = len(line) - len(line.lstrip()), line.split()
        if words[:1] == ["layer"]:
            break  # all of them are the model's
        sections = [s for s in sections if s[0] < indent]
        name = re.match(r"([a-z0-9_]+)(:|=|\s)", line.lstrip())
        if re.match(r"\s*[a-z-]+ [a-z0-9_]+: ", line):
            continue  # a kind, whose settings stand beside the one that chooses it
        if name[2] == ":":
            sections.append((indent, name[1]))
        else:
            keys.add(".".join([*(s[1] for s in sections), name[1]]))
    return keys


def call(bench, place, *options):
    return subprocess.run([bench.gyre, "train", "run.yaml", *options], cwd=place, timeout=200,
                          capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"})


def options_of(sets):
    return [word for item in sets for word in ("--set", item)]


def files(place):
    return sorted((str(p), p.lstat().st_mtime_ns) for p in (place / "run").rglob("*")
                  if p.is_file() and p.name != "lock")


def make_base(bench, name):
    """A whole run, and its copy as it was at step STOP."""
    whole = bench.place(name, CONFIG)
    done = call(bench, whole, "--quiet", *options_of(BASES[name]))
    assert done.returncode == 0, (name, done.stderr)
    stopped = bench.base / f"{name}-stopped"
    shutil.copytree(whole, stopped, symlinks=True)
    keep_until(stopped, STOP)
    return stopped, {"tensors": tensors(whole), "losses": [e["train_loss"] for e in epochs(whole)]}


def stray(line, key):
    """Whether a line tells of what the change has nothing to do with."""
    of_kind = " from none to " in line or line.split(":")[2].endswith(" to none")
    return "changed from" in line and f"resume: {key}" not in line and not of_kind


def check_bits(want, key, whole, place):
    """Of vectors, and of what the epoch in whose midst the run stopped says at its end."""
    def chosen(vectors):
        return {k: v for k, v in vectors.items() if want.bits is True or not k.startswith(want.bits)}
    try:
        same_bits(chosen(whole["tensors"]), chosen(tensors(place)))
    except AssertionError as error:
        raise AssertionError(f"{key}: {error} has other bits") from error
    losses = [e["train_loss"] for e in epochs(place)]
    assert losses == whole["losses"], (key, losses, whole["losses"])


def try_key(bench, number, key, want, stopped, whole):
    place = bench.base / f"try-{number}"
    shutil.copytree(stopped, place, symlinks=True)
    before = files(place)
    value = want.value
    done = call(bench, place, *options_of([*BASES[want.base], f"{key}={value}"]))
    said = (key, value, done.returncode, done.stderr)
    lines = [line for line in done.stderr.splitlines() if line.startswith("gyre: resume: ")]
    assert re.search(want.says, done.stderr), said
    if want.refused:
        assert done.returncode == 2 and done.stderr.count("gyre: error: ") == 1, said
        assert files(place) == before, said
    else:
        assert done.returncode == 0, said
        named = any(line.startswith(f"gyre: resume: {key} changed from ") or
                    line.startswith(f"gyre: resume: {key}.") for line in lines)
        assert named == want.named, said
        assert events(place)[-1]["event"] == "end", said
        assert want.says or all("changed from" in line for line in lines), said
        assert not any(stray(line, key) for line in lines), said
        if want.bits:
            check_bits(want, key, whole, place)
    shutil.rmtree(place)


def elsewhere(bench, stopped):
    """Another directory is another run."""
    place = bench.base / "elsewhere"
    shutil.copytree(stopped, place, symlinks=True)
    done = call(bench, place, "--set", "run_dir=other")
    assert done.returncode == 0 and "resume" not in done.stderr, done.stderr
    assert (place / "other/checkpoints/latest").exists()


def keys(bench):
    known = known_keys(subprocess.run([bench.gyre, "help", "config"], capture_output=True,
                                      text=True, check=True,
                                      env={**os.environ, "COLUMNS": "1000"}).stdout)
    assert known == set(OUTCOMES), known ^ set(OUTCOMES)
    bases = {"plain": make_base(bench, "plain")}  # a teacher of others
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        rest = [name for name in BASES if name not in bases]
        bases |= zip(rest, pool.map(lambda name: make_base(bench, name), rest))
        tries = [pool.submit(try_key, bench, number, key, want, *bases[want.base])
                 for number, (key, want) in enumerate(
                     (key, want) for key, wants in OUTCOMES.items() for want in wants)]
        tries.append(pool.submit(elsewhere, bench, bases["plain"][0]))
        failed = [t.exception() for t in tries if t.exception() is not None]
    assert not failed, "\n".join(map(str, failed))


if __name__ == "__main__":
    main({"keys": keys})
