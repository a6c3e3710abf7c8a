#!/usr/bin/env python3
"""What is made of the setting rows for others: the JSON Schema, manual pages, completion of shells.

    pages.py GYRE SOURCE

The schema must give the verdict of `gyre inspect` on every example and on 100 mutations of them, of what a
row can see: keys, kinds, types, ranges, words. Manual pages are read by groff, completion is tried in bash.
"""
import copy
import json
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

import jsonschema
import yaml

GYRE, SOURCE = sys.argv[1], pathlib.Path(sys.argv[2])
MUTATIONS = 100
SLOW = ("resnet50", "vgg16", "gpt2")  # to be built


class Loader(yaml.SafeLoader):
    """YAML 1.2's words for numbers, true, false and nothing, as Gyre and editors read it."""
    yaml_implicit_resolvers = {}


for tag, pattern, first in (
        ("bool", r"true|false", "tf"), ("null", r"null|~|", ["n", "~", ""]),
        ("int", r"[-+]?[0-9]+", "-+0123456789"),
        ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", "-+.0123456789")):
    Loader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(f"^(?:{pattern})$"), list(first))


def run(*arguments, **more):
    return subprocess.run([GYRE, *arguments], capture_output=True, text=True, timeout=200, **more)


def accepts(text):
    """@return whether gyre does, and what it says"""
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        file.write(text)
        file.flush()
        done = run("inspect", file.name)
    assert done.returncode in (0, 2), done
    return done.returncode == 0, done.stderr


def mappings(node, found):
    """All mappings below a node."""
    if isinstance(node, dict):
        found.append(node)
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        mappings(child, found)
    return found


def is_layer(mapping, layers):
    """An entry of a list of layers: its key is the kind."""
    return any(mapping is entry for entry in layers)


def entries(node, found):
    for key, child in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        if key == "layers" and isinstance(child, list):
            found.extend(child)
        entries(child, found)
    return found


def mutate(config, draw):
    """One change that a row can see, or that is none."""
    layers = entries(config, [])
    plain = [m for m in mappings(config, []) if m and not is_layer(m, layers)]
    leaves = [(m, k) for m in plain for k, v in m.items() if not isinstance(v, (dict, list))]
    where, key = draw.choice(leaves)
    how = draw.randrange(9)
    if how == 0:
        draw.choice(plain)[draw.choice(["colour", "learning_rat", "lr", "x"])] = 1
    elif how == 1:
        where[key] = {"a": 1}
    elif how == 2:
        where[key] = [[1]]
    elif how == 3 and not isinstance(where[key], str):
        where[key] = "twelve"
    elif how == 4 and isinstance(where[key], (int, float)):
        where[key] = -1e9
    elif how == 5:
        where[key + "s"] = where.pop(key)
    elif how == 6:
        layer = draw.choice([entry for entry in layers if isinstance(entry, dict)])
        layer[draw.choice(["dens", "conv9d"])] = layer.pop(next(iter(layer)))
    elif how == 7:
        config.setdefault("schedule", {}).update(
            draw.choice([{"kind": "cosine", "factor": 0.5}, {"kind": "step", "factor": 0.5},
                         {"kind": "sine"}, {"kind": "step", "factor": 2}]))
    else:
        config["seed"] = draw.choice([0, 7, -3, 1.5, "a", True])
    return config


def check_schema():
    schema = json.loads(run("help", "--schema").stdout)
    jsonschema.Draft7Validator.check_schema(schema)
    validator = jsonschema.Draft7Validator(schema)
    paths = sorted(SOURCE.glob("launch/examples/*.yaml")) + [SOURCE / "datasets/digits.yaml"]
    small = [i for i, path in enumerate(paths) if path.stem not in SLOW]
    good = [yaml.load(path.read_text(), Loader) for path in paths]
    texts = [path.read_text() for path in paths]
    draw = random.Random(1)
    for _ in range(MUTATIONS):
        changed = mutate(copy.deepcopy(good[draw.choice(small)]), draw)
        good.append(changed)
        texts.append(json.dumps(changed))
    with ThreadPoolExecutor(2) as pool:
        verdicts = list(pool.map(accepts, texts))
    refused = 0
    for config, text, (yes, said) in zip(good, texts, verdicts):
        errors = [f"{list(e.absolute_path)}: {e.message[:200]}" for e in validator.iter_errors(config)]
        assert yes == (not errors), f"gyre: {said or 'fine'}\nschema: {errors or 'fine'}\n{text}"
        refused += not yes
    assert all(yes for yes, _ in verdicts[:len(paths)])
    assert MUTATIONS / 2 < refused < MUTATIONS, refused
    for path in paths:
        assert "$schema=" in path.read_text(), f"{path} does not name its schema"
    print(f"schema: {len(texts)} configurations, {refused} refused by both")


def commands():
    listed = run("help", env={"COLUMNS": "80"}).stdout
    return re.findall(r"^  ([a-z]+) ", listed.split("commands:")[1].split("\n\n")[0], re.M)


def check_manual():
    for command in ["", *commands()]:
        page = run("help", "--man", *filter(None, [command])).stdout
        done = subprocess.run(["groff", "-man", "-Tutf8", "-Kutf8", "-ww"], input=page,
                              capture_output=True, text=True)
        assert done.returncode == 0 and not done.stderr, (command, done.stderr)
        shown = re.sub(r"\x1b\[[0-9;]*m|.\x08", "", done.stdout).replace("\u2010", "-")
        for option in re.findall(r"^  (--?[a-z-]+)", run("help", command or "help").stdout, re.M):
            assert not command or option in shown, (command, option)
    assert run("help", "--man", "no-such").returncode == 2
    print("manual: every page is clean")


def check_environment():
    """What the sources ask of the environment is in its help and in the manual."""
    asked = {name for path in SOURCE.glob("src/**/*.c")
             for name in re.findall(r'getenv\("(GYRE_\w+)"\)', path.read_text())}
    shown = run("help", "environment").stdout
    manual = run("help", "--man").stdout
    assert len(asked) > 4
    for name in asked:
        assert name in shown and name in manual, name
    print(f"environment: {len(asked)} variables")


def check_readme():
    """The table of commands has those that help has, in the same order."""
    rows = re.findall(r"^\| `([a-z]+)` \| ", (SOURCE / "README.md").read_text().split("## Commands")[1]
                      .split("\n## ")[0], re.M)
    assert rows == commands(), (rows, commands())


def check_completion():
    script = run("help", "--completion", "bash").stdout
    for line, want in (("gyre tr", ["train"]), ("gyre train --pro", ["--progress"]),
                       ("gyre train m.yaml --progress ba", ["bar"]), ("gyre bench st", ["step"]),
                       ("gyre bench step --inf", ["--inference"]), ("gyre train --res", ["--resume"]),
                       ("gyre eval --set optimizer.learn", ["optimizer.learning_rate="])):
        typed = line.split(" ")
        shell = (f"{script}\nCOMP_WORDS=({' '.join(map(repr, typed))}) COMP_CWORD={len(typed) - 1}\n"
                 "_gyre 2>/dev/null; echo ${COMPREPLY[@]}")
        done = subprocess.run(["bash", "-c", shell], capture_output=True, text=True)
        assert done.stdout.split() == want and not done.stderr, (line, done)
    if shutil.which("zsh"):
        script = run("help", "--completion", "zsh").stdout
        done = subprocess.run(["zsh", "-f", "-c", "compdef() { :; }\n" + script + "\nlocal opts vals parts\n"
                               "_gyre_table train --progress; echo $vals"], capture_output=True, text=True)
        assert done.stdout.split() == ["auto", "bar", "plain", "none"] and not done.stderr, done
    print("completion: bash and zsh know commands, options, words and keys")


check_environment()
check_readme()
check_completion()
check_manual()
check_schema()
