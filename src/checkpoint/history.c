/*
 * The history of a run's checkpoints, as HEAD has it and as the directories are.
 *
 *     gather   HEAD, or where there is none (a run of an older version, a copy without it) what the
 *              directories say of themselves
 *     next     HEAD with one checkpoint more: which of the others stay, which is the best
 *     turn     HEAD where the run goes on from another than the newest
 */
#include "checkpoint_impl.h"

#include "store/file.h"
#include "store/hdf5.h"

#include <stdlib.h>
#include <string.h>

static gy_status read_seal(gy_pool *pool, const char *dir, const char *name, uint64_t *seal,
                           bool *there)
{
    const char *path;
    GY_TRY(gy_pool_format(pool, &path, "%s/%s/index.h5", dir, name));
    return gy_seal_read(path, seal, there);
}

gy_status gy_listed_is_there(gy_pool *pool, const char *dir, const gy_listed *c, bool *out)
{
    uint64_t seal = 0;
    GY_TRY(read_seal(pool, dir, c->name, &seal, out));
    *out = *out && seal == c->seal;
    return GY_OK;
}

/* A directory that HEAD does not know, and when it was made. */
typedef struct stranger {
    gy_listed listed;
    const char *created;
} stranger;

/* When a checkpoint was made, "" where that cannot be read. Behind its seal alone: HDF5 1.10 may not
 * come back from a damaged text. */
static gy_status read_created(gy_pool *pool, const char *dir, const char *name, const char **out)
{
    const char *index;
    gy_h5 *f;
    char *text;
    int64_t bytes;
    *out = "";
    GY_TRY(gy_pool_format(pool, &index, "%s/%s/index.h5", dir, name));
    gy_status status = gy_seal_check(pool->ctx, index, &bytes);
    if (status == GY_OK) status = gy_h5_open(pool->ctx, index, GY_E_IO, &f);
    if (status != GY_OK) return status == GY_E_NOMEM ? status : GY_OK;
    status = gy_h5_read_text(f, "/", "created", &text);
    if (gy_h5_close(f) != GY_OK) {} /* nothing was written */
    if (status != GY_OK) return status == GY_E_NOMEM ? status : GY_OK;
    status = gy_pool_string(pool, text, out);
    gy_free(pool->ctx, text);
    return status;
}

/* The earlier before the later; the clock is all there is to go by. */
static int by_time(const void *a, const void *b)
{
    const stranger *x = a, *y = b;
    int order = strcmp(x->created, y->created);
    return order != 0 ? order
                      : (x->listed.step > y->listed.step) - (x->listed.step < y->listed.step);
}

gy_status gy_strangers_find(gy_pool *pool, const char *dir, const gy_manifest *m, gy_listed **out,
                            int *n)
{
    int64_t *steps;
    int count, found = 0;
    stranger *v;
    GY_TRY(gy_steps_list(pool, dir, &steps, &count));
    GY_TRY(gy_pool_array(pool, count, &v));
    for (int i = 0; i < count; i++) {
        bool is_there = false;
        gy_listed *c = &v[found].listed;
        *c = (gy_listed){.step = steps[i]};
        GY_TRY(gy_step_name(pool, steps[i], &c->name));
        const gy_listed *known = gy_manifest_find(m, c->name);
        if (known != NULL) GY_TRY(gy_listed_is_there(pool, dir, known, &is_there));
        if (is_there) continue;
        GY_TRY(read_seal(pool, dir, c->name, &c->seal, &is_there));
        GY_TRY(read_created(pool, dir, c->name, &v[found++].created));
    }
    qsort(v, (size_t)found, sizeof *v, by_time);
    GY_TRY(gy_pool_array(pool, found, out));
    for (int i = 0; i < found; i++) (*out)[i] = v[i].listed;
    *n = found;
    return GY_OK;
}

/* HEAD from the directories. */
static gy_status make_up(gy_pool *pool, const char *dir, gy_manifest *m)
{
    *m = (gy_manifest){.history = gy_temporary_draw(), .newest = -1};
    GY_TRY(gy_strangers_find(pool, dir, m, &m->v, &m->n));
    for (int i = 0; i < m->n; i++) {
        m->v[i].generation = ++m->generation;
        m->v[i].parent = m->newest;
        m->newest = m->v[i].step;
    }
    return GY_OK;
}

gy_status gy_history_gather(gy_pool *pool, const char *dir, gy_manifest *m)
{
    gy_status status = gy_manifest_read(pool, dir, m);
    if (status != GY_OK && status != GY_E_DATA) return status;
    return m->is_there ? GY_OK : make_up(pool, dir, m);
}

static int newest_step_first(const void *a, const void *b)
{
    const gy_listed *x = a, *y = b;
    return (x->step < y->step) - (x->step > y->step);
}

/* The newest `keep` up to the step just written stay, and the best. Steps beyond it are of another
 * history (the run went on from before them), or damaged: they are left alone. */
static void mark_gone(gy_manifest *m, int64_t keep)
{
    int64_t kept = 0;
    qsort(m->v, (size_t)m->n, sizeof *m->v, newest_step_first);
    for (int i = 0; i < m->n; i++) {
        gy_listed *c = &m->v[i];
        bool best = m->best > 0 && strcmp(c->name, m->best_name) == 0;
        if (c->is_gone) continue;
        if (c->is_best_alone)
            c->is_gone = !best;
        else if (c->step <= m->newest && kept++ >= keep)
            c->is_gone = !best;
    }
}

/* Adds one, in the place of what had its name. */
static gy_status put(gy_pool *pool, const char *dir, const char *name, gy_manifest *m)
{
    gy_listed *more, c = {.name = name, .generation = m->generation, .parent = m->newest};
    bool there;
    int n = 0;
    GY_TRY(read_seal(pool, dir, name, &c.seal, &there));
    c.step = gy_step_number(name);
    c.is_best_alone = c.step < 0;
    if (c.is_best_alone) c.step = gy_best_number(name);
    GY_TRY(gy_pool_array(pool, m->n + 1, &more));
    for (int i = 0; i < m->n; i++)
        if (strcmp(m->v[i].name, name) != 0) more[n++] = m->v[i];
    more[n++] = c;
    m->v = more;
    m->n = n;
    return GY_OK;
}

/* Lets go of what is not there any more. */
static gy_status drop_missing(gy_pool *pool, const char *dir, gy_manifest *m)
{
    int n = 0;
    for (int i = 0; i < m->n; i++) {
        bool there;
        GY_TRY(gy_listed_is_there(pool, dir, &m->v[i], &there));
        if (there) m->v[n++] = m->v[i];
    }
    m->n = n;
    return GY_OK;
}

/* Where the best is: here, alone, or as it was. */
static gy_status put_best(gy_pool *pool, const char *dir, const gy_best_is *best, gy_manifest *m)
{
    uint64_t seal;
    const char *step, *alone;
    const char *was = m->best == best->step ? m->best_name : NULL;
    m->best = 0;
    if (best->step <= 0) return GY_OK;
    GY_TRY(gy_step_name(pool, best->step, &step));
    GY_TRY(gy_best_name(pool, best->step, &alone));
    if (best->is_alone) GY_TRY(put(pool, dir, alone, m));
    const char *name = best->is_alone ? alone : was;
    if (name == NULL || best->step == m->newest) name = step;
    if (gy_manifest_find(m, name) == NULL) name = alone;
    bool there = gy_manifest_find(m, name) != NULL;
    if (!there) GY_TRY(read_seal(pool, dir, alone, &seal, &there));
    if (!there) return GY_OK; /* it is in another run, or lost */
    if (gy_manifest_find(m, name) == NULL) GY_TRY(put(pool, dir, alone, m));
    m->best = best->step;
    m->best_value = best->value;
    m->best_name = name;
    return GY_OK;
}

gy_status gy_history_next(gy_pool *pool, const char *dir, int64_t step, const gy_best_is *best,
                          int64_t keep, const char *end, gy_manifest *m)
{
    const char *name;
    GY_TRY(gy_step_name(pool, step, &name));
    m->generation++;
    GY_TRY(drop_missing(pool, dir, m));
    GY_TRY(put(pool, dir, name, m));
    m->newest = step;
    m->end = end != NULL && strchr(end, '\n') == NULL ? end : NULL;
    GY_TRY(put_best(pool, dir, best, m));
    mark_gone(m, keep);
    return GY_OK;
}

gy_status gy_history_turn(gy_pool *pool, const char *dir, int64_t step, const gy_best_is *best,
                          gy_manifest *m)
{
    const char *name;
    GY_TRY(gy_step_name(pool, step, &name));
    bool turns = m->newest != step || gy_manifest_find(m, name) == NULL;
    if (!turns && m->is_there) return GY_OK;
    const gy_listed *c = gy_manifest_find(m, name);
    int64_t parent = c != NULL ? c->parent : -1;
    m->generation++;
    if (turns) m->history = gy_temporary_draw();
    if (turns) m->end = NULL;
    m->newest = parent;
    GY_TRY(put(pool, dir, name, m));
    m->newest = step;
    GY_TRY(put_best(pool, dir, best, m));
    return gy_manifest_write(pool, dir, m);
}
