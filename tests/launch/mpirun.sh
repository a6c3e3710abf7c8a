#!/usr/bin/env bash
# mpirun.sh BUILD: what launch/mpirun.sh takes, what it refuses, and what it says when ranks were killed.
set -euo pipefail
build=$(cd "$1" && pwd)
cd "$(dirname "$0")/../.."
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
export GYRE=$build/gyre OMP_NUM_THREADS=1
fail() { echo "$*"; cat "$place/out"; exit 1; }

refused() { # WORD ARGUMENT…: code 2 and a line with the word
    local word=$1 code=0
    shift
    launch/mpirun.sh -d "$@" train x.yaml >"$place/out" 2>&1 || code=$?
    [ $code = 2 ] && grep -q "^launch: .*$word" "$place/out" || fail "$*: code $code"
}
echo 'a slots=many' >"$place/words"
echo '# nobody' >"$place/none"
printf 'a slots=08 # eight\nb slots=010\n' >"$place/hosts"
refused "'x' is no count" -n x
refused "'0' is no count" -t 0
refused "'-1' is no count" -n -1
refused "'many' is no count" -H "$place/words"
refused 'names no host' -H "$place/none"
for option in '-r 2' -k; do
    launch/mpirun.sh -d $option eval x >"$place/out" 2>&1 && fail "$option with eval"
    grep -q '^launch: -r and -k are for a training' "$place/out" || fail "$option with eval"
done
refused "'x' is no count" -r x
refused 'cannot read' -H "$place/missing"
launch/mpirun.sh -d -H "$place/hosts" -t 4 train x.yaml >"$place/out" 2>&1 || fail "hosts"
grep -q -- '-n 4 ' "$place/out" || fail "two hosts of eight cores are four ranks of four threads"

code=0
launch/mpirun.sh -s -n 2 train datasets/digits.yaml --run-dir "$place/run 1" --quiet \
    --inject kill:rank=1,step=9 >"$place/out" 2>&1 || code=$?
[ $code = 1 ] || fail "a killed rank: code $code"
grep -q '^gyre: error: a rank is gone (rank 1 on ' "$place/out" || fail "a killed rank is named"
grep -q '^launch: the ranks ended with code 1, by no will' "$place/out" || fail "a killed rank"
tail -n 1 "$place/out" | grep -q 'run\\ 1' || fail "a command that can be pasted"

# started again by itself: never to the end where each start dies at the same step, to the end where one did
code=0
launch/mpirun.sh -s -n 2 -r 2 train datasets/digits.yaml --run-dir "$place/run 2" --quiet \
    --inject kill:rank=1,step=9 >"$place/out" 2>&1 || code=$?
[ $code = 1 ] && [ "$(grep -c '^launch: the job ended with code 1 .* restart' "$place/out")" = 2 ] &&
    grep -q '^launch: gives up: no new checkpoint in 2 restarts' "$place/out" || fail "gives up: code $code"

mkdir "$place/slow"
cat >"$place/slow/gyre" <<SLOW
#!/bin/sh
[ -e $place/struck ] || set -- "\$@" --inject slow:rank=0,ms=500
exec $build/gyre "\$@"
SLOW
chmod +x "$place/slow/gyre"
GYRE=$place/slow/gyre launch/mpirun.sh -s -n 2 -r 1 train datasets/digits.yaml --run-dir "$place/run 3" --quiet \
    --set train.epochs=3 --set checkpoint.every_steps=4 >"$place/out" 2>&1 &
until [ -e "$place/run 3/checkpoints/latest" ] || ! kill -0 $!; do sleep 0.1; done
touch "$place/struck"
pkill -KILL -n -f "^$build/gyre train .*$place/run 3"
wait $! || fail "started again: code $?"
grep -q 'restart 1 of 1, from step-' "$place/out" || fail "started again"
tail -n 1 "$place/run 3/metrics.jsonl" | grep -q '"event": "end"' || fail "started again, to the end"
grep -q ' start 2 ' "$place/run 3/lock" || fail "the second start is known as the heir of the first"

# a rank that is gone before MPI has started, and the others are left alone: a bounded end, and another start
cat >"$place/gyre" <<DIES
#!/bin/sh
first=$place/first.\$OMPI_COMM_WORLD_RANK
if [ ! -e "\$first" ]; then
    touch "\$first"
    [ "\$OMPI_COMM_WORLD_RANK" != 1 ] || kill -KILL \$\$
    export GYRE_START_SECONDS=2
fi
exec $build/gyre "\$@"
DIES
chmod +x "$place/gyre"
GYRE=$place/gyre launch/mpirun.sh -s -k -r 1 -n 2 train datasets/digits.yaml --run-dir "$place/run 5" \
    --quiet --set train.epochs=1 >"$place/out" 2>&1 || fail "gone before the start: code $?"
[ "$(grep -c '^gyre: error: the run stands still (rank 0, start)' "$place/out")" = 1 ] &&
    grep -q 'restart 1 of 1, from none' "$place/out" || fail "gone before the start"

# a stop is an end, too, where the others are left alone
code=0
launch/mpirun.sh -s -k -r 1 -n 2 train datasets/digits.yaml --run-dir "$place/run 6" --quiet --set train.epochs=1000 \
    --set train.time_limit_minutes=0.02 >"$place/out" 2>&1 || code=$?
[ $code = 75 ] && ! grep -q 'restart\|ends with code' "$place/out" || fail "a stop: code $code"

# a stop that the caller took before is passed on
code=0
(. launch/lib.sh && early=1 STOP_SIGNALS=USR1 SAVE_SIGNALS= && run_bounded bash -c 'trap "exit 75" USR2
    for tenth in {1..100}; do sleep 0.1; done') >"$place/out" 2>&1 || code=$?
[ $code = 75 ] || fail "a stop before: code $code"

# nor after a wrong configuration
code=0
launch/mpirun.sh -s -n 2 -r 3 train datasets/digits.yaml --run-dir "$place/run 4" --set train.epochs=x \
    >"$place/out" 2>&1 || code=$?
[ $code = 2 ] && ! grep -q restart "$place/out" || fail "a wrong configuration: code $code"

# -k: the launcher's own host loses its rank, one elsewhere goes on to the end; and one that stops, where mpirun hangs
cat >"$place/elsewhere" <<'END'
#!/bin/bash
mkdir -p "$RUN"
(exec -a "gyre train" sleep 2) &
"${0%/*}/agent" &
wait
END
cat >"$place/agent" <<'END'
#!/bin/bash
for step in 1 2 3 4 5 6 7; do
    echo '{"event": "step"}' >>"$RUN/metrics.jsonl"
    sleep 1
done
[ "$TELLS" = end ] || { echo "gyre: ends with code $TELLS" >&2; exec sleep 20; }
echo '{"event": "end"}' >>"$RUN/metrics.jsonl"
END
chmod +x "$place/elsewhere" "$place/agent"
for tells in end 75; do
    code=0
    RUN="$place/run $tells" TELLS=$tells GRACE=2 GYRE_MPIRUN="$place/elsewhere" launch/mpirun.sh -k -s -n 2 \
        train datasets/digits.yaml --run-dir "$place/run $tells" >"$place/out" 2>&1 || code=$?
    [ $code = "${tells/end/0}" ] && [ "$(grep -c step "$place/run $tells/metrics.jsonl")" = 7 ] ||
        fail "-k, ranks elsewhere: code $code"
done

# what a site gives srun stays, and no more is asked of SLURM than a restart needs
! launch/mpirun.sh -d -n 1 train x.yaml 2>&1 | grep -q plm_slurm_args || fail "plain: options for srun"
OMPI_MCA_plm_slurm_args=--site launch/mpirun.sh -d -n 1 -r 1 train x.yaml >"$place/out" 2>&1
grep -qF -- '--mca plm_slurm_args --site\ --overlap ' "$place/out" || fail "options for srun"

# -k: a rank that dies after the end of the run takes nothing from it
cat >"$place/dies" <<'END'
#!/bin/sh
mkdir -p "$RUN" && echo '{"event": "end"}' >"$RUN/metrics.jsonl"
echo 'gyre: error: a rank is gone (rank 1 on here): it was killed' >&2
exit 137
END
chmod +x "$place/dies"
RUN="$place/run 7" GYRE_MPIRUN="$place/dies" launch/mpirun.sh -k -s -n 2 train datasets/digits.yaml \
    --run-dir "$place/run 7" >"$place/out" 2>&1 || fail "-k, after the end: code $?"
! grep -q '^launch: the ranks ended' "$place/out" || fail "-k, after the end: $(tail -n 2 "$place/out")"
