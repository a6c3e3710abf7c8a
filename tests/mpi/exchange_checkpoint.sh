#!/usr/bin/env bash
# exchange_checkpoint.sh MPIEXEC PROGRAM: writes on 1, 3 and 5 ranks, reads each on 1, 2 and 4.
set -euo pipefail
mpirun=$(dirname "$0")/../support/mpirun.sh
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
for writers in 1 3 5; do
    export GYRE_TRIAL_RUN=$directory/$writers
    GYRE_TRIAL_ROLE=write "$mpirun" "$1" "$writers" "$2"
    for readers in 1 2 4; do
        GYRE_TRIAL_ROLE=read "$mpirun" "$1" "$readers" "$2"
    done
done
