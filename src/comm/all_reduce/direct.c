/* Everybody sends its part of a block to the owner of the block, and the owner the sum to everybody:
 * two messages deep, and every number is rounded to the wire's twice at most. */
#include "../all_reduce_list.h"
#include "../members_impl.h"

/* Two messages deep, some more for those that queue; every rank of a host sends over its wire. */
static double cost(const gy_topology *t, const gy_reduction *r)
{
    double halves = gy_reduction_halves(r), bytes = gy_reduction_bytes(r);
    double others = t->hosts > 1 ? t->ranks - t->local_ranks : t->ranks - 1;
    double flows = t->hosts > 1 ? t->local_ranks : 1;
    return halves * ((1 + 0.25 * (t->ranks - 2)) * t->message_s +
                     flows * others / t->ranks * bytes * t->byte_s) +
           bytes * t->copy_s;
}

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
    .cost = cost,
    .wires = true,
    .own = gy_own_block,
    .create = create,
    .begin = begin,
    .progress = progress,
    .destroy = destroy,
};
