#!/usr/bin/env bash
# quickstart.sh BUILD: the quick start from a fresh place, and once more over what it left.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
for _ in first second; do
    GYRE_BUILD=$1 GYRE_RUNS=$place/runs "$(dirname "$0")/../../launch/quickstart.sh" >"$place/out" 2>&1 ||
        { cat "$place/out"; exit 1; }
    { grep -q '^goes on from .*: epoch' "$place/out" ||     # it was stopped, and went on
        grep -q '^== it was done before the signal came' "$place/out"; } &&
        grep -q '^yes, to the last digit' "$place/out" &&
        grep -Eq '^== test accuracy (1|0\.9[7-9])' "$place/out" ||
        { cat "$place/out"; exit 1; }
done
