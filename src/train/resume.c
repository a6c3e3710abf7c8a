/*
 * How a run goes on.
 *
 *     find     the checkpoint, by --resume; its head; what differs in the configuration (change.c)
 *     (build)  the run is put together, with what the checkpoint knows of the data
 *     take     tensors, state, the loader at the very sample, the best parameters so far
 *
 * A model that changed is an error; everything else may change, and is named.
 */
#include "train_impl.h"

#include "base/clock.h"
#include "base/log.h"
#include "store/file.h"

#include <string.h>

/* The checkpoint to go on from; NULL for a new run. */
static gy_status choose(gy_run *run, char **path)
{
    const char *resume = run->options->resume, *dir = run->config->run_dir, *below;
    bool is_run = false;
    if (resume != NULL && strcmp(resume, "none") == 0) return GY_OK;
    if (resume == NULL || strcmp(resume, "auto") == 0) {
        if (!run->options->dry_run)
            GY_TRY(gy_checkpoint_clean(run->ctx, run->comm, dir, run->claim.is_sure));
        return gy_checkpoint_newest(run->ctx, run->comm, dir, path);
    }
    GY_TRY(gy_comm_agree(run->comm, gy_pool_format(&run->pool, &below, "%s/checkpoints", resume)));
    GY_TRY(gy_look_for_directory(run->comm, below, &is_run));
    if (!is_run) return gy_copy_string(run->ctx, resume, path);
    GY_TRY(gy_checkpoint_newest(run->ctx, run->comm, resume, path));
    GY_REQUIRE(*path != NULL, GY_E_USAGE,
               "cannot go on" GY_AT "--resume %s" GY_WHY "it holds no valid checkpoint", resume);
    return GY_OK;
}

/* A run that stopped early is finished unless it is told to train otherwise. */
static bool is_finished(const gy_run *run, const gy_past *past)
{
    const gy_train_settings *train = &run->config->train;
    if (!past->there.finished) return false;
    if (past->there.early) return !(past->changed & GY_CHANGED(GY_OF_plan));
    return train->steps > 0 ? past->head.step >= train->steps : past->head.epoch >= train->epochs;
}

static const char *text_note(const gy_past *past, const char *name)
{
    const gy_checkpoint_note *n = gy_checkpoint_note_find(&past->head, "/data", name);
    return n == NULL ? NULL : n->text;
}

gy_status gy_past_find(gy_run *run, gy_past *past)
{
    char *path = NULL;
    *past = (gy_past){0};
    gy_status status = choose(run, &path);
    if (path != NULL) {
        const char *kept = NULL;
        if (status == GY_OK) status = gy_pool_string(&run->pool, path, &kept);
        past->path = kept;
        gy_free(run->ctx, path);
    }
    GY_TRY(gy_comm_agree(run->comm, status));
    if (past->path == NULL) return GY_OK;
    GY_TRY(gy_checkpoint_read_head(run->ctx, run->comm, past->path, &run->pool, &past->head));
    GY_TRY(gy_comm_agree(run->comm, gy_past_compare(run, past)));
    if (past->changed & GY_CHANGED(GY_OF_model)) { /* and --init was given */
        past->path = NULL;
        return GY_OK;
    }
    gy_place_take(&past->there, run, &past->head, 0);
    past->finished = is_finished(run, past);
    if (run->options->init != NULL && run->rank == 0)
        gy_log(run->ctx, GY_INFO, "resume: --init %s is not used, the run goes on from %s",
               run->options->init, past->path);
    /* on as many ranks and hosts all-reduces are chosen as before: the same bits */
    if (past->there.topology.message_s > 0) gy_comm_set_topology(run->comm, &past->there.topology);
    if (!(past->changed & GY_CHANGED(GY_OF_data)))
        past->taught = (gy_taught){text_note(past, "fit"), text_note(past, "normalizer")};
    return GY_OK;
}

/* Within a batch of another size than before: what is left of it comes first. */
static void take_position(gy_run *run, const gy_checkpoint_head *head)
{
    const int64_t batch = run->config->train.batch_size;
    run->at.step = head->step;
    run->at.epoch = head->epoch;
    run->at.index = head->sample_in_epoch / batch;
    run->at.ahead = head->sample_in_epoch % batch;
    if (run->config->meta.tasks > 0 && run->at.ahead > 0) { /* tasks are whole */
        run->at.index++;
        run->at.ahead = 0;
    }
    if (run->at.index < run->batches) return;
    run->at.index = run->at.ahead = 0;
    run->at.epoch++;
}

gy_status gy_past_take(gy_run *run, const gy_past *past)
{
    const double start = gy_clock_s();
    gy_place_take(&run->at, run, &past->head, past->changed | GY_CHANGED(GY_OF_ending));
    take_position(run, &past->head);
    GY_TRY(gy_run_take_vectors(run, past));
    GY_TRY(gy_run_take_holds(run, past->path));
    /* the last one may have been its job's only one, which knew of none before */
    const double taking_s = gy_clock_s() - start;
    if (run->at.saving_s < taking_s) run->at.saving_s = taking_s;
    if (!(past->changed & GY_CHANGED(GY_OF_sums))) gy_run_take_sums(run, &past->head);
    gy_run_take_values(run, &past->head);
    gy_past_tell(run, past);
    return gy_run_take_best(run, past);
}
