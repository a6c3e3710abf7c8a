/* Buckets of gradients on their way while the backward pass goes on; spread.c has the parameters.
 *
 *     g   0                 from                                n
 *         |  b3  |   b2   ‖   b1   |   b0   |
 *          still to come  ‖  complete on this rank
 *
 * The backward pass completes gradients from the end, so buckets are cut from the end and bucket 0
 * is the first to go. A bucket goes  waiting → under way → home:
 *
 *     waiting → under way   start()   when the mark has fallen to its start, without overlap at the end;
 *                                     a few at a time
 *     under way → home      drive()   by every poll; the order of arrival is free
 *
 * Invariants
 * 1. Every rank starts all buckets of a step, in the order 0, 1, 2, …: ranks agree on what they
 *    send without a word. The times differ, the order never does.
 * 2. A bucket under way belongs to its all-reduce: nobody else reads or writes that part of g.
 * 3. How g is cut depends on n and the settings alone, and overlap changes only when buckets start:
 *    the bits of the sums do not depend on it, nor on when polls come.
 * 4. A failure is kept and told by whatever waits next; after it nothing more is started.
 * 5. Between begin and finish state and MPI are touched by who holds the driver (driver.c). */
#include "sync_impl.h"
#include "wire_list.h"

#include "base/clock.h"
#include "base/count.h"
#include "base/log.h"
#include "base/trace.h"
#include "comm/patience.h"

#include <assert.h>

#define ENTRY(name) &gy_wire_##name.kind,
GY_REGISTRY(gy_wire_registry, "wire", ENTRY, GY_WIRE_LIST)
#undef ENTRY

static int64_t bucket_floats(double mib, int64_t n)
{
    int64_t floats = (int64_t)(mib * 1048576.0 / sizeof(float));
    if (floats < n / GY_SYNC_BUCKETS + 1) floats = n / GY_SYNC_BUCKETS + 1;
    return gy_round_up(floats, GY_PARAM_ALIGN);
}

int64_t gy_sync_bucket_start(const gy_sync_settings *settings, const gy_sync_vector *vector,
                             int64_t end)
{
    const gy_compression_kind *compression =
        (const gy_compression_kind *)settings->compression.kind;
    int64_t each = bucket_floats(settings->bucket_mib, vector->n);
    int64_t start = end > each ? end - each : 0, border = 0;
    if (!compression->whole_tensors) return start;
    for (int i = 0; i < vector->params->n && vector->params->v[i].offset <= start; i++)
        border = vector->params->v[i].offset;
    return border;
}

static gy_status allocate(gy_context *ctx, const gy_sync_settings *settings, int n_buckets,
                          int64_t n, gy_sync **out)
{
    gy_sync *s = NULL;
    GY_TRY(gy_new(ctx, &s));
    *out = s;
    s->ctx = ctx;
    s->compression = (const gy_compression_kind *)settings->compression.kind;
    for (int i = 0; i < 2 && n_buckets > 0 && s->compression->create != NULL; i++)
        GY_TRY(gy_new_array(ctx, n, &s->residual[i]));
    GY_TRY(gy_new_array(ctx, n_buckets + 1, &s->ranges));
    return gy_new_array(ctx, n_buckets, &s->buckets);
}

/* This rank's part of every bucket; where it is not sharded, and alone, it is everything. */
static void list_owned(gy_sync *s)
{
    s->owned.v = s->ranges;
    if (!gy_sync_is_sharded(s)) {
        s->ranges[0] = (gy_range){0, s->n};
        s->owned.n = 1;
        return;
    }
    for (int i = s->n_buckets - 1; i >= 0; i--) {
        const gy_bucket *b = &s->buckets[i];
        int64_t from, to;
        gy_all_reduce_own(s->comm, gy_all_reduce_chosen(b->spread), b->n, gy_comm_rank(s->comm),
                          &from, &to);
        if (to > from) s->ranges[s->owned.n++] = (gy_range){b->start + from, b->start + to};
    }
}

static void cut(gy_sync *s, const gy_sync_settings *settings, const gy_sync_vector *vector)
{
    int64_t end = s->n;
    for (int i = 0; i < s->n_buckets; i++) {
        gy_bucket *b = &s->buckets[i];
        b->start = gy_sync_bucket_start(settings, vector, end);
        b->n = end - b->start;
        b->home = b->spread_home = true;
        end = b->start;
    }
}

/* Where overlap and messages need one and MPI bears it; else polls do, the same on every rank. */
static gy_status make_driver(gy_sync *s, const gy_sync_settings *settings)
{
    bool wanted = settings->progress == GY_PROGRESS_THREAD && s->overlap && s->n_buckets > 0;
    if (!wanted) return GY_OK;
    double can = gy_comm_takes_threads();
    GY_TRY(gy_comm_min(s->comm, &can, 1));
    if (can != 0) return gy_comm_agree(s->comm, gy_driver_create(s, &s->driver));
    if (gy_comm_rank(s->comm) == 0)
        gy_log(s->ctx, GY_WARNING,
               "comm.progress: thread needs MPI_THREAD_SERIALIZED, which MPI was not started with: "
               "communication is polled");
    return GY_OK;
}

int gy_sync_count(const gy_sync_settings *settings, const gy_sync_vector *vector)
{
    int n = 0;
    for (int64_t end = vector->n; end > 0; n++) end = gy_sync_bucket_start(settings, vector, end);
    return n;
}

/* Whether there is anything to sum, or to spread. */
static bool has_work(const gy_comm *comm, const gy_sync_settings *settings,
                     const gy_sync_vector *vector)
{
    return gy_comm_ranks(comm) > 1 && (vector->g != NULL || settings->shard_optimizer);
}

/* Cuts the buckets that there is room for, and makes what they need. */
static gy_status make(gy_sync *s, const gy_sync_settings *settings, const gy_sync_vector *vector)
{
    const bool chooses = ((const gy_all_reduce_kind *)settings->all_reduce.kind)->choose != NULL;
    s->n_buckets = has_work(s->comm, settings, vector) ? gy_sync_count(settings, vector) : 0;
    s->started = s->first_away = s->n_buckets;
    s->away = s->next = -1;
    s->failure.status = GY_OK;
    cut(s, settings, vector);
    if (s->n_buckets > 0 && !gy_comm_knows_topology(s->comm) && chooses)
        GY_TRY(gy_comm_measure(s->comm));
    GY_TRY(gy_sync_furnish(s, settings, vector));
    return make_driver(s, settings);
}

gy_status gy_sync_create(gy_context *ctx, gy_comm *comm, const gy_sync_settings *settings,
                         const gy_sync_vector *vector, gy_sync **out)
{
    gy_status status;
    gy_sync *s = NULL;
    const int n_buckets = has_work(comm, settings, vector) ? gy_sync_count(settings, vector) : 0;
    GY_TRY_GOTO(fail, gy_comm_agree(comm, allocate(ctx, settings, n_buckets, vector->n, &s)));
    s->comm = comm;
    s->overlap = settings->overlap;
    s->n = vector->n;
    GY_TRY_GOTO(fail, make(s, settings, vector));
    list_owned(s);
    *out = s;
    return GY_OK;
fail:
    gy_sync_free(s);
    return status;
}

void gy_sync_drop(gy_sync *s)
{
    gy_driver_free(s->driver);
    s->driver = NULL;
    for (int i = 0; i < s->n_buckets; i++) {
        gy_bucket *b = &s->buckets[i];
        if (b->packed != NULL) s->compression->destroy(b->packed);
        gy_all_reduce_free(b->sum);
        gy_all_reduce_free(b->spread);
        *b = (gy_bucket){.start = b->start, .n = b->n};
    }
    s->n_buckets = 0;
    for (int i = 0; i < GY_SYNC_AHEAD; i++) {
        gy_room_free(s->rooms[i]);
        s->rooms[i] = NULL;
    }
    s->room_bytes = 0;
}

gy_status gy_sync_remake(gy_sync *s, const gy_sync_settings *settings, const gy_sync_vector *vector)
{
    assert(!settings->shard_optimizer && s->residual[0] == NULL);
    return make(s, settings, vector);
}

void gy_sync_free(gy_sync *s)
{
    if (s == NULL) return;
    gy_sync_drop(s);
    for (int i = 0; i < 2; i++) gy_free(s->ctx, s->residual[i]);
    gy_free(s->ctx, s->buckets);
    gy_free(s->ctx, s->ranges);
    gy_free(s->ctx, s);
}

bool gy_sync_wants_host_memory(const gy_sync_settings *settings)
{
    const gy_compression_kind *compression =
        (const gy_compression_kind *)settings->compression.kind;
    return ((const gy_all_reduce_kind *)settings->all_reduce.kind)->in_place &&
           compression->create == NULL;
}

int gy_sync_buckets(const gy_sync *s)
{
    return s->n_buckets;
}

const char *gy_sync_algorithm(const gy_sync *s)
{
    if (s->n_buckets == 0) return "none";
    if (s->residual[0] != NULL) return s->compression->kind.name;
    const gy_bucket *b = &s->buckets[0];
    return gy_all_reduce_chosen(b->sum != NULL ? b->sum : b->spread)->name;
}

int64_t gy_sync_room_bytes(const gy_sync *s)
{
    return s->room_bytes;
}

static gy_status begin_sum(gy_sync *s, gy_bucket *b)
{
    return b->packed != NULL ? s->compression->begin(b->packed) : gy_all_reduce_begin(b->sum);
}

static gy_status progress_sum(gy_sync *s, gy_bucket *b)
{
    return b->packed != NULL ? s->compression->progress(b->packed, &b->home)
                             : gy_all_reduce_progress(b->sum, &b->home);
}

const gy_ranges *gy_sync_owned(const gy_sync *s)
{
    return &s->owned;
}

bool gy_sync_is_sharded(const gy_sync *s)
{
    return s->n_buckets > 0 && s->buckets[0].spread != NULL;
}

void gy_sync_begin(gy_sync *s)
{
    assert(s->first_away == s->n_buckets); /* the step before was finished */
    gy_driver_hold(s->driver);
    s->started = s->first_away = 0;
    s->complete = s->n;
    gy_driver_work(s->driver);
    gy_driver_release(s->driver);
}

gy_status gy_sync_failure(const gy_sync *s)
{
    return s->failure.status == GY_OK ? GY_OK : gy_error_restore(&s->failure);
}

void gy_sync_keep(gy_sync *s, gy_status status)
{
    if (status != GY_OK && s->failure.status == GY_OK) s->failure = *gy_error_last();
}

void gy_sync_note_begin(gy_sync *s, int i)
{
    if (gy_trace_is_on(s->ctx)) s->buckets[i].begun_s = gy_clock_s();
}

void gy_sync_note_home(const gy_sync *s, int i, const char *what)
{
    static_assert((int)GY_TRACE_LANES == (int)GY_SYNC_AHEAD, "a lane for each that is under way");
    gy_trace_add(s->ctx, GY_TRACK_BUCKET + i % GY_SYNC_AHEAD, what, i, s->buckets[i].begun_s);
}

/* Begins what is complete, while few are under way. */
static void start(gy_sync *s)
{
    while (s->failure.status == GY_OK && s->started < s->n_buckets &&
           s->buckets[s->started].start >= s->complete &&
           s->started - s->first_away < GY_SYNC_AHEAD) {
        gy_bucket *b = &s->buckets[s->started];
        gy_sync_note_begin(s, s->started++);
        b->home = false;
        gy_sync_keep(s, begin_sum(s, b));
    }
}

/* Looks once after every bucket under way. */
static void drive(gy_sync *s)
{
    for (int i = s->first_away; i < s->started && s->failure.status == GY_OK; i++) {
        gy_bucket *b = &s->buckets[i];
        if (!b->home) {
            gy_sync_keep(s, progress_sum(s, b));
            if (b->home) gy_sync_note_home(s, i, "bucket");
        }
        if (b->home && i == s->first_away) s->first_away++;
    }
    start(s);
}

gy_status gy_sync_complete(gy_sync *s, int64_t from)
{
    gy_driver_hold(s->driver);
    if (s->overlap) {
        s->complete = from;
        start(s);
    }
    gy_status status = gy_sync_failure(s);
    gy_driver_release(s->driver);
    return status;
}

void gy_sync_drive(gy_sync *s)
{
    gy_sync_drive_spread(s);
    drive(s);
}

bool gy_sync_is_under_way(const gy_sync *s)
{
    return s->failure.status == GY_OK && (s->away >= 0 || s->first_away < s->started);
}

void gy_sync_poll(gy_sync *s)
{
    if (s->driver == NULL) gy_sync_drive(s);
}

void gy_sync_hold(gy_sync *s)
{
    gy_driver_hold(s->driver);
}

void gy_sync_release(gy_sync *s)
{
    gy_driver_release(s->driver);
}

gy_status gy_sync_finish(gy_sync *s, double *waited_s)
{
    double since = gy_clock_s();
    gy_driver_hold(s->driver);
    gy_driver_rest(s->driver); /* who waits looks himself */
    gy_driver_release(s->driver);
    s->complete = 0;
    drive(s);
    gy_patience patience = gy_patience_begin(s->comm);
    while (s->first_away < s->n_buckets && s->failure.status == GY_OK) {
        GY_TRY(gy_patience_pause(&patience));
        drive(s);
    }
    *waited_s = gy_clock_s() - since;
    return gy_sync_failure(s);
}
