# Starting a run again where its job ended before it did; to be sourced after lib.sh.

# Those of the hosts on standard input (lines `name slots=CORES`) on which AGENT NAME COMMAND can start a
# command within some seconds, asked all at once. The agent is mpirun's where none is given.
hosts_that_answer() { # [AGENT…]
    local place i
    local -a ask=("$@") lines words
    [ $# -gt 0 ] || read -ra ask <<<"${OMPI_MCA_plm_rsh_agent:-ssh}"
    [ "${ask[0]##*/}" != ssh ] || ask+=(-o BatchMode=yes -o ConnectTimeout=5)
    mapfile -t lines < <(sed 's/#.*//' | awk NF)
    place=$(mktemp -d)
    for i in "${!lines[@]}"; do
        read -ra words <<<"${lines[i]}"
        case ${words[0]} in
        localhost | "$(hostname)") : >"$place/$i" ;;
        *) { timeout -k 1 8 "${ask[@]}" "${words[0]}" true </dev/null && : >"$place/$i"; } >/dev/null 2>&1 & ;;
        esac
    done
    wait
    for i in "${!lines[@]}"; do [ ! -e "$place/$i" ] || echo "${lines[i]}"; done
    rm -rf "$place"
}

# Those of the hosts on standard input whose ranks did not fall silent, by what was said at the job's end: to
# ask the others would take as long again.
hosts_not_silent() { # WORDS
    local lost
    lost=$(sed -n '/nothing was heard/p' <<<"$1" | grep -o 'rank [0-9]* on [^ ,;)]*' | sed 's/.* //' | sort -u) || true
    [ -n "$lost" ] || { cat; return; }
    awk -v lost="$lost" 'BEGIN { n = split(lost, names); for (i = 1; i <= n; i++) { sub(/[.].*/, "", names[i]); is[names[i]] = 1 } }
                         { name = $1; sub(/[.].*/, "", name) } !(name in is)'
}

# By this name a start takes over the lock of the run's directory from the starts before it, which have ended: where
# a host is gone a shared file system keeps its lock.
name_start() { # JOB, nobody else's; sets GYRE_JOB, counts in STARTS
    export GYRE_JOB=$1:$((STARTS += 1))
}

# Where a run of `gyre train …` has its files: by the command line, the environment or the configuration.
run_directory() { # gyre's command line
    local -a words=()
    while [ $# -gt 0 ]; do # faults name ranks that one process does not have
        case $1 in
        --inject) shift ;;
        --inject=*) ;;
        *) words+=("$1") ;;
        esac
        shift
    done
    "$GYRE" "${words[@]}" --dry-run --json --quiet | sed -n 's/.*"event": "start",.*"run_dir": "\([^"]*\)".*/\1/p'
}

# The steps in a run's journal that its newest checkpoint does not have.
steps_since() { # RUN_DIR
    local last from
    last=$(tail -n 1 "$1/metrics.jsonl" 2>/dev/null | sed -n 's/.*"step": *\([0-9]*\).*/\1/p')
    from=$(run_latest "$1" | sed 's/^none$/0/; s/^step-0*\(.\)/\1/')
    echo $((${last:-0} > from ? ${last:-0} - from : 0))
}

# Whether a job that ended so is to be started again: not where it was told to stop (75), by a wrong
# configuration (2), where it diverged (3), or after so many starts in a row without a new checkpoint.
# Says what was lost. TRIED counts those starts.
is_started_again() { # CODE RUN_DIR FROM TRIES, FROM: the newest checkpoint when the job began
    case $1 in 2 | 3 | 75 | "${GYRE_REQUEUE_EXIT_CODE:-75}") return 1 ;; esac
    [ -z "$RUN_STOPPED" ] && ! run_is_finished "$2" || return 1
    [ "$(run_latest "$2")" = "$3" ] || TRIED=0
    if [ $((TRIED += 1)) -gt "$4" ]; then
        echo "launch: gives up: no new checkpoint in $((TRIED - 1)) restarts" >&2
        return 1
    fi
    echo "launch: the job ended with code $1 before the run did: restart $TRIED of $4, from $(run_latest "$2");" \
         "$(steps_since "$2") steps of the journal after it are done again" >&2
}
