/*
 * Writing a checkpoint: all ranks stream, rank 0 writes.
 *
 *     prepare    memory and names, so that nothing is allotted while ranks wait for one another
 *     share      who holds which part of the vectors
 *     begin      commit.c
 *     shards     shard.c, one by one; agreed after each
 *     finish     index.h5, commit.c, retain.c
 */
#include "checkpoint_impl.h"

#include "base/hash.h"
#include "store/file.h"

#include <string.h>

/* The i-th of n boundaries of a vector, at a multiple of GY_PARAM_ALIGN. */
static int64_t boundary(int64_t length, int i, int n)
{
    if (i == n) return length;
    return length / GY_PARAM_ALIGN * i / n * GY_PARAM_ALIGN;
}

static gy_status prepare_vectors(gy_writer *w)
{
    const gy_checkpoint *c = w->c;
    GY_REQUIRE(c->n_slots <= GY_CHECKPOINT_SLOTS, GY_E_CONFIG,
               "cannot write the checkpoint" GY_WHY "%d optimizer slots are more than %d",
               c->n_slots, (int)GY_CHECKPOINT_SLOTS);
    w->n_vectors = 1 + c->n_slots;
    for (int k = 0; k < w->n_vectors; k++) {
        gy_vector *v = &w->vectors[k];
        *v = (gy_vector){.data = "/values", .length = c->params->floats};
        GY_TRY(gy_pool_array(&w->pool, 2 * w->ranks, &v->shares));
        if (k == 0) {
            v->mine = c->values + boundary(v->length, w->rank, w->ranks);
            for (int r = 0; r <= w->ranks; r++) {
                if (r < w->ranks) v->shares[2 * r] = boundary(v->length, r, w->ranks);
                if (r > 0) v->shares[2 * r - 1] = boundary(v->length, r, w->ranks);
            }
            continue;
        }
        v->length = c->params->trainable;
        v->mine = c->slots[k - 1].v;
        GY_TRY(gy_pool_format(&w->pool, &v->data, "/optimizer/%s", c->slots[k - 1].name));
    }
    return GY_OK;
}

static gy_status prepare(gy_writer *w, int64_t shards)
{
    GY_TRY(prepare_vectors(w));
    w->n_shards = shards > 0 ? (int)shards : w->ranks;
    GY_TRY(gy_pool_array(&w->pool, w->n_shards, &w->shards));
    for (int i = 0; i < w->n_shards; i++) {
        GY_TRY(gy_pool_format(&w->pool, &w->shards[i].file, "shard-%05d.h5", i));
        for (int k = 0; k < w->n_vectors; k++) {
            int64_t from = boundary(w->vectors[k].length, i, w->n_shards);
            int64_t to = boundary(w->vectors[k].length, i + 1, w->n_shards);
            w->shards[i].v[k] = (gy_slice){.offset = from, .count = to - from};
        }
    }
    if (w->rank != 0) return GY_OK;
    GY_TRY(gy_new_array(w->ctx, GY_PIECE, &w->piece));
    return gy_hasher_create(w->ctx, &w->hasher);
}

/* Tells all ranks who holds what of the slots, and whether that is all. The same on every rank. */
static gy_status share(gy_writer *w)
{
    if (w->n_vectors == 1) return GY_OK;
    int64_t mine[2] = {w->c->from, w->c->to}, *shares = w->vectors[1].shares, covered = 0;
    GY_TRY(gy_comm_all_gather(w->comm, mine, (int)sizeof mine, shares));
    for (int k = 2; k < w->n_vectors; k++)
        memcpy(w->vectors[k].shares, shares, (size_t)(2 * w->ranks) * sizeof *shares);
    for (bool found = true; covered < w->vectors[1].length && found;) {
        found = false;
        for (int r = 0; r < w->ranks && !found; r++) {
            found = shares[2 * r] <= covered && covered < shares[2 * r + 1];
            if (found) covered = shares[2 * r + 1];
        }
    }
    GY_REQUIRE(covered == w->vectors[1].length, GY_E_SHAPE,
               "cannot write the checkpoint" GY_WHY
               "no rank holds element %lld of %lld of the optimizer's state",
               (long long)covered, (long long)w->vectors[1].length);
    return GY_OK;
}

/* Rank 0, once all shards are there. */
static gy_status finish(gy_writer *w, const gy_commit *commit, int64_t keep, bool best)
{
    GY_TRY(gy_index_write(w));
    GY_TRY(gy_commit_finish(commit, best));
    gy_retain(w->ctx, commit->dir, keep, w->c->step);
    return GY_OK;
}

static gy_status write_all(gy_writer *w, gy_commit *commit, const char *run_dir, int64_t keep,
                           bool best)
{
    gy_status status = GY_OK;
    GY_TRY(share(w));
    if (w->rank == 0) status = gy_commit_begin(w->ctx, &w->pool, run_dir, w->c->step, commit);
    w->dir = commit->made;
    GY_TRY(gy_comm_agree(w->comm, status));
    for (int i = 0; i < w->n_shards; i++) GY_TRY(gy_shard_write(w, i));
    if (w->rank == 0) status = finish(w, commit, keep, best);
    return gy_comm_agree(w->comm, status);
}

static gy_status name_result(gy_writer *w, const char *run_dir, char **path)
{
    const char *dir, *step;
    GY_TRY(gy_pool_format(&w->pool, &dir, "%s/checkpoints", run_dir));
    GY_TRY(gy_step_path(&w->pool, dir, w->c->step, &step));
    return gy_copy_string(w->ctx, step, path);
}

gy_status gy_checkpoint_write(gy_context *ctx, gy_comm *comm, const char *run_dir,
                              const gy_checkpoint_settings *settings, const gy_checkpoint *c,
                              bool best, char **path)
{
    gy_writer w = {
        .ctx = ctx, .comm = comm, .rank = gy_comm_rank(comm), .ranks = gy_comm_ranks(comm), .c = c};
    gy_commit commit = {.ctx = ctx};
    char *result = NULL;
    gy_pool_init(&w.pool, ctx);
    gy_status status = prepare(&w, settings->shards);
    if (status == GY_OK && path != NULL) status = name_result(&w, run_dir, &result);
    status = gy_comm_agree(comm, status);
    if (status == GY_OK) status = write_all(&w, &commit, run_dir, settings->keep, best);
    if (status != GY_OK) {
        gy_commit_abort(&commit);
        gy_free(ctx, result);
    } else if (path != NULL) {
        *path = result;
    }
    gy_hasher_free(w.hasher);
    gy_free(ctx, w.piece);
    gy_pool_clear(&w.pool);
    return status;
}
