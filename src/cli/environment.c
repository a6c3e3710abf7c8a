/* What Gyre asks of the environment, for help and manual pages. */
#include "usage.h"

#include <stdio.h>
#include <string.h>

static const gy_variable variables[] = {
    {"GYRE_SET_KEY__PATH",
     "a setting of the configuration, as GYRE_SET_TRAIN__EPOCHS=3; --set wins over it"},
    {"GYRE_SIMD", "the most instructions that are used: baseline, v3, v4, v4_bf16, v4_amx"},
    {"GYRE_REQUEUE_EXIT_CODE", "exit code instead of 75, where a batch system wants another"},
    {"GYRE_START_SECONDS", "how long the start of MPI may take; 600 where it is not set"},
    {"GYRE_HOST_RANKS", "so many ranks are taken for a host, to try out several on one"},
    {"GYRE_JOB", "NAME:START, set by the launch scripts: whose start goes on where another ended"},
    {"GYRE_TELL_CODE", "set by launch/mpirun.sh -k: the exit code is told on standard error, too"},
    {"OMP_NUM_THREADS", "threads a rank where `threads` is 0"},
    {"HDF5_PLUGIN_PATH", "where HDF5 finds filters of packed data"},
    {"SLURM_JOB_END_TIME", "when to stop in time, where train.time_limit_minutes is 0"},
    {"COLUMNS", "how wide help and tables are, where the terminal does not tell"},
    {NULL, NULL},
};

const gy_variable *gy_environment(void)
{
    return variables;
}
