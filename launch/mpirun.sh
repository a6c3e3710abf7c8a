#!/usr/bin/env bash
# Starts Gyre by mpirun on this machine or on several hosts: works out ranks x threads x binding from
# the cores, prints them, and sees to it that it ends.
#
#   launch/mpirun.sh [-n RANKS] [-t THREADS] [-H HOSTFILE] [-r TRIES] [-k] [-s] [-d] gyre's command line…
#
#   launch/mpirun.sh train model.yaml                  one rank for each core of this machine
#   launch/mpirun.sh -t 4 train model.yaml             a rank for every four cores
#   launch/mpirun.sh -H hosts -t 8 train model.yaml    the same on each host of the file
#   launch/mpirun.sh -r 3 -H hosts train model.yaml    starts again by itself where ranks or hosts were lost
#   launch/mpirun.sh -k -r 3 -H hosts train model.yaml goes on without those, no step lost; starts again only where it cannot
#   launch/mpirun.sh -s …                              others use the cores too: neither bound nor spinning
#   launch/mpirun.sh -d …                              prints the command only
#
# TERM, INT (Ctrl-C), HUP or USR2 to this script: a checkpoint, then the end with code 75; a second one
# ends at once. USR1: a checkpoint, and on.
#
# -r: where a job ends before the run does, the same command starts again from the newest checkpoint, on
# the hosts that answer; TRIES times in a row without a new checkpoint, then no more. A stop that was asked
# for (75), a wrong configuration (2) and a run that diverged (3) are ends.
#
# -k: comm.survive, and mpirun is told to keep the ranks that are left. Whether the run was finished says its
# journal, else the ranks say their code: mpirun has none then.
#
# HOSTFILE has a line `name slots=CORES` for each host; hosts are taken to have equally many cores.
# Ranks or threads: many small ranks have the shorter way to their memory and need no team of
# threads; few large ones have less to send and each a larger part of the batch. Begin with one
# rank for each socket or every 4 to 8 cores, and measure: gyre bench step.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/again.sh"

arguments=("$@") asked_ranks='' threads=1 hostfile='' tries=0 keep='' asked_shared='' dry=
while getopts n:t:H:r:ksd option; do
    case $option in
    n) asked_ranks=$(count_of -n "$OPTARG") || exit 2 ;;
    t) threads=$(count_of -t "$OPTARG") || exit 2 ;;
    H) hostfile=$OPTARG ;;
    r) tries=$(count_of -r "$OPTARG") || exit 2 ;;
    k) keep=1 ;;
    s) asked_shared=1 ;;
    d) dry=1 ;;
    *) sed -n 's/^#   //p' "$0" >&2; exit 2 ;;
    esac
done
shift $((OPTIND - 1))
[ $# -gt 0 ] || { sed -n 's/^#   //p' "$0" >&2; exit 2; }
[ -z "$hostfile" ] || [ -r "$hostfile" ] || { echo "launch: cannot read $hostfile" >&2; exit 2; }
[ "$tries$keep" = 0 ] || [ "$1" = train ] || { echo "launch: -r and -k are for a training; leave them out for gyre $1" >&2; exit 2; }
[ -z "$keep" ] || set -- "$@" --set comm.survive=true

# The command for the hosts that there are; no host gets more ranks than it had at first.
compose() { # gyre's command line; sets command
    local cores slots hosts most ranks binding bound shared=$asked_shared
    hosts=1 cores=$(count_cores)
    if [ -n "$hostfile" ]; then
        hosts=$(sed 's/#.*//' "$hostfile" | awk 'NF' | wc -l)
        [ "$hosts" -gt 0 ] || { echo "launch: $hostfile names no host" >&2; return 2; }
        slots=$(sed -n 's/#.*//; s/.*slots *= *\([^ ]*\).*/\1/p' "$hostfile" | sort -n | head -n 1)
        [ -z "$slots" ] || cores=$(count_of "slots in $hostfile" "$slots") || return 2
    fi
    most=$((hosts * cores / threads > 0 ? hosts * cores / threads : 1))
    ranks=${asked_ranks:-$most}
    [ -z "$each" ] || [ "$ranks" -le $((hosts * each)) ] || ranks=$((hosts * each))
    each=${each:-$(((ranks + hosts - 1) / hosts))} # ranks of a host

    binding=(--map-by "slot:PE=$threads" --bind-to core)
    bound="bound to $threads each"
    if [ $((each * threads)) -gt "$cores" ]; then
        echo "launch: $each ranks with $threads threads each are more than the $cores cores of a host:" \
             "they will take turns; use at most -n $most or a smaller -t" >&2
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
}

# The hosts of the user's file that answer now: one that came back is used again.
leave_out() { # sets hostfile
    local lost
    hosts_not_silent "$RUN_GONE" <"$all_hosts" | hosts_that_answer >"$left"
    lost=$(sed 's/#.*//' "$all_hosts" | awk 'NF' | grep -vxF -f "$left" | awk '{ printf "%s%s", n++ ? ", " : "", $1 }') || true
    [ -z "$lost" ] || echo "launch: left out, for they do not answer: $lost" >&2
    [ -s "$left" ] || { echo "launch: no host is left" >&2; return 1; }
    hostfile=$left
}

find_gyre
mpirun_options "$keep" "$tries"
[ "$tries" = 0 ] || MPIRUN_OPTIONS+=(-x GYRE_JOB)
each=
compose "$@" || exit
if [ -n "$dry" ]; then
    printf '%q ' "${command[@]}"
    echo
    exit 0
fi
[ "$tries$keep" = 0 ] || run=$(run_directory "$@") || exit
[ "$tries" = 0 ] || [ -z "$hostfile" ] || { all_hosts=$hostfile left=$(mktemp); trap 'rm -f "$left"' EXIT; }
TRIED=0 STARTS=0 job=$(cat /proc/sys/kernel/random/uuid)
while :; do
    [ "$tries" = 0 ] || { from=$(run_latest "$run"); name_start "$job"; }
    sweep_segments
    code=0
    STOP_SIGNALS='TERM INT HUP USR2' SAVE_SIGNALS=USR1 RUN_DIR=${keep:+$run} run_bounded "${command[@]}" || code=$?
    [ -z "$keep" ] || ! run_is_finished "$run" || code=0 RUN_GONE= # whoever died after it
    [ "$tries" -gt 0 ] && is_started_again "$code" "$run" "$from" "$tries" || break
    [ -z "$hostfile" ] || leave_out || break
    compose "$@" || exit
done
if [ "$tries$keep" != 0 ] && [ "$code" = 0 ] && ! run_is_finished "$run"; then code=1; fi # mpirun's, where a host was lost
say_end "$code" "$0" "${arguments[@]}"
exit "$code"
