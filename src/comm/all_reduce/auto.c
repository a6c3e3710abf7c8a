/* The kind that costs least by what was measured of these ranks (topology.h). */
#include "../all_reduce_list.h"

static const gy_all_reduce_kind *choose(const gy_comm *comm, const gy_reduction *r)
{
    const gy_topology *t = gy_comm_topology(comm);
    const gy_all_reduce_kind *best = &gy_all_reduce_direct;
    for (int i = 0; i < gy_all_reduce_registry.n; i++) {
        const gy_all_reduce_kind *kind =
            (const gy_all_reduce_kind *)gy_all_reduce_registry.kinds[i];
        if (kind->cost != NULL && kind->cost(t, r) < best->cost(t, r)) best = kind;
    }
    return best;
}

const gy_all_reduce_kind gy_all_reduce_auto = {
    .kind = {.name = "auto", .help = "the one that costs least, by latency and bandwidth measured"},
    .in_place = true,
    .choose = choose,
};
