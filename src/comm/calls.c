/* The blocking calls. MPI counts in int: what may be larger goes in pieces of PIECE bytes, cut alike at
 * both ends. */
#include "comm_mpi.h"

enum { PIECE = 1 << 30, TAG = 0 };

static int piece(int64_t n, int64_t at)
{
    return (int)(n - at < PIECE ? n - at : PIECE);
}

gy_status gy_comm_broadcast(gy_comm *comm, void *bytes, int64_t n, int root)
{
    if (comm->ranks == 1) return GY_OK;
    for (int64_t at = 0; at < n; at += PIECE)
        GY_MPI(MPI_Bcast((char *)bytes + at, piece(n, at), MPI_BYTE, root, comm->calls));
    return GY_OK;
}

gy_status gy_comm_barrier(gy_comm *comm)
{
    GY_MPI(MPI_Barrier(comm->calls));
    return GY_OK;
}

gy_status gy_comm_all_gather(gy_comm *comm, const void *x, int n, void *out)
{
    GY_MPI(MPI_Allgather(x, n, MPI_BYTE, out, n, MPI_BYTE, comm->calls));
    return GY_OK;
}

gy_status gy_comm_send(gy_comm *comm, const void *bytes, int64_t n, int to)
{
    for (int64_t at = 0; at < n; at += PIECE)
        GY_MPI(MPI_Send((const char *)bytes + at, piece(n, at), MPI_BYTE, to, TAG, comm->calls));
    return GY_OK;
}

gy_status gy_comm_receive(gy_comm *comm, void *bytes, int64_t n, int from)
{
    for (int64_t at = 0; at < n; at += PIECE)
        GY_MPI(MPI_Recv((char *)bytes + at, piece(n, at), MPI_BYTE, from, TAG, comm->calls,
                        MPI_STATUS_IGNORE));
    return GY_OK;
}
