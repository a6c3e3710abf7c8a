/* Groups of a communicator's ranks, each a communicator of its own; and messages between ranks that are not
 * in step: who is busy looks for them now and then. */
#include "comm_mpi.h"
#include "watch_impl.h"

static gy_status make(gy_comm *comm, const MPI_Comm *part, gy_comm **out)
{
    gy_watch *watch = comm->watch;
    GY_TRY(gy_comm_create(comm->ctx, part, out));
    (*out)->in_crowd = comm->crowded;
    (*out)->sharing = comm->sharing;
    if (watch == NULL) return GY_OK;
    return gy_watch_begin(*out, watch, 0, watch->stalled, watch->user);
}

gy_status gy_comm_split(gy_comm *comm, int group, gy_comm **out)
{
    MPI_Comm part = MPI_COMM_NULL;
    gy_comm *made = NULL;
    GY_MPI(MPI_Comm_split(comm->calls, group < 0 ? MPI_UNDEFINED : group, comm->rank, &part));
    gy_status status = part == MPI_COMM_NULL ? GY_OK : make(comm, &part, &made);
    if (part != MPI_COMM_NULL) (void)MPI_Comm_free(&part);
    status = gy_comm_agree(comm, status);
    if (status == GY_OK)
        *out = made;
    else
        gy_comm_free(made);
    return status;
}

gy_status gy_comm_look(gy_comm *comm, int *from, bool *here)
{
    return gy_mpi_look(comm, from, GY_TAG_MESSAGE, here);
}
