/*
 * How a run goes on.
 *
 *     find     the checkpoint, by --resume; its head; what differs in the configuration
 *     (build)  the run is put together, with what the checkpoint knows of the data
 *     take     tensors, state, the loader at the very sample, the best parameters so far
 *
 * A model that changed is an error; everything else may change, and is named.
 */
#include "train_impl.h"

#include "base/log.h"
#include "store/file.h"

#include <stdio.h>
#include <string.h>

typedef struct comparison {
    gy_run *run;
    gy_past *past;
    char first_model_key[128];
} comparison;

static bool begins(const char *key, const char *with)
{
    return strncmp(key, with, strlen(with)) == 0;
}

/* What a change does to a run that goes on; "" where it does what it says. */
static const char *consequence(const char *key)
{
    if (begins(key, "train.batch_size"))
        return ": goes on from the same sample, with other batches from here on";
    if (begins(key, "seed"))
        return ": the rest of the epoch is drawn anew, samples may come twice or not at all in it";
    if (begins(key, "data.train") || begins(key, "data.validation_fraction"))
        return ": the place in the epoch is kept, the samples are others";
    if (begins(key, "data.normalize") || begins(key, "data.scale") || begins(key, "data.offset"))
        return ": the model sees other numbers than it was trained with";
    if (begins(key, "optimizer.kind")) return ": its state starts anew";
    if (begins(key, "comm.reproducible_grains"))
        return ": from here on the bits are those of other grains";
    return "";
}

static void differ(void *user, const char *key, const char *old_value, const char *new_value)
{
    comparison *c = user;
    if (begins(key, "name") || begins(key, "run_dir")) return;
    if (begins(key, "model") && !c->past->model_changed)
        (void)snprintf(c->first_model_key, sizeof c->first_model_key, "%s", key);
    if (begins(key, "model")) c->past->model_changed = true;
    if (begins(key, "data.")) c->past->data_changed = true;
    if (begins(key, "optimizer.kind") || begins(key, "train.parameter_average"))
        c->past->optimizer_changed = true;
    if (begins(key, "train.") || begins(key, "data.")) c->past->train_changed = true;
    if (c->run->rank == 0)
        gy_log(c->run->ctx, GY_INFO, "resume: %s changed from %s to %s%s", key, old_value,
               new_value, consequence(key));
}

static gy_status compare(gy_run *run, gy_past *past)
{
    comparison c = {.run = run, .past = past};
    GY_REQUIRE(gy_checkpoint_note_find(&past->head, "/state", "best_alone") == NULL, GY_E_USAGE,
               "cannot go on" GY_AT "%s" GY_WHY "it holds the best parameters alone" GY_HINT
               "use --init to start from them",
               past->path);
    GY_TRY(gy_config_compare(run->ctx, past->head.config, gy_config_text(run->config), differ, &c));
    if (!past->model_changed) return GY_OK;
    if (run->options->init != NULL) {
        if (run->rank == 0)
            gy_log(run->ctx, GY_INFO, "resume: the model is another, the run starts from %s",
                   run->options->init);
        return GY_OK;
    }
    return gy_raise(GY_E_CONFIG,
                    "cannot go on" GY_AT "%s" GY_WHY "%s differs from the checkpoint's" GY_HINT
                    "use another --run-dir, or --init to take over parameters",
                    past->path, c.first_model_key);
}

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
    GY_TRY(gy_pool_format(&run->pool, &below, "%s/checkpoints", resume));
    GY_TRY(gy_look_for_directory(run->comm, below, &is_run));
    if (!is_run) return gy_copy_string(run->ctx, resume, path);
    GY_TRY(gy_checkpoint_newest(run->ctx, run->comm, resume, path));
    GY_REQUIRE(*path != NULL, GY_E_USAGE,
               "cannot go on" GY_AT "--resume %s" GY_WHY "it holds no valid checkpoint", resume);
    return GY_OK;
}

static double note(const gy_past *past, const char *name)
{
    const gy_checkpoint_note *n = gy_checkpoint_note_find(&past->head, "/state", name);
    return n == NULL ? 0 : n->number;
}

/* A run that stopped early is finished unless it is told to train otherwise. */
static bool is_finished(const gy_run *run, const gy_past *past)
{
    const gy_train_settings *train = &run->config->train;
    if (note(past, "ended_early") != 0) return note(past, "finished") != 0 && !past->train_changed;
    if (note(past, "finished") == 0) return false;
    return train->steps > 0 ? past->head.step >= train->steps : past->head.epoch >= train->epochs;
}

static const char *text_note(const gy_past *past, const char *name)
{
    const gy_checkpoint_note *n = gy_checkpoint_note_find(&past->head, "/data", name);
    return n == NULL ? NULL : n->text;
}

/* On as many ranks and hosts all-reduces are chosen as before: the same bits. */
static void take_topology(gy_run *run, const gy_past *past)
{
    const gy_topology *now = gy_comm_topology(run->comm);
    gy_topology then = {.message_s = note(past, "comm_message_seconds"),
                        .byte_s = note(past, "comm_byte_seconds"),
                        .copy_s = note(past, "comm_copy_seconds")};
    bool same =
        (int)note(past, "comm_ranks") == now->ranks && (int)note(past, "comm_hosts") == now->hosts;
    if (same) gy_comm_set_topology(run->comm, &then);
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
    GY_TRY(gy_comm_agree(run->comm, compare(run, past)));
    if (past->model_changed) { /* and --init was given */
        past->path = NULL;
        return GY_OK;
    }
    past->finished = is_finished(run, past);
    take_topology(run, past);
    if (!past->data_changed)
        past->taught = (gy_taught){text_note(past, "fit"), text_note(past, "normalizer")};
    return GY_OK;
}

gy_status gy_past_take(gy_run *run, const gy_past *past)
{
    const gy_checkpoint_head *head = &past->head;
    int64_t batch = run->config->train.batch_size;
    GY_TRY(gy_run_restore(run, past->path, head, !past->optimizer_changed));
    run->at.step = head->step;
    run->at.epoch = head->epoch;
    run->at.index = head->sample_in_epoch / batch;
    if (run->at.index >= run->batches) {
        run->at.index = 0;
        run->at.epoch++;
    }
    return gy_run_take_best(run, past);
}
