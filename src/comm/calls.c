/* The blocking calls. MPI counts in int: what may be larger goes in pieces of GY_PIECE bytes, cut alike at
 * both ends. Crowded ranks meet before a collective call, which itself would not sleep. */
#include "comm_mpi.h"
#include "patience.h"
#include "watchdog.h"

#include <string.h>

enum { TAG = 0 };

int gy_mpi_piece(int64_t n, int64_t at)
{
    return (int)(n - at < GY_PIECE ? n - at : GY_PIECE);
}

static gy_status meet(gy_comm *comm)
{
    MPI_Request request;
    if (!comm->crowded) return GY_OK;
    GY_MPI(MPI_Ibarrier(comm->calls, &request));
    return gy_mpi_await(comm, &request);
}

static gy_status broadcast(gy_comm *comm, void *bytes, int64_t n, int root)
{
    GY_TRY(meet(comm));
    for (int64_t at = 0; at < n; at += GY_PIECE)
        GY_MPI(MPI_Bcast((char *)bytes + at, gy_mpi_piece(n, at), MPI_BYTE, root, comm->calls));
    return GY_OK;
}

gy_status gy_comm_broadcast(gy_comm *comm, void *bytes, int64_t n, int root)
{
    return comm->ranks == 1 ? GY_OK : GY_WATCHED(comm, broadcast(comm, bytes, n, root));
}

static gy_status barrier(gy_comm *comm)
{
    MPI_Request request;
    GY_MPI(MPI_Ibarrier(comm->calls, &request));
    return gy_mpi_await(comm, &request);
}

gy_status gy_comm_barrier(gy_comm *comm)
{
    return comm->ranks == 1 ? GY_OK : GY_WATCHED(comm, barrier(comm));
}

static gy_status all_gather(gy_comm *comm, const void *x, int n, void *out)
{
    GY_TRY(meet(comm));
    GY_MPI(MPI_Allgather(x, n, MPI_BYTE, out, n, MPI_BYTE, comm->calls));
    return GY_OK;
}

gy_status gy_comm_all_gather(gy_comm *comm, const void *x, int n, void *out)
{
    if (comm->ranks > 1) return GY_WATCHED(comm, all_gather(comm, x, n, out));
    memcpy(out, x, (size_t)n);
    return GY_OK;
}

static gy_status send_all(gy_comm *comm, const void *bytes, int64_t n, int to)
{
    for (int64_t at = 0; at < n; at += GY_PIECE)
        GY_TRY(gy_mpi_send(comm, (const char *)bytes + at, gy_mpi_piece(n, at), to, TAG));
    return GY_OK;
}

gy_status gy_comm_send(gy_comm *comm, const void *bytes, int64_t n, int to)
{
    return GY_WATCHED(comm, send_all(comm, bytes, n, to));
}

static gy_status receive_all(gy_comm *comm, void *bytes, int64_t n, int from)
{
    for (int64_t at = 0; at < n; at += GY_PIECE)
        GY_TRY(gy_mpi_receive(comm, (char *)bytes + at, gy_mpi_piece(n, at), from, TAG));
    return GY_OK;
}

gy_status gy_comm_receive(gy_comm *comm, void *bytes, int64_t n, int from)
{
    return GY_WATCHED(comm, receive_all(comm, bytes, n, from));
}

gy_status gy_mpi_send(gy_comm *comm, const void *bytes, int n, int to, int tag)
{
    MPI_Request request;
    GY_MPI(MPI_Isend(bytes, n, MPI_BYTE, to, tag, comm->calls, &request));
    return gy_mpi_await(comm, &request);
}

gy_status gy_mpi_receive(gy_comm *comm, void *bytes, int n, int from, int tag)
{
    MPI_Request request;
    GY_MPI(MPI_Irecv(bytes, n, MPI_BYTE, from, tag, comm->calls, &request));
    return gy_mpi_await(comm, &request);
}

gy_status gy_mpi_await(gy_comm *comm, MPI_Request *request)
{
    bool done = false;
    gy_patience patience = gy_patience_begin(comm);
    GY_TRY(gy_mpi_test(request, 1, &done));
    while (!done) {
        gy_patience_pause(&patience);
        GY_TRY(gy_mpi_test(request, 1, &done));
    }
    return GY_OK;
}
