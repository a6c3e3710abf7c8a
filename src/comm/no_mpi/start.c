/* In the place of ../start.c in a build without MPI: every process is alone, and refuses to be one of
 * several that each think so. */
#include "../comm_mpi.h"

#include "base/door.h"
#include "base/number.h"

#include <stdlib.h>

/* What launchers call the number of processes. SLURM's is there for a step alone. */
gy_status gy_comm_start(gy_context *ctx)
{
    GY_DOOR;
    static const char *const names[] = {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "MPI_LOCALNRANKS",
                                        "SLURM_STEP_NUM_TASKS"};
    (void)ctx;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *text = getenv(names[i]);
        int64_t n = 0;
        GY_REQUIRE(text == NULL || !gy_number_int(text, &n) || n <= 1, GY_E_USAGE,
                   "several processes, each by itself" GY_AT "%s=%s" GY_WHY
                   "this gyre was built without MPI" GY_HINT
                   "start one process, or build with -DGYRE_MPI=ON",
                   names[i], text);
    }
    return GY_OK;
}

void gy_comm_stop(gy_context *ctx)
{
    (void)ctx;
}

bool gy_comm_takes_threads(void)
{
    return false;
}

const char *gy_comm_library(void)
{
    return "none";
}

bool gy_mpi_runs(void)
{
    return false;
}

bool gy_mpi_has_world(void)
{
    return false;
}

gy_status gy_mpi_status(int code, const char *call)
{
    if (code == MPI_SUCCESS) return GY_OK;
    return gy_raise(GY_E_COMM,
                    "communication failed" GY_AT "%s" GY_WHY "this gyre was built without MPI",
                    call);
}
