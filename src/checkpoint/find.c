/* The checkpoint that a path means, which rank 0 alone looks for. */
#include "checkpoint.h"

#include "store/file.h"

gy_status gy_look_for_directory(gy_comm *comm, const char *path, bool *out)
{
    gy_lies kind = GY_IS_NONE;
    gy_status status = gy_comm_rank(comm) == 0 ? gy_path_kind(path, &kind) : GY_OK;
    GY_TRY(gy_comm_agree(comm, status));
    unsigned char there = kind == GY_IS_DIRECTORY;
    GY_TRY(gy_comm_broadcast(comm, &there, 1, 0));
    *out = there != 0;
    return GY_OK;
}

static gy_status look_for_run(gy_context *ctx, const char *path, unsigned char *out)
{
    gy_pool pool;
    const char *below;
    gy_pool_init(&pool, ctx);
    gy_status status = gy_pool_format(&pool, &below, "%s/checkpoints", path);
    gy_lies kind = GY_IS_NONE;
    if (status == GY_OK) status = gy_path_kind(below, &kind);
    *out = kind == GY_IS_DIRECTORY;
    gy_pool_clear(&pool);
    return status;
}

gy_status gy_checkpoint_find(gy_context *ctx, gy_comm *comm, const char *path, char **out)
{
    unsigned char is_run = 0;
    gy_status status = gy_comm_rank(comm) == 0 ? look_for_run(ctx, path, &is_run) : GY_OK;
    GY_TRY(gy_comm_agree(comm, status));
    GY_TRY(gy_comm_broadcast(comm, &is_run, 1, 0));
    if (!is_run) return gy_comm_agree(comm, gy_copy_string(ctx, path, out));
    GY_TRY(gy_checkpoint_newest(ctx, comm, path, out));
    GY_REQUIRE(*out != NULL, GY_E_USAGE,
               "no checkpoint" GY_AT "%s" GY_WHY "the run holds no valid one", path);
    return GY_OK;
}
