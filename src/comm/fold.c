/* Small reductions whose result has the same bits on every rank: folded to rank 0, then sent to all.
 *
 *     0   1   2   3   4   5          each rank has those up to the next; a pair folds into its lower
 *     0 ← 1   2 ← 3   4 ← 5          rank, so that x is always of lower ranks than y
 *     0 ←──── 2       4
 *     0 ←──────────── 4              and back along the same lines
 *
 * Messages of our own, not MPI's reductions: the order of all sums is ours whatever the library, and
 * crowded ranks wait for them patiently.
 *
 * The record of a step travels whole, and numbers beside it. A NaN wins every minimum and maximum: it must not get lost. */
#include "comm_mpi.h"
#include "watchdog.h"

#include <assert.h>
#include <math.h>
#include <stddef.h>
#include <string.h>

static double smaller(double a, double b)
{
    return isnan(a) || a <= b ? a : b;
}

static double larger(double a, double b)
{
    return isnan(a) || a >= b ? a : b;
}

/* x of lower ranks takes y of higher ranks. */
typedef void fold(void *x, const void *y, int n);

static void sum(void *x_, const void *y_, int n)
{
    double *x = x_;
    const double *y = y_;
    for (int i = 0; i < n; i++) x[i] = x[i] + y[i];
}

static void minimum(void *x_, const void *y_, int n)
{
    double *x = x_;
    const double *y = y_;
    for (int i = 0; i < n; i++) x[i] = smaller(x[i], y[i]);
}

static void maximum(void *x_, const void *y_, int n)
{
    double *x = x_;
    const double *y = y_;
    for (int i = 0; i < n; i++) x[i] = larger(x[i], y[i]);
}

enum { BESIDE = 320 }; /* numbers that go with a record */

/* A record, the lowest rank that has its status, and n numbers, of which no more travel. */
typedef struct message {
    gy_record record;
    int status_rank;
    int n;
    double beside[BESIDE];
} message;

static_assert(sizeof(message) <= sizeof(((gy_comm *)NULL)->fold_room), "a record goes at once");

static void merge(void *x_, const void *y_, int n)
{
    message *lower = x_;
    const message *higher = y_;
    gy_record *x = &lower->record;
    const gy_record *y = &higher->record;
    (void)n;
    sum(x->sum, y->sum, x->n_sum);
    sum(lower->beside, higher->beside, lower->n);
    minimum(x->min, y->min, x->n_min);
    for (int i = 0; i < x->n_max; i++) {
        if (!isnan(x->max[i]) && !(x->max[i] >= y->max[i])) x->max_rank[i] = y->max_rank[i];
        x->max[i] = larger(x->max[i], y->max[i]);
    }
    if (y->status <= x->status) return;
    x->status = y->status;
    lower->status_rank = higher->status_rank;
}

static void worst(void *x_, const void *y_, int n)
{
    gy_worst *x = x_;
    const gy_worst *y = y_;
    (void)n;
    if (y->status > x->status) *x = *y;
}

/* n elements of so many bytes, which fit into the room. */
static gy_status fold_at_once(gy_comm *comm, fold *op, void *x, int n, size_t each)
{
    const int bytes = (int)((size_t)n * each);
    int span = 1; /* ranks whose part this one has; then it goes to `rank − span` */
    for (; span < comm->ranks && comm->rank % (2 * span) == 0; span *= 2) {
        if (comm->rank + span >= comm->ranks) continue;
        GY_TRY(gy_mpi_receive(comm, comm->fold_room, bytes, comm->rank + span, GY_TAG_FOLD));
        op(x, comm->fold_room, n);
    }
    if (comm->rank > 0) {
        GY_TRY(gy_mpi_send(comm, x, bytes, comm->rank - span, GY_TAG_FOLD));
        GY_TRY(gy_mpi_receive(comm, x, bytes, comm->rank - span, GY_TAG_FOLD));
    }
    for (span /= 2; span > 0; span /= 2)
        if (comm->rank + span < comm->ranks)
            GY_TRY(gy_mpi_send(comm, x, bytes, comm->rank + span, GY_TAG_FOLD));
    return GY_OK;
}

static gy_status fold_pieces(gy_comm *comm, fold *op, void *x, int n, size_t each)
{
    const int most = (int)(sizeof comm->fold_room / each);
    for (int at = 0; at < n; at += most)
        GY_TRY(fold_at_once(comm, op, (char *)x + (size_t)at * each, n - at < most ? n - at : most,
                            each));
    return GY_OK;
}

static gy_status fold_all(gy_comm *comm, fold *op, void *x, int n, size_t each)
{
    return comm->ranks == 1 ? GY_OK : GY_WATCHED(comm, fold_pieces(comm, op, x, n, each));
}

gy_status gy_comm_sum(gy_comm *comm, double *x, int n)
{
    return fold_all(comm, sum, x, n, sizeof *x);
}

gy_status gy_comm_min(gy_comm *comm, double *x, int n)
{
    return fold_all(comm, minimum, x, n, sizeof *x);
}

gy_status gy_comm_max(gy_comm *comm, double *x, int n)
{
    return fold_all(comm, maximum, x, n, sizeof *x);
}

gy_status gy_comm_find_worst(gy_comm *comm, gy_worst *w)
{
    return fold_all(comm, worst, w, 1, sizeof *w);
}

gy_status gy_comm_reduce_with(gy_comm *comm, gy_record *record, double *x, int n)
{
    message all; /* what is behind its n numbers is nobody's */
    const size_t bytes = (size_t)(n < BESIDE ? n : BESIDE) * sizeof *x;
    all.record = *record;
    all.status_rank = comm->rank;
    all.n = n < BESIDE ? n : BESIDE;
    for (int i = 0; i < record->n_max; i++) all.record.max_rank[i] = comm->rank;
    if (n > 0) memcpy(all.beside, x, bytes);
    GY_TRY(fold_all(comm, merge, &all, 1, offsetof(message, beside) + bytes));
    *record = all.record;
    if (n > 0) memcpy(x, all.beside, bytes);
    if (record->status != GY_OK) return gy_comm_spread_error(comm, record->status, all.status_rank);
    return n > BESIDE ? gy_comm_sum(comm, x + BESIDE, n - BESIDE) : GY_OK;
}

gy_status gy_comm_reduce(gy_comm *comm, gy_record *record)
{
    return gy_comm_reduce_with(comm, record, NULL, 0);
}
