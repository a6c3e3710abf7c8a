#!/usr/bin/env python3
"""Golden tests of the command line.

    run.py GYRE MPIRUN_SH MPIEXEC GROUP RANKS [--update] [CASE…]

GROUP/CASE/ has
    cmd          what is run, by bash, in a directory with the files of files.py
    stdout       what it must print there; stdout.glob: line by line with *; neither: nothing
    stderr       likewise; from several ranks, too, exactly this and no more
    exit         its exit code, else 0, in the group `bad` 2
    ranks        numbers of ranks to run on where not all
    …            any other file is copied into the directory
The group `bad` is of errors: nothing may be written. --update writes down what is printed now.
"""
import fnmatch
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

import files

HERE = pathlib.Path(__file__).parent
OURS = ("cmd", "exit", "ranks", "stdout", "stdout.glob", "stderr", "stderr.glob")
TIMEOUT = 200  # s: nothing may hang


def snapshot(place):
    return {str(path): path.lstat().st_mtime_ns for path in place.rglob("*")}


def differs(case, stream, got):
    """What is wrong with what came out, as text; None if nothing."""
    pattern = case / f"{stream}.glob"
    if pattern.exists():
        want = pattern.read_text().splitlines()
        same = len(want) == len(got.splitlines()) and all(
            fnmatch.fnmatchcase(g, w.replace("[", "[[]")) for g, w in zip(got.splitlines(), want))
    else:
        exact = case / stream
        want = exact.read_text() if exact.exists() else ""
        same = got == want
    return None if same else f"{stream} should be:\n{want}\nbut is:\n{got}"


def environment(place, gyre, launcher, ranks):
    """The path has a `gyre` that starts so many ranks."""
    bin_ = place / "bin"
    bin_.mkdir()
    (bin_ / "gyre").write_text(f'#!/bin/sh\nexec {" ".join(launcher)} {ranks} {gyre} "$@"\n')
    (bin_ / "gyre").chmod(0o755)
    clean = {k: v for k, v in os.environ.items() if not k.startswith("GYRE_")}
    return {**clean, "PATH": f"{bin_}:{clean['PATH']}", "LC_ALL": "C", "OMP_NUM_THREADS": "1",
            "OMPI_MCA_orte_execute_quiet": "1"}


def check(case, env, group, update):
    """Runs a case. @return what is wrong, a list of texts"""
    with tempfile.TemporaryDirectory(prefix="gyre-cli-") as base:
        work = pathlib.Path(base) / "work"
        shutil.copytree(files.made(), work)
        for path in case.iterdir():
            if path.name not in OURS:
                shutil.copy(path, work)
        before = snapshot(work)
        try:
            done = subprocess.run(["bash", "-c", (case / "cmd").read_text()], cwd=work, env=env,
                                  capture_output=True, text=True, timeout=TIMEOUT)
        except subprocess.TimeoutExpired:
            return [f"it hangs: not done after {TIMEOUT} s"]
        wrong = []
        if group == "bad" and snapshot(work) != before:
            wrong.append(f"something was written: {set(snapshot(work)) ^ set(before)}")
    if update:
        for stream, text in (("stdout", done.stdout), ("stderr", done.stderr)):
            if text and not (case / f"{stream}.glob").exists():
                (case / stream).write_text(text)
    exit_ = case / "exit"
    code = int(exit_.read_text()) if exit_.exists() else 2 if group == "bad" else 0
    if done.returncode != code:
        wrong.append(f"exit code {done.returncode}, not {code}")
    wrong += [differs(case, "stdout", done.stdout), differs(case, "stderr", done.stderr)]
    return [text for text in wrong if text]


def main():
    arguments = [a for a in sys.argv[1:] if a != "--update"]
    gyre, mpirun_sh, mpiexec, group, ranks = arguments[:5]
    only, update = arguments[5:], "--update" in sys.argv
    cases = [case for case in sorted((HERE / group).iterdir()) if not only or case.name in only]
    cases = [case for case in cases if not (case / "ranks").exists()
             or ranks in (case / "ranks").read_text().split()]
    failed = 0
    files.made()
    with tempfile.TemporaryDirectory(prefix="gyre-cli-") as base, ThreadPoolExecutor(4) as pool:
        env = environment(pathlib.Path(base), gyre, [mpirun_sh, mpiexec], ranks)
        done = pool.map(lambda case: check(case, env, group, update), cases)
        for case, wrong in zip(cases, done):
            failed += bool(wrong)
            for text in wrong:
                print(f"{group}/{case.name} on {ranks} ranks: {text}")
    print(f"{group}: {len(cases)} cases, {failed} wrong; --update writes down what is printed now")
    sys.exit(failed > 0 or not cases)


if __name__ == "__main__":
    main()
