#!/usr/bin/env python3
"""A test preset can run what it names: all that its tests start is made by its build preset.

    presets.py BUILD

Where a build preset makes targets of its own, not all, the graph in BUILD says what these come to.
"""
import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


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
    """(test, the files of BUILD that its command names); ctest tells no command whose program is not built."""
    found = subprocess.run(["ctest", "--test-dir", build, "-L", label, "--show-only=json-v1"],
                           capture_output=True, text=True, check=True).stdout
    for test in json.loads(found)["tests"]:
        words = test.get("command", [f"{build}/{test['name']}"])
        yield test["name"], [word[len(build) + 1:] for word in words if word.startswith(build + "/")]


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
