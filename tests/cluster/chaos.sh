#!/usr/bin/env bash
# chaos.sh GYRE [--minutes N] [--seed N] [--launcher mpirun|srun] [--stays again|kept]: one SLURM job on three nodes, started
# by train.sbatch, is stopped, preempted, requeued, loses ranks by SIGKILL (also while a checkpoint is
# written), a node and the room on its disk, finds a flipped byte in its newest checkpoint, and comes
# back on other numbers of ranks; each of these once, then at random for N minutes. Each strikes while
# the job runs and has made a checkpoint since the one before, and is seen to have struck. In the end its
# parameters have the checksum of those of one rank that was never disturbed, and its journal
# (chaos.yaml) tells that each step was made once and every sample of every epoch used exactly once.
# Moments are drawn, the same each time unless --seed says otherwise. With --stays the job outlives the
# loss of ranks and nodes, and errors: again, by starts inside its allocation; kept, by the ranks that are
# left (comm.survive).
set -euo pipefail
. "$(dirname "$0")/hosts.sh"
lab_enter "$0" "$@"
. "$SOURCE/tests/cluster/slurm.sh"
. "$SOURCE/launch/lib.sh"
gyre=$1
shift
minutes=0 seed=17 stays=
export LAUNCHER=mpirun GYRE_LAUNCH_OPTIONS="--bind-to none"
while [ $# -gt 0 ]; do
    case $1 in
    --minutes) minutes=$2 ;;
    --seed) seed=$2 ;;
    --launcher) LAUNCHER=$2 ;;
    --stays)
        stays=$2 GYRE_RESTARTS=9
        case $stays in again | kept) ;; *) echo "chaos.sh: --stays is again or kept, not '$stays'" >&2; exit 2 ;; esac
        ;;
    *) sed -n 's/^# \(chaos.sh [^:]*\).*/\1/p' "$0" >&2; exit 2 ;;
    esac
    shift 2
done
RANDOM=$seed
[ -z "$stays" ] || export GYRE_RESTARTS
[ "$stays" != kept ] || export GYRE_KEEP=1
[ $LAUNCHER = mpirun ] || GYRE_LAUNCH_OPTIONS=--cpu-bind=none
samples=48 epochs=$((100 + 200 * minutes))
config=$SOURCE/tests/cluster/chaos.yaml disk=$LAB/disk run=$LAB/disk/run out=$LAB/out fault=start job= flipped=()
options=(--quiet --set "train.epochs=$epochs")

note() { echo "$SECONDS s: $*"; }
fail() {
    echo "failed: $fault: $* (--seed $seed)"
    slurm squeue -t all || true
    cat $out
    exit 1
}
ranks() { for host in host0 host1 host2; do processes $host "^$gyre train"; done; }
said() { grep -c -- "$1" $out || true; } # how often
said_more() { [ "$(said "$1")" -gt "$2" ]; }
finished() { run_is_finished $run; }
moved() { [ "$(run_latest $run)" != "$from" ] && [ -n "$(ranks)" ]; }
is_gone() { ! kill -0 "$1" 2>/dev/null; }

# The job runs and has made a checkpoint since.
goes_on() {
    from=$(run_latest $run)
    wait_until 300 moved || fail "the run does not move"
    job_is "$job" RUNNING || fail "the job is $(job_get "$job" JobState)"
}

# COMMAND…, after which the job's output has such a line more.
tells() { # LINE COMMAND…
    local before
    before=$(said "$1")
    "${@:2}"
    NAP=0.5 wait_until 240 said_more "$1" "$before" || fail "no word of \"$1\""
}

kill_rank() { # PROCESS
    kill -KILL "$1" || fail "there was no such rank"
    wait_until 60 is_gone "$1" || fail "the rank is still there"
}

any_rank() { # sets victim: in a shell of its own RANDOM would begin anew
    local all
    mapfile -t all < <(ranks)
    [ ${#all[@]} -gt 0 ] || fail "no rank is there"
    victim=${all[RANDOM % ${#all[@]}]}
}

writer() { # rank 0
    local process
    for process in $(ranks); do
        grep -qszx PMIX_RANK=0 "/proc/$process/environ" && echo "$process"
    done
    true
}

# Stops the writer at random moments until one falls into a checkpoint, which then is never finished.
stopped_writing() {
    [ -n "$victim" ] && kill -STOP "$victim" || fail "there is no rank 0"
    sleep 0.005
    compgen -G "$run/checkpoints/.tmp-*" >/dev/null && return
    kill -CONT "$victim"
    return 1
}

# Whether the job stays where it is on that fault.
is_outlived() { [ -n "$stays" ] && [[ $1 == kill* || $1 == node || $1 == full_disk ]]; }
lost="ended with code 1\(37\)\? "
[ -z "$stays" ] || lost='ranks go on after step\|again on host'

# The faults.
fault_stop() { tells "ended with code 75" slurm scancel --batch --signal=USR1 "$job"; }
fault_requeue() { slurm scontrol requeue "$job"; }
fault_kill() {
    any_rank
    tells "$lost" kill_rank "$victim"
}
fault_kill_writing() {
    victim=$(writer)
    NAP=0.00$((RANDOM % 10)) wait_until 120 stopped_writing || fail "no checkpoint is written"
    tells "$lost" kill_rank "$victim"
    [ -n "$stays" ] || compgen -G "$run/checkpoints/.tmp-*" >/dev/null || fail "the checkpoint under way was finished"
}
fault_preempt() {
    local log=$SLURM/slurmctld.log other
    other=$(slurm sbatch --parsable -p urgent -N3 --exclusive -o /dev/null --wrap "sleep 1")
    job_waits 240 "$other" COMPLETED || fail "the preempting job is $(job_get "$other" JobState)"
    grep -q "preempted JobId=$job has been requeued.*JobId=$other" $log || fail "it was not preempted"
}
fault_node() {
    [ -n "$(processes host2 "^$gyre train")" ] || fail "the node was not used"
    ${stays:+tells "$lost"} node_crash host2
    NAP=0.5 wait_until 240 node_is host2 down || fail "SLURM does not see that the node is gone"
    node_start host2
    NAP=0.5 wait_until 240 node_is host2 idle || fail "the node does not come back"
}
fill_disk() { head -c 1G /dev/zero >$disk/filler 2>/dev/null || true; }
fault_full_disk() {
    tells "No space left on device" tells "$lost" fill_disk
    rm $disk/filler
    "$gyre" verify "$(readlink -f $run/checkpoints/latest)" >/dev/null || fail "an earlier checkpoint is harmed"
}
flip() { # FILE OFFSET
    local byte
    byte=$(od -An -tu1 -j "$2" -N1 "$1")
    printf "\\x$(printf %x $((byte ^ 4)))" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}
fault_flip() {
    local at file size
    fault_stop
    at=$(readlink -f $run/checkpoints/latest) file=$at/shard-00000.h5
    size=$(stat -c %s "$file")
    while "$gyre" verify "$at" >/dev/null 2>&1; do # a byte that is not in use does no harm
        flip "$file" $((RANDOM * size / 32768))
    done
    flipped+=("$(basename "$at")")
}

# Another number of ranks, first one that was not tried; three for the loss of a node.
choose_ranks() { # FAULT
    local n
    while n=$((RANDOM % 3 + 1)); [ $n = $used ] || [[ ${#tried} -lt 3 && $tried == *$n* ]]; do :; done
    [ "$1" != node ] || n=3
    [[ $tried == *$n* ]] || tried+=$n
    used=$n
    slurm scontrol update "JobId=$job" NumCPUs=$n NumNodes=$n-$n NumTasks=$n || fail "it takes no $n nodes"
}

# The fault, and the job is back in the queue, where it is told to come back on other ranks for the next.
strike() { # FAULT NEXT
    local before
    fault=$1 before=$(job_get "$job" Restarts)
    note "$fault at $(run_latest $run) on $used ranks"
    if is_outlived "$fault"; then
        "fault_$fault"
        [ "$(job_get "$job" Restarts)" = "$before" ] || fail "the job was put back"
        return
    fi
    slurm scontrol update PartitionName=main State=DOWN # nothing is started
    "fault_$fault"
    job_waits 240 "$job" PENDING || fail "the job is $(job_get "$job" JobState), not in the queue"
    [ "$(job_get "$job" Restarts)" = $((before + 1)) ] || fail "$(job_get "$job" Restarts) restarts, not $((before + 1))"
    choose_ranks "$2"
    slurm scontrol update PartitionName=main State=UP
}

mkdir $disk
mount -t tmpfs -o size=64m lab $disk # before the nodes, whose processes see what is mounted now
slurm_up 3
cd $LAB
awk -v n=$samples -v seed="$seed" 'BEGIN { srand(seed); print "a,b,key,value"
    for (i = -1; i < n; i++) { # the first row has no target
        a = rand(); b = rand(); printf "%.6f,%.6f,%.0f,%.6f\n", a, b, i < 0 ? 0 : 2 ^ (4 + i), a * b } }' >samples.csv
"$gyre" train "$config" --run-dir $LAB/alone "${options[@]}"

slow_gyre "$gyre"
echo 120 >$run.slow # while there are faults to come
used=2 tried=2
job=$(slurm env GYRE=$LAB/gyre GYRE_TRIES=6 sbatch --parsable ${stays:+--no-kill} -N2 -o $out \
    --ntasks-per-node=1 --cpus-per-task=1 -t $((15 + 2 * minutes)) "$SOURCE/launch/slurm/train.sbatch" \
    "$config" $run "${options[@]}")
faults=(stop kill flip preempt kill_writing requeue node full_disk ${stays:+stop}) # the last start is a fast one
struck=0
name=${faults[0]}
while [ $struck -lt ${#faults[@]} ] || [ $SECONDS -lt $((60 * minutes)) ]; do
    goes_on
    sleep "0.$((RANDOM % 1000))"
    struck=$((struck + 1))
    next=${faults[struck < ${#faults[@]} ? struck : RANDOM % ${#faults[@]}]}
    ! is_outlived "$name" || [ "$next" != node ] || next=requeue # it needs the node
    strike "$name" "$next"
    name=$next
done
fault="the end"
rm $run.slow
NAP=0.5 wait_until $((300 + 60 * minutes)) finished || fail "not finished"
job_waits 120 "$job" COMPLETED || fail "finished, but the job is $(job_get "$job" JobState)"

checksum() { "$SOURCE/tests/cluster/checksum.py" "$1"; }
steps() { sed -nE '/"event": "step"/s/"(time|wall)": [^,]*, |, "samples_per_second".*//gp' "$1/metrics.jsonl"; }
sum=$(checksum $run)
[ "$sum" = "$(checksum $LAB/alone)" ] || fail "other parameters than those of one rank undisturbed"
cmp <(steps $LAB/alone) <(steps $run) || fail "other steps than those of one rank undisturbed"
awk -f "$SOURCE/tests/cluster/used.awk" -v samples=$samples -v batch=8 -v expected=$epochs $run/metrics.jsonl ||
    fail "not every sample of every epoch was used exactly once"
for at in "${flipped[@]}"; do
    grep -q "passing over .*$at" $out || fail "the flipped byte of $at was not named"
done
on_ranks=$(sed -n 's/.*"earlier_ranks": \([0-9]*\), "ranks": \([0-9]*\).*/\1 \2/p' $run/metrics.jsonl | tr ' ' '\n' | sort -u | tr '\n' ' ')
[ "$on_ranks" = "1 2 3 " ] || fail "it ran on $on_ranks ranks only"
note "$struck faults, $(wc -l <$run/starts.log) starts on 1, 2, 3 ranks, checksum ${sum:0:16} like one rank undisturbed (seed $seed)"
