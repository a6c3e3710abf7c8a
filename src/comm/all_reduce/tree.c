/* Exchanges between partners at distances 1, 2, 4, …: few messages, for small vectors.
 *
 * Up to DOUBLING elements by recursive doubling: whole vectors, log2 p rounds. Above by recursive
 * halving and doubling (Rabenseifner 2004, "Optimization of collective reduction operations"):
 * 2 log2 p rounds, each of half the length of the one before; near partners have the long ones. Where p
 * is no power of two, the ranks above the largest one fold their part into a partner first and get the
 * result back at the end.
 *
 *     distance 1     | mine: kept and added | given to the partner      |       the upper of the two
 *              2     | mine   | given       |                                   keeps the upper half
 *              4 …   | mine |                 a rank's own block: its sum
 *
 * and back again, sums to where the given parts lay. Both ways pairs are added alike, so that partners
 * hold the same bits, and doubling has those of halving. With a wire it is halving always: one rank
 * rounds a sum, and sums of several go as a row each, cut as they were. */
#include "../all_reduce_list.h"
#include "../comm_mpi.h"
#include "../rows_impl.h"

#include "base/param.h"

#include <math.h>

enum { DOUBLING = 2048, ROUNDS = 32 };

typedef struct range {
    int64_t from, to;
} range;

/* The greatest power of two of them. */
static int core_of(int ranks)
{
    int core = 1;
    while (core <= ranks / 2) core *= 2;
    return core;
}

static range half_of(range r, bool upper)
{
    const int64_t middle = r.from + gy_block_start(r.to - r.from, 2, 1);
    return upper ? (range){middle, r.to} : (range){r.from, middle};
}

static void own(const gy_comm *comm, int64_t n, int rank, int64_t *from, int64_t *to)
{
    const int core = core_of(comm->ranks);
    range mine = {0, rank < core ? n : 0};
    for (int d = 1; d < core; d *= 2) mine = half_of(mine, (rank & d) != 0);
    *from = mine.from;
    *to = mine.to;
}

static void add_row(gy_row_list *list, range r, gy_row row)
{
    row.from = r.from;
    row.n = r.to - r.from;
    gy_row_add(list, &row);
}

/* Sums of a range that those at distance ≥ d have cut. */
static void add_sums(gy_row_list *list, const gy_reduction *r, int core, range sums, int d,
                     gy_row row)
{
    if (d >= core || r->wire == NULL) {
        add_row(list, sums, row);
        return;
    }
    add_sums(list, r, core, half_of(sums, false), 2 * d, row);
    add_sums(list, r, core, half_of(sums, true), 2 * d, row);
}

static void list_doubling(const gy_members *m, int core, range all, gy_rows *out)
{
    for (int d = 1; d < core; d *= 2) {
        add_row(&out->sends, all,
                (gy_row){.peer = m->me ^ d, .after = gy_row_last(&out->receives)});
        add_row(&out->receives, all,
                (gy_row){.peer = m->me ^ d, .after = gy_row_last(&out->sends), .add = true});
    }
}

static void list_halving(const gy_members *m, const gy_reduction *r, int core, range all,
                         gy_rows *out)
{
    range kept[ROUNDS] = {all}, mine = all;
    int given[ROUNDS], level = 0;
    for (int d = 1; d < core; d *= 2, level++) {
        const bool upper = (m->me & d) != 0;
        kept[level] = mine;
        given[level] = -1;
        if (r->half != GY_GATHER) {
            add_row(&out->sends, half_of(mine, !upper),
                    (gy_row){.peer = m->me ^ d, .after = gy_row_last(&out->receives)});
            add_row(&out->receives, half_of(mine, upper),
                    (gy_row){.peer = m->me ^ d, .after = -1, .add = true});
            given[level] = gy_row_last(&out->sends);
        }
        mine = half_of(mine, upper);
    }
    for (int d = core / 2; d >= 1 && r->half != GY_SCATTER; d /= 2) {
        const bool upper = (m->me & d) != 0;
        level--;
        add_sums(&out->sends, r, core, half_of(kept[level], upper), 2 * d,
                 (gy_row){.peer = m->me ^ d,
                          .after = gy_row_last(&out->receives),
                          .round = d == core / 2});
        add_sums(&out->receives, r, core, half_of(kept[level], !upper), 2 * d,
                 (gy_row){.peer = m->me ^ d, .after = given[level]});
    }
}

static void list_rows(const gy_members *m, const gy_reduction *r, gy_rows *out)
{
    const range all = {0, r->n};
    const int core = core_of(m->n), partner = m->me < core ? m->me + core : m->me - core;
    const bool gives = r->half != GY_GATHER, takes = r->half != GY_SCATTER;
    if (m->me >= core) { /* folded */
        if (gives) add_row(&out->sends, all, (gy_row){.peer = partner, .after = -1});
        if (takes)
            add_sums(&out->receives, r, core, all, 1,
                     (gy_row){.peer = partner, .after = gy_row_last(&out->sends)});
        return;
    }
    const bool folds = partner < m->n;
    if (folds && gives)
        add_row(&out->receives, all, (gy_row){.peer = partner, .after = -1, .add = true});
    if (r->n <= DOUBLING && r->half == GY_WHOLE && r->wire == NULL)
        list_doubling(m, core, all, out);
    else
        list_halving(m, r, core, all, out);
    if (folds && takes)
        add_sums(&out->sends, r, core, all, 1,
                 (gy_row){.peer = partner, .after = gy_row_last(&out->receives)});
}

/* Rounds of messages; partners at the larger distances are on other hosts, all ranks of a host at
 * once. */
static double cost(const gy_topology *t, const gy_reduction *r)
{
    double rounds = 0, bytes = gy_reduction_bytes(r), halves = gy_reduction_halves(r);
    for (int ranks = 1; ranks < t->ranks; ranks *= 2) rounds++;
    const bool folds = core_of(t->ranks) < t->ranks;
    if (r->wire != NULL && r->wire->error > 0)
        return HUGE_VAL; /* less exact than others: for who asks for it */
    if (folds && r->half != GY_WHOLE) return HUGE_VAL; /* some would own nothing */
    if (folds) rounds += 2;
    if (r->n <= DOUBLING && r->half == GY_WHOLE) return rounds * (t->message_s + bytes * t->byte_s);
    double flows = t->hosts > 1 ? t->local_ranks * (1 - 1.0 / t->hosts) : 1 - 1.0 / t->ranks;
    return halves * rounds * t->message_s + (halves * flows + 2 * folds) * bytes * t->byte_s +
           2 * bytes * t->copy_s;
}

const gy_all_reduce_kind gy_all_reduce_tree = {
    .kind = {.name = "tree", .help = "recursive halving and doubling; for small vectors"},
    .cost = cost,
    .own = own,
    .rows = list_rows,
};
