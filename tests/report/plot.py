#!/usr/bin/env python3
"""Curves of runs by gnuplot: every panel that has something to show, what differs as the legend.

    plot.py GYRE
"""
import os
import pathlib
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as tree

CONFIG = """\
name: drawn
threads: 1
data: {train: "synthetic:blobs?n=80", validation: "synthetic:blobs?n=20&first=80"}
model: {input: [2], layers: [dense: {units: 3}]}
train: {epochs: 3, batch_size: 8}
log: {every_steps: 1}
"""


def main():
    gyre = sys.argv[1]
    if not shutil.which("gnuplot"):
        print("there is no gnuplot")
        sys.exit(77)
    with tempfile.TemporaryDirectory(prefix="gyre-plot-") as base:
        place = pathlib.Path(base)

        def run(*arguments, code=0, **more):
            done = subprocess.run([gyre, *arguments], cwd=place, capture_output=True, text=True, timeout=200, **more)
            assert done.returncode == code, done
            return done

        def refused(*arguments, says, code=2, **more):
            before = sorted(place.iterdir())
            said = run("plot", *arguments, code=code, **more).stderr
            assert said.startswith("gyre: error: ") and said.count("\n") == 1 and says in said, said
            assert sorted(place.iterdir()) == before

        (place / "run.yaml").write_text(CONFIG)
        for name, rate in (("a", "0.01"), ("it's", "0.02")):
            run("train", "run.yaml", "--quiet", "--run-dir", name, "--set", f"optimizer.learning_rate={rate}")

        # a picture of one run, and of two
        run("plot", "a", "-o", "one.svg")
        texts = ["".join(node.itertext()).strip() for node in tree.parse(place / "one.svg").iter()
                 if node.tag.endswith("text")]
        for want in ("loss", "metrics", "learning rate", "gradient norm", "samples a second",
                     "phases of a step, ms", "train loss", "validation accuracy", "communication", "step"):
            assert want in texts, (want, texts)
        run("plot", "a", "it's", "-o", "two.svg", "--against", "epoch")
        text = re.sub(r"\s+", " ", " ".join(tree.parse(place / "two.svg").getroot().itertext()))
        assert "1 (solid) a" in text and "2 (dashes) it's: optimizer.learning_rate 0.02" in text, text
        assert "epoch" in text and "step " not in text.replace("step's", ""), text
        run("plot", "a", "it's", "-o", "some.svg", "--curves", "validation loss, learning rate")
        texts = ["".join(node.itertext()).strip() for node in tree.parse(place / "some.svg").iter()
                 if node.tag.endswith("text")]
        assert "validation loss" in texts and "train loss" not in texts and "2" in texts, texts
        run("train", "run.yaml", "--quiet", "--run-dir", "thin", "--set", "sparse.target=0.5", "--set",
            "sparse.end_step=20", "--set", "sparse.every_steps=5")
        run("plot", "a", "thin", "-o", "thin.svg")
        assert "share of weights that is not there" in (place / "thin.svg").read_text()
        assert "share of weights" not in (place / "one.svg").read_text()
        run("plot", "a", "-o", "one.png")
        head = (place / "one.png").read_bytes()[:24]
        assert head[:8] == b"\x89PNG\r\n\x1a\n" and struct.unpack(">I", head[16:20])[0] == 1000, head

        # in text, as wide as it should be
        said = run("plot", "a", "it's", "--terminal", "--against", "time", env={**os.environ, "COLUMNS": "70"}).stdout
        assert max(map(len, said.splitlines())) <= 70 and "validation loss (2)" in said and "*" in said, said

        # what cannot be drawn
        refused("a", "-o", "a.pdf", says=".svg or .png")
        refused("a", says="--terminal")
        refused("a", "-o", "b.svg", "--curves", "los", says="no run has a curve of that name")
        refused("nowhere", "-o", "b.svg", says="metrics.jsonl")
        refused("a", "-o", "nowhere/b.svg", says="nowhere", code=1)
        refused("a", "-o", "b.svg", says="gnuplot is not installed", code=1, env={"PATH": base})
    print("plot: every panel, every run")


main()
