/* One ring over all ranks, in their order: neighbours on a host stay neighbours. */
#include "../all_reduce_list.h"
#include "../ring_impl.h"

static gy_status create(gy_comm *comm, float *x, int64_t n, int tag, void **state)
{
    int me = comm->rank, p = comm->ranks;
    gy_ring_place place = {
        .me = me, .members = p, .before = (me + p - 1) % p, .after = (me + 1) % p};
    gy_ring *ring = NULL;
    GY_TRY(gy_ring_create(comm, &place, x, n, tag, &ring));
    *state = ring;
    return GY_OK;
}

static gy_status begin(void *state)
{
    return gy_ring_begin(state);
}

static gy_status progress(void *state, bool *done)
{
    return gy_ring_progress(state, done);
}

static void destroy(void *state)
{
    gy_ring_free(state);
}

const gy_all_reduce_kind gy_all_reduce_ring = {
    .kind = {.name = "ring",
             .help = "pipelined ring over point-to-point messages; for large vectors"},
    .create = create,
    .begin = begin,
    .progress = progress,
    .destroy = destroy,
};
