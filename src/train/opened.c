/* A checkpoint as eval, predict, generate and inspect need it: its configuration and its tensors. */
#include "opened_impl.h"

static const char *text_note(const gy_checkpoint_head *head, const char *name)
{
    const gy_checkpoint_note *note = gy_checkpoint_note_find(head, "/data", name);
    return note == NULL ? NULL : note->text;
}

/* A run's directory stands for its newest checkpoint. */
static gy_status resolve(gy_context *ctx, gy_comm *comm, gy_pool *pool, const char *path,
                         const char **out)
{
    const char *below;
    bool is_run = false;
    GY_TRY(gy_pool_format(pool, &below, "%s/checkpoints", path));
    GY_TRY(gy_look_for_directory(comm, below, &is_run));
    if (!is_run) return gy_pool_string(pool, path, out);
    char *newest = NULL;
    GY_TRY(gy_checkpoint_newest(ctx, comm, path, &newest));
    GY_REQUIRE(newest != NULL, GY_E_USAGE,
               "no checkpoint" GY_AT "%s" GY_WHY "the run holds no valid one", path);
    gy_status status = gy_pool_string(pool, newest, out);
    gy_free(ctx, newest);
    return status;
}

static gy_status open_checkpoint(gy_context *ctx, gy_comm *comm, gy_pool *pool,
                                 const gy_opening *what, gy_opened *out)
{
    GY_TRY(gy_comm_agree(comm, resolve(ctx, comm, pool, what->path, &out->path)));
    GY_TRY(gy_checkpoint_read_head(ctx, comm, out->path, pool, &out->head));
    out->taught = (gy_taught){text_note(&out->head, "fit"), text_note(&out->head, "normalizer")};
    return gy_comm_agree(comm, gy_config_parse(ctx, out->path, out->head.config, what->sets,
                                               what->n_sets, &out->config));
}

static gy_status open_it(gy_context *ctx, gy_comm *comm, gy_pool *pool, const gy_opening *what,
                         gy_opened *out)
{
    bool is_checkpoint = true;
    if (what->or_config) GY_TRY(gy_look_for_directory(comm, what->path, &is_checkpoint));
    if (is_checkpoint) return open_checkpoint(ctx, comm, pool, what, out);
    return gy_comm_agree(comm,
                         gy_config_load(ctx, what->path, what->sets, what->n_sets, &out->config));
}

gy_status gy_opened_apply(gy_context *ctx, gy_comm *comm, const gy_opening *opening,
                          gy_opened_work *work, void *user)
{
    gy_pool pool;
    gy_run run;
    gy_opened opened = {.path = NULL};
    const gy_train_options options = {
        .resume = "none", .observer = opening->observer, .observer_user = opening->observer_user};
    gy_pool_init(&pool, ctx);
    gy_status status = open_it(ctx, comm, &pool, opening, &opened);
    if (status == GY_OK) {
        gy_run_init(&run, ctx, comm, opened.config, &options);
        run.at.step = opened.head.step;
        run.at.epoch = opened.head.epoch;
        status = work(&run, &opened, user);
        gy_run_clear(&run);
    }
    gy_config_free(opened.config);
    gy_pool_clear(&pool);
    return status;
}

gy_status gy_opened_build(gy_run *run)
{
    GY_TRY(gy_run_build_model(run));
    return gy_model_allocate(run->model, false);
}

gy_status gy_opened_read(const gy_opened *opened, gy_run *run)
{
    gy_model *model = run->model;
    bool averaged = opened->config->train.parameter_average > 0;
    gy_checkpoint_slot average = {"average", gy_model_values(model), NULL};
    return gy_checkpoint_read(run->ctx, run->comm, opened->path, GY_MATCH_PARAMS,
                              gy_model_params(model), gy_model_values(model),
                              gy_model_buffers(model), gy_model_buffer_values(model), &average,
                              averaged ? 1 : 0);
}
