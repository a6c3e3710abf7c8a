#!/usr/bin/env bash
# Starts Gyre by mpirun on this machine or on several hosts: works out ranks x threads x binding from
# the cores, prints them, and sees to it that it ends.
#
#   launch/mpirun.sh [-n RANKS] [-t THREADS] [-H HOSTFILE] [-s] [-d] gyre's command line…
#
#   launch/mpirun.sh train model.yaml                  one rank for each core of this machine
#   launch/mpirun.sh -t 4 train model.yaml             a rank for every four cores
#   launch/mpirun.sh -H hosts -t 8 train model.yaml    the same on each host of the file
#   launch/mpirun.sh -s …                              others use the cores too: neither bound nor spinning
#   launch/mpirun.sh -d …                              prints the command only
#
# TERM, INT (Ctrl-C), HUP or USR2 to this script: a checkpoint, then the end with code 75; a second one
# ends at once. USR1: a checkpoint, and on.
#
# HOSTFILE has a line `name slots=CORES` for each host; hosts are taken to have equally many cores.
# Ranks or threads: many small ranks have the shorter way to their memory and need no team of
# threads; few large ones have less to send and each a larger part of the batch. Begin with one
# rank for each socket or every 4 to 8 cores, and measure: gyre bench step.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

arguments=("$@") ranks='' threads='' hostfile='' shared='' dry=
while getopts n:t:H:sd option; do
    case $option in
    n) ranks=$OPTARG ;;
    t) threads=$OPTARG ;;
    H) hostfile=$OPTARG ;;
    s) shared=1 ;;
    d) dry=1 ;;
    *) sed -n 's/^#   //p' "$0" >&2; exit 2 ;;
    esac
done
shift $((OPTIND - 1))
[ $# -gt 0 ] || { sed -n 's/^#   //p' "$0" >&2; exit 2; }
[ -z "$hostfile" ] || [ -r "$hostfile" ] || { echo "launch: cannot read $hostfile" >&2; exit 2; }
[ -z "$ranks" ] || ranks=$(count_of -n "$ranks") || exit 2
[ -z "$threads" ] || threads=$(count_of -t "$threads") || exit 2

find_gyre
mpirun_options
hosts=1
cores=$(count_cores)
if [ -n "$hostfile" ]; then
    hosts=$(sed 's/#.*//' "$hostfile" | awk 'NF' | wc -l)
    [ "$hosts" -gt 0 ] || { echo "launch: $hostfile names no host" >&2; exit 2; }
    slots=$(sed -n 's/#.*//; s/.*slots *= *\([^ ]*\).*/\1/p' "$hostfile" | sort -n | head -n 1)
    [ -z "$slots" ] || cores=$(count_of "slots in $hostfile" "$slots") || exit 2
fi
threads=${threads:-1}
ranks=${ranks:-$((hosts * cores / threads > 0 ? hosts * cores / threads : 1))}
each=$(((ranks + hosts - 1) / hosts)) # ranks of a host

binding=(--map-by "slot:PE=$threads" --bind-to core)
bound="bound to $threads each"
if [ $((each * threads)) -gt "$cores" ]; then
    echo "launch: $each ranks with $threads threads each are more than the $cores cores of a host:" \
         "they will take turns; use at most -n $((hosts * cores / threads > 0 ? hosts * cores / threads : 1)) or a smaller -t" >&2
    shared=1
fi
if [ -n "$shared" ]; then
    binding=(--oversubscribe --bind-to none)
    bound="not bound"
    export OMPI_MCA_mpi_yield_when_idle=1 OMP_WAIT_POLICY=passive
fi
echo "launch: $hosts host(s) of $cores cores: $ranks ranks with $threads threads, $bound" >&2

command=("${GYRE_MPIRUN:-mpirun}" "${MPIRUN_OPTIONS[@]}" -n "$ranks" "${binding[@]}")
[ -z "$hostfile" ] || command+=(--hostfile "$hostfile")
command+=(-x OMP_NUM_THREADS="$threads" "$GYRE" "$@")
if [ -n "$dry" ]; then
    printf '%q ' "${command[@]}"
    echo
    exit 0
fi
sweep_segments
code=0
STOP_SIGNALS='TERM INT HUP USR2' SAVE_SIGNALS=USR1 run_bounded "${command[@]}" || code=$?
say_end "$code" "$0" "${arguments[@]}"
exit "$code"
