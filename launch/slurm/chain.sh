#!/usr/bin/env bash
# For sites that do not let a job requeue itself: a chain of jobs, each of which begins when the one
# before it has ended and goes on from its checkpoint. Those that are left over when the run is
# finished end at once.
#
#   launch/slurm/chain.sh JOBS model.yaml RUN_DIR [options of gyre train…]
#   SBATCH_TIMELIMIT=01:00:00 GYRE_SBATCH_OPTIONS='-N 4' launch/slurm/chain.sh 8 …
set -euo pipefail
[ $# -ge 3 ] || { sed -n 's/^#   //p' "$0" >&2; exit 2; }
jobs=$1
shift
previous=
for ((i = 0; i < jobs; i++)); do
    previous=$(sbatch --parsable --no-requeue ${GYRE_SBATCH_OPTIONS:-} ${previous:+--dependency=afterany:$previous} \
                      "$(dirname "$0")/train.sbatch" "$@")
    echo "job $previous"
done
