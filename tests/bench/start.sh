#!/usr/bin/env bash
# Seconds from the shell to the end of a job of one step on two ranks, beside a program that only
# begins and ends MPI, in turns.
#   tests/bench/start.sh [GYRE] [TURNS]
set -euo pipefail
cd "$(dirname "$0")/../.."
gyre=$(realpath "${1:-build/gyre}") turns=${2:-7}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export OMPI_MCA_mpi_yield_when_idle=1
[ "$(id -u)" -ne 0 ] || export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1

cat >"$folder/bare.c" <<'C'
#include <mpi.h>
int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    MPI_Barrier(MPI_COMM_WORLD);
    return MPI_Finalize();
}
C
mpicc -O2 -o "$folder/bare" "$folder/bare.c"

seconds() { # of a command on two ranks
    local since
    since=$(date +%s%N)
    mpirun --oversubscribe -n 2 "$@" >"$folder/log" 2>&1 || { cat "$folder/log" >&2; exit 1; }
    echo $(($(date +%s%N) - since)) | awk '{ printf "%.3f\n", $1 / 1e9 }'
}
median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

for _ in $(seq "$turns"); do
    rm -rf "$folder/run"
    seconds "$folder/bare" >>"$folder/bare.s"
    seconds "$gyre" train datasets/digits.yaml --quiet --run-dir "$folder/run" --set train.steps=1 \
        >>"$folder/gyre.s"
done
echo "bare MPI $(median <"$folder/bare.s") s, gyre $(median <"$folder/gyre.s") s (medians of $turns)"
