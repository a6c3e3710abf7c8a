#!/usr/bin/env python3
"""The timeline of a run: every rank, what lies in what, and the phases that metrics.jsonl has.

    trace.py GYRE MPIRUN MPIEXEC
"""
import collections
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

RANKS = 3
CONFIG = """\
name: traced
threads: 1
data: {train: "synthetic:blobs?n=600&features=8", validation: "synthetic:blobs?n=60&features=8&first=600"}
model: {input: [8], layers: [dense: {units: 64, name: wide}, dense: {units: 64, name: deep}, dense: {units: 3}]}
train: {epochs: 2, batch_size: 30, micro_batch_size: 5}
comm: {bucket_mib: 0.01, allreduce: ring}
log: {every_steps: 1}
"""
PHASES = "input", "forward", "backward", "communication", "update"


def check_nesting(spans):
    """Spans of a track lie in each other or apart; into each goes the one that it lies in."""
    inside = []
    for span in sorted(spans, key=lambda s: (s["ts"], -s["dur"])):
        while inside and inside[-1]["ts"] + inside[-1]["dur"] <= span["ts"] + 1e-3:
            inside.pop()
        if inside:
            assert span["ts"] + span["dur"] <= inside[-1]["ts"] + inside[-1]["dur"] + 2e-3, (inside[-1], span)
        span["in"] = inside[-1] if inside else None
        inside.append(span)


def step_of(span):
    while span is not None and not span["name"].startswith("step "):
        span = span["in"]
    return int(span["name"].split()[1]) if span else None


def check_rank(rank, spans, names):
    tracks = collections.defaultdict(list)
    for span in spans:
        tracks[names[rank, span["tid"]]].append(span)
    for name, of_track in tracks.items():
        check_nesting(of_track)
        assert name == "work" or all(s["in"] is None for s in of_track), name
    work = tracks["work"]
    steps = [s for s in work if s["name"].startswith("step ")]
    assert [s["name"] for s in steps] == [f"step {i}" for i in range(1, 41)]
    for layer, times in (("wide", 2), ("deep", 2)):
        inside = [s["in"]["name"] for s in work if s["name"] == layer and step_of(s)]
        # pieces of two samples' parts: as many forward as backward
        assert inside.count("forward") == inside.count("backward") == 40 * times, inside
    parts = [sum(s["dur"] for s in work if s["in"] is step) / step["dur"] for step in steps]
    assert 0.9 < statistics.median(parts) <= 1.001, parts
    buckets = [s["name"] for name in tracks if name.startswith("buckets") for s in tracks[name]]
    assert len(buckets) == 40 * len(set(buckets)) and len(set(buckets)) == 2, set(buckets)
    assert tracks["batches made ahead"] and [s["name"] for s in tracks["checkpoints"]] == [
        "checkpoint 20", "checkpoint 40"]
    phases = collections.Counter()
    for span in work:
        if span["name"] in PHASES:
            phases[step_of(span), span["name"]] += span["dur"] / 1000
    return phases


def main():
    gyre, mpirun, mpiexec = sys.argv[1:]
    with tempfile.TemporaryDirectory(prefix="gyre-trace-") as base:
        place = pathlib.Path(base)
        (place / "run.yaml").write_text(CONFIG)

        def run(*arguments, code=0, ranks=1):
            launcher = [mpirun, mpiexec, str(ranks)] if ranks > 1 else []
            done = subprocess.run([*launcher, gyre, "train", "run.yaml", "--quiet", *arguments], cwd=place,
                                  capture_output=True, text=True, timeout=200)
            assert done.returncode == code, done
            return done.stderr

        run("--trace", "t.json", "--run-dir", "a", ranks=RANKS)
        events = json.loads((place / "t.json").read_text())["traceEvents"]
        names = {(e["pid"], e["tid"]): e["args"]["name"] for e in events if e["name"] == "thread_name"}
        ranks = [check_rank(rank, [e for e in events if e["ph"] == "X" and e["pid"] == rank], names)
                 for rank in range(RANKS)]
        for line in (place / "a/metrics.jsonl").read_text().splitlines():
            event = json.loads(line)
            for name, told in event.get("phases", {}).items():
                seen = [phases[event["step"], name] for phases in ranks]
                assert abs(statistics.mean(seen) - told["mean"]) < 2e-3 and abs(max(seen) - told["max"]) < 2e-3, (
                    event["step"], name, seen, told)

        # a run that is stopped has one, too; a finished one leaves the file as it is
        run("--trace", "s.json", "--run-dir", "b", "--set", "train.time_limit_minutes=0.00001", code=75)
        assert any(e["name"] == "step 1" for e in json.loads((place / "s.json").read_text())["traceEvents"])
        (place / "s.json").write_text("as it was")
        run("--trace", "s.json", "--run-dir", "a")
        assert (place / "s.json").read_text() == "as it was"

        for arguments, says, code in ((("--trace", "no/t.json"), "no/t.json", 1),
                                      (("--trace", "u.json", "--dry-run"), "--dry-run", 2),
                                      (("--trace", "u.json", "--find-learning-rate"), "--trace", 2)):
            before = sorted(place.iterdir())
            said = run(*arguments, "--run-dir", "c", code=code)
            assert said.startswith("gyre: error: ") and says in said and sorted(place.iterdir()) == before, said
    print("trace: every rank, every phase")


main()
