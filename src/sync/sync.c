/* Buckets of gradients on their way while the backward pass goes on.
 *
 *     g   0                 from                                n
 *         |  b3  |   b2   ‖   b1   |   b0   |
 *          still to come  ‖  complete on this rank
 *
 * The backward pass completes gradients from the end, so buckets are cut from the end and bucket 0
 * is the first to go. A bucket goes  waiting → under way → home:
 *
 *     waiting → under way   start()   when the mark has fallen to its start; without overlap at the end
 *     under way → home      drive()   by every poll; the order of arrival is free
 *
 * Invariants
 * 1. Every rank starts all buckets of a step, in the order 0, 1, 2, …: ranks agree on what they
 *    send without a word. The times differ, the order never does.
 * 2. A bucket under way belongs to its all-reduce: nobody else reads or writes that part of g.
 * 3. How g is cut depends on n and the settings alone, and overlap changes only when buckets start:
 *    the bits of the sums do not depend on it, nor on when polls come.
 * 4. A failure is kept and told by complete() or finish(); after it nothing more is started. */
#include "sync.h"

#include "base/clock.h"
#include "base/param.h"

#include <assert.h>
#include <sched.h>

enum { MOST_BUCKETS = 32768, PATIENCE = 8 };

typedef struct bucket {
    int64_t start;
    gy_all_reduce *op;
    bool home;
} bucket;

struct gy_sync {
    gy_context *ctx;
    bool overlap;
    int64_t n;
    bucket *buckets; /* [n_buckets] falling starts; none for one rank */
    int n_buckets;
    int started, first_away; /* all before first_away are home; those from started on wait */
    gy_error failure;        /* status GY_OK: none */
};

static int64_t bucket_floats(double mib, int64_t n)
{
    int64_t floats = (int64_t)(mib * 1048576.0 / sizeof(float));
    if (floats < n / MOST_BUCKETS + 1)
        floats = n / MOST_BUCKETS + 1; /* each needs a tag of its own */
    return (floats + GY_PARAM_ALIGN - 1) / GY_PARAM_ALIGN * GY_PARAM_ALIGN;
}

static gy_status allocate(gy_context *ctx, int n_buckets, gy_sync **out)
{
    gy_sync *s = NULL;
    GY_TRY(gy_new(ctx, &s));
    *out = s;
    s->ctx = ctx;
    return gy_new_array(ctx, n_buckets, &s->buckets);
}

static gy_status cut(gy_sync *s, gy_comm *comm, const gy_kind *kind, int64_t each, float *g)
{
    for (int64_t end = s->n; end > 0; end = s->buckets[s->n_buckets++].start) {
        bucket *b = &s->buckets[s->n_buckets];
        b->start = end > each ? end - each : 0;
        b->home = true;
        GY_TRY(
            gy_all_reduce_create(comm, kind, g + b->start, end - b->start, s->n_buckets, &b->op));
    }
    return GY_OK;
}

gy_status gy_sync_create(gy_context *ctx, gy_comm *comm, const gy_sync_settings *settings, float *g,
                         int64_t n, gy_sync **out)
{
    gy_status status;
    gy_sync *s = NULL;
    int64_t each = bucket_floats(settings->bucket_mib, n);
    int n_buckets = gy_comm_ranks(comm) > 1 ? (int)((n + each - 1) / each) : 0;
    GY_TRY_GOTO(fail, gy_comm_agree(comm, allocate(ctx, n_buckets, &s)));
    s->overlap = settings->overlap;
    s->n = n;
    if (n_buckets > 0) GY_TRY_GOTO(fail, cut(s, comm, settings->all_reduce.kind, each, g));
    s->started = s->first_away = s->n_buckets;
    *out = s;
    return GY_OK;
fail:
    gy_sync_free(s);
    return status;
}

void gy_sync_free(gy_sync *s)
{
    if (s == NULL) return;
    for (int i = 0; i < s->n_buckets; i++) gy_all_reduce_free(s->buckets[i].op);
    gy_free(s->ctx, s->buckets);
    gy_free(s->ctx, s);
}

int gy_sync_buckets(const gy_sync *s)
{
    return s->n_buckets;
}

const char *gy_sync_algorithm(const gy_sync *s)
{
    return s->n_buckets == 0 ? "none" : gy_all_reduce_chosen(s->buckets[0].op)->name;
}

void gy_sync_begin(gy_sync *s)
{
    assert(s->first_away == s->n_buckets); /* the step before was finished */
    s->started = s->first_away = 0;
}

static gy_status failure(const gy_sync *s)
{
    return s->failure.status == GY_OK ? GY_OK : gy_error_restore(&s->failure);
}

static void keep(gy_sync *s, gy_status status)
{
    if (status != GY_OK && s->failure.status == GY_OK) s->failure = *gy_error_last();
}

static void start(gy_sync *s, int64_t from)
{
    while (s->failure.status == GY_OK && s->started < s->n_buckets &&
           s->buckets[s->started].start >= from) {
        bucket *b = &s->buckets[s->started++];
        b->home = false;
        keep(s, gy_all_reduce_begin(b->op));
    }
}

/* Looks once after every bucket under way. */
static void drive(gy_sync *s)
{
    for (int i = s->first_away; i < s->started && s->failure.status == GY_OK; i++) {
        bucket *b = &s->buckets[i];
        if (!b->home) keep(s, gy_all_reduce_progress(b->op, &b->home));
        if (b->home && i == s->first_away) s->first_away++;
    }
}

gy_status gy_sync_complete(gy_sync *s, int64_t from)
{
    if (s->overlap) start(s, from);
    return failure(s);
}

void gy_sync_poll(gy_sync *s)
{
    drive(s);
}

gy_status gy_sync_finish(gy_sync *s, double *waited_s)
{
    double since = gy_clock_s();
    start(s, 0);
    drive(s);
    for (int looks = 1; s->first_away < s->n_buckets && s->failure.status == GY_OK; looks++) {
        if (looks % PATIENCE == 0) (void)sched_yield(); /* ranks may share cores */
        drive(s);
    }
    *waited_s = gy_clock_s() - since;
    return failure(s);
}
