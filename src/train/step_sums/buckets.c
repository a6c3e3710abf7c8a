/*
 * The sum by buckets (sync/sync.h), while the backward pass goes on. A rank's part is passed in
 * micro-batches, as many on every rank; those of a rank without samples are empty.
 *
 * Buffers become the mean over the samples of all ranks: by a layer's own statistics (batch_norm with
 * sync: false) they would come to differ between ranks. The running statistics are linear in those of the
 * steps, so this is what averaging them at any later time would give.
 */
#include "../step_sum.h"

#include "base/part.h"
#include "comm/comm.h"
#include "comm/watchdog.h"
#include "kernel/elementwise.h"

#include <string.h>

typedef struct buckets {
    int turn;         /* pieces begun */
    bool passes_none; /* this piece is the step's first and has no samples */
    double *weighted; /* [buffers] */
} buckets;

static gy_status allocate(gy_step_sum *s, buckets **out)
{
    GY_TRY(gy_new(s->ctx, out));
    s->own = *out;
    if (gy_comm_ranks(s->comm) == 1) return GY_OK;
    return gy_new_array(s->ctx, s->buffers, &(*out)->weighted);
}

static gy_status make(gy_step_sum *s, const gy_sync_settings *settings)
{
    buckets *b = NULL;
    (void)settings; /* the sync has them */
    s->counts = gy_sync_is_sharded(s->sync) || gy_comm_rank(s->comm) == 0;
    return gy_comm_agree(s->comm, allocate(s, &b));
}

/* What is under way is the sync's. */
static void drop(gy_step_sum *s)
{
    (void)s;
}

static gy_status remake(gy_step_sum *s, const gy_sync_settings *settings)
{
    (void)settings;
    s->counts = gy_comm_rank(s->comm) == 0;
    return GY_OK;
}

static void clear(gy_step_sum *s)
{
    buckets *b = s->own;
    gy_free(s->ctx, b->weighted);
}

/* Waits for the others in the midst of a pass. */
static gy_status add_up(void *user, double *values, int n)
{
    gy_step_sum *s = user;
    gy_watchdog_note(s->comm, s->pass.step + 1, "communication", GY_WAITS);
    gy_sync_hold(s->sync);
    gy_status status = gy_comm_sum(s->comm, values, n);
    gy_sync_release(s->sync);
    gy_watchdog_note(s->comm, s->pass.step + 1, "forward and backward", GY_WORKS);
    return status;
}

/* The gradients of no samples are zero, whatever lay in their place. */
static void clear_gradients(gy_step_sum *s, int64_t from)
{
    gy_fill(s->network->kernel, s->mark - from, 0, gy_model_gradients(s->network->model) + from);
    s->mark = from;
}

/* Gradients [from, mark) are complete. */
static gy_status complete(void *user, int64_t from)
{
    gy_step_sum *s = user;
    const buckets *b = s->own;
    if (b->passes_none) clear_gradients(s, from);
    return gy_sync_complete(s->sync, from);
}

static gy_status need(void *user, int64_t to)
{
    gy_step_sum *s = user;
    return gy_sync_need(s->sync, to, &s->waited_s);
}

static gy_status begin(gy_step_sum *s)
{
    buckets *b = s->own;
    b->turn = 0;
    b->passes_none = false;
    s->pass.sum = gy_comm_ranks(s->comm) > 1 ? add_up : NULL;
    s->pass.need = gy_sync_is_sharded(s->sync) ? need : NULL;
    gy_sync_begin(s->sync);
    return GY_OK;
}

static bool next(gy_step_sum *s, const gy_samples *part, gy_piece *p)
{
    buckets *b = s->own;
    const gy_net *network = s->network;
    if (b->turn == network->micros) return false;
    *p = (gy_piece){.grain = 0};
    gy_part_of(part->n, b->turn, network->micros, &p->first, &p->n);
    p->x = part->x + p->first * gy_shape_count(gy_model_input(network->model));
    p->y = part->y + p->first * network->task.targets;
    p->w = part->w == NULL ? NULL : part->w + p->first * network->task.weights;
    s->mark = s->trainable;
    s->pass.first = part->first + p->first;
    s->pass.first_use = b->turn == 0 || b->passes_none;
    b->passes_none = s->pass.first_use && p->n == 0;
    b->turn++;
    s->pass.complete = b->turn == network->micros ? complete : NULL;
    return true;
}

static gy_status passed(gy_step_sum *s, const gy_piece *p)
{
    const buckets *b = s->own;
    (void)p;
    if (b->turn < s->network->micros) return GY_OK;
    if (b->passes_none) clear_gradients(s, 0);
    return gy_sync_complete(s->sync, 0);
}

/* Whoever had no samples has no say. Where all are alike they stay so, to the bit. */
static gy_status average_buffers(gy_step_sum *s, const gy_samples *part)
{
    const buckets *b = s->own;
    float *values = gy_model_buffer_values(s->network->model);
    if (b->weighted == NULL || s->buffers == 0) return GY_OK;
    for (int64_t i = 0; i < s->buffers; i++)
        b->weighted[i] = part->n == 0 ? 0 : (double)part->n * (double)values[i];
    GY_TRY(gy_comm_sum(s->comm, b->weighted, (int)s->buffers));
    for (int64_t i = 0; i < s->buffers; i++)
        values[i] = (float)(b->weighted[i] / (double)part->global);
    return GY_OK;
}

static gy_status finish(gy_step_sum *s, const gy_samples *part)
{
    double waited;
    GY_TRY(gy_sync_finish(s->sync, &waited));
    return average_buffers(s, part);
}

static double prepare(gy_step_sum *s)
{
    gy_model *model = s->network->model;
    return gy_optim_prepare(s->optim, gy_model_values(model), gy_model_gradients(model));
}

static int n_buckets(const gy_step_sum *s)
{
    return gy_sync_buckets(s->sync);
}

static const char *algorithm(const gy_step_sum *s)
{
    return gy_sync_algorithm(s->sync);
}

static int64_t room_bytes(const gy_step_sum *s)
{
    return gy_sync_room_bytes(s->sync);
}

const gy_step_sum_kind gy_step_sum_by_buckets = {.make = make,
                                                 .clear = clear,
                                                 .begin = begin,
                                                 .next = next,
                                                 .passed = passed,
                                                 .finish = finish,
                                                 .prepare = prepare,
                                                 .drop = drop,
                                                 .remake = remake,
                                                 .buckets = n_buckets,
                                                 .algorithm = algorithm,
                                                 .room_bytes = room_bytes};
