/*
 * The newest valid checkpoint of a run: by descending step, the first that passes verification.
 *
 * Steps beyond the one that `latest` points to are newer than it (a crash came between the commit
 * and the link), or of a history that the run has left by going on from before them. The time of
 * their making tells: what is older than `latest` comes last.
 */
#include "checkpoint_impl.h"

#include "base/log.h"
#include "store/file.h"
#include "store/hdf5.h"

#include <string.h>

/* When a checkpoint was made, "" where that cannot be read. Behind its seal alone: HDF5 1.10 may not
 * come back from a damaged text. */
static gy_status made_at(gy_context *ctx, gy_pool *pool, const char *dir, int64_t step,
                         const char **out)
{
    const char *path, *index;
    gy_h5 *f;
    char *text;
    *out = "";
    GY_TRY(gy_step_path(pool, dir, step, &path));
    GY_TRY(gy_pool_format(pool, &index, "%s/index.h5", path));
    int64_t bytes;
    gy_status status = gy_seal_check(ctx, index, &bytes);
    if (status == GY_OK) status = gy_h5_open(ctx, index, GY_E_IO, &f);
    if (status == GY_E_NOMEM) return status;
    if (status != GY_OK) return GY_OK;
    status = gy_h5_read_text(f, "/", "created", &text);
    if (gy_h5_close(f) != GY_OK) {} /* nothing was written */
    if (status != GY_OK) return status == GY_E_NOMEM ? status : GY_OK;
    status = gy_pool_string(pool, text, out);
    gy_free(ctx, text);
    return status;
}

/* Puts the steps of a history that was left behind the others; the order stays otherwise. */
static gy_status put_left_last(gy_context *ctx, gy_pool *pool, const char *dir, int64_t *steps,
                               int n)
{
    int64_t latest = gy_link_step(dir, "latest"), *left;
    int kept = 0, n_left = 0;
    const char *mark = "", *made;
    if (latest < 0) return GY_OK;
    for (int i = 0; i < n && mark[0] == '\0'; i++)
        if (steps[i] <= latest) GY_TRY(made_at(ctx, pool, dir, steps[i], &mark));
    if (mark[0] == '\0') return GY_OK;
    GY_TRY(gy_pool_array(pool, n, &left));
    for (int i = 0; i < n; i++) {
        made = "";
        if (steps[i] > latest) GY_TRY(made_at(ctx, pool, dir, steps[i], &made));
        if (made[0] != '\0' && strcmp(made, mark) < 0)
            left[n_left++] = steps[i];
        else
            steps[kept++] = steps[i];
    }
    if (n_left > 0) memcpy(steps + kept, left, (size_t)n_left * sizeof *left);
    return GY_OK;
}

static gy_status look(gy_context *ctx, gy_pool *pool, const char *run_dir, char **path)
{
    const char *dir, *step;
    int64_t *steps;
    int n;
    GY_TRY(gy_pool_format(pool, &dir, "%s/checkpoints", run_dir));
    if (!gy_path_is_directory(dir)) return GY_OK;
    GY_TRY(gy_steps_list(pool, dir, &steps, &n));
    GY_TRY(put_left_last(ctx, pool, dir, steps, n));
    for (int i = 0; i < n; i++) {
        gy_verify_result result = {0};
        GY_TRY(gy_step_path(pool, dir, steps[i], &step));
        gy_status status = gy_verify_one(ctx, step, &result);
        if (status == GY_OK) return gy_copy_string(ctx, step, path);
        if (status != GY_E_IO) return status;
        gy_log(ctx, GY_WARNING, "passing over %s: %s", step, gy_error_last()->text);
    }
    return GY_OK;
}

gy_status gy_checkpoint_newest(gy_context *ctx, gy_comm *comm, const char *run_dir, char **path)
{
    gy_status status = GY_OK;
    char *found = NULL;
    if (gy_comm_rank(comm) == 0) {
        gy_pool pool;
        gy_pool_init(&pool, ctx);
        status = look(ctx, &pool, run_dir, &found);
        gy_pool_clear(&pool);
    }
    status = gy_comm_agree(comm, status);
    if (status == GY_OK) status = gy_comm_broadcast_text(comm, &found);
    if (status == GY_OK)
        *path = found;
    else
        gy_free(ctx, found);
    return status;
}
