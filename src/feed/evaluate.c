/*
 * Evaluation: a part of the data, forward only, every rank its share of each batch, the sums added
 * over ranks (and grains) at the end.
 */
#include "feed.h"

#include "comm/watchdog.h"

#include <string.h>

gy_samples gy_feed_samples(const gy_batch *batch)
{
    return (gy_samples){batch->n, batch->first, batch->global, batch->x, batch->y, batch->w};
}

/* This rank's part of one batch. */
static gy_status evaluate_batch(gy_net *network, uint64_t seed, const gy_samples *part,
                                double *rows)
{
    gy_model_run pass = {
        .kernel = network->kernel, .seed = seed, .scale = 1.0 / (double)part->global};
    for (gy_piece piece = {.x = NULL}; gy_piece_next(network, part, &piece);) {
        pass.first = part->first + piece.first;
        gy_lesson lesson = {.n = piece.n,
                            .x = piece.x,
                            .y = piece.y,
                            .w = piece.w,
                            .tally = rows + piece.grain * network->task.sums};
        GY_TRY(gy_net_forward(network, &pass, &lesson));
    }
    return GY_OK;
}

static gy_status evaluate(gy_feed *f, gy_net *network, gy_part part, int64_t step, double *rows)
{
    gy_loader *loader = f->loader[part];
    GY_TRY(gy_model_plan(network->model, network->micro, GY_USE_MEASURING));
    GY_TRY(gy_loader_seek(loader, 0, 0));
    for (int64_t i = 0, n = gy_loader_batches(loader); i < n; i++) {
        gy_batch batch = {.n = 0};
        gy_watchdog_note(f->comm, step, "evaluation", GY_WORKS);
        GY_TRY(gy_loader_next(loader, &batch));
        GY_TRY(gy_feed_check_batch(f, part, &batch));
        const gy_samples samples = gy_feed_samples(&batch);
        GY_TRY(evaluate_batch(network, (uint64_t)f->config->seed, &samples, rows));
    }
    return GY_OK;
}

gy_status gy_feed_sum_rows(gy_feed *f, const gy_net *network, double *rows)
{
    return gy_comm_sum(f->comm, rows, network->rows * network->task.sums);
}

gy_status gy_feed_evaluate(gy_feed *f, gy_net *network, gy_part part, int64_t step, double *tally)
{
    double *rows = NULL;
    gy_status status = gy_new_array(f->ctx, network->rows * network->task.sums, &rows);
    if (status == GY_OK) status = evaluate(f, network, part, step, rows);
    gy_watchdog_note(f->comm, step, "evaluation", GY_WAITS);
    status = gy_comm_agree(f->comm, status);
    if (status == GY_OK) status = gy_feed_sum_rows(f, network, rows);
    if (status == GY_OK) {
        gy_task_fold(&network->task, network->rows, rows);
        memcpy(tally, rows, (size_t)network->task.sums * sizeof *tally);
    }
    gy_free(f->ctx, rows);
    return status;
}
