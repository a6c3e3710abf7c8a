/*
 * The sum by grains (comm.reproducible_grains): the same bits on any number of ranks.
 *
 *     global batch   | grain 0 | grain 1 |  …  | grain V−1 |     cut by V alone
 *     rank r                   |  a run of whole grains  |       passed one by one
 *
 * Invariants
 * 1. What is computed of a grain depends on its samples and on the state before the step alone: it is
 *    passed by itself, at the same place in memory, by a number of threads that the configuration
 *    fixes, without polls; its batch statistics are its own, and every grain finds the buffers as
 *    they were before the step.
 * 2. What is put together of grains is summed without rounding order (gradients and buffers:
 *    sync/grains.h), or kept apart by grain and added in the order of grains (losses, tallies).
 * 3. So nothing depends on which rank passes a grain. A grain of no samples counts for nothing.
 *
 * The summed vector is the gradients, then the buffers: they become their mean over the grains.
 */
#include "../step_sum.h"

#include "comm/comm.h"
#include "sync/grains.h"

#include <string.h>

typedef struct grains {
    gy_grains *sums;
} grains;

static gy_status allocate(gy_step_sum *s, grains **out)
{
    GY_TRY(gy_new(s->ctx, out));
    s->own = *out;
    return GY_OK;
}

static gy_status make(gy_step_sum *s, const gy_sync_settings *settings)
{
    grains *g = NULL;
    s->counts = gy_comm_rank(s->comm) == 0; /* all ranks have all gradients */
    GY_TRY(gy_comm_agree(s->comm, allocate(s, &g)));
    return gy_grains_create(s->ctx, s->comm, s->network->kernel, settings,
                            s->trainable + s->buffers, &g->sums);
}

static void drop(gy_step_sum *s)
{
    const grains *g = s->own;
    gy_grains_drop(g->sums);
}

static gy_status remake(gy_step_sum *s, const gy_sync_settings *settings)
{
    const grains *g = s->own;
    s->counts = gy_comm_rank(s->comm) == 0;
    return gy_grains_remake(g->sums, settings);
}

static void clear(gy_step_sum *s)
{
    grains *g = s->own;
    gy_grains_free(g->sums);
}

/* Gradients [from, mark) of a grain are complete. */
static gy_status complete(void *user, int64_t from)
{
    gy_step_sum *s = user;
    const grains *g = s->own;
    const float *dw = gy_model_gradients(s->network->model);
    gy_grains_add(g->sums, from, s->mark - from, dw + from);
    s->mark = from;
    return GY_OK;
}

/* Before the first grain all parameters are here: products are not cut by polls. */
static gy_status begin(gy_step_sum *s)
{
    const grains *g = s->own;
    gy_grains_begin(g->sums);
    return gy_sync_need(s->sync, s->trainable, NULL);
}

static bool next(gy_step_sum *s, const gy_samples *part, gy_piece *p)
{
    if (!gy_piece_next(s->network, part, p)) return false;
    if (p->begins) gy_step_sum_skip(s); /* the buffers are as before the step */
    s->mark = s->trainable;
    s->pass.first = part->first + p->first;
    s->pass.first_use = p->begins;
    s->pass.complete = p->ends ? complete : NULL;
    return true;
}

static gy_status passed(gy_step_sum *s, const gy_piece *p)
{
    const grains *g = s->own;
    if (!p->ends) return GY_OK;
    GY_TRY(complete(s, 0));
    gy_grains_add(g->sums, s->trainable, s->buffers, gy_model_buffer_values(s->network->model));
    return GY_OK;
}

static gy_status finish(gy_step_sum *s, const gy_samples *part)
{
    double waited;
    const grains *g = s->own;
    const int n = s->network->grains;
    GY_TRY(gy_grains_finish(g->sums, &waited));
    float passed = (float)(part->global < n ? part->global : n);
    float *buffers = gy_model_buffer_values(s->network->model);
    gy_grains_take(g->sums, 0, s->trainable, gy_model_gradients(s->network->model));
    gy_grains_take(g->sums, s->trainable, s->buffers, buffers);
    for (int64_t i = 0; i < s->buffers; i++) buffers[i] /= passed;
    return GY_OK;
}

static double prepare(gy_step_sum *s)
{
    gy_model *model = s->network->model;
    return gy_optim_prepare_all(s->optim, gy_model_values(model), gy_model_gradients(model));
}

static int n_buckets(const gy_step_sum *s)
{
    const grains *g = s->own;
    return gy_grains_buckets(g->sums);
}

static const char *algorithm(const gy_step_sum *s)
{
    const grains *g = s->own;
    return gy_grains_algorithm(g->sums);
}

static int64_t room_bytes(const gy_step_sum *s)
{
    const grains *g = s->own;
    return gy_grains_room_bytes(g->sums) + gy_sync_room_bytes(s->sync);
}

const gy_step_sum_kind gy_step_sum_by_grains = {.make = make,
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
