#!/usr/bin/env python3
"""The README as a newcomer reads it: every block of `sh` is run, in order, as it stands.

    run.py README SOURCE GYRE

All blocks run in one shell, in a place with the repository's files, where `build/gyre` is GYRE. A block
of `text` right behind one of `sh` must be among what that printed. Blocks of `console` are not run: they
need hosts, a batch system, or are this very test.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```\n", re.M | re.S)
SHARED = ("datasets", "launch")  # what commands of the README name


def blocks(text):
    """[(commands, [lines that must be printed])]"""
    found, end = [], -1
    for match in BLOCK.finditer(text):
        kind, content = match.groups()
        if kind == "sh":
            found.append((content, []))
        elif kind == "text" and found and not text[end:match.start()].strip():
            found[-1][1].extend(line for line in content.splitlines() if line.strip())
        end = match.end()
    return found


def main():
    readme, source, gyre = (pathlib.Path(argument).resolve() for argument in sys.argv[1:4])
    todo = blocks(readme.read_text())
    if not todo:
        sys.exit("there are no blocks of `sh`")
    env = {**os.environ, "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
           "OMPI_MCA_rmaps_base_oversubscribe": "1", "OMPI_MCA_mpi_yield_when_idle": "1",
           "OMP_NUM_THREADS": "1"}
    with tempfile.TemporaryDirectory(prefix="gyre-readme-") as place:
        for name in SHARED:
            shutil.copytree(source / name, pathlib.Path(place) / name)
        (pathlib.Path(place) / "build").mkdir()
        (pathlib.Path(place) / "build" / "gyre").symlink_to(gyre)
        marked = [f"{commands}echo '### {i}'\n" for i, (commands, _) in enumerate(todo)]
        script = "set -e\n" + "".join(marked)
        done = subprocess.run(["bash", "-c", script], cwd=place, env=env, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=600)
    print(done.stdout)
    if done.returncode != 0:
        sys.exit(f"the README's commands end with code {done.returncode}")
    rest = done.stdout
    for i, (commands, lines) in enumerate(todo):
        printed, rest = rest.split(f"### {i}\n", 1)
        missing = [line for line in lines if line not in printed.splitlines()]
        if missing:
            sys.exit(f"the README shows what is not printed by\n{commands}" + "\n".join(missing))


main()
