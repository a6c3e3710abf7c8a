#!/usr/bin/env bash
# Hosts of a cluster on one machine, to be sourced by a test: network and host-name namespaces on a
# switch, with cables that can be cut. No route leads out of them.
#
#   lab_enter "$0" "$@"    first of all: the test goes on in namespaces of its own, or is skipped
#   hosts_up N             host0 … host<N-1>, and $LAB/hostfile
#   on HOST COMMAND…       runs a command there; `enter HOST COMMAND… &`: $! is its process
#   unplug HOST, plug HOST its cable: no packet passes, and nobody is told
#   freeze HOST            stops every process of it; its kernel still answers
#   crash HOST             kills every process of it, with the cable cut
#   slow_gyre GYRE         makes $LAB/gyre, which trains slowly where it is told, so that no run ends before it is struck
#
# All that a test makes lives in a process and a mount namespace: with its first process every other
# one ends, and every mount, network and file below /run and /dev/shm is gone, however it ended.
# Hosts have their own names, addresses and $TMPDIR; they share cores, clock and the rest of the disk.

LAB=/run/lab
SOURCE=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
SKIPPED=77 # as ctest knows it

skip() {
    echo "skipped: $*"
    exit $SKIPPED
}

lab_enter() { # TEST ARGUMENT…
    [ -z "${GYRE_LAB:-}" ] || { lab_begin; return; }
    [ "$(id -u)" -eq 0 ] || skip "hosts of its own need root"
    unshare --mount --pid --fork --kill-child true 2>/dev/null || skip "namespaces cannot be made here"
    (flock 9; "$SOURCE/launch/setup.sh" cluster) 9>"${TMPDIR:-/tmp}/gyre-setup.lock" >&2 ||
        skip "packages cannot be installed"
    # signals are as in a terminal, whatever started the tests
    GYRE_LAB=1 exec env --default-signal=HUP,INT,QUIT unshare --mount --pid --fork --kill-child --mount-proc "$@"
}

lab_begin() {
    mount -t tmpfs lab /run
    mount -t tmpfs lab /dev/shm
    mkdir -p $LAB
    ip netns add switch 2>/dev/null || skip "network namespaces cannot be made here"
    ip -n switch link add bridge type bridge forward_delay 0
    ip -n switch link set bridge up
    export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
    export OMPI_MCA_hwloc_base_binding_policy=none OMPI_MCA_mpi_yield_when_idle=1 # few cores
    export OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_pml=ob1 OMP_WAIT_POLICY=passive
    export OMPI_MCA_plm_rsh_agent="$SOURCE/tests/cluster/hosts.sh remote"
}

hosts_up() { # N [SLOTS]
    local i host
    echo "127.0.0.1 localhost" >$LAB/hosts
    for ((i = 0; i < $1; i++)); do
        host=host$i
        echo "10.0.0.$((i + 1)) $host" >>$LAB/hosts
        echo "$host slots=${2:-1}" >>$LAB/hostfile
        mkdir -p $LAB/$host/tmp
        ip netns add $host
        ip link add eth0 netns $host type veth peer name $host netns switch
        ip -n $host addr add 10.0.0.$((i + 1))/24 dev eth0
        ip -n $host link set lo up
        ip -n $host link set eth0 up
        ip -n switch link set $host master bridge up
    done
    mount --bind $LAB/hosts /etc/hosts # this test's only
}

on() { (enter "$@"); }

enter() { # HOST COMMAND…: becomes it
    TMPDIR=$LAB/$1/tmp exec ip netns exec "$1" unshare --uts \
        sh -c 'hostname "$0" && exec "$@"' "$@"
}

# What mpirun starts its daemons with, as ssh does: HOST "COMMAND LINE". To a host that vanished it
# hangs, as ssh does.
remote() {
    local code=0
    on "$1" bash -c "${*:2}" || code=$?
    [ ! -e "$LAB/$1/crashed" ] || exec sleep infinity
    exit $code
}

unplug() { ip -n switch link set "$1" nomaster; } # the host's own end stays up
plug() { ip -n switch link set "$1" master bridge; }

each_process() { # HOST SIGNAL
    local process
    for process in $(ip netns pids "$1"); do kill "-$2" "$process" 2>/dev/null || true; done
}

freeze() { each_process "$1" STOP; }

crash() {
    touch "$LAB/$1/crashed"
    unplug "$1"
    each_process "$1" KILL
}

# Every step of every rank takes as many ms more as RUN_DIR.slow says when it starts; nothing where there is no such
# file. All are slow, for those that wait for one would take the cores of the others.
slow_gyre() { # GYRE
    cat >$LAB/gyre <<SLOW
#!/bin/sh
for word; do
    [ "\$last" != --run-dir ] || run=\$word
    last=\$word
done
if [ -n "\$run" ] && ms=\$(cat "\$run.slow" 2>/dev/null); then
    n=\${OMPI_COMM_WORLD_SIZE:-\${SLURM_STEP_NUM_TASKS:-1}}
    while [ "\$n" -gt 0 ]; do n=\$((n - 1)); set -- "\$@" --inject "slow:rank=\$n,ms=\$ms"; done
fi
exec $1 "\$@"
SLOW
    chmod +x $LAB/gyre
}

processes() { # HOST PATTERN: their ids
    local process
    for process in $(ip netns pids "$1"); do
        [[ "$(tr '\0' ' ' 2>/dev/null <"/proc/$process/cmdline")" =~ $2 ]] && echo "$process"
    done
    true
}

wait_until() { # SECONDS COMMAND…: for it to succeed; tried every NAP seconds (0.1)
    local end=$((SECONDS + $1))
    shift
    until "$@"; do
        [ $SECONDS -lt $end ] || return 1
        sleep "${NAP:-0.1}"
    done
}

[ "${BASH_SOURCE[0]}" != "$0" ] || "$@"
