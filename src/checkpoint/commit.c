/*
 * How a checkpoint comes into being: whole or not there.
 *
 * Invariants
 *  1. A directory named step-NNNNNNNNN (or best-NNNNNNNNN) was whole and on disk before it got that name.
 *  2. No file in a directory of that name is ever written again.
 *  3. HEAD is the commit: a checkpoint, the best, the end of the run are what HEAD says, and change together
 *     by its one renaming (manifest.c). A directory that it does not list has not happened yet.
 *  4. A directory of the same name is replaced by renaming, never by writing into it; until HEAD says so,
 *     the old one is whole under its own name or under .tmp-…-old-….
 *  5. Names that begin with .tmp- are of one process each, and belong to nobody once that is gone: they are
 *     removed at the next start, but for .tmp-…-old-NAME where HEAD means that one: it gets its name back.
 *  6. `latest` and `best` are a courtesy to people: set after HEAD, and by every start; nothing reads them.
 *  7. Only rank 0 does any of this (with writer: all the others write their shards, and rank 0 goes on
 *     once it has all their receipts); all ranks agree on how it ended. It goes on in a thread while
 *     the run trains; no second checkpoint begins before that. A HEAD that this job did not leave,
 *     or a directory that is no longer its own, is another job's, and ends this one.
 *
 * States on disk, and the function that moves from one to the next
 *
 *     (nothing)
 *        │  gy_commit_begin: mkdir .tmp-…-step-N
 *     .tmp-…-step-N, growing                    gy_commit_abort ──▶ (nothing)
 *        │  gy_shard_write, gy_index_write: each file is flushed as it is closed
 *     .tmp-…-step-N, whole
 *        │  gy_commit_finish: flush the directory
 *        │     step-N there already: rename it to .tmp-…-old-step-N      (crash here: 5.)
 *        │     rename .tmp-…-step-N to step-N, flush `checkpoints`       (crash here: 3.)
 *     step-N, unknown
 *        │     write HEAD: gy_history_next
 *     step-N                                     this is the commit
 *        │     gy_links_set; gy_retain: remove .tmp-…-old-step-N and what HEAD marks as gone
 *     step-N, linked; older ones gone
 *
 * gy_checkpoint_clean at the start of a process brings whatever a crash left to step-N or (nothing).
 */
#include "checkpoint_impl.h"

#include "store/file.h"

#include <string.h>

gy_status gy_checkpoint_try_place(const char *at)
{
    gy_lies there;
    GY_TRY(gy_path_kind(at, &there));
    GY_REQUIRE(there == GY_IS_NONE, GY_E_USAGE,
               "cannot write the checkpoint" GY_AT "%s" GY_WHY
               "something of that name is there" GY_HINT "give it another name",
               at);
    return GY_OK;
}

/* One of no run: beside its place until it is whole. */
static gy_status name_apart(gy_pool *pool, const char *at, gy_commit *out)
{
    gy_commit made = {.ctx = pool->ctx, .final = at};
    const char *slash = strrchr(at, '/');
    GY_TRY(gy_checkpoint_try_place(at));
    GY_TRY(gy_pool_format(pool, &made.dir, "%.*s", slash == NULL ? 1 : (int)(slash - at) + 1,
                          slash == NULL ? "." : at));
    GY_TRY(gy_temporary_name(pool, at, &made.made));
    *out = made;
    return GY_OK;
}

gy_status gy_commit_name(gy_pool *pool, const char *run_dir, const gy_checkpoint *c, gy_commit *out)
{
    const char *name, *old;
    gy_commit made = {.ctx = pool->ctx};
    if (c->at != NULL) return name_apart(pool, c->at, out);
    GY_TRY(gy_pool_format(pool, &made.dir, "%s/checkpoints", run_dir));
    GY_TRY(c->is_best_alone ? gy_best_name(pool, c->step, &name)
                            : gy_step_name(pool, c->step, &name));
    GY_TRY(gy_pool_format(pool, &made.final, "%s/%s", made.dir, name));
    GY_TRY(gy_pool_format(pool, &old, "%s/old-%s", made.dir, name));
    GY_TRY(gy_temporary_name(pool, made.final, &made.made));
    GY_TRY(gy_temporary_name(pool, old, &made.old));
    *out = made;
    return GY_OK;
}

gy_status gy_commit_begin(const gy_commit *c)
{
    GY_TRY(gy_directory_make(c->ctx, c->dir));
    return gy_directory_make_new(c->made);
}

/* What fails here was told before. */
static void try_rename(gy_context *ctx, const char *from, const char *to)
{
    gy_error first = *gy_error_last();
    if (gy_path_rename(ctx, from, to) != GY_OK) {} /* 5. does it at the next start */
    (void)gy_error_restore(&first);
}

void gy_commit_abort(const gy_commit *c)
{
    gy_error first = *gy_error_last();
    if (c->made != NULL && gy_tree_remove(c->made) != GY_OK) {} /* the next start does it */
    (void)gy_error_restore(&first);
}

/* Gives the name to what was made. */
static gy_status give_name(const gy_commit *c, bool *replaced)
{
    gy_lies there;
    GY_TRY(gy_path_kind(c->final, &there));
    *replaced = there != GY_IS_NONE;
    if (*replaced) GY_TRY(gy_path_rename(c->ctx, c->final, c->old));
    gy_status status = gy_path_rename(c->ctx, c->made, c->final);
    if (status == GY_OK || !*replaced) return status;
    gy_error first = *gy_error_last();
    if (gy_path_kind(c->final, &there) == GY_OK && there == GY_IS_NONE)
        try_rename(c->ctx, c->old, c->final);
    return gy_error_restore(&first);
}

/* HEAD as it is now, which must be this job's. */
static gy_status gather(gy_writer *w, gy_manifest *m)
{
    const gy_known *k = w->known;
    if (w->c.claim != NULL) GY_TRY(gy_lock_check(w->c.claim));
    GY_TRY(gy_history_gather(&w->pool, w->commit.dir, m));
    bool other =
        m->is_there && (!k->is_there || m->history != k->history || m->generation != k->generation);
    GY_REQUIRE(!k->is_known || !other, GY_E_IO,
               "the run is under way" GY_AT "%s" GY_WHY
               "another job has written a checkpoint there meanwhile" GY_HINT
               "end that one, or give this one a run_dir of its own",
               w->commit.dir);
    return GY_OK;
}

/* Writes HEAD. */
static gy_status note(gy_writer *w, gy_manifest *m)
{
    const char *dir = w->commit.dir;
    GY_TRY(gather(w, m)); /* once more: what was replaced may have been another's meanwhile */
    GY_TRY(gy_history_next(&w->pool, dir, w->c.step, &w->c.best, w->keep, w->c.end, m));
    GY_TRY(gy_manifest_write(&w->pool, dir, m));
    w->known->is_known = w->known->is_there = true;
    w->known->history = m->history;
    w->known->generation = m->generation;
    return GY_OK;
}

/* HEAD could not be written, it seems: unless it was, all is as it was before. */
static gy_status take_back(gy_writer *w, bool replaced)
{
    const gy_commit *c = &w->commit;
    const char *name = strrchr(c->final, '/') + 1;
    gy_manifest m;
    bool means = true;
    gy_error first = *gy_error_last();
    if (gy_manifest_read(&w->pool, c->dir, &m) == GY_OK) {
        const gy_listed *listed = gy_manifest_find(&m, name);
        means = listed != NULL && gy_listed_is_there(&w->pool, c->dir, listed, &means) == GY_OK &&
                means;
    }
    if (!means) {
        try_rename(c->ctx, c->final, c->made);
        if (replaced) try_rename(c->ctx, c->old, c->final);
    }
    return gy_error_restore(&first);
}

/* What need not have worked is told later, once. */
static void warn(gy_writer *w, const char *what)
{
    gy_error why = *gy_error_last();
    if (w->warning.status != GY_OK) return;
    (void)gy_raise(why.status, "%s: %s", what, why.text);
    w->warning = *gy_error_last();
}

/* One of no run has its configuration beside it, to be trained on, and needs nothing but its name. */
static gy_status finish_apart(gy_writer *w)
{
    const gy_commit *c = &w->commit;
    const char *path, *config = w->c.config == NULL ? "" : w->c.config;
    GY_TRY(gy_pool_format(&w->pool, &path, "%s/config.yaml", c->made));
    GY_TRY(gy_file_write(c->ctx, path, config, strlen(config)));
    GY_TRY(gy_path_sync(c->ctx, c->made));
    return gy_path_rename(c->ctx, c->made, c->final);
}

gy_status gy_commit_finish(gy_writer *w)
{
    const gy_commit *c = &w->commit;
    const char *aside = NULL;
    bool replaced = false;
    gy_manifest m;
    if (w->c.at != NULL) return finish_apart(w);
    GY_TRY(gather(w, &m));
    if (w->c.flushed != NULL) GY_TRY(gy_path_sync(c->ctx, w->c.flushed));
    GY_TRY(gy_path_sync(c->ctx, c->made));
    GY_TRY(give_name(c, &replaced));
    if (w->c.is_best_alone) return GY_OK; /* 3. */
    if (note(w, &m) != GY_OK) return take_back(w, replaced);
    if (!w->known->has_no_links && gy_links_set(&w->pool, c->dir, &m, &aside) != GY_OK) {
        w->known->has_no_links = true;
        warn(w, "checkpoints have no links `latest` and `best` here");
    }
    if (gy_retain(&w->pool, c->dir, &m) != GY_OK) warn(w, "old checkpoints stay");
    return GY_OK;
}
