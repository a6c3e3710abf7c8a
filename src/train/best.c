/*
 * The best parameters in checkpoints. They are copied when they are evaluated, and written with the next
 * regular checkpoint: where that is of a later step, alone, just before it.
 */
#include "train_impl.h"

#include "base/log.h"

#include <math.h>
#include <string.h>

gy_best_is gy_run_best(const gy_run *run)
{
    const gy_best *best = &run->at.best;
    bool known = !isnan(best->value) && best->step > 0;
    gy_best_is is = {.value = best->value};
    if (known && (best->is_written || best->values != NULL)) is.step = best->step;
    return is;
}

bool gy_run_restores_best(const gy_run *run)
{
    const gy_early_stopping_settings *stopping = &run->config->train.early_stopping;
    return stopping->patience > 0 && stopping->restore_best;
}

/* What eval and predict need; not where the run stands. */
static int choose_notes(const gy_checkpoint *c, gy_checkpoint_note *out)
{
    int n = 0;
    for (int i = 0; i < c->n_notes; i++) {
        const gy_checkpoint_note *note = &c->notes[i];
        bool of_best = strcmp(note->group, "/metrics") == 0 && strncmp(note->name, "best_", 5) == 0;
        if (of_best || strcmp(note->group, "/data") == 0) out[n++] = *note;
    }
    return n;
}

static gy_status save(gy_run *run, const gy_checkpoint *c, gy_checkpoint_note *notes)
{
    const gy_best *best = &run->at.best;
    gy_saved saved;
    gy_checkpoint alone = *c;
    alone.is_best_alone = true;
    alone.values = best->values;
    alone.buffer_values = best->buffers;
    alone.step = best->step;
    alone.epoch = best->epoch;
    alone.sample_in_epoch = best->sample;
    alone.end = NULL;
    alone.notes = notes;
    alone.n_notes = choose_notes(c, notes);
    if (run->average != NULL) /* what was evaluated is the average */
        alone.slots[alone.n_slots++] = (gy_checkpoint_slot){.name = "average", .v = best->values};
    GY_TRY(gy_saver_begin(run->saver, &alone, false));
    return gy_saver_end(run->saver, &saved);
}

gy_status gy_run_save_best(gy_run *run, const gy_checkpoint *c, bool *alone)
{
    const gy_best *best = &run->at.best;
    gy_checkpoint_note *notes;
    *alone = !best->is_written && best->step != c->step && gy_run_best(run).step > 0;
    if (!*alone) return GY_OK;
    gy_pool pool;
    gy_pool_init(&pool, run->ctx);
    gy_status status = gy_comm_agree(run->comm, gy_pool_array(&pool, c->n_notes + 1, &notes));
    if (status == GY_OK) status = save(run, c, notes);
    gy_pool_clear(&pool);
    return status;
}

/* @param same  out: whether it is of the step that it should be of */
static gy_status read_best(gy_run *run, const char *path, bool *same)
{
    gy_best *best = &run->at.best;
    gy_checkpoint_head head;
    gy_checkpoint_slot average = {.name = "average", .v = best->values}; /* what was evaluated */
    GY_TRY(gy_checkpoint_read_head(run->ctx, run->comm, path, &run->pool, &head));
    best->epoch = head.epoch;
    best->sample = head.sample_in_epoch;
    *same = head.step == best->step;
    return gy_checkpoint_read(run->ctx, run->comm, path, GY_MATCH_PARAMS, &run->kept, best->values,
                              gy_model_buffers(run->network.model), best->buffers, &average,
                              gy_checkpoint_has_slot(&head, average.name) ? 1 : 0);
}

gy_status gy_run_take_best(gy_run *run, const gy_past *past)
{
    gy_best *best = &run->at.best;
    const char *path;
    bool same = false;
    if (isnan(best->value) || best->values == NULL) return GY_OK;
    const gy_params *params = gy_model_params(run->network.model);
    memcpy(best->values, gy_model_values(run->network.model), /* what it has not is as it was */
           (size_t)params->floats * sizeof *best->values);
    GY_TRY(gy_checkpoint_best(run->ctx, run->comm, past->path, best->step, &run->pool, &path));
    gy_status status = GY_E_IO;
    for (int turn = 0; turn < 2 && path != NULL && status == GY_E_IO; turn++)
        status = read_best(run, path, &same); /* damage stays, a disk may have failed once */
    if (status == GY_OK && same) return GY_OK;
    if (run->rank == 0)
        gy_log(run->ctx, GY_WARNING,
               "resume: the best parameters (step %lld) are not beside %s: the best is sought anew",
               (long long)best->step, past->path);
    best->value = NAN;
    return GY_OK;
}
