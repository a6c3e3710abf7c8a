#!/usr/bin/env bash
# Installs what the tests need, builds, runs them all; ends with "N passed, N failed".
#   tests/run.sh [ctest arguments]     e.g. tests/run.sh -R ring
set -euo pipefail
cd "$(dirname "$0")/.."
./launch/setup.sh tests

cmake -S . -B build -G Ninja -DCMAKE_BUILD_TYPE=Release -DGYRE_TESTS=ON >/dev/null
cmake --build build

log=build/tests.log
code=0
ctest --test-dir build --output-on-failure "$@" 2>&1 | tee "$log" || code=$?
total=$(sed -n 's/^.*tests failed out of \([0-9]*\)$/\1/p' "$log" | tail -n 1)
failed=$(sed -n 's/^.*, \([0-9]*\) tests failed out of .*$/\1/p' "$log" | tail -n 1)
echo "$((${total:-0} - ${failed:-0})) passed, ${failed:-0} failed"
[ "${total:-0}" -gt 0 ] || { echo "run.sh: no test ran" >&2; exit 1; }
exit "$code"
