#!/usr/bin/env bash
# From a fresh clone to a trained network: installs what is missing, builds, trains the shipped
# digits on two ranks, then stops a run halfway and lets the same command finish it.
#   launch/quickstart.sh
# GYRE_BUILD and GYRE_RUNS name other places than build and runs/quickstart.
set -euo pipefail
cd "$(dirname "$0")/.."
build=${GYRE_BUILD:-build} runs=${GYRE_RUNS:-runs/quickstart}
gyre=$build/gyre config=datasets/digits.yaml

say() { printf '\n== %s\n' "$*"; }
show() { # prints a command, then runs it
    echo "\$ $*"
    "$@"
}

./launch/setup.sh
say "build: $build"
[ -f "$build/CMakeCache.txt" ] ||
    cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DGYRE_TESTS=OFF >/dev/null
cmake --build "$build" --target gyre-cli

# Two ranks, even as root and on one core, where they must not spin while they wait.
mpirun=(mpirun -n 2)
case "$(mpirun --version)" in
*"Open MPI"*)
    export OMPI_MCA_mpi_yield_when_idle=1
    mpirun+=(--quiet) # a code 75 is no failure to explain
    [ "$(nproc)" -ge 2 ] || mpirun+=(--oversubscribe)
    [ "$(id -u)" -ne 0 ] || mpirun+=(--allow-run-as-root)
    ;;
esac

rm -rf "$runs/whole" "$runs/stopped"
say "train: handwritten digits, two ranks"
show "${mpirun[@]}" "$gyre" train "$config" --run-dir "$runs/whole"

say "the model in its checkpoint, $runs/whole/checkpoints/latest/index.h5"
show "$gyre" inspect "$runs/whole/checkpoints/latest"

say "the same again, asked to stop after an epoch: signal USR2, exit code 75"
again=("${mpirun[@]}" "$gyre" train "$config" --run-dir "$runs/stopped")
echo "\$ ${again[*]} & kill -USR2 \$!"
"${again[@]}" --quiet &
run=$! code=0
until grep -qs '"event": "evaluate"' "$runs/stopped/metrics.jsonl" || ! kill -0 $run 2>/dev/null; do
    sleep 0.01
done
kill -USR2 $run 2>/dev/null || true
wait $run || code=$?
case $code in
75) say "it stopped with a checkpoint: the same command goes on" ;;
0) say "it was done before the signal came: the same command finds it so" ;;
*) exit $code ;;
esac
show "${again[@]}" 2>&1 | sed -n '/^goes on from/p; /^done/,$p'

say "stopped or not: the same model?"
"$gyre" inspect --json "$runs/whole/checkpoints/latest" >"$runs/whole.json"
"$gyre" inspect --json "$runs/stopped/checkpoints/latest" >"$runs/stopped.json"
if cmp "$runs/whole.json" "$runs/stopped.json"; then
    echo "yes, to the last digit of every statistic"
else
    echo "no" >&2
    exit 1
fi

accuracy=$(sed -n 's/.*"test_accuracy": \([0-9.]*\).*/\1/p' "$runs/whole/metrics.jsonl" | tail -n 1)
say "test accuracy $accuracy. Next: gyre help config, README.md"
awk -v a="$accuracy" 'BEGIN { exit !(a >= 0.97) }' || { echo "below 0.97" >&2; exit 1; }
