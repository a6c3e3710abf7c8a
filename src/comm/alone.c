/* A process by itself: a communicator of one rank that needs no MPI. Whatever is asked of other ranks
 * comes to nothing before it comes to MPI. */
#include "comm_mpi.h"

#include <unistd.h>

gy_status gy_comm_alone(gy_context *ctx, gy_comm **out)
{
    gy_status status;
    gy_comm *comm = NULL;
    GY_TRY(gy_new(ctx, &comm));
    *comm = (gy_comm){.ctx = ctx,
                      .calls = MPI_COMM_NULL,
                      .wire = MPI_COMM_NULL,
                      .ranks = 1,
                      .local_ranks = 1,
                      .hosts = 1,
                      .sharing = 1};
    GY_TRY_GOTO(fail, gy_new_array(ctx, 1, &comm->host_of));
    GY_TRY_GOTO(fail, gy_new_array(ctx, 1, &comm->names));
    (void)gethostname(comm->names[0], GY_HOST_TEXT - 1);
    gy_topology_init(comm);
    *out = comm;
    return GY_OK;
fail:
    gy_comm_free(comm);
    return status;
}
