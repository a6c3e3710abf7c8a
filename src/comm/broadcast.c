/* Broadcasts: what is short goes down a binomial tree, whole; what is long from each rank to the next in
 * segments, so that every wire carries it once. Ranks are counted from the root. */
#include "comm_mpi.h"
#include "watchdog.h"

enum { SEGMENT = 1 << 19 };

static int rank_at(const gy_comm *comm, int root, int place)
{
    return (root + place) % comm->ranks;
}

static gy_status branch(gy_comm *comm, char *bytes, int n, int root)
{
    const int p = comm->ranks, me = (comm->rank - root + p) % p;
    int span = 1;
    while (span < p && (me & span) == 0) span *= 2;
    if (me > 0)
        GY_TRY(gy_mpi_receive(comm, bytes, n, rank_at(comm, root, me - span), GY_TAG_BROADCAST));
    for (span /= 2; span > 0; span /= 2)
        if (me + span < p)
            GY_TRY(gy_mpi_send(comm, bytes, n, rank_at(comm, root, me + span), GY_TAG_BROADCAST));
    return GY_OK;
}

/* What passes through a rank: a segment comes while the one before goes. */
typedef struct relay {
    gy_comm *comm;
    char *bytes;
    int64_t n;
    int before, next; /* −1: none */
    MPI_Request in, out;
} relay;

static int segment_at(const relay *r, int64_t at)
{
    return (int)(r->n - at < SEGMENT ? r->n - at : SEGMENT);
}

static gy_status expect(relay *r, int64_t at)
{
    if (r->before < 0 || at >= r->n) return GY_OK;
    return gy_mpi_begin_receive(r->comm, r->comm->calls, r->bytes + at, segment_at(r, at),
                                r->before, GY_TAG_BROADCAST, &r->in);
}

static gy_status pass(relay *r, int64_t at)
{
    GY_TRY(gy_mpi_await(r->comm, &r->in, true));
    GY_TRY(expect(r, at + SEGMENT));
    GY_TRY(gy_mpi_await(r->comm, &r->out, false));
    if (r->next < 0) return GY_OK;
    return gy_mpi_begin_send(r->comm, r->comm->calls, r->bytes + at, segment_at(r, at), r->next,
                             GY_TAG_BROADCAST, &r->out);
}

static gy_status pass_along(gy_comm *comm, char *bytes, int64_t n, int root)
{
    const int p = comm->ranks, me = (comm->rank - root + p) % p;
    relay r = {.comm = comm,
               .bytes = bytes,
               .n = n,
               .before = me > 0 ? rank_at(comm, root, me - 1) : -1,
               .next = me + 1 < p ? rank_at(comm, root, me + 1) : -1,
               .in = MPI_REQUEST_NULL,
               .out = MPI_REQUEST_NULL};
    gy_status status = expect(&r, 0);
    for (int64_t at = 0; at < n && status == GY_OK; at += SEGMENT) status = pass(&r, at);
    if (status == GY_OK) return gy_mpi_await(comm, &r.out, false);
    gy_mpi_drop(comm, &r.in, true);
    gy_mpi_drop(comm, &r.out, false);
    return status;
}

/* Whether segments are fewer along the chain than down the tree, one after the other. */
static bool is_long(const gy_comm *comm, int64_t n)
{
    const int64_t segments = (n + SEGMENT - 1) / SEGMENT;
    int64_t rounds = 0;
    for (int64_t reached = 1; reached < comm->ranks; reached *= 2) rounds++;
    return comm->ranks - 2 + segments < rounds * segments;
}

static gy_status broadcast(gy_comm *comm, char *bytes, int64_t n, int root)
{
    if (is_long(comm, n)) return pass_along(comm, bytes, n, root);
    for (int64_t at = 0; at < n; at += GY_PIECE)
        GY_TRY(branch(comm, bytes + at, gy_mpi_piece(n, at), root));
    return GY_OK;
}

gy_status gy_comm_broadcast(gy_comm *comm, void *bytes, int64_t n, int root)
{
    return comm->ranks == 1 ? GY_OK : GY_WATCHED(comm, broadcast(comm, bytes, n, root));
}
