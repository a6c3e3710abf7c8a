/*
 * Outputs of every sample in order into a file: each rank passes its part of a batch and sends the
 * outputs to rank 0, who writes them (answers.h). The file appears whole, at the end; no more than a batch
 * is in memory.
 */
#include "opened.h"

#include "answers.h"
#include "base/clock.h"
#include "base/door.h"

#include <string.h>

/* What rank 0 writes. */
typedef struct writer {
    gy_opened *o;
    gy_output *output;
    gy_answers answers;
    float *y; /* [most, outputs] of any rank's part */
} writer;

static const char *class_names(const gy_opened *o)
{
    const gy_checkpoint_note *note = gy_checkpoint_note_find(&o->head, "/data", "class_names");
    return note == NULL ? NULL : note->text;
}

static gy_status begin(writer *w, gy_part part, int64_t samples, int64_t most, const char *path)
{
    gy_context *ctx = w->o->ctx;
    const gy_net *network = &w->o->network;
    const gy_task *task = &network->task;
    GY_TRY(gy_model_plan(network->model, network->micro, GY_USE_EVALUATION));
    GY_TRY(gy_new_array(ctx, most * task->outputs, &w->y));
    if (w->o->rank != 0) return GY_OK;
    GY_TRY(gy_output_begin(ctx, path, &w->output));
    GY_TRY(gy_source_spare(w->o->feed.source[part], w->output));
    return gy_answers_begin(&w->answers, ctx, task, w->output, path, class_names(w->o), samples,
                            most);
}

/* This rank's outputs of a piece into w->y. */
static gy_status keep(void *user, const gy_batch *batch, const gy_piece *piece, float *y)
{
    writer *w = user;
    (void)batch;
    const gy_task *task = &w->o->network.task;
    gy_task_restore(task, piece->n, y);
    memcpy(w->y + piece->first * task->outputs, y, (size_t)(piece->n * task->outputs) * sizeof *y);
    return GY_OK;
}

/* Rank 0 writes its own part, then the others' as they come, in order. */
static gy_status gather(writer *w, const gy_batch *batch)
{
    gy_comm *comm = w->o->comm;
    int ranks = w->o->ranks;
    int64_t bytes = w->o->network.task.outputs * (int64_t)sizeof *w->y, first, n;
    if (w->o->rank != 0) return gy_comm_send(comm, w->y, batch->n * bytes, 0);
    gy_status status = gy_answers_put(&w->answers, batch->n, w->y);
    for (int r = 1; r < ranks; r++) {
        gy_part_of_grains(batch->global, w->o->network.grains, r, ranks, &first, &n);
        GY_TRY(gy_comm_receive(comm, w->y, n * bytes, r));
        if (status == GY_OK) status = gy_answers_put(&w->answers, n, w->y);
    }
    return status;
}

static gy_status write_all(writer *w, gy_part part)
{
    gy_comm *comm = w->o->comm;
    gy_loader *loader = w->o->feed.loader[part];
    GY_TRY(gy_comm_agree(comm, gy_loader_seek(loader, 0, 0)));
    for (int64_t i = 0, n = gy_loader_batches(loader); i < n; i++) {
        gy_batch batch = {.n = 0};
        GY_TRY(gy_comm_agree(comm, gy_opened_pass(w->o, part, false, &batch, keep, w)));
        GY_TRY(gy_comm_agree(comm, gather(w, &batch)));
    }
    return GY_OK;
}

static gy_status end(writer *w, gy_status status)
{
    gy_error first = *gy_error_last();
    gy_status closed = gy_answers_end(&w->answers);
    if (status != GY_OK) status = gy_error_restore(&first);
    if (status == GY_OK) status = closed;
    if (status == GY_OK && w->output != NULL)
        status = gy_output_commit(w->output);
    else
        gy_output_abort(w->output);
    gy_free(w->o->ctx, w->y);
    return status;
}

static gy_status predict(gy_opened *o, gy_part part, const char *path)
{
    writer w = {.o = o};
    double start = gy_clock_s();
    const gy_net *network = &o->network;
    int64_t samples = o->feed.split[part].samples;
    int64_t most = o->config->train.batch_size; /* of a rank's part: no more than all */
    if (network->grains == 0) most = network->micro * network->micros;
    gy_status status = gy_comm_agree(o->comm, begin(&w, part, samples, most, path));
    if (status == GY_OK) status = write_all(&w, part);
    GY_TRY(gy_comm_agree(o->comm, end(&w, status)));
    gy_report report;
    gy_report_begin(&report, "predict");
    gy_report_text(&report, "data", o->feed.text[part]);
    gy_report_text(&report, "path", path);
    gy_report_int(&report, "samples", samples);
    gy_report_bool(&report, "classifies", gy_task_classifies(&network->task));
    gy_report_float(&report, "seconds", gy_clock_s() - start);
    gy_opened_tell(o, &report);
    return GY_OK;
}

gy_status gy_predict(gy_context *ctx, gy_comm *comm, const char *path,
                     const gy_apply_options *options, const char *out_path)
{
    GY_DOOR;
    gy_opened o;
    gy_part part = GY_PART_TEST;
    gy_status status = gy_opened_open_on_data(ctx, comm, path, options, &o, &part);
    if (status == GY_OK) status = predict(&o, part, out_path);
    gy_opened_close(&o);
    return status;
}
