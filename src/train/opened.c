/* A checkpoint as `eval`, `predict` and `inspect` need it: its configuration and its tensors. */
#include "train_impl.h"

#include "store/file.h"

static const char *text_note(const gy_checkpoint_head *head, const char *name)
{
    const gy_checkpoint_note *note = gy_checkpoint_note_find(head, "/data", name);
    return note == NULL ? NULL : note->text;
}

gy_status gy_look_for_directory(gy_comm *comm, const char *path, bool *out)
{
    unsigned char there = gy_comm_rank(comm) == 0 && gy_path_is_directory(path);
    GY_TRY(gy_comm_broadcast(comm, &there, 1, 0));
    *out = there != 0;
    return GY_OK;
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

gy_status gy_opened_open(gy_context *ctx, gy_comm *comm, gy_pool *pool, const char *path,
                         const char *const *sets, int n, gy_opened *out)
{
    GY_TRY(gy_comm_agree(comm, resolve(ctx, comm, pool, path, &out->path)));
    GY_TRY(gy_checkpoint_read_head(ctx, comm, out->path, pool, &out->head));
    out->taught = (gy_taught){text_note(&out->head, "fit"), text_note(&out->head, "normalizer")};
    return gy_comm_agree(comm,
                         gy_config_parse(ctx, out->path, out->head.config, sets, n, &out->config));
}

void gy_opened_close(gy_opened *opened)
{
    gy_config_free(opened->config);
    opened->config = NULL;
}

gy_status gy_opened_read(gy_context *ctx, gy_comm *comm, const gy_opened *opened, gy_model *model)
{
    const gy_params *params = gy_model_params(model), *buffers = gy_model_buffers(model);
    bool averaged = opened->config->train.parameter_average > 0;
    gy_checkpoint_slot average = {"average", gy_model_values(model), NULL};
    return gy_checkpoint_read(ctx, comm, opened->path, GY_MATCH_PARAMS, params,
                              gy_model_values(model), buffers, gy_model_buffer_values(model),
                              &average, averaged ? 1 : 0);
}
