#!/usr/bin/env bash
# lint.sh BUILD [format] [spelling] [analysis]: layout by clang-format, spelling by codespell, and
# clang's static analyser over the units of BUILD/compile_commands.json. All three if none is named.
# GYRE_ANALYSE=deep lets the analyser follow paths as far as clang does, which takes eight times as long.
# Ends with 77, which ctest reads as "skipped", where a tool is missing.
set -euo pipefail
build=$(cd "$1" && pwd)
cd "$(dirname "$0")/.."
shift
[ $# -gt 0 ] || set -- format spelling analysis
FORMAT=14 # the version whose layout is the law; others differ in small things

git ls-files --error-unmatch tests/lint.sh >/dev/null 2>&1 || { echo "lint: no git checkout"; exit 77; }
need() { command -v "$1" >/dev/null || { echo "lint: no $1"; exit 77; }; }

format() {
    local tool=clang-format
    command -v "$tool-$FORMAT" >/dev/null && tool=$tool-$FORMAT
    need "$tool"
    "$tool" --version | grep -q "version $FORMAT\." || { echo "lint: clang-format is not $FORMAT"; exit 77; }
    git ls-files '*.c' '*.h' | xargs -d '\n' "$tool" --dry-run --Werror
}

spelling() {
    need codespell
    git ls-files | grep -v -e '/corpus/' -e 'cli/bad/' -e '\.h5$' | xargs -d '\n' codespell -L inout # Fortran's
}

# What the analyser cannot know, and guesses wrong: that a status which ranks agreed on is this rank's
# too, and that counts are above 0.
unknowable=()
for checker in core.{NullDereference,NonNullParamChecker,CallAndMessage} unix.cstring.NullArg \
               core.{UndefinedBinaryOperatorResult,uninitialized.Assign}; do
    unknowable+=(-Xclang -analyzer-disable-checker -Xclang "$checker")
done

# Units of src/ as they are compiled. The default ends a large function after 10,000 states (clang's is
# 225,000); it still follows them through calls, which `mode=shallow`, as fast, does not. Of 40 memories
# freed twice, at the end of a function each, 10,000 states find as many as 50,000: 38.
analysis() {
    local depth=(-Xclang -analyzer-config -Xclang max-nodes=10000)
    need clang
    need python3
    [ "${GYRE_ANALYSE:-}" != deep ] || depth=()
    python3 - "$build/compile_commands.json" "$PWD/src/" <<'PYTHON' |
import json, shlex, sys
seen = set()
for unit in json.load(open(sys.argv[1])):
    if not unit["file"].startswith(sys.argv[2]) or unit["file"] in seen:
        continue
    seen.add(unit["file"])
    words = shlex.split(unit["command"])
    keep = [w for i, w in enumerate(words) if w.startswith(("-I", "-D", "-std=")) or
            w == "-isystem" or words[i - 1] == "-isystem"]
    print(shlex.join([*keep, unit["file"]]))
PYTHON
        xargs -P "$(nproc)" -L 1 clang --analyze --analyzer-output text "${depth[@]}" "${unknowable[@]}" 2>&1 |
        tee "$build/analysis.log"
    ! grep -E -q 'warning:|error:' "$build/analysis.log"
}

for part in "$@"; do "$part"; done
