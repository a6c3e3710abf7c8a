/*
 * A step with grains (comm.reproducible_grains): the same bits on any number of ranks.
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
#include "train_impl.h"

#include <string.h>

static int64_t trainable_of(const gy_run *run)
{
    return gy_model_params(run->network.model)->trainable;
}

static int64_t buffers_of(const gy_run *run)
{
    return gy_model_buffers(run->network.model)->floats;
}

gy_status gy_run_make_grains(gy_run *run)
{
    if (run->network.grains == 0) return GY_OK;
    gy_status status = gy_new_array(run->ctx, run->network.grains, &run->losses);
    if (status == GY_OK) status = gy_new_array(run->ctx, buffers_of(run), &run->buffers_before);
    GY_TRY(gy_comm_agree(run->comm, status));
    return gy_grains_create(run->ctx, run->comm, run->network.kernel, &run->config->comm,
                            trainable_of(run) + buffers_of(run), &run->grain_sums);
}

/* Gradients [from, mark) of a grain are complete. */
static gy_status complete(void *user, int64_t from)
{
    gy_run *run = user;
    const float *g = gy_model_gradients(run->network.model);
    gy_grains_add(run->grain_sums, from, run->mark - from, g + from);
    run->mark = from;
    return GY_OK;
}

static void put_buffers_back(gy_run *run)
{
    memcpy(gy_model_buffer_values(run->network.model), run->buffers_before,
           (size_t)buffers_of(run) * sizeof(float));
}

/* Before the first grain all parameters are here: products are not cut by polls. */
gy_status gy_run_pass_grains(gy_run *run, const gy_batch *batch)
{
    gy_model_run p = {.kernel = run->network.kernel,
                      .seed = (uint64_t)run->config->seed,
                      .step = run->at.step,
                      .scale = 1.0 / (double)batch->global,
                      .layer_seconds = run->layer_seconds,
                      .user = run};
    GY_TRY(gy_run_settle(run));
    memset(run->losses, 0, (size_t)run->network.grains * sizeof *run->losses);
    memcpy(run->buffers_before, gy_model_buffer_values(run->network.model),
           (size_t)buffers_of(run) * sizeof(float));
    gy_grains_begin(run->grain_sums);
    const gy_samples part = gy_feed_samples(batch);
    for (gy_piece piece = {.x = NULL}; gy_piece_next(&run->network, &part, &piece);) {
        if (piece.begins) put_buffers_back(run);
        p.first = batch->first + piece.first;
        p.first_use = piece.begins;
        p.complete = piece.ends ? complete : NULL;
        run->mark = trainable_of(run);
        GY_TRY(gy_run_pass(run, &p, &piece, run->losses + piece.grain));
        if (!piece.ends) continue;
        GY_TRY(complete(run, 0));
        gy_grains_add(run->grain_sums, trainable_of(run), buffers_of(run),
                      gy_model_buffer_values(run->network.model));
    }
    return GY_OK;
}

gy_status gy_run_sum_grains(gy_run *run, const gy_batch *batch, double *loss)
{
    double waited;
    GY_TRY(gy_grains_finish(run->grain_sums, &waited));
    GY_TRY(gy_comm_sum(run->comm, run->losses,
                       run->network.grains)); /* others' are 0: nothing is rounded */
    *loss = 0;
    for (int i = 0; i < run->network.grains && run->rank == 0; i++) *loss += run->losses[i];

    int64_t trainable = trainable_of(run), n = buffers_of(run);
    float passed =
        (float)(batch->global < run->network.grains ? batch->global : run->network.grains);
    float *buffers = gy_model_buffer_values(run->network.model);
    gy_grains_take(run->grain_sums, 0, trainable, gy_model_gradients(run->network.model));
    gy_grains_take(run->grain_sums, trainable, n, buffers);
    for (int64_t i = 0; i < n; i++) buffers[i] /= passed;
    return GY_OK;
}

void gy_run_skip_grains(gy_run *run)
{
    if (run->network.grains > 0) put_buffers_back(run);
}
