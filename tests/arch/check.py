#!/usr/bin/env python3
"""The law of the house, read off the tree: rooms, doors, names, headers, lengths.

    check.py LIBGYRE CC CXX BUILD

BUILD is the compiler's name, its version and the kind of build; sizes are of GNU's releases.
The build keeps the law of includes by its include paths; this finds what it cannot see.
"""
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
SRC = ROOT / "src"
DOORS = {  # a foreign header: the one file that includes it
    "mpi.h": "comm/comm_mpi.h", "hdf5.h": "store/hdf5_impl.h", "cblas.h": "kernel/blas.c",
    "yaml.h": "text/yaml.c", "jansson.h": "text/json.c", "pcre2.h": "text/words.c", "zlib.h": "store/zlib_impl.h",
    "xxhash.h": "base/hash.c", "Random123/philox.h": "base/rng.c"}
LINES = {"src": 450, "include": 400, "tests": 600}     # of a file; from 400 on look for a second noun
BODY = {"src": 60, "include": 60, "tests": 65}         # of a function
README = 60
LIBRARY = 2 << 20  # bytes, by gcc 12, with packed addresses, which makes 1.99 MiB of it
LIBRARY_ELSEWHERE = 23 * LIBRARY // 20  # by another gcc, or without them

TABLES = {  # a heading of a page: the list that the table below it must name
    "Commands": "cli/command_list.h", "Layers": "layer/layer_list.h",
    "Losses": "loss/loss_list.h", "Metrics": "loss/metric_list.h",
    "Optimizers": "optim/optim_list.h", "Schedules": "optim/schedule_list.h",
    "Data": "data/format_list.h", "Formats of other programs": "exchange/exchange_list.h",
    "All-reduces": "comm/all_reduce_list.h",
    "Wires": "sync/wire_list.h", "Compressions": "sync/compression_list.h",
    "Ways to search": "search/search_list.h",
    "Faults on purpose": "train/fault_list.h",
    "Ways to make one smaller": "apply/compress/compress_list.h"}

problems = []


def expect(condition, text):
    if not condition:
        problems.append(text)


def pages():
    """Every page for users and builders, with its text."""
    for path in sorted(ROOT.rglob("*.md")):
        if not any(part.startswith("build") for part in path.relative_to(ROOT).parts):
            yield path, path.read_text()


def section(text, title):
    """What stands below a heading, up to the next one; None where there is no such heading."""
    found = re.search(rf"^#+ {re.escape(title)}\n(.*?)(?=^#|\Z)", text, re.M | re.S)
    return found and found[1]


def sources(*tops):
    for top in tops:
        yield from sorted(p for p in (ROOT / top).rglob("*.[ch]") if "corpus" not in p.parts)


def includes(path, quotes):
    open_, close = quotes
    return re.findall(rf"^#\s*include {open_}([^{close}]*){close}", path.read_text(), re.M)


def rooms():
    """Room → the rooms it may use, all the way down, from the table in src/CMakeLists.txt."""
    uses = {}
    for line in (SRC / "CMakeLists.txt").read_text().splitlines():
        found = re.match(r"gy_room\((\w+)\s*(?:USES ([\w ]*?))?\s*(?:LINKS.*)?\)", line)
        if found:
            below = (found[2] or "").split()
            uses[found[1]] = set(below).union(*(uses[room] for room in below))
    return {room: below | {"base"} for room, below in uses.items()} | {"cli": {"base"}}


def check_rooms():
    allowed = rooms()
    expect(len(allowed) > 10, "no table of rooms was found in src/CMakeLists.txt")
    for path in sources("src"):
        room = path.relative_to(SRC).parts[0]
        expect(room in allowed, f"{path}: no such room")
        for name in includes(path, '""'):
            target, _, header = name.partition("/")
            if target not in allowed or (path.parent / name).exists():
                continue
            expect(target == room or target in allowed.get(room, ()),
                   f"{path}: {room} may not use {target} ({name})")
            expect(target == room or not re.search(r"_(impl|mpi)\.h$", header),
                   f"{path}: {name} is inside {target} only")


def check_picture():
    """The picture of the rooms names all of them, and what each uses as the build has it."""
    allowed = rooms()
    text = next(filter(None, (section(text, "How it is built") for _, text in pages())))
    shown = set()
    for line in text.split("```")[1].splitlines():
        fields = re.split(r" {2,}", line.strip())
        named = [word for word in " ".join(fields[:-2] or fields[:1]).split() if word in allowed]
        shown.update(named)
        below = fields[-1].split()
        if not set(below) <= set(allowed):
            continue
        uses = set(below).union({"base"}, *(allowed[room] for room in below))
        for room in named:
            expect(uses == allowed[room], f"How it is built: {room} uses {below}, the build"
                                          f" has other rooms: {uses ^ allowed[room]}")
    expect(shown == set(allowed), f"How it is built: {shown ^ set(allowed)}")


def check_doors():
    for header, door in DOORS.items():
        users = [str(p.relative_to(SRC)) for p in sources("src") if header in includes(p, "<>")]
        expect(users == [door], f"<{header}> is included by {users}, its door is {door}")


def functions(text):
    """Length of every function body, by clang-format's braces in the first column."""
    lines, start = text.split("\n"), None
    for i, line in enumerate(lines):
        if line == "{":
            start = i
        elif line.startswith("}") and start is not None:
            yield lines[start - 1], i - start + 1
            start = None


def check_agreements():
    """Memory that is agreed on must be freed where another rank had none: gy_comm_new does both."""
    for path in sources("src"):
        found = re.search(r"gy_comm_agree\([^;]*\bgy_(new|new_array|alloc|alloc_array)\(",
                          path.read_text())
        expect(not found or path.name == "agree.c",
               f"{path}: agrees on memory by hand; gy_comm_new and gy_comm_new_array do it")


WAITING = {  # calls of MPI that wait, or are of all ranks: the files that have them, and why
    r"Comm_(dup|split)\w*": {"comm/comm.c", "comm/split.c"},       # who takes part
    r"Bcast|Allreduce": {"comm/comm.c"},                           # the first words, to any version
    r"I(alltoallv|allgatherv|allreduce)": {"comm/all_reduce/mpi.c"},
    r"I(send|recv|probe)|Test|Cancel": {"comm/message.c"},        # ours: waited for by gy_patience
    r"Wait\w*|[SBR]?send|Recv|Sendrecv\w*|M?probe|Win_\w+|I?(barrier|bcast|gather\w*|scatter\w*|all\w+|"
    r"reduce\w*|scan|exscan)": set()}
PAUSES = {"comm/patience.c", "train/job.c", "train/claim.c", "train/faults/slow.c", "sync/driver.c"}


def check_waits():
    """Every wait for ranks asks whether they are there (comm/patience.h): so none is in MPI."""
    for path in sources("src"):
        name = str(path.relative_to(SRC))
        code = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.S)
        for call in set(re.findall(r"\bMPI_(\w+)\(", code)):
            homes = next((files for words, files in WAITING.items() if re.fullmatch(words, call, re.I)), {name})
            expect(name in homes, f"{path}: MPI_{call} belongs into {sorted(homes)}")
        expect(name in PAUSES or not re.search(r"\b(nanosleep|sched_yield|usleep)\(", code),
               f"{path}: waits by itself; gy_patience also asks whether a rank is gone")


def check_lengths():
    for path in sources("src", "include", "tests"):
        top, text = path.relative_to(ROOT).parts[0], path.read_text()
        n = text.count("\n")
        expect(n <= LINES[top], f"{path}: {n} lines; look for a second noun in it")
        for head, length in functions(text):
            expect(length <= BODY[top], f"{path}: {length} lines: {head}")
    for room in rooms():
        readme = SRC / room / "README.md"
        if room != "base":
            expect(readme.exists(), f"{readme} is missing")
        if readme.exists():
            n = readme.read_text().count("\n")
            expect(n <= README, f"{readme}: {n} lines, at most {README}")


def check_names(library):
    """Every symbol that others could meet starts with gy_; GY_API and no other is exported."""
    table = subprocess.run(["readelf", "-sW", library], capture_output=True, text=True, check=True)
    api = "".join(p.read_text() for p in sources("include"))
    n = 0
    for line in table.stdout.splitlines():
        parts = line.split()
        if len(parts) != 8 or parts[4] not in ("GLOBAL", "WEAK") or parts[6] == "UND":
            continue
        n += 1
        name, visible = parts[7], parts[5] == "DEFAULT"
        expect(name.startswith("gy_"), f"{library}: {name} does not start with gy_")
        if visible:
            expect(re.search(rf"\b{name}\b", api), f"{library}: {name} is exported, and no API")
    expect(n > 100, f"{library}: no symbols were found")


def check_size(library, link, most):
    """Shared and stripped, for a host program that has to load it: as src/CMakeLists.txt links a shared one."""
    with tempfile.TemporaryDirectory() as place:
        shared = pathlib.Path(place, "libgyre.so")
        whole = ["-Wl,--whole-archive", library, "-Wl,--no-whole-archive"]
        is_static = library.endswith(".a")
        subprocess.run([*link, "-shared", "-s", "-o", shared, *whole] if is_static else ["strip", "-o", shared, library],
                       check=True)
        size = shared.stat().st_size
    expect(size <= most, f"{library}: {size} bytes shared and stripped, at most {most}")


def check_headers(compilers):
    headers = sorted((ROOT / "include/gyre").glob("*.h"))
    for header in headers:
        for suffix, compiler in compilers.items():
            with tempfile.NamedTemporaryFile("w", suffix=suffix) as unit:
                unit.write(f"#include <gyre/{header.name}>\n" * 2 + "typedef int gy_unit;\n")
                unit.flush()
                done = subprocess.run([*compiler, "-I", ROOT / "include", "-Wall", "-Wextra", "-Werror",
                                       "-pedantic", "-fsyntax-only", unit.name],
                                      capture_output=True, text=True)
            expect(done.returncode == 0, f"{header.name} alone ({suffix}): {done.stderr}")


def check_floats():
    """Public functions with a status leave the caller's floating-point environment outside."""
    text = "".join(p.read_text() for p in sources("src"))
    for header in sorted((ROOT / "include/gyre").glob("*.h")):
        for name in re.findall(r"GY_API gy_status (gy_\w+)\(", header.read_text()):
            expect(header.name == "status.h" or
                   re.search(rf"^gy_status {name}\([^;{{]*\)\n{{\n    GY_(SWIFT_)?DOOR;", text, re.M),
                   f"{name} does not begin with GY_DOOR (base/door.h)")


def check_without_mpi():
    """What the room of MPI mentions of it has a stand-in for a build without."""
    there = (SRC / "comm/no_mpi/mpi.h").read_text()
    for path in sorted((SRC / "comm").glob("**/*.[ch]")):
        code = re.sub(r'/\*.*?\*/|"[^"\n]*"', "", path.read_text(), flags=re.S)
        for name in set(re.findall(r"\bMPI_(\w+)", code)) if path.name != "start.c" else ():
            expect(re.search(rf"\b(MPI_)?{name}\b", there), f"{path}: no_mpi/mpi.h has no MPI_{name}")


def bare(yaml):
    """Lines without comments and blanks."""
    lines = (re.sub(r"(^|\s+)#.*", "", line).rstrip() for line in yaml.splitlines())
    return [line for line in lines if line]


def check_tables():
    for heading, path in TABLES.items():
        found = [below for below in (section(text, heading) for _, text in pages()) if below]
        expect(len(found) == 1, f"{len(found)} pages have the heading {heading}")
        cells = re.findall(r"^\| (`[^|]*) \|", "".join(found), re.M)
        named = sorted(re.findall(r"`(\w+)`", " ".join(cells)))
        body = re.search(r"#define GY_\w+_LIST\(X\)((?:.*\\\n)*.*)", (SRC / path).read_text())
        listed = sorted(re.findall(r"X\((\w+)\)", body[1]))
        expect(named == listed, f"{heading}: names {set(named) ^ set(listed) or 'twice'}"
                                f" otherwise than {path}")
    example = re.search(r"```yaml\n(name: digits.*?)```", (ROOT / "README.md").read_text(), re.S)
    expect(example and bare(example[1]) == bare((ROOT / "datasets/digits.yaml").read_text()),
           "README.md shows another datasets/digits.yaml than there is")


def check_links():
    """Where pages point to, in this tree, there is something: a file, and a heading of it."""
    anchors = {path: {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
                      for title in re.findall(r"^#+ (.*)$", text, re.M)} for path, text in pages()}
    for path, text in pages():
        for link in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S)):
            if re.match(r"\w+:", link):
                continue
            to, _, anchor = link.partition("#")
            target = (path.parent / to).resolve() if to else path
            page = target / "README.md" if target.is_dir() else target
            expect(target.exists() and (not anchor or anchor in anchors.get(page, ())),
                   f"{path}: there is nothing at {link}")


def check_changes():
    """An entry of CHANGELOG.md stands there once: merges bring back the words of before."""
    entries = re.findall(r"^- (.{50})", (ROOT / "CHANGELOG.md").read_text(), re.M)
    for entry in sorted(set(entries)):
        expect(entries.count(entry) == 1, f'CHANGELOG.md has "{entry}…" more than once')


def check_events():
    """Every field of a run's events is on their page, with the one type that it has."""
    page = (SRC / "event/EVENTS.md").read_text()
    rows = {name: kind for names, kind in
            re.findall(r"^\| (`[^|]*`) \| (int|ints|float|text|bool) \| ", page, re.M)
            for name in re.findall(r"`(\w+)`", names)}
    told = set(re.findall(r"^\| ((?:`\w+`(?:, )?)+) \| ", page, re.M))
    told = {name for names in told for name in re.findall(r"\w+", names)}
    types = {}
    for path in sorted(SRC.rglob("*.c")):
        text = path.read_text()
        of_run = path.is_relative_to(SRC / "train")
        for kind, name in re.findall(r'gy_report_(\w+)\(\s*&?\w+,\s*"(\w+)"', text):
            if kind == "begin":
                continue
            first = types.setdefault(name, kind)
            expect(first == kind, f"{path}: the field {name} is {kind} here, {first} elsewhere")
            expect(not of_run or rows.get(name) == kind,
                   f"{path}: src/event/EVENTS.md does not have the field {name} as {kind}")
        for name in re.findall(r'gy_report_begin\(\s*&?\w+,\s*"(\w+)"', text) if of_run else ():
            expect(name in told, f"{path}: src/event/EVENTS.md does not have the event {name}")


def main():
    library, cc, cxx, build, *small = sys.argv[1:]
    check_rooms()
    check_picture()
    check_doors()
    check_lengths()
    check_agreements()
    check_floats()
    check_without_mpi()
    check_waits()
    check_tables()
    check_links()
    check_changes()
    check_events()
    check_names(library)
    compiler, version, kind = build.split("-")
    if (compiler, kind) == ("GNU", "Release"):
        is_as_measured = version.startswith("12.") and small
        check_size(library, [cc, *small], LIBRARY if is_as_measured else LIBRARY_ELSEWHERE)
    check_headers({".c": [cc, "-std=c11"], ".cpp": [cxx, "-std=c++11"]})
    print("\n".join(problems) or "the law is kept")
    sys.exit(bool(problems))


if __name__ == "__main__":
    main()
