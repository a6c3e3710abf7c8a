/* Whether checkpoints will find room, asked before the first step. */
#include "checkpoint_impl.h"

#include "base/log.h"
#include "store/file.h"

#include <errno.h>

enum { FILE_BYTES = 8192, TENSOR_BYTES = 1024 };

/* All files of a checkpoint, at most. */
static int64_t checkpoint_bytes(const gy_comm *comm, const gy_checkpoint_settings *s,
                                const gy_checkpoint *c)
{
    int64_t buffers = c->buffers == NULL ? 0 : c->buffers->floats;
    int64_t tensors = (1 + c->n_slots) * (int64_t)c->params->n;
    int64_t files = 1 + (s->shards > 0 ? s->shards : gy_comm_ranks(comm));
    int64_t floats = c->params->floats + gy_slots_floats(c) + buffers;
    return floats * (int64_t)sizeof(float) + files * FILE_BYTES + tensors * TENSOR_BYTES;
}

/* Checkpoints that are there already. */
static int64_t count_there(gy_context *ctx, const char *dir)
{
    int64_t *steps;
    int n = 0;
    gy_pool pool;
    gy_lies there = GY_IS_NONE;
    gy_pool_init(&pool, ctx);
    if (gy_path_kind(dir, &there) != GY_OK || there != GY_IS_DIRECTORY ||
        gy_steps_list(&pool, dir, &steps, &n) != GY_OK)
        n = 0;
    gy_pool_clear(&pool);
    return n;
}

/* Those that are kept, the best, and the one in the making. */
static void warn(gy_context *ctx, const char *run_dir, const char *dir, int64_t keep, int64_t bytes,
                 int64_t free)
{
    int64_t more = keep + 2 - count_there(ctx, dir);
    if (more <= 0 || free / bytes >= more) return;
    gy_log(ctx, GY_WARNING,
           "%s has room for %lld checkpoints of %.1f MiB, and checkpoint.keep: %lld asks for %lld",
           run_dir, (long long)(free / bytes), (double)bytes / 1048576, (long long)keep,
           (long long)more);
}

static gy_status try_room(gy_context *ctx, gy_comm *comm, const char *run_dir,
                          const gy_checkpoint_settings *s, int64_t bytes)
{
    const char *dir;
    int64_t free = 0;
    bool all = s->writer == GY_WRITER_ALL;
    gy_pool pool;
    gy_pool_init(&pool, ctx);
    gy_status status = gy_directory_make(ctx, run_dir);
    if (status == GY_OK) status = gy_pool_format(&pool, &dir, "%s/checkpoints", run_dir);
    if (status == GY_OK)
        status = gy_room_try(ctx, run_dir, all ? bytes / gy_comm_ranks(comm) : bytes, &free);
    if (status == GY_OK && gy_comm_rank(comm) == 0) warn(ctx, run_dir, dir, s->keep, bytes, free);
    gy_pool_clear(&pool);
    return status;
}

/* A run of which nothing has begun asked for what cannot be, unless the system limits it. */
static gy_status judge(gy_comm *comm, gy_status status, int64_t step)
{
    bool limited = status == GY_E_IO && errno == EFBIG;
    if (status == GY_E_IO && !limited && step == 0) {
        gy_error error = *gy_error_last();
        error.status = GY_E_CONFIG;
        status = gy_error_restore(&error);
    }
    return gy_comm_agree(comm, status);
}

gy_status gy_checkpoint_try_directory(gy_comm *comm, const char *run_dir, int64_t step)
{
    return judge(comm, gy_comm_rank(comm) == 0 ? gy_directory_try(run_dir) : GY_OK, step);
}

gy_status gy_checkpoint_try_room(gy_context *ctx, gy_comm *comm, const char *run_dir,
                                 const gy_checkpoint_settings *settings, const gy_checkpoint *c)
{
    gy_status status = GY_OK;
    if (gy_comm_rank(comm) == 0 || settings->writer == GY_WRITER_ALL)
        status = try_room(ctx, comm, run_dir, settings, checkpoint_bytes(comm, settings, c));
    return judge(comm, status, c->step);
}
