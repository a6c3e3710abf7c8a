#!/usr/bin/env python3
"""The page of runs: what it shows is so, it needs nothing from elsewhere, it fits its window.

    page.py GYRE MPIRUN MPIEXEC [FOLDER]

The numbers are compared with numpy's of what `gyre predict` answers. A headless Chromium looks at the page,
where there is one, 360, 800 and 1600 pixels wide, light and dark; into FOLDER go its pictures.
"""
import html
import json
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as tree
import zlib

import h5py
import numpy

WIDTHS = 360, 800, 1600
NAME = '<b>it\'s & "so"'
DATASETS = pathlib.Path(__file__).resolve().parents[2] / "datasets"
DIGITS = f"{DATASETS}/digits.h5:/test"
TRUTH = "synthetic:regression?n=300&features=3&first=400"
CONV = f"""\
name: '<b>it''s & "so"'
run_dir: conv
threads: 1
data: {{train: "{DATASETS}/digits.h5:/train", validation: "{DIGITS}", scale: 0.0625}}
model:
  input: [8, 8, 1]
  layers: [conv2d: {{filters: 6, kernel: 3, activation: relu, name: first}}, flatten, dense: {{units: 10, name: out}}]
optimizer: {{learning_rate: 0.01}}
train: {{epochs: 3, batch_size: 32}}
log: {{every_steps: 5}}
"""
VALUES = f"""\
name: values
run_dir: values
threads: 1
data: {{train: "synthetic:regression?n=400&features=3", test: "{TRUTH}"}}
model: {{input: [3], layers: [dense: {{units: 8, activation: tanh}}, dense: {{units: 1}}]}}
loss: mse
train: {{epochs: 2, batch_size: 20}}
"""


def text(node):
    return "".join(node.itertext())


class Page:
    """A page, parsed as XML, whose parts are found by their addresses."""

    def __init__(self, path):
        self.bytes = path.read_bytes()
        self.root = tree.fromstring(self.bytes)
        self.sections = {node.get("id"): node for node in self.root.iter("section")}
        assert all(a.get("href")[0] == "#" and a.get("href")[1:] in self.ids() for a in self.root.iter("a"))
        assert not list(self.root.iter("script")) and not list(self.root.iter("link"))
        assert all(image.get("src").startswith("data:image/png;base64,") for image in self.root.iter("img"))
        assert b"http" not in self.bytes and b"url(" not in self.bytes and b"@import" not in self.bytes

    def ids(self):
        return [node.get("id") for node in self.root.iter() if node.get("id")]

    def rows(self, section, table=0):
        body = list(self.sections[section].iter("tbody"))[table]
        return [[text(cell) for cell in row] for row in body]


def check_classes(page, answers, truth):
    said, sure = answers["classes"][:].ravel(), answers["probabilities"][:]
    for i, row in enumerate(page.rows("confusion-1")):
        want = [numpy.sum((truth == i) & (said == j)) for j in range(10)]
        assert [int(cell or 0) for cell in row[1:]] == want, (i, row, want)
    for i, row in enumerate(page.rows("classes-1")):
        hits = numpy.sum((truth == i) & (said == i))
        want = [numpy.sum(truth == i), hits / numpy.sum(said == i), hits / numpy.sum(truth == i)]
        assert numpy.allclose([float(x) for x in row[1:4]], want, rtol=1e-3), (row, want)
    loss = -numpy.log(sure[numpy.arange(len(truth)), truth])
    worst = numpy.argsort(-loss)[:18]
    figures = list(page.sections["worst-1"].iter("figure"))
    assert len(figures) == 18
    for figure, i in zip(figures, worst):
        want = f"{truth[i]}, said {said[i]} {100 * sure[i, said[i]]:.0f} %no. {i}loss {loss[i]:.4g}"
        assert text(figure).replace("\n", "") == want, (text(figure), want)


def check_parameters(page, place):
    steps = sorted((place / "conv/checkpoints").glob("step-*"))
    first, last = (h5py.File(step / "index.h5") for step in (steps[0], steps[-1]))
    rows = {row[0]: row for row in page.rows("anatomy-1", 1)}
    assert set(rows) == {"first/weight", "first/bias", "out/weight", "out/bias"}, rows
    for name, row in rows.items():
        v = last["params/" + name][:]
        want = v.size, v.mean(), v.std(), v.min(), v.max()
        got = [float(x.replace("\u2212", "-").replace("\u202f", "")) for x in row[2:7]]
        assert numpy.allclose(got, want, rtol=2e-3, atol=1e-6), (name, got, want)
    assert len(list(page.sections["filters-1"].iter("img"))) == 6
    moved = {name: numpy.linalg.norm(last["params/" + name][:] - first["params/" + name][:])
             / numpy.linalg.norm(first["params/" + name][:]) for name in rows}
    keys = [text(key).strip() for key in page.sections["movement-1"].iter("span") if key.get("class") == "key"]
    assert keys == sorted(moved, key=lambda name: -moved[name]), (keys, moved)


def check_values(page, answers, truth):
    said = answers["outputs"][:].ravel()
    error = numpy.mean((said - truth) ** 2)
    head = text(next(page.sections["regression-2"].iter("h4")))
    assert head.startswith(f"R² {1 - error / truth.var():.3f}, ") and head.endswith(f"{error ** 0.5:.4g}"), head
    dots = [p for p in page.sections["regression-2"].iter("path") if p.get("class") == "dots c0"]
    assert len(dots) == 1 and dots[0].get("d").count("M") == len(truth)


def check_study(run, place):
    """A run that is a trial: the ledger's table, and how much each setting mattered (Spearman's, by numpy)."""
    trial = place / "study/trials/0001"
    shutil.copytree(place / "values", trial, symlinks=True)
    best = [0.5, 0.1, 0.4, 0.2, 0.35, 0.15]
    rates = [0.1, 0.003, 0.02, 0.001, 0.05, 0.002]
    kinds = ["sgd", "adam", "sgd", "adam", "sgd", "adam"]
    lines = [{"event": "trial", "trial": i, "run": i, "status": "done", "seconds": 2.5, "best": best[i],
              "point": f"optimizer.learning_rate={rates[i]} optimizer.kind={kinds[i]}"} for i in range(6)]
    (place / "study/study.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    run("report", "study/trials/0001", "-o", "study.html")
    page = Page(place / "study.html")
    rank = lambda v: numpy.argsort(numpy.argsort(v))
    separated = numpy.array([numpy.mean([rank(best)[j] for j in range(6) if kinds[j] == k]) for k in kinds])
    want = {"optimizer.learning_rate": abs(numpy.corrcoef(rank(rates), rank(best))[0, 1]),
            "optimizer.kind": (separated.var() / rank(best).var()) ** 0.5}
    rows = page.rows("study-1")
    assert [row[0] for row in rows] == sorted(want, key=lambda k: -want[k]), (rows, want)
    assert all(row[1] == f"{want[row[0]]:.2f}" for row in rows), (rows, want)
    assert [row[2] for row in page.rows("study-1", 1)] == [str(v) for v in best]


def first_pixel(png):
    """Of a picture: whatever the first row is filtered by, its first pixel is as it is."""
    at, data = 8, b""
    while at < len(png):
        n, kind = struct.unpack(">I4s", png[at : at + 8])
        data += png[at + 8 : at + 8 + n] if kind == b"IDAT" else b""
        at += 12 + n
    return tuple(zlib.decompress(data)[1:4])


def look(page, place, pictures):
    """In frames of all widths, so that the browser starts but once for each scheme."""
    browser = shutil.which("chromium-headless-shell") or shutil.which("chromium")
    if browser is None:
        print("there is no chromium: nobody looked at the page")
        return
    frames = "".join(f'<iframe width="{w}" height="9000" style="border:0" srcdoc="{html.escape(page)}"></iframe>'
                     for w in WIDTHS)
    measure = ("<script>onload = () => document.title = [...document.querySelectorAll('iframe')].map(f => {"
               "const d = f.contentDocument.documentElement; d.querySelectorAll('details').forEach(x => x.open = true);"
               "return d.scrollWidth + '/' + f.contentWindow.innerWidth}).join(' ')</script>")
    frame = place / "frames.html"
    frame.write_text(f"<!DOCTYPE html><title></title><body style='margin:0;display:flex'>{frames}{measure}")
    common = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
              f"--user-data-dir={place}/browser", f"--window-size={sum(WIDTHS)},5000"]
    said = subprocess.run([*common, "--dump-dom", f"file://{frame}"], capture_output=True, text=True, timeout=200,
                          check=True).stdout
    assert f"<title>{' '.join(f'{w}/{w}' for w in WIDTHS)}</title>" in said, said[:200]
    for scheme, name, paper in ((1, "light", (255, 255, 255)), (0, "dark", (20, 23, 27))):
        picture = (pictures or place) / f"{name}.png"
        subprocess.run([*common, f"--blink-settings=preferredColorScheme={scheme}", f"--screenshot={picture}",
                        f"file://{frame}"], capture_output=True, timeout=200, check=True)
        png = picture.read_bytes()
        assert len(png) > 100000 and first_pixel(png) == paper, (name, len(png), first_pixel(png))


def main():
    gyre, mpirun, mpiexec = sys.argv[1:4]
    with tempfile.TemporaryDirectory(prefix="gyre-page-") as base:
        place = pathlib.Path(base)

        def run(*arguments, code=0, ranks=1):
            launcher = [mpirun, mpiexec, str(ranks)] if ranks > 1 else []
            done = subprocess.run([*launcher, gyre, *arguments], cwd=place, capture_output=True, text=True, timeout=200)
            assert done.returncode == code, done
            return done.stderr

        def refused(*arguments, says, code=2):
            before = sorted(place.iterdir())
            said = run("report", *arguments, code=code)
            assert said.startswith("gyre: error: ") and said.count("\n") == 1 and says in said, said
            assert sorted(place.iterdir()) == before

        for name, config, data in (("conv", CONV, DIGITS), ("values", VALUES, TRUTH)):
            (place / f"{name}.yaml").write_text(config)
            run("train", f"{name}.yaml", "--quiet")
            run("predict", name, "--data", data, "-o", f"{name}.h5")

        # two runs on one page, which several ranks make alike
        assert run("report", "conv", "values", "-o", "both.html") == ""
        run("report", "conv", "values", "-o", "again.html", ranks=2)
        page = Page(place / "both.html")
        again = Page(place / "again.html")
        for name in ("confusion-1", "classes-1", "worst-1", "anatomy-1", "filters-1"):
            assert tree.tostring(page.sections[name]) == tree.tostring(again.sections[name]), name
        assert text(next(page.root.iter("title"))) == NAME + " and 1 more"
        with h5py.File(DATASETS / "digits.h5") as digits, h5py.File(place / "conv.h5") as answers:
            check_classes(page, answers, digits["test/y"][:].ravel().astype(int))
        check_parameters(page, place)
        run("data", "convert", TRUTH, "-o", "truth.h5")
        with h5py.File(place / "values.h5") as answers, h5py.File(place / "truth.h5") as truth:
            check_values(page, answers, truth["y"][:].ravel())
        short = text(next(page.sections["configuration-1"].iter("pre")))
        assert "epochs: 3" in short and "shuffle" not in short and "shuffle: true" in text(
            list(page.sections["configuration-1"].iter("pre"))[1])
        assert [row[1] for row in page.rows("runs")] == ["finished", "finished"]
        assert page.rows("phases-1")[0][0] == "input" and [r[1] for r in page.rows("checkpoints-1")] == ["start", "end"]

        check_study(run, place)

        # what is not there any more is said, and the rest is there
        shutil.rmtree(place / "conv/checkpoints")
        run("report", "conv", "-o", "bare.html")
        bare = Page(place / "bare.html")
        assert "Not to be had: no checkpoint (conv)" in text(bare.sections["anatomy-1"])
        assert "confusion-1" not in bare.sections and "curves" in bare.sections

        refused("nowhere", "-o", "x.html", says="nowhere")
        refused("conv", says="-o")
        refused("conv", "-o", "nowhere/x.html", says="nowhere", code=1)
        look(page.bytes.decode(), place, pathlib.Path(sys.argv[4]).resolve() if len(sys.argv) > 4 else None)
    print("page: every section, by numbers from elsewhere")


main()
