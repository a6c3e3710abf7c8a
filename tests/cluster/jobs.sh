#!/usr/bin/env bash
# jobs.sh GYRE [ROW…]: what README.md says of SLURM's events, a function each: the run's message and
# checkpoint, the job's state and code, whether it is put back, and that it goes on to the bits of a run
# undisturbed. All rows, or those named, side by side.
set -euo pipefail
. "$(dirname "$0")/hosts.sh"
lab_enter "$0" "$@"
. "$SOURCE/tests/cluster/slurm.sh"
. "$SOURCE/launch/lib.sh"
gyre=$1
export GYRE=$LAB/gyre
shift
# These have a minute, the least that SLURM knows, their start included: they start before all others.
limited=(limit_signal limit_itself limit_raised limit_hangs plain_srun plain_mpirun)
others=(gives_up stop_mpirun stop_srun stop_early save_srun cancel_mpirun cancel_srun requeue_srun killed_srun
        killed_again killed_kept last_commit study patient array chain wrong diverged)
[ $# -eq 0 ] || limited=() others=("$@")
most=14 # side by side
config=$SOURCE/tests/cluster/run.yaml row= job=

fail() {
    echo "$row: $*"
    [ -z "$job" ] || slurm scontrol show job "$job" || true
    cat $out
    exit 1
}

# Each row has a run and an output of its own, and one rank on host0 or host1 unless it says otherwise;
# host2 is for preemption.
begin() { # ROW
    row=$1 run=$LAB/runs/$1 out=$LAB/$1.out
    : >$out
}
slowly() { echo "$1" >$run.slow; } # each of its 190 steps takes so many ms more, in starts before moves()
submit() { # [sbatch option…] -- [option of gyre train…]
    local options=()
    while [ "$1" != -- ]; do options+=("$1"); shift; done
    job=$(slurm sbatch --parsable -o $out -N1 -n1 --ntasks-per-node=1 -c1 -x host2 "${options[@]}" \
        "${script:-$SOURCE/launch/slurm/train.sbatch}" "$config" $run --quiet "${@:2}")
}
struck() { # FILE WORDS HOW: makes $LAB/struck/ROW/gyre, of a job's first start struck as it writes those words (tests/disk)
    local preload place=$LAB/struck/$row
    preload=$(dirname "$gyre")/tests/disk/libdisk_preload.so
    [ -f "$preload" ] || fail "no $preload"
    mkdir -p $place
    cat >$place/gyre <<END
#!/bin/sh
[ "\${SLURM_RESTART_COUNT:-0}" -gt 0 ] || export LD_PRELOAD=$preload
export GYRE_DISK_BELOW=$1 GYRE_DISK_KIND=words GYRE_DISK_WORDS='$2' GYRE_DISK_HOW=$3 GYRE_DISK_AT=1
exec $gyre "\$@"
END
    chmod +x $place/gyre
}
by_srun() { export LAUNCHER=srun GYRE_LAUNCH_OPTIONS=--cpu-bind=none; }

# As wait_until, for no longer than the job lasts.
reaches() { # SECONDS COMMAND…
    local final=0
    NAP=0.5 wait_until "$1" is_or_over "${@:2}" && [ $final -lt 10 ]
}
is_or_over() { "$@" || { [ -n "$job" ] && job_is_over "$job"; }; }

says() { # SECONDS LINE: in the job's output
    reaches "$1" grep -q -- "$2" $out || fail "no word of \"$2\""
}
has_moved() { [ "$(run_latest $run)" != "$from" ]; }
moves() { # it makes a checkpoint
    from=$(run_latest $run)
    reaches 400 has_moved || fail "the run does not move"
    rm -f $run.slow
}
ends() { # SECONDS STATE CODE RESTARTS; * for any code
    job_waits "$1" "$job" "$2" || fail "the job is $(job_get "$job" JobState), not $2"
    [[ "$(job_get "$job" ExitCode)" == $3 ]] || fail "the job's code is $(job_get "$job" ExitCode), not $3"
    [ "$(job_get "$job" Restarts)" = "$4" ] || fail "it was put back $(job_get "$job" Restarts) times, not $4"
}
is_whole() { "$gyre" verify $run >/dev/null || fail "its checkpoints are not whole"; }
checksum() { "$SOURCE/tests/cluster/checksum.py" "$1"; }
finishes() { # RESTARTS: as if nothing had been
    ends 400 COMPLETED 0:0 "$1"
    run_is_finished $run || fail "not finished"
    [ "$(checksum $run)" = "$(checksum $LAB/alone)" ] || fail "other parameters than those of a run undisturbed"
}
# The first stop that the journal tells was for that reason; the checkpoint of its step is the newest, or
# was gone on from.
stopped_by() { # REASON
    local step
    step=$(grep -m 1 '"event": "stop"' $run/metrics.jsonl |
        sed -nE "s/.*\"step\": ([0-9]+),.*\"reason\": \"$1\".*/\\1/p")
    [ -n "$step" ] || fail "no stop by $1 in the journal"
    grep -q "\"event\": \"resume\", \"step\": $step," $run/metrics.jsonl && return
    [ "$(run_latest $run)" = "$(printf 'step-%09d' "$step")" ] && is_whole || fail "no checkpoint of step $step"
}
put_back() { # it said 75 and goes on; that is enough of it
    says 240 "ended with code 75 at step-"
    moves
    [ "$(job_get "$job" Restarts)" = 1 ] || fail "it was put back $(job_get "$job" Restarts) times"
    slurm scancel "$job"
    job_waits 60 "$job" CANCELLED || fail "it cannot be cancelled"
}

# The time limit

row_limit_signal() { # the batch shell is told in time
    slowly 600
    submit -t 1 --signal=B:USR1@50 --
    put_back
    stopped_by signal
}
row_limit_itself() { # nobody is told; the run knows
    slowly 600
    submit -t 1 --signal=B:URG@1 --
    put_back
    stopped_by "time limit"
}
row_limit_raised() { # while it runs
    slowly 400
    submit -t 1 --signal=B:URG@1 --
    moves
    slurm scontrol update "JobId=$job" TimeLimit=10
    finishes 0
    [ "$(wc -l <$run/starts.log)" = 1 ] || fail "it did not run through"
}
row_limit_hangs() { # nothing stops it before SLURM does
    submit -t 1 --signal=B:URG@1 -- --set comm.watchdog_seconds=0 --inject hang:rank=0,step=30
    ends 400 TIMEOUT '*' 0
    is_whole
}
row_plain_srun() { # without train.sbatch
    local code=0
    slowly 600
    on host0 srun --mpi=pmix -N2 --ntasks-per-node=1 -x host2 -t 1 "$GYRE" train "$config" --run-dir $run \
        >$out 2>&1 || code=$?
    [ $code = 75 ] || fail "code $code"
    stopped_by "time limit"
    grep -q "gyre: SLURM ends job [0-9]* in [01].[0-9] minutes" $out || fail "it does not say when it ends"
}
row_plain_mpirun() {
    slowly 600
    job=$(slurm sbatch --parsable -o $out -N2 --ntasks-per-node=1 -x host2 -t 1 --wrap \
        "mpirun --bind-to none $GYRE train $config --run-dir $run")
    ends 400 FAILED 75:0 0
    stopped_by "time limit"
}

# Stops by hand, by the site, by faults

row_stop_mpirun() {
    slowly 400
    submit -N2 -n2 --
    moves
    slurm scancel --batch --signal=USR1 "$job"
    says 120 "ended with code 75 at step-"
    finishes 1
    stopped_by signal
}
row_stop_srun() { by_srun; row_stop_mpirun; }
row_stop_early() { # before there are ranks
    slowly 400
    submit --
    says 400 "on host[01] from none"
    slurm scancel --batch --signal=USR1 "$job"
    says 120 "ended with code [1-9]" # ranks that MPI starts meanwhile die of it; mpirun is asked again
    rm $run.slow
    finishes 1
}
row_save_srun() { # all ranks are told: a checkpoint, and on
    by_srun
    slowly 200
    submit -- --set checkpoint.every_steps=1000 --set checkpoint.every_epochs=0 \
        --set train.evaluate_every_epochs=0 # nor one of the best
    NAP=0.3 wait_until 240 grep -qs '"step": 5,' $run/metrics.jsonl || fail "the run does not move"
    slurm scancel --signal=USR1 "$job"
    finishes 0
    [ "$(grep -c '"event": "checkpoint"' $run/metrics.jsonl)" = 2 ] || fail "not one checkpoint and the last"
}
row_cancel_mpirun() {
    slowly 400
    submit --
    moves
    slurm scancel "$job"
    ends 120 CANCELLED '*' 0
    is_whole
    ! run_is_finished $run || fail "it finished"
}
row_cancel_srun() {
    by_srun
    row_cancel_mpirun
    stopped_by signal
}
row_requeue_srun() {
    by_srun
    slowly 400
    submit --
    moves
    slurm scontrol requeue "$job"
    finishes 1
    stopped_by signal
}
row_killed_srun() {
    local rank
    by_srun
    slowly 400
    submit -N2 -n2 --
    moves
    rank=$(processes host1 "^$gyre train .*$run ")
    kill -KILL "$rank" || fail "no rank on host1"
    says 120 "ended with code 1\(37\)\? at step-"
    finishes 1
}
# With GYRE_RESTARTS it goes on inside its allocation.
row_killed_again() {
    export GYRE_RESTARTS=2
    slowly 400
    submit -N2 -n2 --
    moves
    kill -KILL "$(processes host1 "^$gyre train .*$run ")" || fail "no rank on host1"
    says 120 "with code 1\(37\)\? before the run did: restart 1 of 2, from step-"
    finishes 0
}
# And without the node that was lost. By its name alone: other rows use that node.
row_lost_again() {
    export GYRE_RESTARTS=2
    slowly 400
    submit -N2 -n2 --no-kill --
    moves
    node_crash host1
    says 120 "again on host0 from step-"
    finishes 0
}
# Kept: the others go on, and the job ends as if nothing had been.
row_killed_kept() {
    export GYRE_KEEP=1
    slowly 100
    submit -N2 -n2 --no-kill --
    moves
    kill -KILL "$(processes host1 "^$gyre train .*$run ")" || fail "no rank on host1"
    says 120 "rank 1 on host1 is gone: 1 of 2 ranks go on after step"
    finishes 0
    [ "$(grep -c '"event": "start"' $run/metrics.jsonl)" = 1 ] || fail "it was started again"
}
# A study, put back half-way: it finds what one that was never stopped does.
row_study() {
    local space='search.space=[{key: optimizer.learning_rate, log_uniform: [0.001, 0.1]}]'
    local options=(--set search.trials=4 --set "$space" --set train.epochs=30 --quiet)
    export GYRE_COMMAND=search
    struck $run/study.jsonl '"trial"' stop
    # nobody is held for gone who stands still
    GYRE=$LAB/struck/$row/gyre submit -N2 -n2 -- "${options[@]}" --set search.ahead=2 --set comm.silence_seconds=0
    reaches 400 stands_still || fail "no trial is done"
    slurm scancel --batch --signal=USR1 "$job"
    wait_until 120 was_asked || fail "no signal came"
    kill -CONT "$still"
    ends 400 COMPLETED 0:0 1
    run_is_finished $run || fail "not finished"
    "$gyre" search "$config" --run-dir $run-alone "${options[@]}" --set search.ahead=2 >$out.alone
    [ "$(trials_of $run)" = "$(trials_of $run-alone)" ] || fail "other trials than those of a study undisturbed"
}
stands_still() { # sets still: who
    local host process
    for host in host0 host1; do
        for process in $(processes $host "^$gyre search .*$run "); do
            ! grep -qs '^State:.T' "/proc/$process/status" || still=$process
        done
    done
    [ -n "${still:-}" ]
}
was_asked() { # USR2, the twelfth, waits for it
    local mask
    mask=$(sed -n 's/^ShdPnd:[^0-9a-f]*//p' "/proc/$still/status")
    [ $((0x$mask >> 11 & 1)) = 1 ]
}
trials_of() { sed 's/.*\("trial": [0-9]*\).*\("best": [^,}]*\).*/\1 \2/' "$1/study.jsonl" | grep '^"trial' | sort; }
# Killed while it ends: its last checkpoint is there, its last words are not in the journal.
row_last_commit() {
    struck $run/metrics.jsonl '"event": "end"' kill
    GYRE=$LAB/struck/$row/gyre submit --
    says 240 "ended with code 1\(37\)\? at step-000000190"
    finishes 1
    says 1 "the run is finished$"
    [ "$(grep -c '"event": "end"' $run/metrics.jsonl)" = 1 ] || fail "not one end in the journal"
}
row_patient() { # preempted, with notice
    local other
    slowly 400
    submit -p patient -x "" -w host2 --
    moves
    other=$(slurm sbatch --parsable -p urgent -w host2 --exclusive -o /dev/null --wrap "sleep 1")
    says 120 "ended with code 75 at step-"
    job_waits 240 "$other" COMPLETED || fail "the preempting job is $(job_get "$other" JobState)"
    finishes 1
    stopped_by signal
}

# More than one job

row_array() { # its last task, whose number is the array's, is put back alone
    local array
    run=$run-2 slowly 400
    script=$SOURCE/launch/slurm/train-array.sbatch submit --array=1-2%2 -o "$LAB/$row-%a.out" --
    array=$job run=$run-2 out=$LAB/$row-2.out job=${array}_2
    moves
    slurm scancel --batch --signal=USR1 "$job"
    says 120 "ended with code 75 at step-"
    ends 400 COMPLETED 0:0 1
    run_is_finished $run && grep -q '^seed: 2$' $run/config.yaml || fail "not the second run"
    run=$LAB/runs/$row-1 out=$LAB/$row-1.out job=${array}_1
    ends 400 COMPLETED 0:0 0
    run_is_finished $run && grep -q '^seed: 1$' $run/config.yaml || fail "not the first run"
}
row_chain() {
    local jobs
    slowly 400
    mapfile -t jobs < <(slurm env GYRE_SBATCH_OPTIONS="-o $out -N1 -n1 --ntasks-per-node=1 -c1 -x host2" \
        "$SOURCE/launch/slurm/chain.sh" 3 "$config" $run | sed -n 's/^job //p')
    [ ${#jobs[@]} = 3 ] || fail "${#jobs[@]} jobs, not 3"
    job=${jobs[0]}
    moves
    slurm scancel --batch --signal=USR1 "$job"
    ends 400 FAILED 75:0 0
    stopped_by signal
    job=${jobs[1]}
    finishes 0
    job=${jobs[2]}
    finishes 0
    [ "$(grep -c "the run is finished already" $out)" = 1 ] || fail "the third had something left to do"
}

# Errors

row_gives_up() { # an error that comes again
    submit -- --inject disk_full:checkpoint=1
    ends 400 FAILED 1:0 3
    says 1 "gives up: no new checkpoint in 3 starts"
    [ "$(grep -c 'gyre: error: .*No space left on device' $out)" = 3 ] || fail "not three errors"
}
row_wrong() {
    submit -- --set train.batch_size=-1
    ends 400 FAILED 2:0 0
    [ "$(grep -c 'gyre: error: ' $out)" = 1 ] || fail "not one error line"
    [ "$(ls $run)" = starts.log ] || fail "something was written"
}
row_diverged() {
    submit -- $(printf -- '--inject not_finite:step=%d ' 20 21 22 23)
    ends 400 FAILED 3:0 0
    grep -q 'gyre: error: the run diverged (step 2' $out || fail "the wrong words"
    is_whole
    [ "$(run_latest $run)" = step-000000019 ] || fail "the last checkpoint is $(run_latest $run)"
}

slurm_up 3 8
cd $LAB
mkdir runs
slow_gyre "$gyre"
"$gyre" train "$config" --run-dir $LAB/alone --quiet
export GYRE_LAUNCH_OPTIONS="--bind-to none"

try() { # ROW
    (begin "$1" && "row_$1" && echo "$1: as promised, $SECONDS s") >$LAB/$1.log 2>&1 || touch $LAB/failed
    cat $LAB/$1.log
}
are_under_way() { [ "$(ls $LAB/runs/*/metrics.jsonl 2>/dev/null | wc -l)" -ge ${#limited[@]} ]; }

for row in "${limited[@]}"; do try "$row" & done
wait_until 60 are_under_way || true # or have failed
for row in "${others[@]}"; do
    [ "$(jobs -rp | wc -l)" -lt $most ] || wait -n
    try "$row" &
done
wait
[ ! -e $LAB/failed ]
