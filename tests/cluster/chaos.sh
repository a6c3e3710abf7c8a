#!/usr/bin/env bash
# chaos.sh GYRE [--minutes N] [--seed N]: one SLURM job on three nodes, started by train.sbatch, is
# stopped, preempted, requeued, loses ranks by SIGKILL (also while a checkpoint is written), a node and
# the room on its disk, finds a flipped byte in its newest checkpoint, and comes back on other numbers
# of ranks; each of these once, or for N minutes. In the end the run has the bits of one rank that was
# never disturbed, and its journal the same steps with the same losses: every sample of every epoch was
# used exactly once.
set -euo pipefail
. "$(dirname "$0")/hosts.sh"
lab_enter "$0" "$@"
. "$SOURCE/tests/cluster/slurm.sh"
. "$SOURCE/launch/lib.sh"
export GYRE=$1
shift
minutes=0 seed=$(date +%s)
while [ $# -gt 0 ]; do
    case $1 in
    --minutes) minutes=$2 ;;
    --seed) seed=$2 ;;
    *) echo "chaos.sh GYRE [--minutes N] [--seed N]" >&2; exit 2 ;;
    esac
    shift 2
done
RANDOM=$seed
config=$SOURCE/tests/cluster/run.yaml disk=$LAB/disk run=$LAB/disk/run job=
options=(--quiet --set "train.epochs=$((60 + 25 * minutes))")

note() { echo "$SECONDS s: $*"; }
fail() {
    echo "failed: $* (--seed $seed)"
    slurm squeue -t all || true
    cat $LAB/gyre-*.out
    exit 1
}
state_is() { [[ " $* " == *" $(job_state "$job") "* ]]; }
finished() { run_is_finished $run; }
moved() { [ "$(run_latest $run)" != "$from" ] || finished; }
writes() { compgen -G "$run/checkpoints/.tmp-*" >/dev/null || finished; }
ranks() { for host in host0 host1 host2; do processes $host "^$GYRE train"; done; }
room_left() { [ "$(df --output=avail $disk | tail -n 1)" -gt 0 ]; }

# The job runs again and has made a checkpoint since.
goes_on() {
    from=$(run_latest $run)
    wait_until 120 moved || fail "the run does not move"
}

kill_one() {
    local victims
    mapfile -t victims < <(ranks)
    [ ${#victims[@]} -eq 0 ] || kill -KILL "${victims[RANDOM % ${#victims[@]}]}" 2>/dev/null || true
}
waits() { wait_until 90 state_is PENDING || finished || fail "the job does not go back into the queue"; }
stop() { slurm scancel --batch --signal=USR1 "$job"; waits; }

# The faults. Each leaves the job in the queue, or on its way there.
fault_stop() { stop; }
fault_requeue() { slurm scontrol requeue "$job" || finished; }
fault_preempt() { slurm sbatch -p urgent -N3 -o /dev/null --wrap "sleep 2" >/dev/null; waits; }
fault_kill() { kill_one; waits; }
fault_kill_writing() { wait_until 30 writes && kill_one; waits; }
fault_node() {
    local used
    used=$(processes host2 "^$GYRE train")
    node_crash host2
    [ -z "$used" ] || waits
    node_start host2
}
fault_full_disk() {
    head -c 1G /dev/zero >$disk/filler 2>/dev/null || true
    wait_until 60 state_is PENDING FAILED || finished || fail "a full disk does not stop it"
    rm -f $disk/filler
}
fault_flip() {
    local file
    stop
    file=$(readlink -f $run/checkpoints/latest)/shard-00000.h5
    flipped=$(basename "$(dirname "$file")")
    size=$(stat -c %s "$file")
    python3 -c 'import sys
with open(sys.argv[1], "r+b") as f:
    f.seek(int(sys.argv[2])); b = f.read(1)[0]
    f.seek(int(sys.argv[2])); f.write(bytes([b ^ 4]))' "$file" $((RANDOM * size / 32768))
}

# Another number of ranks for the next start; SLURM takes it only while the job waits.
other_ranks() { # NEXT FAULT
    local n=$((RANDOM % 3 + 1))
    [ "$1" != node ] || n=3
    wait_until 6 slurm scontrol update "JobId=$job" NumCPUs=$n NumNodes=$n-$n NumTasks=$n 2>/dev/null &&
        note "next on $n ranks" || true
}

mkdir $disk
mount -t tmpfs -o size=64m lab $disk # before the nodes, whose processes see what is mounted now
slurm_up 3
cd $LAB
"$GYRE" train "$config" --run-dir $LAB/alone "${options[@]}"
job=$(slurm env GYRE_TRIES=6 GYRE_LAUNCH_OPTIONS="--bind-to none" sbatch --parsable -N2 \
    --ntasks-per-node=1 --cpus-per-task=1 -t $((10 + 2 * minutes)) "$SOURCE/launch/slurm/train.sbatch" \
    "$config" $run "${options[@]}" --inject slow:rank=0,ms=30)
faults=(stop kill flip preempt kill_writing node requeue full_disk kill kill_writing)
name=${faults[0]}
for ((i = 1; i <= ${#faults[@]} || SECONDS < 60 * minutes; i++)); do
    goes_on
    sleep "$((RANDOM % 2)).$((RANDOM % 1000))"
    finished && break
    note "$name at $(run_latest $run)"
    "fault_$name"
    name=${faults[i < ${#faults[@]} ? i : RANDOM % ${#faults[@]}]}
    other_ranks "$name"
done
wait_until $((300 + 60 * minutes)) finished || fail "not finished"
wait_until 60 state_is COMPLETED || fail "finished, but the job is $(job_state "$job")"

same() { # WHAT ONE OTHER
    cmp "$2" "$3" || fail "other $1 than those of one rank undisturbed"
}
steps() { sed -nE '/"event": "step"/s/"time": [^,]*, |, "samples_per_second".*//gp' "$1/metrics.jsonl"; }
same "bits" <("$GYRE" inspect --json $LAB/alone) <("$GYRE" inspect --json $run)
same "steps" <(steps $LAB/alone) <(steps $run)
grep -q "passing over .*$flipped" gyre-*.out || fail "the flipped byte was not named"
note "finished after $(wc -l <$run/starts.log) starts on $(sort -u <(cut -d' ' -f5 $run/starts.log) | tr '\n' ' '): $((i - 1)) faults, the same bits"
