/* Everybody sends its part of a block to the owner of the block, and the owner the sum to everybody:
 * two messages deep, and every number is rounded to the wire's twice at most. */
#include "../all_reduce_list.h"
#include "../members_impl.h"

static gy_status create(gy_comm *comm, const gy_reduction *r, void **state)
{
    const gy_members all = {.me = comm->rank, .n = comm->ranks};
    gy_exchange *e = NULL;
    GY_TRY(gy_exchange_create(comm, &all, r, &e));
    *state = e;
    return GY_OK;
}

static gy_status begin(void *state)
{
    return gy_exchange_begin(state);
}

static gy_status progress(void *state, bool *done)
{
    return gy_exchange_progress(state, done);
}

static void destroy(void *state)
{
    gy_exchange_free(state);
}

const gy_all_reduce_kind gy_all_reduce_direct = {
    .kind = {.name = "direct", .help = "parts straight to the rank that sums them; with any wire"},
    .wires = true,
    .own = gy_own_block,
    .create = create,
    .begin = begin,
    .progress = progress,
    .destroy = destroy,
};
