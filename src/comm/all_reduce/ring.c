/* The ring: a pipelined reduce-scatter and all-gather (Patarasuk and Yuan 2009, "Bandwidth optimal
 * all-reduce algorithms for clusters of workstations"), over all ranks in their order: neighbours on a
 * host stay neighbours. Each member sends to the one after it
 *
 *     turn     0     1     …  p−2   |  p−1  p     …  2p−3
 *     block    me−1  me−2  …  me+1  |  me   me−1  …  me+2        (mod p)
 *              own   partial sums   |  sums
 *              scatter              |  gather
 *
 * and what it receives at turn t is what it sends at turn t + 1. So an element is added in the order of
 * the ring from its block's number on. With a wire a partial sum is rounded at every turn. */
#include "../all_reduce_list.h"
#include "../rows_impl.h"

#include <math.h>

static gy_row row_of(const gy_members *m, const gy_reduction *r, int turn)
{
    return gy_block_row(m, r->n, (m->me - 1 - turn + 2 * m->n) % m->n);
}

void gy_ring_rows(const gy_members *m, const gy_reduction *r, gy_rows *out)
{
    const int p = m->n, first = r->half == GY_GATHER ? p - 1 : 0;
    const int end = r->half == GY_SCATTER ? p - 1 : 2 * p - 2;
    for (int turn = first; turn < end; turn++) {
        gy_row send = row_of(m, r, turn), receive = row_of(m, r, turn + 1);
        send.peer = (m->me + 1) % p;
        send.after = gy_row_last(&out->receives);
        send.round = turn == p - 1;
        receive.peer = (m->me + p - 1) % p;
        receive.add = turn + 1 < p;
        if (turn + 1 >= p && first == 0) receive.after = turn + 1 - p; /* it lay there */
        gy_row_add(&out->sends, &send);
        gy_row_add(&out->receives, &receive);
    }
}

/* The bytes that cross each wire, in 2 (p − 1) turns; and each element is added. */
static double cost(const gy_topology *t, const gy_reduction *r)
{
    double turns = gy_reduction_halves(r) * (t->ranks - 1), bytes = gy_reduction_bytes(r);
    if (r->wire != NULL && r->wire->error > 0)
        return HUGE_VAL; /* less exact than others: for who asks for it */
    return turns * (t->message_s + bytes / t->ranks * t->byte_s) + bytes * t->copy_s;
}

const gy_all_reduce_kind gy_all_reduce_ring = {
    .kind = {.name = "ring",
             .help = "pipelined ring over point-to-point messages; for large vectors"},
    .cost = cost,
    .own = gy_own_block,
    .rows = gy_ring_rows,
};
