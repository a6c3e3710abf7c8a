#!/usr/bin/env python3
"""What observers write is what metrics.jsonl says, after a run that went back to an earlier step, too.

    observers.py GYRE

The event files are read by a reader of their format written from its description (and by TensorBoard itself,
where it is installed), the others as their formats say.
"""
import json
import pathlib
import re
import struct
import subprocess
import sys
import tempfile

CONFIG = """\
name: 'watched "run"'
run_dir: run
threads: 1
data: {train: "synthetic:blobs?n=80", validation: "synthetic:blobs?n=20&first=80"}
model: {input: [2], layers: [dense: {units: 3}]}
train: {epochs: 2, batch_size: 8}
log: {every_steps: 1, tensorboard: true, mlflow: true, prometheus: true, mllog: true}
"""


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


assert crc32c(b"123456789") == 0xE3069283  # as published


def masked(data):
    crc = crc32c(data)
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def records(path):
    data = path.read_bytes()
    while data:
        length, check = struct.unpack("<QI", data[:12])
        assert check == masked(data[:8]), path
        record, (check,) = data[12:12 + length], struct.unpack("<I", data[12 + length:16 + length])
        assert check == masked(record), path
        data = data[16 + length:]
        yield record


def fields(message):
    """(number, value) of a message of protocol buffers."""
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(message):
        key = varint()
        if key & 7 == 0:
            yield key >> 3, varint()
        else:
            size = {1: 8, 5: 4}.get(key & 7) or varint()
            at += size
            yield key >> 3, message[at - size:at]


def tensorboard(place):
    """{(tag, step): value}, as TensorBoard keeps them."""
    kept = {}
    for path in sorted(place.iterdir(), key=lambda path: path.stat().st_mtime_ns):
        for i, record in enumerate(records(path)):
            event = dict(fields(record))
            assert i > 0 or event[3] == b"brain.Event:2"
            if 7 in event:  # a session starts: what was read of later steps goes
                kept = {at: value for at, value in kept.items() if at[1] < event[2]}
            for number, value in fields(event.get(5, b"")):
                pair = dict(fields(value))
                kept[pair[1].decode(), event[2]] = struct.unpack("<f", pair[2])[0]
    return kept


def single(x):
    return struct.unpack("<f", struct.pack("<f", x))[0]


def check_tensorboard(place, events):
    want = {}
    for e in events:
        if e["event"] == "step":
            for name in ("loss", "learning_rate", "gradient_norm", "samples_per_second"):
                want[f"step/{name}", e["step"]] = single(e[name])
            for name, phase in e["phases"].items():
                want[f"phases/{name}", e["step"]] = single(phase["mean"])
        elif e["event"] in ("epoch", "evaluate"):
            for name, value in e.items():
                if re.match("(train|validation)_(loss|accuracy)", name):
                    want[name.replace("_", "/", 1), e["step"]] = single(value)
    assert tensorboard(place) == want
    try:
        from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    except ImportError:
        return
    real = EventAccumulator(str(place))
    real.Reload()
    for tag in {tag for tag, _ in want}:
        assert {s.step: s.value for s in real.Scalars(tag)} == \
            {step: value for (t, step), value in want.items() if t == tag}, tag


def check_mlflow(place, events):
    run, = [path for path in (place / "0").iterdir() if path.is_dir()]
    meta = (run / "meta.yaml").read_text()
    assert re.search(r"^status: 3$", meta, re.M) and re.search(rf"^run_id: {run.name}$", meta, re.M), meta
    assert (run / "params/train.batch_size").read_text() == "8"
    assert (run / "params/model.layers.0.dense.units").read_text() == "3"
    for name, kind in (("loss", "step"), ("train_loss", "epoch"), ("validation_accuracy", "evaluate")):
        told = [(round(1e3 * e["wall"]), e[name], e["step"]) for e in events if e["event"] == kind]
        lines = (run / "metrics" / name).read_text().splitlines()
        found = [(int(t), float(v), int(s)) for t, v, s in map(str.split, lines)]
        assert [f[1:] for f in found] == [t[1:] for t in told], (name, found, told)
        assert all(abs(f[0] - t[0]) <= 1 for f, t in zip(found, told))


def check_prometheus(path, events):
    gauge = re.compile(r'^gyre_(\w+)\{run="watched \\"run\\""(?:,phase="(\w+)")?\} (\S+)$')
    lines = path.read_text().splitlines()
    found = {m[1] + (m[2] or ""): float(m[3]) for m in map(gauge.match, lines) if m}
    types = [line.split()[2] for line in lines if line.startswith("# TYPE ")]
    assert len(found) + len(types) == len(lines) and len(types) == len(set(types)), lines
    last = [e for e in events if e["event"] == "step"][-1]
    assert found["step"] == last["step"] and found["finished"] == 1
    assert found["loss"] == last["loss"]
    assert found["phase_millisecondsforward"] == last["phases"]["forward"]["mean"]


def check_mllog(path, events):
    lines = path.read_text().splitlines()
    assert all(line.startswith(":::MLLOG {") for line in lines)
    told = [json.loads(line[9:]) for line in lines]
    assert [t["value"] for t in told if t["key"] == "eval_loss"] == \
        [e["validation_loss"] for e in events if e["event"] == "evaluate"]
    assert [(t["metadata"]["step"], t["value"]) for t in told if t["key"] == "loss"] == \
        [(e["step"], e["loss"]) for e in events if e["event"] == "step"]
    assert told[0]["key"] == "run_start" and told[-1] == {**told[-1], "key": "run_stop", "value": "success"}


def main():
    gyre = sys.argv[1]
    with tempfile.TemporaryDirectory(prefix="gyre-observers-") as base:
        (pathlib.Path(base) / "run.yaml").write_text(CONFIG)
        train = [gyre, "train", "run.yaml", "--quiet"]
        run = pathlib.Path(base) / "run"
        for more in ([], ["--set", "train.epochs=4"],  # goes on; goes back and on
                     ["--set", "train.epochs=4", "--resume", "run/checkpoints/step-000000030"]):
            subprocess.run(train + more, cwd=base, check=True, timeout=200)
            events = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
            check_tensorboard(run / "observed/tensorboard", events)
            check_mlflow(run / "observed/mlflow", events)
            check_prometheus(run / "observed/prometheus/gyre.prom", events)
            check_mllog(run / "observed/mllog/mllog.txt", events)
        assert [e["step"] for e in events if e["event"] == "step"] == list(range(1, 41))
        assert all(e["wall"] > 1e9 for e in events)
        # what cannot be written ends the run, like its journal
        subprocess.run(["rm", "-r", run / "observed"], check=True)
        (run / "observed").write_text("in the way")
        done = subprocess.run(train + ["--set", "train.epochs=5"], cwd=base, capture_output=True, text=True)
        assert done.returncode == 1 and done.stderr.count("\n") == 1, done
        assert "gyre: error: " in done.stderr and "observed" in done.stderr, done
        # printed as they are told
        done = subprocess.run([gyre, "train", "run.yaml", "--json", "--run-dir", "other", "--quiet"], cwd=base,
                              check=True, capture_output=True, text=True)
        assert done.stdout == (pathlib.Path(base) / "other/metrics.jsonl").read_text()
    print("observers: all say what the journal says")


main()
