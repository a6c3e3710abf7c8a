#!/usr/bin/env bash
# faults.sh GYRE: launch/mpirun.sh over three hosts. One run is stopped, loses a rank, its launcher, a
# cable, a host, and has a rank and a host frozen; each time the job ends with the code and the words that
# README.md says, with nothing left of it. When the host crashes it is started again on the others by itself,
# and ends with the bits of one rank undisturbed.
set -euo pipefail
. "$(dirname "$0")/hosts.sh"
lab_enter "$0" "$@"
. "$SOURCE/launch/lib.sh"
gyre=$1
export GYRE=$LAB/gyre
config=$SOURCE/tests/cluster/run.yaml run=$LAB/run out=$LAB/out

fail() { echo "$fault: $*"; cat $out; exit 1; }
moved() { [ "$(run_latest $run)" != "$from" ] || ! kill -0 "$launcher" 2>/dev/null; }
none_left() { [ -z "$(for host in host0 host1 host2; do processes $host "^$gyre train"; done)" ]; }
rank_on() { processes "$1" "^$gyre train"; }

# Starts the run, and waits for its next checkpoint.
start() { # FAULT [-k] [-r TRIES] [option…]
    local again=()
    fault=$1 from=$(run_latest $run)
    [ "${2:-}" != -k ] || { again=(-k); set -- "$1" "${@:3}"; }
    [ "${2:-}" != -r ] || { again+=(-r "$3"); set -- "$1" "${@:4}"; }
    enter host0 env GRACE=5 "$SOURCE/launch/mpirun.sh" -s "${again[@]}" -H $LAB/hostfile train "$config" \
        --run-dir $run --quiet "${@:2}" >$out 2>&1 &
    launcher=$!
    wait_until 240 moved || fail "the run does not move"
    kill -0 $launcher 2>/dev/null || fail "ended before the fault"
    begin=$SECONDS
}

# The job ends with one of the codes in so many seconds, and no process of it is left.
ends() { # SECONDS CODE…
    local code=0 limit=$1
    shift
    wait_until "$limit" eval "! kill -0 $launcher 2>/dev/null" || fail "still there after $limit s"
    wait $launcher || code=$?
    [[ " $* " == *" $code "* ]] || fail "code $code, not $*"
    wait_until 60 none_left || fail "ranks are left"
    echo "$fault: code $code after $((SECONDS - begin)) s, at $(run_latest $run), $SECONDS s in all"
}

hosts_up 3
slow_gyre "$gyre"
"$gyre" train "$config" --run-dir $LAB/alone --quiet
echo 200 >$run.slow

for signal in TERM INT HUP USR2; do
    start "signal $signal to the launcher"
    kill -$signal $launcher
    ends 120 75
    grep -q "\"event\": \"stop\", \"step\": $(run_latest $run | sed 's/^step-0*//')," $run/metrics.jsonl ||
        fail "it stopped without a checkpoint"
done

gone() { # HOST RANK WHY: the one line that tells a death; how long it took
    local since=${EPOCHREALTIME/./}
    NAP=0.01 wait_until 60 grep -q 'gyre: error: ' $out || fail "no word"
    [ "$(grep -c 'gyre: error: ' $out)" = 1 ] && grep -q "gyre: error: a rank is gone (rank $2 on $1, last seen in .*$3" $out ||
        fail "the wrong words"
    echo "$fault: told after $(((${EPOCHREALTIME/./} - since) / 1000)) ms"
}

start "rank killed"
kill -KILL "$(rank_on host1)"
gone host1 1 'its process has ended'
ends 60 1

start "mpirun killed"
kill -KILL "$(processes host0 '^mpirun')"
ends 60 137

start "cable pulled"
unplug host2
gone host2 2 'nothing was heard of that host for 3 s'
ends 60 1
! grep -q 'lost communication with a remote daemon' $out || fail "mpirun's keep-alives ended it"
plug host2

stands_still() {
    wait_until 60 grep -q 'gyre: error: the run stands still' $out || fail "no word of the watchdog"
    [ "$(grep -c 'gyre: error: ' $out)" = 1 ] && grep -q 'rank 2 on host2 (no answer, last seen in ' $out ||
        fail "the wrong words"
}

start "rank stopped" --set comm.watchdog_seconds=4 --set comm.silence_seconds=0
kill -STOP "$(rank_on host2)"
stands_still
ends 60 1

start "host frozen" --set comm.silence_seconds=1.5
freeze host2
gone host2 2 'nothing was heard of that host for 1.5 s'
wait_until 60 eval "! kill -0 $launcher 2>/dev/null" || fail "the launcher is still there"
each_process host2 KILL # it comes back as it was: with a rank that hangs
ends 60 1

start "host crashed" -r 2
rm $run.slow
crash host2
gone host2 2 'nothing was heard of that host for 3 s'
from=$(run_latest $run)
wait_until 120 moved || fail "it does not go on"
echo "$fault: the next checkpoint $((SECONDS - begin)) s after the fault"
ends 240 0
grep -q 'restart 1 of 2, from step-' $out && grep -q 'left out, for they do not answer: host2' $out ||
    fail "not told"
finished_alike() {
    fault="the end"
    run_is_finished $run || fail "not finished"
    [ "$("$SOURCE/tests/cluster/checksum.py" $run)" = "$("$SOURCE/tests/cluster/checksum.py" $LAB/alone)" ] ||
        fail "other bits than those of one rank"
    echo "the run ended with the bits of one rank undisturbed"
}
finished_alike

each_process host2 KILL # it comes back
rm -rf $LAB/host2/crashed $run
plug host2
echo 60 >$run.slow # to the end: the others live on
start "host crashed, and the others go on" -k
crash host2
NAP=0.1 wait_until 120 grep -q 'rank 2 on host2 is gone: 2 of 3 ranks go on after step' $out || fail "they do not"
echo "$fault: they do after $((SECONDS - begin)) s"
ends 240 0
[ "$(grep -c '"event": "start"' $run/metrics.jsonl)" = 1 ] || fail "it was started again"
finished_alike
