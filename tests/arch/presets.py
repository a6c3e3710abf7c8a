#!/usr/bin/env python3
"""A test preset can run what it names: all that its tests start is made by its build preset.

    presets.py BUILD

Where a build preset makes targets of its own, not all, the graph in BUILD says what these come to.
"""
import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
NAME = r"(?:\[=*\[)?([^\s\]]+)(?:\]=*\])?"  # of a test, between brackets or not


def made(build, targets):
    """All that targets without files of their own ask for, and what these ask for in turn."""
    there, asked = set(), set(targets)
    while asked:
        said = subprocess.run(["ninja", "-C", build, "-t", "query", *asked], capture_output=True, text=True).stdout
        there |= asked
        asked = {line.strip(" |") for part in said.split("  input: phony\n")[1:]
                 for line in part.partition("  outputs:")[0].splitlines()} - there
    return there


def tests(build, label):
    """(test, the files of BUILD that its command names), as CMake wrote them down.

    Asked in BUILD, ctest would empty the log of the run that this test is part of; and it tells no command whose
    program is not built.
    """
    for path in pathlib.Path(build).rglob("CTestTestfile.cmake"):
        text = path.read_text()
        labels = dict(re.findall(rf'^set_tests_properties\({NAME} PROPERTIES .*?LABELS "(.*?)"', text, re.M))
        for name, command in re.findall(rf"^add_test\({NAME} (.*)\)$", text, re.M):
            if any(re.search(label, own) for own in labels.get(name, "").split(";")):
                yield name, re.findall(rf'"{re.escape(build)}/(.*?)"', command)


def main():
    build = str(pathlib.Path(sys.argv[1]).resolve())
    if not pathlib.Path(build, "build.ninja").exists():
        print("presets: needs Ninja's graph")
        sys.exit(77)
    presets = json.loads((ROOT / "CMakePresets.json").read_text())
    targets = {p["name"]: p.get("targets") for p in presets["buildPresets"]}
    wrong = []
    for preset in presets["testPresets"]:
        name, label = preset["name"], preset.get("filter", {}).get("include", {}).get("label")
        if label is None:
            continue
        named = list(tests(build, label))
        if not named:
            wrong.append(f"{name}: no test has the label {label}")
        if targets[name] is None:  # all
            continue
        there = made(build, targets[name])
        wrong += [f"{name}: {test} needs {word}, which is not made by {targets[name]}"
                  for test, words in named for word in words if word not in there]
    print("\n".join(wrong) or "presets: each makes what its tests start")
    sys.exit(bool(wrong))


main()
