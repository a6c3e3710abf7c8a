/*
 * The newest valid checkpoint of a run: of those that HEAD lists, the last made that passes verification;
 * where none does, one that HEAD does not know, the last made by its own word. What is damaged is
 * passed over; what cannot be opened now may be whole: that ends the search.
 */
#include "checkpoint_impl.h"

#include "base/log.h"
#include "store/file.h"

#include <stdlib.h>
#include <string.h>

/* A search in progress. */
typedef struct search {
    gy_context *ctx;
    gy_pool *pool;
    const char *dir;
    int seen; /* that are there */
    const char *found;
} search;

gy_status gy_checkpoint_look_in(gy_pool *pool, const char *dir)
{
    const char *const *names, *path;
    gy_lies there;
    int n;
    GY_TRY(gy_path_kind(dir, &there));
    if (there != GY_IS_DIRECTORY) return GY_OK;
    GY_TRY(gy_directory_list(pool, dir, &names, &n));
    for (int i = 0; i < n; i++) {
        GY_TRY(gy_pool_format(pool, &path, "%s/%s", dir, names[i]));
        GY_TRY(gy_file_look(path));
    }
    return GY_OK;
}

/* Takes one where it is valid; `what` is said of it where it is not expected. */
static gy_status look_at(search *s, const char *name, const char *what)
{
    const char *path;
    gy_verify_result result = {0};
    GY_TRY(gy_pool_format(s->pool, &path, "%s/%s", s->dir, name));
    s->seen++;
    GY_TRY(gy_checkpoint_look_in(s->pool, path));
    gy_status status = gy_verify_one(s->ctx, path, false, &result);
    if (status == GY_OK) s->found = path;
    if (status == GY_OK && what != NULL) gy_log(s->ctx, GY_WARNING, "%s: %s", path, what);
    if (status != GY_E_IO) return status;
    gy_log(s->ctx, GY_WARNING, "passing over %s: %s", path, gy_error_last()->text);
    return GY_OK;
}

/* Whether there is a directory without an index. */
static gy_status has_lost_index(const search *s, const char *name, bool *out)
{
    const char *path, *index;
    gy_lies there, index_there;
    GY_TRY(gy_pool_format(s->pool, &path, "%s/%s", s->dir, name));
    GY_TRY(gy_pool_format(s->pool, &index, "%s/index.h5", path));
    GY_TRY(gy_path_kind(path, &there));
    GY_TRY(gy_path_kind(index, &index_there));
    *out = there == GY_IS_DIRECTORY && index_there == GY_IS_NONE;
    return GY_OK;
}

static int last_made_first(const void *a, const void *b)
{
    const gy_listed *x = a, *y = b;
    return (x->generation < y->generation) - (x->generation > y->generation);
}

static gy_status look_at_listed(search *s, gy_manifest *m)
{
    qsort(m->v, (size_t)m->n, sizeof *m->v, last_made_first);
    for (int i = 0; i < m->n && s->found == NULL; i++) {
        bool there = false, lost = false;
        if (m->v[i].is_best_alone || m->v[i].is_gone) continue;
        GY_TRY(gy_listed_is_there(s->pool, s->dir, &m->v[i], &there));
        if (!there) GY_TRY(has_lost_index(s, m->v[i].name, &lost));
        if (there || lost) GY_TRY(look_at(s, m->v[i].name, NULL));
    }
    return GY_OK;
}

static gy_status look_at_strangers(search *s, const gy_manifest *m)
{
    gy_listed *v;
    int n;
    GY_TRY(gy_strangers_find(s->pool, s->dir, m, &v, &n));
    for (int i = n - 1; i >= 0 && s->found == NULL; i--) {
        bool lost = false;
        GY_TRY(has_lost_index(s, v[i].name, &lost));
        if (lost && gy_manifest_find(m, v[i].name) != NULL) continue; /* it was looked at */
        GY_TRY(look_at(s, v[i].name, "HEAD does not know it, but there is no other"));
    }
    return GY_OK;
}

static gy_status look(search *s)
{
    gy_manifest m;
    gy_lies there;
    GY_TRY(gy_path_kind(s->dir, &there));
    if (there != GY_IS_DIRECTORY) return GY_OK;
    GY_TRY(gy_history_gather(s->pool, s->dir, &m));
    GY_TRY(look_at_listed(s, &m));
    if (s->found == NULL && m.is_there) GY_TRY(look_at_strangers(s, &m));
    GY_REQUIRE(s->found != NULL || (s->seen == 0 && m.n == 0), GY_E_IO,
               "no valid checkpoint" GY_AT "%s" GY_WHY "%s" GY_HINT
               "--resume none sets them aside and begins anew",
               s->dir, s->seen == 0 ? "those that HEAD lists are not there" : "all are damaged");
    return GY_OK;
}

gy_status gy_checkpoint_newest(gy_context *ctx, gy_comm *comm, const char *run_dir, char **path)
{
    gy_status status = GY_OK;
    char *found = NULL;
    if (gy_comm_rank(comm) == 0) {
        gy_pool pool;
        search s = {.ctx = ctx, .pool = &pool};
        gy_pool_init(&pool, ctx);
        status = gy_pool_format(&pool, &s.dir, "%s/checkpoints", run_dir);
        if (status == GY_OK) status = look(&s);
        if (status == GY_OK && s.found != NULL) status = gy_copy_string(ctx, s.found, &found);
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

/* Where HEAD says, else by its name. */
static gy_status find_best(gy_pool *pool, const char *path, int64_t step, const char **out)
{
    const char *dir, *names[3] = {NULL, NULL, NULL}, *at;
    gy_manifest m;
    *out = NULL;
    GY_TRY(gy_dir_above(pool, path, &dir));
    gy_status status = gy_manifest_read(pool, dir, &m);
    if (status != GY_OK && status != GY_E_DATA) return status;
    if (m.is_there && m.best == step) names[0] = m.best_name;
    GY_TRY(gy_step_name(pool, step, &names[1]));
    GY_TRY(gy_best_name(pool, step, &names[2]));
    for (int i = 0; i < 3 && *out == NULL; i++) {
        gy_lies there;
        if (names[i] == NULL) continue;
        GY_TRY(gy_pool_format(pool, &at, "%s/%s", dir, names[i]));
        GY_TRY(gy_path_kind(at, &there));
        if (there == GY_IS_DIRECTORY) *out = at;
    }
    return *out == NULL ? GY_OK : gy_checkpoint_look_in(pool, *out);
}

gy_status gy_checkpoint_best(gy_context *ctx, gy_comm *comm, const char *path, int64_t step,
                             gy_pool *pool, const char **out)
{
    gy_status status = GY_OK;
    char *text = NULL;
    const char *found = NULL;
    if (gy_comm_rank(comm) == 0) {
        status = find_best(pool, path, step, &found);
        if (status == GY_OK && found != NULL) status = gy_copy_string(ctx, found, &text);
    }
    status = gy_comm_agree(comm, status);
    if (status == GY_OK) status = gy_comm_broadcast_text(comm, &text);
    *out = NULL;
    if (status == GY_OK && text != NULL) status = gy_pool_string(pool, text, out);
    gy_free(ctx, text);
    return gy_comm_agree(comm, status);
}
