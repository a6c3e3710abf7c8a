# A real SLURM on the hosts of hosts.sh, to be sourced after it: the controller on host0, one slurmd
# on each host.
#
#   slurm_up N [CPUS]    on N hosts of so many cores
#   slurm COMMAND…       sbatch, squeue, scontrol, scancel … as on the login node
#   node_crash HOST, node_start HOST
#   job_get JOB FIELD    as `scontrol show job` names it: JobState, ExitCode, Restarts, …
#   job_is JOB STATE…    whether it is in one of these states
#   job_waits SECONDS JOB STATE…   for it to be, no longer than it lasts
#
# Partition main is the default; jobs of partition urgent preempt its jobs, and those of patient, by
# putting them back into the queue; those of patient get a signal first, and 30 s. No accounting, no
# cgroups. Times are short: a node is given up after 15 s without a word.

SLURM=$LAB/slurm
export SLURM_CONF=$SLURM/slurm.conf

slurm_up() { # N [CPUS]
    local i last=host$(($1 - 1))
    hosts_up "$1" "${2:-2}"
    mkdir -p $SLURM/state
    (umask 077 && head -c 64 /dev/urandom >$SLURM/munge.key)
    on host0 munged --force --key-file=$SLURM/munge.key --socket=$SLURM/munge \
        --pid-file=$SLURM/munged.pid --seed-file=$SLURM/munge.seed --log-file=$SLURM/munge.log
    cat >$SLURM_CONF <<CONF
ClusterName=lab
SlurmctldHost=host0
SlurmUser=root
AuthType=auth/munge
# cred_expire: a job that was put back into the queue rests there so long; less is not taken
AuthInfo=socket=$SLURM/munge,cred_expire=5
CredType=cred/munge
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SlurmdParameters=config_overrides
ReturnToService=2
SlurmdTimeout=15
KillWait=10
MinJobAge=600
MessageTimeout=10
SchedulerParameters=bf_interval=2,sched_interval=2,sched_min_interval=0,batch_sched_delay=1
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
SlurmctldParameters=preempt_send_user_signal
StateSaveLocation=$SLURM/state
SlurmdSpoolDir=$SLURM/spool.%n
SlurmctldPidFile=$SLURM/slurmctld.pid
SlurmdPidFile=$SLURM/slurmd.%n.pid
SlurmctldLogFile=$SLURM/slurmctld.log
SlurmdLogFile=$SLURM/slurmd.%n.log
NodeName=host[0-$(($1 - 1))] CPUs=${2:-2} RealMemory=1000 State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES
PartitionName=patient Nodes=ALL GraceTime=30
PartitionName=urgent Nodes=ALL PriorityTier=10 PreemptMode=OFF
CONF
    echo "CgroupPlugin=cgroup/v1" >$SLURM/cgroup.conf # slurmd loads one; "autodetect" fails here
    : >$SLURM/mpi.conf
    on host0 slurmctld
    for ((i = 0; i < $1; i++)); do node_start host$i; done
    wait_until 60 nodes_idle "$1" || { tail $SLURM/*.log; return 1; }
}

# Each node sees an mpi.conf of its own: the pmix plugin makes equal names in the directory it says. Of
# SLURM 22.05 it cannot start the step that crashed with the node again, by number, where its sockets and
# directories are left: the node comes up without them, as one does that has no disk.
node_start() { # HOST
    rm -rf "$LAB/$1/crashed" "$LAB/$1/tmp/"* "$SLURM/spool.$1/"*pmix*
    plug "$1"
    mkdir -p "$SLURM/spool.$1"
    echo "PMIxCliTmpDirBase=$LAB/$1/tmp" >"$SLURM/mpi.$1.conf"
    on "$1" sh -c "mount --bind $SLURM/mpi.$1.conf $SLURM/mpi.conf && exec slurmd"
}

node_crash() { crash "$1"; }
node_is() { [[ "$(slurm sinfo -h -n "$1" -p main -o %T)" == "$2"* ]]; }
nodes_idle() { [ "$(slurm sinfo -h -N -p main -t idle -o %N | wc -l)" = "$1" ]; }
slurm() { on host0 timeout 60 "$@"; }

job_get() { # JOB FIELD
    slurm scontrol -o show job "$1" | sed -n "s/.* $2=\([^ ]*\).*/\1/p"
}

job_is() { # JOB STATE…
    local state
    state=$(job_get "$1" JobState)
    [ -n "$state" ] && [[ " ${*:2} " == *" $state "* ]]
}

# Whether it has ended, asked ten times in a row: one that is put back may look so for a moment.
job_is_over() { # JOB; counts in the caller's `final`
    if job_is "$1" CANCELLED COMPLETED FAILED TIMEOUT; then final=$((final + 1)); else final=0; fi
    [ $final -ge 10 ]
}

job_is_or_over() { job_is "$@" || job_is_over "$1"; }

job_waits() { # SECONDS JOB STATE…
    local final=0
    NAP=0.5 wait_until "$1" job_is_or_over "${@:2}" && [ $final -lt 10 ]
}
