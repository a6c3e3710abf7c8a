/* Measured is what the ring does: every rank passes something to the next and takes from the one
 * before, all at once; where ranks are on several hosts, the slowest wire decides. */
#include "topology.h"

#include "comm_mpi.h"

#include "base/clock.h"

#include <string.h>

enum {
    SHORT = 8,      /* bytes */
    LONG = 1 << 17, /* a millisecond at 1 Gbit/s; longer within a host, as buckets are */
    LONG_IN_HOST = 1 << 20,
    COPIED = 1 << 22, /* more than a core's own cache */
    TURNS = 8,
    IN_A_ROW = 10
};

void gy_topology_init(gy_comm *comm)
{
    bool alone = comm->hosts == 1;
    gy_topology *t = &comm->topology;
    *t = (gy_topology){.ranks = comm->ranks,
                       .hosts = comm->hosts,
                       .message_s = alone ? 1e-6 : 2e-5,
                       .byte_s = alone ? 2e-10 : 1e-9,
                       .copy_s = 5e-11};
    for (int h = 0; h < comm->hosts; h++) {
        int count = 0;
        for (int r = 0; r < comm->ranks; r++) count += comm->host_of[r] == h;
        if (count > t->local_ranks) t->local_ranks = count;
    }
}

const gy_topology *gy_comm_topology(const gy_comm *comm)
{
    return &comm->topology;
}

bool gy_comm_knows_topology(const gy_comm *comm)
{
    return comm->knows_topology;
}

void gy_comm_set_topology(gy_comm *comm, const gy_topology *t)
{
    comm->topology.message_s = t->message_s;
    comm->topology.byte_s = t->byte_s;
    comm->topology.copy_s = t->copy_s;
    comm->knows_topology = true;
}

static gy_status shift(gy_comm *comm, char *out, char *in, int64_t bytes)
{
    int next = (comm->rank + 1) % comm->ranks,
        before = (comm->rank + comm->ranks - 1) % comm->ranks;
    for (int64_t at = 0; at < bytes; at += GY_PIECE) {
        int n = gy_mpi_piece(bytes, at);
        GY_TRY(gy_mpi_exchange(comm, out + at, next, in + at, before, n, GY_TAG_SHIFT));
    }
    return GY_OK;
}

/* The best of some turns; in_a_row shifts count as one. */
static gy_status time_shifts(gy_comm *comm, char *out, char *in, int64_t bytes, int turns,
                             int in_a_row, double *best)
{
    *best = 1e9;
    for (int turn = 0; turn < turns; turn++) {
        double start = gy_clock_s();
        for (int i = 0; i < in_a_row; i++) GY_TRY(shift(comm, out, in, bytes));
        double seconds = (gy_clock_s() - start) / in_a_row;
        if (seconds < *best) *best = seconds;
    }
    return GY_OK;
}

static double time_copies(char *to, const char *from, size_t bytes)
{
    double best = 1e9;
    for (int turn = 0; turn < 3; turn++) {
        double start = gy_clock_s();
        memcpy(to, from, bytes);
        double seconds = gy_clock_s() - start;
        if (seconds < best) best = seconds;
    }
    return best;
}

gy_status gy_comm_time_shift(gy_comm *comm, int64_t bytes, int turns, double *seconds)
{
    char *buffers = NULL;
    GY_TRY(gy_comm_new_array(comm, 2 * bytes, &buffers));
    gy_status status = time_shifts(comm, buffers, buffers + bytes, bytes, turns, 1, seconds);
    gy_free(comm->ctx, buffers);
    GY_TRY(status);
    return gy_comm_max(comm, seconds, 1);
}

gy_status gy_comm_measure(gy_comm *comm)
{
    const int bytes = comm->hosts == 1 ? LONG_IN_HOST : LONG;
    char *b = NULL;
    double seconds[3];
    if (comm->ranks == 1) return GY_OK;
    GY_TRY(gy_comm_new_array(comm, 2 * COPIED, &b));
    gy_status status = time_shifts(comm, b, b + COPIED, SHORT, TURNS, IN_A_ROW, &seconds[0]);
    if (status == GY_OK) status = time_shifts(comm, b, b + COPIED, bytes, TURNS, 1, &seconds[1]);
    if (status == GY_OK) {
        seconds[2] = time_copies(b, b + COPIED, COPIED);
        status = gy_comm_max(comm, seconds, 3);
    }
    gy_free(comm->ctx, b);
    GY_TRY(status);
    double rest = seconds[1] - seconds[0];
    gy_topology t = {.message_s = seconds[0],
                     .byte_s = (rest > 0 ? rest : seconds[1]) / bytes,
                     .copy_s = seconds[2] / COPIED};
    gy_comm_set_topology(comm, &t);
    return GY_OK;
}
