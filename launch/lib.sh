# What the launch scripts share; to be sourced. Everything may be changed by the environment:
#   GYRE          the executable; else the one of this checkout's build/ or installed beside these
#                 scripts, else that on the PATH
#   GYRE_MPIRUN   the mpirun to use

find_gyre() { # sets GYRE
    local root
    root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
    [ -n "${GYRE:-}" ] && return
    if [ -x "$root/build/gyre" ]; then
        GYRE=$root/build/gyre
    elif [ -x "$root/../../bin/gyre" ]; then
        GYRE=$(realpath "$root/../../bin/gyre")
    else
        GYRE=$(command -v gyre) || { echo "launch: no gyre: build it, or set GYRE" >&2; exit 2; }
    fi
}

# Physical cores of this host that this process may use: two hardware threads of a core share its
# floating-point units, so that a second rank or thread on it gains nothing.
count_cores() {
    local allowed cores
    allowed=$(nproc)
    cores=$(lscpu -p=CORE,SOCKET 2>/dev/null | grep -v '^#' | sort -u | wc -l)
    [ "$cores" -gt 0 ] && [ "$cores" -lt "$allowed" ] && echo "$cores" || echo "$allowed"
}

# Options for mpirun that every start needs.
#   As root it wants to be told twice, as in containers.
#   Keep-alives: mpirun itself notices a host that dies or whose cable is cut after 10 + 3 x 2 s, where no
#   rank says so before (comm.silence_seconds). Open MPI's own values need eight minutes.
#   Its daemons are steps of SLURM's: one that is started anew does not wait until SLURM (20.11 or later) sees that
#   those on a node that was lost have ended.
mpirun_options() { # [KEEP [RESTARTS]], KEEP: anything, where a job is to outlive ranks and nodes; sets MPIRUN_OPTIONS, GRACE
    local slurm=--overlap
    MPIRUN_OPTIONS=(--mca oob_tcp_keepalive_time 10 --mca oob_tcp_keepalive_intvl 2
                    --mca oob_tcp_keepalive_probes 3)
    [ "$(id -u)" -ne 0 ] || MPIRUN_OPTIONS+=(--allow-run-as-root)
    if [ -n "${1:-}" ]; then
        slurm+=" --no-kill --kill-on-bad-exit=0" GRACE=${GRACE:-5}
        # nobody ends a start that lost a rank; mpirun's code is 0 whatever happened
        MPIRUN_OPTIONS+=(--enable-recovery -x "GYRE_START_SECONDS=${GYRE_START_SECONDS:-60}" -x GYRE_TELL_CODE=1)
    fi
    [ "${1:-}${2:-0}" = 0 ] || # the site's own come first
        MPIRUN_OPTIONS+=(--mca plm_slurm_args "${OMPI_MCA_plm_slurm_args:+$OMPI_MCA_plm_slurm_args }$slurm")
}

# Passes lines on, and keeps in FILE those that say of ranks that they are gone or stand still: the job's
# last word, after which mpirun has nothing to wait for; in FILE.code the code that it was asked to tell.
pass_lines() { # FILE
    local line
    trap '' INT TERM HUP USR1 USR2 # it ends with its input
    while IFS= read -r line || [ -n "$line" ]; do
        case $line in "gyre: ends with code "*) echo "${line##* }" >"$1.code"; continue ;; esac
        printf '%s\n' "$line" >&2
        case $line in "gyre: error: "*" gone ("* | "gyre: error: the run stands still ("*) echo "$line" >>"$1" ;; esac
    done
}

ends_within() { # TENTHS PROCESS: whether it does
    local tenth
    for ((tenth = 0; tenth < $1; tenth++)); do
        kill -0 "$2" 2>/dev/null || return 0
        sleep 0.1
    done
    return 1
}

# Whether ranks of a job that outlives some may go on where they are not seen from here: mpirun has an agent for other
# hosts, nobody told the job's code, and its journal has grown in the last ten minutes.
go_on_elsewhere() { # WORDS, as of pass_lines; asked once a second by run_bounded, whose RUN_PID, size and quiet it uses
    local now
    [ -n "${RUN_DIR:-}" ] && [ ! -s "$1.code" ] && pgrep -P "$RUN_PID" >/dev/null && ! run_is_finished "$RUN_DIR" || return 1
    now=$(stat -c %s "$(journal_of "$RUN_DIR")" 2>/dev/null) || true
    [ "$now" = "$size" ] || size=$now quiet=0
    [ $((quiet += 1)) -lt 600 ]
}

# run_bounded COMMAND…: runs it and waits for its end, whatever signals come. Of those that the caller
# names (STOP_SIGNALS, SAVE_SIGNALS) the ranks get, through mpirun or srun,
#   USR2   for a stop: a checkpoint, then the end with code 75. A TERM would not do: mpirun answers it
#          by killing the ranks after some seconds, written or not. A second stop ends them at once.
#          Again every 10 s: while mpirun still starts ranks, what it forwards reaches nobody.
#   USR1   for a save: a checkpoint, and on.
# A caller that took a stop itself, before it came to this, says so in `early`.
# Once no rank of this host is left, and where RUN_DIR outlives ranks none elsewhere, mpirun has GRACE seconds (30)
# to end, or half a one where the ranks said that some are gone; then it is ended, with code 1 where they have told
# none: where it cannot tell a dead host so, it hangs for a quarter of an hour, at a frozen one for ever.
run_bounded() { # sets RUN_STOPPED, to nothing where no stop was asked for; RUN_GONE, what was said of ranks
    local asked=0 waited=0 tick=0 had=0 said=0 gone=0 quiet=0 size= code=0 ended= words notes pipe
    words=$(mktemp)
    exec {pipe}> >(pass_lines "$words")
    notes=$!
    setsid "$@" </dev/null 2>&"$pipe" {pipe}>&- & # a session of its own: Ctrl-C is for us, not for mpirun as well
    RUN_PID=$!
    exec {pipe}>&-
    trap 'asked=$((asked + 1)); kill -$([ $asked -gt 1 ] && echo TERM || echo USR2) $RUN_PID' $STOP_SIGNALS
    [ -z "${early:-}" ] || asked=1 waited=7 # one that came before: in three seconds, when whoever passes it on can
    [ -z "$SAVE_SIGNALS" ] || trap 'kill -USR1 $RUN_PID' $SAVE_SIGNALS
    while kill -0 "$RUN_PID" 2>/dev/null; do
        sleep 0.25 & wait $! || true # a trap runs when `wait` is interrupted, not while `sleep` runs
        if [ -s "$words" ] && [ $((said += 1)) -gt 1 ]; then
            { kill -KILL "$RUN_PID"; wait "$RUN_PID" || ended=1; } 2>/dev/null # TERM makes it crash, with a page of words
        fi
        [ $((++tick % 4)) = 0 ] || continue # a second
        if [ $asked = 1 ] && [ $((++waited % 10)) = 0 ]; then kill -USR2 "$RUN_PID" 2>/dev/null || true; fi
        [ ! -s "$words" ] || continue
        if pgrep -P "$RUN_PID" -f "${GYRE##*/} " >/dev/null; then
            had=1 gone=0
        elif go_on_elsewhere "$words"; then
            gone=0
        else
            gone=$((gone + 1))
        fi
        if [ $had = 1 ] && [ $gone -gt "${GRACE:-30}" ]; then
            echo "launch: the ranks are gone and mpirun is not: ending it" >&2
            kill -TERM "$RUN_PID" 2>/dev/null || true
            ends_within 50 "$RUN_PID" || kill -KILL "$RUN_PID" 2>/dev/null || true
            ended=1
        fi
    done
    wait "$RUN_PID" 2>/dev/null || code=$?
    trap - $STOP_SIGNALS $SAVE_SIGNALS
    ends_within 3 "$notes" || true # daemons may hold it
    for ((tick = 0; tick < 30; tick++)); do # the code, where it is told, may come late
        [ -n "${RUN_DIR:-}" ] && [ ! -s "$words.code" ] && ! ends_within 1 "$notes" || break
    done
    RUN_STOPPED=${asked#0} RUN_GONE=$(cat "$words")
    [ ! -s "$words.code" ] || code=$(cat "$words.code") ended=
    rm -f "$words" "$words.code"
    [ -z "$RUN_GONE" ] || code=1 # the ranks' own; mpirun's is that of whoever ended first
    return "${ended:-$code}"
}

# Removes from this host's memory what killed ranks (SIGKILL, out of memory) left there: Open MPI's
# shared segments, some MiB a rank; restart after restart they fill /dev/shm where the site does not
# clean up after jobs. It takes segments of this user, a minute old, that no process has mapped: a rank
# has its own mapped as long as it lives. In a container, whose processes do not see all others, it
# does nothing. The small directories /tmp/ompi.HOST.UID stay: nothing tells whether one is in use.
sweep_segments() {
    local old used segment
    [ "$(readlink /proc/self/ns/pid)" = "pid:[4026531836]" ] || return 0 # the kernel's first namespace
    old=$(find /dev/shm -maxdepth 1 -type f -user "$(id -u)" -name 'vader_segment.*' -mmin +1 2>/dev/null)
    used=$(grep -hos '/dev/shm/vader_segment[.].*' /proc/[0-9]*/maps) || true # some end meanwhile
    for segment in $old; do
        [[ $'\n'$used$'\n' == *$'\n'$segment$'\n'* ]] || rm -f "$segment"
    done
}

# A count that was given, in decimal; nothing and code 2 where it is none. 08 is eight.
count_of() { # NAME VALUE
    local digits=$2
    while [ "${digits#0}" != "$digits" ]; do digits=${digits#0}; done
    case $digits in
    '' | *[!0-9]*) ;;
    *) [ ${#digits} -le 6 ] && { echo "$digits"; return; } ;;
    esac
    echo "launch: $1: '$2' is no count; give a whole number from 1 to 999999" >&2
    return 2
}

# Where ranks were killed, neither their last words nor mpirun's say how the run goes on.
say_end() { # CODE COMMAND…
    local code=$1
    shift
    case ${RUN_GONE:+lost}$code in
    0 | 1 | 2 | 3 | 75 | "${GYRE_REQUEUE_EXIT_CODE:-75}") ;; # gyre itself has said it
    *)
        case " $* " in *' train '*) ;; *) return ;; esac
        printf 'launch: the ranks ended with code %s, by no will of their own; the same command goes on from the newest checkpoint:\n  ' "$code" >&2
        printf '%q ' "$@" >&2
        echo >&2
        ;;
    esac
}

# The journal of a run, or of a study.
journal_of() { # DIR
    if [ -f "$1/study.jsonl" ]; then echo "$1/study.jsonl"; else echo "$1/metrics.jsonl"; fi
}

# Whether a run or a study has reached its end, by its own journal: its last line then is the event "end".
run_is_finished() { # DIR
    tail -n 1 "$(journal_of "$1")" 2>/dev/null | grep -q '"event": *"end"'
}

# How far it is: the newest checkpoint's name, of a study with the number of trials that are done; "none" at first.
run_latest() { # DIR
    if [ -f "$1/study.jsonl" ]; then
        echo "$(grep -c '"event": *"trial"' "$1/study.jsonl")-trials$(find "$1/trials" -path '*/checkpoints/latest' -printf '%T@ -%l\n' 2>/dev/null |
            sort -n | tail -n 1 | sed 's/.* //')"
    else
        readlink "$1/checkpoints/latest" || echo none
    fi
}
