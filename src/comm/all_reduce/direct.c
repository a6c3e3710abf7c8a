/* Everybody sends its part of a block to the owner of the block, who adds them all, and the owner the
 * sum to everybody: two messages deep, and every number is rounded to the wire's twice at most.
 *
 *     leg      scatter: turns 1 … p−1                gather: turns 1 … p−1
 *     sent     block me+t, own part, to me+t         block me, the sum, to me+t         (mod p)
 *     received block me, from me−t: added            block me−t, from me−t: put in place
 *
 * Parts are added in the order me, me−1, me−2, …. A sum is put where the own part lay, once that has
 * left. */
#include "../all_reduce_list.h"
#include "../rows_impl.h"

void gy_direct_rows(const gy_members *m, const gy_reduction *r, gy_rows *out)
{
    const int p = m->n;
    if (p > 2) out->window = GY_WINDOW; /* they go to several */
    for (int t = 1; t < p && r->half != GY_GATHER; t++) {
        gy_row send = gy_block_row(m, r->n, (m->me + t) % p), add = gy_block_row(m, r->n, m->me);
        send.peer = (m->me + t) % p;
        add.peer = (m->me + p - t) % p;
        add.add = true;
        gy_row_add(&out->sends, &send);
        gy_row_add(&out->receives, &add);
    }
    const int left = gy_row_last(&out->sends), added = gy_row_last(&out->receives);
    for (int t = 1; t < p && r->half != GY_SCATTER; t++) {
        gy_row sum = gy_block_row(m, r->n, m->me), put = gy_block_row(m, r->n, (m->me + p - t) % p);
        sum.peer = (m->me + t) % p;
        sum.after = added;
        sum.round = t == 1;
        put.peer = (m->me + p - t) % p;
        put.after = left;
        gy_row_add(&out->sends, &sum);
        gy_row_add(&out->receives, &put);
    }
}

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

const gy_all_reduce_kind gy_all_reduce_direct = {
    .kind = {.name = "direct", .help = "parts straight to the rank that sums them"},
    .cost = cost,
    .own = gy_own_block,
    .rows = gy_direct_rows,
};
