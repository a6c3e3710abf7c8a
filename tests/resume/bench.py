"""What the tests of runs that are stopped, killed and harmed share: how gyre is run, and what a
run left behind."""
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import h5py
import numpy

CONFIG = """
name: run
run_dir: run
seed: 7
threads: 1
data: {train: "synthetic:blobs?n=330&features=6&classes=4", validation_fraction: 0.1}
model:
  input: [6]
  layers:
    - dense: {units: 24, activation: tanh}
    - dropout: {rate: 0.2}
    - dense: {units: 4}
optimizer: {kind: adamw, learning_rate: 0.01, weight_decay: 0.1}
schedule: {kind: cosine, warmup_steps: 5}
train: {epochs: 4, batch_size: 32, micro_batch_size: 7, clip_norm: 0.5, parameter_average: 0.9}
checkpoint: {every_steps: 3, keep: 100}
log: {every_steps: 1}
"""
STEPS = 4 * 10  # 297 samples in batches of 32


class Bench:
    """A directory with the configuration, and how gyre is run in it."""

    def __init__(self, gyre, mpirun, mpiexec, ranks):
        self.base = pathlib.Path(tempfile.mkdtemp(prefix="gyre-resume-"))
        self.command = [mpirun, mpiexec]
        self.gyre = gyre
        self.ranks = ranks
        self.started = []

    def place(self, name, config=CONFIG):
        place = self.base / name
        place.mkdir()
        (place / "run.yaml").write_text(config)
        return place

    def argv(self, ranks, *options):
        return [*self.command, str(ranks or self.ranks), self.gyre, "train", "run.yaml",
                "--quiet", *options]

    def try_train(self, place, *options, ranks=None, env=None):
        return subprocess.run(self.argv(ranks, *options), cwd=place, capture_output=True,
                              text=True, timeout=200, env={**os.environ, **(env or {})})

    def train(self, place, *options, code=0, ranks=None, env=None):
        done = self.try_train(place, *options, ranks=ranks, env=env)
        assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
        return done

    def start(self, place, *options, stderr=subprocess.DEVNULL, ranks=None, env=None):
        self.started.append(subprocess.Popen(self.argv(ranks, *options), cwd=place, stderr=stderr,
                                             start_new_session=True, env={**os.environ, **(env or {})}))
        return self.started[-1]

    def kill_started(self):
        for process in self.started:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                send(process, signal.SIGKILL)


def ranks_of(process):
    """The ranks of a run under way: processes of its session by name."""
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            text = path.read_text()
        except OSError:
            continue
        name, rest = text[text.index("(") + 1:].rsplit(") ", 1)
        state, session = rest.split()[0], int(rest.split()[3])
        if name == "gyre" and session == process.pid and state != "Z":
            found.append(int(path.parent.name))
    return found


def all_end(process):
    """A launcher that has ended may have killed ranks which are still about to die."""
    for _ in range(12000):
        if ranks_of(process) == []:
            return
        time.sleep(0.01)
    raise AssertionError(f"ranks stay: {ranks_of(process)}")


def rank_process(process, rank):
    """The process of a rank, by what its launcher told it."""
    want = f"OMPI_COMM_WORLD_RANK={rank}", f"PMI_RANK={rank}"
    for number in ranks_of(process):
        text = pathlib.Path(f"/proc/{number}/environ").read_text().split("\0")
        if any(entry in text for entry in want):
            return number
    raise AssertionError(f"no process of rank {rank}")


def catches(process, number, ranks):
    """Whether all ranks are there and have a handler of that signal."""
    found = ranks_of(process)
    try:
        masks = [re.search(r"SigCgt:\s*(\w+)", pathlib.Path(f"/proc/{rank}/status").read_text())
                 for rank in found]
    except OSError:
        return False
    return len(found) == ranks and all(int(m[1], 16) >> number - 1 & 1 for m in masks)


def send(process, number):
    for rank in ranks_of(process):
        try:
            os.kill(rank, number)
        except ProcessLookupError:
            pass


def pending(process, number):
    """Whether a signal was sent to a process that it has not had yet."""
    try:
        masks = re.findall(r"(?:SigPnd|ShdPnd):\s*(\w+)", pathlib.Path(f"/proc/{process}/status").read_text())
    except OSError:
        return False
    return any(int(mask, 16) >> number - 1 & 1 for mask in masks)


def send_twice(process, rank, number):
    """Two signals of a kind, the second once the first was had: together they would be one."""
    victim = rank_process(process, rank)
    for _ in range(2):
        os.kill(victim, number)
        while pending(victim, number):
            time.sleep(0.01)


def tensors(place, checkpoint="latest"):
    """Everything of a checkpoint that must not differ."""
    out = {}
    with h5py.File(place / "run/checkpoints" / checkpoint / "index.h5") as f:
        def visit(name, item):
            if isinstance(item, h5py.Dataset) and name.split("/")[0] in (
                    "params", "optimizer", "buffers"):
                out[name] = item[()]
        f.visititems(visit)
        out["step"] = numpy.int64(f.attrs["step"])
    return out


def state(place, checkpoint="latest"):
    """What a checkpoint says of where the run stands, but for what clocks and the machine say."""
    with h5py.File(place / "run/checkpoints" / checkpoint / "index.h5") as f:
        return {k: str(v) for k, v in f["state"].attrs.items()
                if not k.endswith("_seconds") and k not in ("machine", "end")}


def same_bits(a, b):
    assert a.keys() == b.keys(), a.keys() ^ b.keys()
    for name in a:
        assert a[name].tobytes() == b[name].tobytes(), name


def told(place):
    """All that the run wrote down, but for the clock's and the machine's part."""
    clock = ("time", "wall", "seconds", "samples_per_second", "phases", "slowest_rank", "slowest_host",
             "path", "best_path")
    return [{k: v for k, v in e.items() if k not in clock} for e in events(place)
            if e["event"] in ("step", "epoch", "evaluate", "early_stop", "end")]


def same_run(one, other):
    assert told(one) == told(other), [x for x in zip(told(one), told(other)) if x[0] != x[1]][:2]
    same_bits(tensors(one), tensors(other))


def close(a, b):
    assert a.keys() == b.keys()
    for name in a:
        numpy.testing.assert_allclose(a[name], b[name], rtol=2e-3, atol=2e-5, err_msg=name)


def events(place):
    lines = (place / "run/metrics.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def steps_are_whole(place, steps=STEPS):
    got = [e["step"] for e in events(place) if e["event"] == "step"]
    assert got == list(range(1, steps + 1)), got


def states(place):
    """Step events without what a clock says."""
    return [(e["step"], e["epoch"], e["loss"], e["learning_rate"], e["gradient_norm"])
            for e in events(place) if e["event"] == "step"]


def epochs(place):
    """What epochs say of the training data."""
    return [{k: v for k, v in e.items() if k == "step" or k.startswith("train_")}
            for e in events(place) if e["event"] == "epoch"]


def keep_until(place, step):
    """Leaves the run as if it had ended right after the checkpoint of a step."""
    run = place / "run/checkpoints"
    for path in run.iterdir():
        if path.is_symlink():
            path.unlink()
        elif path.name.startswith("step-") and int(path.name[5:]) > step:
            shutil.rmtree(path)


def wait_for(place, process, found):
    """Until found(text of the journal), which is returned, or the run's end: None."""
    journal = place / "run/metrics.jsonl"
    for _ in range(18000):
        got = found(journal.read_text()) if journal.exists() else None
        if got or process.poll() is not None:
            return got
        time.sleep(0.01)
    raise AssertionError("the run does not move")


def wait_for_step(place, process, step):
    wait_for(place, process, lambda text: f'"step": {step},' in text)


def wait_for_event(place, process, name):
    """The first event of that name."""
    def find(text):
        lines = (json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n"))
        return next((e for e in lines if e["event"] == name), None)
    return wait_for(place, process, find)


def main(cases):
    """CASE GYRE MPIRUN_SH MPIEXEC RANKS"""
    case, gyre, mpirun, mpiexec, ranks = sys.argv[1:]
    os.environ["OMPI_MCA_mpi_yield_when_idle"] = "1"
    bench = Bench(gyre, mpirun, mpiexec, int(ranks))
    try:
        cases[case](bench)
    finally:
        bench.kill_started()
    shutil.rmtree(bench.base)
