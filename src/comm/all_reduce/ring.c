/* One ring over all ranks, in their order: neighbours on a host stay neighbours. */
#include "../all_reduce_list.h"
#include "../members_impl.h"

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
    .own = gy_own_block,
    .create = create,
    .begin = begin,
    .progress = progress,
    .destroy = destroy,
};
