#!/usr/bin/env bash
# run.sh [FOLDER]: builds Gyre on MPICH, in FOLDER (kept) or a temporary one, and runs the tests of what sends
# messages with MPICH's own mpiexec. By hand: it compiles everything anew, 2 minutes on two cores.
#   apt install mpich libmpich-dev
set -euo pipefail
source=$(cd "$(dirname "$0")/../.." && pwd)
for tool in mpicc.mpich mpiexec.mpich; do
    command -v $tool >/dev/null || { echo "there is no $tool: install mpich and libmpich-dev"; exit 77; }
done
place=${1:-}
if [ -z "$place" ]; then
    place=$(mktemp -d)
    trap 'rm -rf "$place"' EXIT
fi

cmake -S "$source" -B "$place" -G Ninja -DCMAKE_BUILD_TYPE=Release -DGYRE_TESTS=ON \
    -DMPI_C_COMPILER="$(command -v mpicc.mpich)" -DMPIEXEC_EXECUTABLE="$(command -v mpiexec.mpich)" >/dev/null
cmake --build "$place"
"$place/gyre" version | grep MPICH
ctest --test-dir "$place" --output-on-failure -j "$(nproc)" \
    -R '^(test_(comm_(calls|life|watchdog)|sync_.*|train_ranks|all_reduces)-[1235]|golden-[123]|trace|page)$'
