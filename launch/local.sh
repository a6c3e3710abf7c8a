#!/usr/bin/env bash
# Several ranks on this machine, to try things: two ranks of one thread, or RANKS.
#
#   launch/local.sh [RANKS] gyre's command line…      e.g. launch/local.sh 4 train datasets/digits.yaml
set -euo pipefail
ranks=2
case ${1:-} in '' | *[!0-9]*) ;; *) ranks=$1; shift ;; esac
exec "$(dirname "$0")/mpirun.sh" -n "$ranks" -t 1 "$@"
