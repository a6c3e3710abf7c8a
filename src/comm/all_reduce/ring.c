/* One ring over all ranks, in their order: neighbours on a host stay neighbours. */
#include "../all_reduce_list.h"
#include "../members_impl.h"

/* The bytes that cross each wire, in 2 (p − 1) turns; and each element is added. */
static double cost(const gy_topology *t, const gy_reduction *r)
{
    double turns = gy_reduction_halves(r) * (t->ranks - 1), bytes = gy_reduction_bytes(r);
    return turns * (t->message_s + bytes / t->ranks * t->byte_s) + bytes * t->copy_s;
}

static gy_status create(gy_comm *comm, const gy_reduction *r, void **state)
{
    const gy_members all = {.me = comm->rank, .n = comm->ranks};
    gy_ring *ring = NULL;
    GY_TRY(gy_ring_create(comm, &all, r, &ring));
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
    .cost = cost,
    .own = gy_own_block,
    .create = create,
    .begin = begin,
    .progress = progress,
    .destroy = destroy,
};
