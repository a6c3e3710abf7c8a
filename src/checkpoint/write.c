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

#include <stdlib.h>

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
        *v = (gy_vector){.data = "/values", .length = c->params->floats, .mine = c->values};
        if (k == 0) continue;
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

/* What all ranks hold, each gives its i-th part. */
static gy_status share_evenly(gy_writer *w, gy_vector *v)
{
    GY_TRY(gy_pool_array(&w->pool, w->ranks, &v->held));
    v->n_held = w->ranks;
    for (int r = 0; r < w->ranks; r++) {
        int64_t from = boundary(v->length, r, w->ranks);
        v->held[r] = (gy_held){
            .from = from, .to = boundary(v->length, r + 1, w->ranks), .at = from, .rank = r};
    }
    return GY_OK;
}

static int by_place(const void *a, const void *b)
{
    const gy_held *x = a, *y = b;
    if (x->from != y->from) return x->from < y->from ? -1 : 1;
    return x->rank - y->rank;
}

/* In order; what two ranks hold is given by the first. @return where the first gap is */
static int64_t join(gy_vector *v)
{
    int n = 0;
    int64_t covered = 0;
    qsort(v->held, (size_t)v->n_held, sizeof *v->held, by_place);
    for (int i = 0; i < v->n_held && v->held[i].from <= covered; i++) {
        gy_held h = v->held[i];
        if (h.to <= covered) continue;
        h.at += covered - h.from;
        h.from = covered;
        covered = h.to;
        v->held[n++] = h;
    }
    v->n_held = n;
    return covered;
}

/* Tells all ranks who holds what of a slot, and whether that is all. The same on every rank. */
static gy_status share_slot(gy_writer *w, gy_vector *v, const gy_ranges *share)
{
    int64_t mine = share->n, *counts = NULL, most = 0, at = 0;
    gy_held *own = NULL;
    gy_status status = gy_pool_array(&w->pool, w->ranks, &counts);
    GY_TRY(gy_comm_agree(w->comm, status));
    GY_TRY(gy_comm_all_gather(w->comm, &mine, (int)sizeof mine, counts));
    for (int r = 0; r < w->ranks; r++) most = counts[r] > most ? counts[r] : most;
    status = gy_pool_array(&w->pool, most + 1, &own);
    if (status == GY_OK) status = gy_pool_array(&w->pool, most * w->ranks + 1, &v->held);
    GY_TRY(gy_comm_agree(w->comm, status));
    for (int i = 0; i < share->n; i++) {
        own[i] = (gy_held){share->v[i].from, share->v[i].to, at, w->rank};
        at += own[i].to - own[i].from;
    }
    GY_TRY(gy_comm_all_gather(w->comm, own, (int)(most * (int64_t)sizeof *own), v->held));
    v->n_held = (int)(most * w->ranks); /* those that a rank has less are empty */
    int64_t covered = join(v);
    GY_REQUIRE(covered == v->length, GY_E_SHAPE,
               "cannot write the checkpoint" GY_WHY "no rank holds element %lld of %lld of %s",
               (long long)covered, (long long)v->length, v->data);
    return GY_OK;
}

static gy_status share(gy_writer *w)
{
    for (int k = 0; k < w->n_vectors; k++) {
        const gy_ranges *share = k > 0 ? w->c->slots[k - 1].share : NULL;
        if (share != NULL)
            GY_TRY(share_slot(w, &w->vectors[k], share));
        else
            GY_TRY(gy_comm_agree(w->comm, share_evenly(w, &w->vectors[k])));
    }
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
