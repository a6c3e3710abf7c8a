/* Blocking sends, barriers and gathers, of messages of our own: their order is ours whatever the library,
 * who waits sleeps where cores are crowded, and stops where a rank is gone. MPI counts in int: what may be
 * larger goes in pieces of GY_PIECE bytes, cut alike at both ends. */
#include "comm_mpi.h"
#include "watchdog.h"

#include <string.h>

int gy_mpi_piece(int64_t n, int64_t at)
{
    return (int)(n - at < GY_PIECE ? n - at : GY_PIECE);
}

static gy_status send_all(gy_comm *comm, const char *bytes, int64_t n, int to, int tag)
{
    for (int64_t at = 0; at < n; at += GY_PIECE)
        GY_TRY(gy_mpi_send(comm, bytes + at, gy_mpi_piece(n, at), to, tag));
    return GY_OK;
}

gy_status gy_comm_send(gy_comm *comm, const void *bytes, int64_t n, int to)
{
    return GY_WATCHED(comm, send_all(comm, bytes, n, to, GY_TAG_MESSAGE));
}

static gy_status receive_all(gy_comm *comm, char *bytes, int64_t n, int from, int tag)
{
    for (int64_t at = 0; at < n; at += GY_PIECE)
        GY_TRY(gy_mpi_receive(comm, bytes + at, gy_mpi_piece(n, at), from, tag));
    return GY_OK;
}

gy_status gy_comm_receive(gy_comm *comm, void *bytes, int64_t n, int from)
{
    return GY_WATCHED(comm, receive_all(comm, bytes, n, from, GY_TAG_MESSAGE));
}

/* Each rank hears of twice as many every round. */
static gy_status barrier(gy_comm *comm)
{
    const int p = comm->ranks;
    char none = 0, heard = 0;
    for (int span = 1; span < p; span *= 2)
        GY_TRY(gy_mpi_exchange(comm, &none, (comm->rank + span) % p, &heard,
                               (comm->rank + p - span) % p, 1, GY_TAG_BARRIER));
    return GY_OK;
}

gy_status gy_comm_barrier(gy_comm *comm)
{
    return comm->ranks == 1 ? GY_OK : GY_WATCHED(comm, barrier(comm));
}

/* Bytes of `span` ranks from one on, as far as there are any. */
static int64_t bytes_of(const gy_comm *comm, int rank, int span, int64_t n)
{
    return (comm->ranks - rank < span ? comm->ranks - rank : span) * n;
}

/* To rank 0 along the lines of a fold (fold.c), where a rank holds what is of ranks in a row; and to all. */
static gy_status all_gather(gy_comm *comm, char *out, int64_t n)
{
    const int p = comm->ranks, me = comm->rank;
    int span = 1;
    for (; span < p && me % (2 * span) == 0; span *= 2) {
        const int from = me + span;
        if (from >= p) continue;
        GY_TRY(
            receive_all(comm, out + from * n, bytes_of(comm, from, span, n), from, GY_TAG_GATHER));
    }
    if (me > 0)
        GY_TRY(send_all(comm, out + me * n, bytes_of(comm, me, span, n), me - span, GY_TAG_GATHER));
    return gy_comm_broadcast(comm, out, p * n, 0);
}

gy_status gy_comm_all_gather(gy_comm *comm, const void *x, int n, void *out)
{
    memcpy((char *)out + (int64_t)comm->rank * n, x, (size_t)n);
    return comm->ranks == 1 ? GY_OK : GY_WATCHED(comm, all_gather(comm, out, n));
}
