#!/usr/bin/env bash
# Installs what the tests need, builds, runs them; ends with "N passed, N failed".
#   tests/run.sh                       all but the long way round, then unit and MPI tests again under sanitizers
#                                      of memory, and what has threads of its own under that of threads
#   tests/run.sh [ctest arguments]     some of it, e.g. tests/run.sh -R ring
# The long way round: GYRE_LONG=1 repeats on eight ranks, too, what fails one after another (the label "long");
# GYRE_FAULT_ALL=1 lets every write, flush and allocation fail once, GYRE_ANALYSE=deep has the analyser
# look further. Files go to memory where there is room, unless TMPDIR says where.
set -euo pipefail
cd "$(dirname "$0")/.."
./launch/setup.sh tests

passed=0 failed=0 code=0
few=() # what is asked for runs, be it long
[ $# -gt 0 ] || [ -n "${GYRE_LONG:-}" ] || few=(-LE '^long$')
count() { # adds up what `ctest ARGUMENT…` says
    local log total wrong skipped
    log=$(mktemp)
    ctest -j "$(($(nproc) + 4))" --output-on-failure "$@" 2>&1 | tee "$log" || code=$?
    read -r wrong total < <(sed -n 's/^.*, \([0-9]*\) tests\? failed out of \([0-9]*\)$/\1 \2/p' "$log") || true
    skipped=$(grep -c '(Skipped)$' "$log") || true # with a word, where a test cannot be
    rm -f "$log"
    echo "run.sh: $SECONDS s so far"
    passed=$((passed + ${total:-0} - ${wrong:-0} - skipped)) failed=$((failed + ${wrong:-0}))
    [ "${total:-0}" -gt 0 ] || { echo "run.sh: no test ran" >&2; code=1; }
}

cmake -S . -B build -G Ninja -DCMAKE_BUILD_TYPE=Release -DGYRE_TESTS=ON -DGYRE_WERROR=ON >/dev/null
cmake --build build
count --test-dir build "${few[@]}" "$@"

if [ $# -eq 0 ]; then
    for preset in sanitize thread; do
        cmake --preset "$preset" >/dev/null
        cmake --build --preset "$preset"
        count --preset "$preset"
    done
fi
echo "$passed passed, $failed failed"
exit "$code"
