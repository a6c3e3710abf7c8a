#!/usr/bin/env python3
"""Ranks that are told, or find, different things; ranks that stop before the first step, or die; limits.

    ranks.py CASE GYRE MPIEXEC
"""
import os
import pathlib
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import h5py
import numpy

CONFIG = """
data: {train: %s}
model: {input: [%d], layers: [dense: {units: 7, activation: tanh}, dense: {units: 3}]}
optimizer: {kind: sgd, learning_rate: 0.1}
train: {epochs: 2, batch_size: 16}
comm: {watchdog_seconds: 30}
threads: 1
"""
TIMEOUT = 200  # s: nothing may hang


def environment(**more):
    clean = {k: v for k, v in os.environ.items() if not k.startswith("GYRE_")}
    return {**clean, "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
            "OMPI_MCA_rmaps_base_oversubscribe": "1", "OMPI_MCA_mpi_yield_when_idle": "1",
            "OMPI_MCA_hwloc_base_binding_policy": "none", "OMPI_MCA_pml": "ob1",
            "OMPI_MCA_orte_execute_quiet": "1", "OMP_NUM_THREADS": "1", **more}


def run(command, code, **options):
    """What it printed on standard error; the code must be as wanted, and errors one line."""
    done = subprocess.run(command, env=environment(), capture_output=True, text=True,
                          timeout=TIMEOUT, **options)
    assert done.returncode == code, f"code {done.returncode}, not {code}: {done.stderr}"
    lines = [line for line in done.stderr.splitlines() if line.startswith("gyre: error: ")]
    assert len(lines) == (code not in (0, 75)), done.stderr
    return done.stderr


def pair(first, second):
    """A job of two ranks, each with words of its own for mpiexec and gyre."""
    return [MPIEXEC, "-n", "1", *first, ":", "-n", "1", *second]


def words():
    """The learning rate of rank 0's environment and its seed count; rank 1 has another file, which is said."""
    pathlib.Path("a.yaml").write_text(CONFIG % ("'synthetic:blobs?n=64'", 2))
    told = run(pair(["-x", "GYRE_SET_OPTIMIZER__LEARNING_RATE=0.5", GYRE, "train", "a.yaml", "--run-dir", "two"],
                    [GYRE, "train", "none.yaml", "--set", "seed=9"]), 0)
    warnings = [line for line in told.splitlines() if line.startswith("gyre: warning: ")]
    assert len(warnings) == 1 and "rank 1 on" in warnings[0] and "none.yaml --set seed=9'" in warnings[0], told
    told = run([MPIEXEC, "-n", "2", GYRE, "train", "a.yaml", "--run-dir", "alike", "--set",
                "optimizer.learning_rate=0.5"], 0)
    assert "warning" not in told, told
    texts = [pathlib.Path(d, "config.yaml").read_text() for d in ("two", "alike")]
    assert texts[0] == texts[1].replace("alike", "two"), texts
    with h5py.File("two/checkpoints/latest/index.h5") as a, \
         h5py.File("alike/checkpoints/latest/index.h5") as b:
        for name in ("params/dense_0/weight", "params/dense_1/bias"):
            assert numpy.array_equal(a[name][:], b[name][:]), name
    told = run(pair([GYRE, "eval", "two", "--data", "synthetic:blobs?n=20"], [GYRE, "eval", "two"]), 0)
    assert "rank 1 on" in told and "lacks '--data synthetic" in told, told


def machines():
    """All take the lowest instruction set, told; another version is refused; hosts are rank 0's."""
    pathlib.Path("a.yaml").write_text(CONFIG % ("'synthetic:blobs?n=64'", 2))
    train = [GYRE, "train", "a.yaml", "--run-dir"]
    best = subprocess.run([GYRE, "version"], capture_output=True, text=True).stdout.split()[-1]
    told = run(pair([*train, "low"], ["-x", "GYRE_SIMD=baseline", *train, "low"]), 0)
    assert best == "baseline" or "all ranks take the instruction set baseline: rank 1 on" in told
    run(pair([*train, "hosts"], ["-x", "GYRE_HOST_RANKS=1", *train, "hosts"]), 0)
    version = subprocess.run([GYRE, "version"], capture_output=True, text=True).stdout.split()[1]
    other = pathlib.Path("other")
    was = f"\0{version}\0".encode()
    whole = pathlib.Path(GYRE).read_bytes()
    if was not in whole:
        print("skipped: the version is in a library of its own")
        return
    other.write_bytes(whole.replace(was, b"\0" + b"9" * len(version) + b"\0"))
    other.chmod(0o755)
    told = run(pair([*train, "v"], [other.resolve(), "train", "a.yaml", "--run-dir", "v"]), 2)
    assert "rank 1 on" in told and "9" * len(version) in told, told
    assert not pathlib.Path("v").exists()


def data():
    """Copies of the data that differ: shorter, in another order, of another shape."""
    draw = numpy.random.default_rng(0)
    x, y = draw.normal(size=(64, 4)).astype("f4"), draw.integers(0, 3, 64)
    order = draw.permutation(64)
    for name, (xs, ys) in {"a": (x, y), "short": (x[:60], y[:60]), "order": (x[order], y[order])}.items():
        os.mkdir(name)
        pathlib.Path(name, "a.yaml").write_text(CONFIG % ("d.h5", 4))
        with h5py.File(f"{name}/d.h5", "w") as file:
            file["x"], file["y"] = xs, ys
    for name, word in (("short", "60 samples"), ("order", "checksum")):
        told = run(pair(["-wdir", os.path.abspath("a"), GYRE, "train", "a.yaml"],
                        ["-wdir", os.path.abspath(name), GYRE, "train", "a.yaml"]), 2)
        assert "rank 1 on" in told and word in told, told
        assert not any(pathlib.Path(d, "runs").exists() for d in ("a", name))


def is_watched(pid):
    """Whether a rank has the socket of the watch: MPI has started, and deaths are told from then on."""
    try:
        open_files = {os.readlink(path) for path in pathlib.Path(f"/proc/{pid}/fd").iterdir()}
        sockets = pathlib.Path(f"/proc/{pid}/net/udp").read_text().splitlines()[1:]
    except OSError:
        return False
    return any(f"socket:[{line.split()[9]}]" in open_files for line in sockets)


def worked(pid):
    """Seconds that a process has had of a processor."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def working(job, rank, seconds):
    """The process of a rank, once it is watched and has worked for so long; the job's command writes it down."""
    path = pathlib.Path(f"pid.{rank}")
    while job.poll() is None and not (path.exists() and path.read_text().strip()):
        time.sleep(0.02)
    pid = int(path.read_text())
    while job.poll() is None and not (is_watched(pid) and worked(pid) >= seconds):
        time.sleep(0.02)
    return pid


def stopped():
    """A rank that stops while it learns from the data is named by the watchdog, long before a step."""
    pathlib.Path("a.yaml").write_text(CONFIG % ("'synthetic:images?n=4000000&shape=16x16x1'", 256))
    sets = ["--set", "data.normalize=per_feature", "--set", "comm.watchdog_seconds=3",
            "--set", "model.input=[16,16,1]",
            "--set", "model.layers=[flatten: {}, dense: {units: 10}]"]
    script = 'echo $$ >pid.$OMPI_COMM_WORLD_RANK; exec "$@"'
    job = subprocess.Popen([MPIEXEC, "-n", "2", "bash", "-c", script, "-", GYRE, "train", "a.yaml", *sets],
                           env=environment(), stderr=subprocess.PIPE, text=True)
    pid = working(job, 1, 0.6)
    os.kill(pid, signal.SIGSTOP)
    try:
        line = next(line for line in job.stderr if line.startswith("gyre: error: "))
        assert "stands still" in line and "rank 1 on" in line and "no answer" in line, line
        assert " of step" not in line, line
    finally:
        os.kill(pid, signal.SIGKILL)
        job.stderr.read()
        assert job.wait(TIMEOUT) != 0


def gone():
    """A rank that is killed, whatever the command does, is named at once, by one line; nothing is left."""
    pathlib.Path("a.yaml").write_text(CONFIG % ("'synthetic:blobs?n=4000'", 2))
    run([GYRE, "train", "a.yaml", "--run-dir", "run", "--quiet", "--set", "train.epochs=1"], 0)
    many, long = "synthetic:blobs?n=40000000", ["--set", "train.epochs=100000"]
    commands = {
        "data": ["train", "a.yaml", "--set", f"data.train={many}", "--set", "data.normalize=per_feature"],
        "steps": ["train", "a.yaml", "--run-dir", "steps", *long],
        "eval": ["eval", "run", "--data", many],
        "predict": ["predict", "run", "--data", many, "-o", "out.csv"],
        "study": ["crossval", "a.yaml", "--run-dir", "study", "--quiet", *long],
        "bench": ["bench", "all_reduce"]}
    script = 'echo $$ >pid.$OMPI_COMM_WORLD_RANK; exec "$@"'
    times = {}
    for number, (name, command) in enumerate(commands.items()):
        victim = number % 3
        pathlib.Path(f"pid.{victim}").unlink(missing_ok=True)
        hosts = {"GYRE_HOST_RANKS": "1"} if number % 2 else {}  # closed ports tell it, not processes
        job = subprocess.Popen([MPIEXEC, "-n", "3", "bash", "-c", script, "-", GYRE, *command],
                               env=environment(**hosts), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                               text=True)
        os.kill(working(job, victim, 0.4), signal.SIGKILL)
        begin, lines = time.monotonic(), []
        for line in job.stderr:
            if line.startswith("gyre: error: "):
                times[name] = time.monotonic() - begin
                lines.append(line)
        assert job.wait(TIMEOUT) in (1, 137), (name, job.returncode)
        assert len(lines) == 1 and f"error: a rank is gone (rank {victim} on " in lines[0] and \
            "its process has ended" in lines[0], (name, lines)
    print("named after", ", ".join(f"{name} {1e3 * s:.0f} ms" for name, s in times.items()))


def limits():
    """What a system's limits do: one line and code 1, or a checkpoint and 75; never a silent death."""
    pathlib.Path("a.yaml").write_text(CONFIG % ("'synthetic:blobs?n=64'", 2))
    train = [GYRE, "train", "a.yaml", "--quiet", "--set"]
    told = run([*train, "model.layers.0.dense.units=3000"], 1,
               preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096)))
    assert "too large" in told, told
    told = run([*train, "threads=2"], 1,
               preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (450 << 20, 450 << 20)))
    assert "ulimit -v" in told, told
    for number in (signal.SIGHUP, signal.SIGXCPU, signal.SIGPIPE):
        shutil.rmtree("runs", ignore_errors=True)
        job = subprocess.Popen([*train, "train.epochs=1000000", "--set", "checkpoint.every_epochs=0"],
                               env=environment(), preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL))
        while job.poll() is None and not pathlib.Path("runs/a/metrics.jsonl").exists():
            time.sleep(0.1)
        time.sleep(0.5)
        job.send_signal(number)
        if number == signal.SIGPIPE:
            time.sleep(0.5)
            job.send_signal(signal.SIGUSR2)
        assert job.wait(TIMEOUT) == 75, number
    with subprocess.Popen([GYRE, "help", "layers"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True) as job:
        job.stdout.close()
        told = job.stderr.read()
    assert job.returncode == 1 and told.startswith("gyre: error: cannot write (standard output)"), told


def main():
    global GYRE, MPIEXEC
    case, GYRE, MPIEXEC = sys.argv[1:4]
    with tempfile.TemporaryDirectory(prefix="gyre-ranks-") as place:
        os.chdir(place)
        globals()[case]()
        os.chdir("/")


if __name__ == "__main__":
    main()
