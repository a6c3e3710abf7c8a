/*
 * Reading tensors by name: rank 0 pairs names, reads and checks the shards in pieces, puts what lies
 * in a piece where the model wants it, and sends the vectors to all.
 *
 * All names are paired before anything is read: a model that does not fit is left as it was.
 */
#include "checkpoint_impl.h"

#include "store/file.h"
#include "store/hdf5.h"

#include <string.h>

/* A run of a vector on disk and where it goes; or a data set of its own. */
typedef struct target {
    const gy_entry *entry;
    float *to;
} target;

typedef struct targets {
    target *v;
    int n;
} targets;

/* What is asked for. */
typedef struct wish {
    const gy_params *params, *buffers;
    float *values, *buffer_values; /* NULL: names alone */
    const gy_checkpoint_slot *slots;
    int n_slots;
    gy_fit *fit; /* asked for alone; NULL: numbers are */
    gy_pool *fit_pool;
} wish;

/* A reading in progress. */
typedef struct loader {
    gy_context *ctx;
    gy_pool *pool;
    const char *path;
    gy_match match;
    const wish *wish;
    gy_misfits misfits;
    targets vectors[GY_VECTORS]; /* the parameters, the slots asked for */
    targets buffers;
} loader;

static gy_status aim(loader *l, const gy_entries *entries, const gy_params *model,
                     const char *prefix, bool trainable, gy_misfit missing, float *base,
                     targets *out)
{
    gy_pair_found *pairs;
    GY_TRY(gy_match_names(l->pool, entries, model, prefix, trainable, missing, &l->misfits, &pairs,
                          &out->n));
    GY_TRY(gy_pool_array(l->pool, out->n, &out->v));
    for (int i = 0; i < out->n; i++)
        out->v[i] = (target){.entry = &entries->v[pairs[i].entry],
                             .to = base == NULL ? NULL : base + model->v[pairs[i].param].offset};
    return GY_OK;
}

/* Buffers may all be missing where parameters alone are wanted. */
static gy_status aim_model(loader *l, const gy_entries *params, const gy_entries *buffers)
{
    const wish *w = l->wish;
    gy_misfit missing = l->match == GY_MATCH_ALL ? GY_IS_MISSING : GY_IS_LEFT;
    GY_TRY(aim(l, params, w->params, "", false, GY_IS_MISSING, w->values, &l->vectors[0]));
    if (w->buffers == NULL) return GY_OK;
    return aim(l, buffers, w->buffers, "buffer ", false, missing, w->buffer_values, &l->buffers);
}

static gy_status aim_slot(loader *l, int i, const gy_entries *entries)
{
    const char *prefix;
    const gy_checkpoint_slot *slot = &l->wish->slots[i];
    GY_TRY(gy_pool_format(l->pool, &prefix, "%s of ", slot->name));
    return aim(l, entries, gy_slot_table(l->wish->params, slot), prefix, true, GY_IS_MISSING,
               slot->v, &l->vectors[1 + i]);
}

/* The model's names that are not taken, or the file's that are not the model's. */
static gy_status list_misfits(loader *l, gy_misfit as, gy_misfit also, const char **out)
{
    gy_buffer text;
    gy_buffer_init(&text, l->ctx);
    gy_misfits_list(&l->misfits, as, "", &text);
    if (also != as) gy_misfits_list(&l->misfits, also, "", &text);
    gy_status status = text.status;
    if (status == GY_OK) status = gy_pool_string(l->wish->fit_pool, gy_buffer_text(&text), out);
    gy_buffer_clear(&text);
    return status;
}

static gy_status describe_fit(loader *l)
{
    const wish *w = l->wish;
    gy_fit *fit = w->fit;
    *fit = (gy_fit){.tensors = l->vectors[0].n,
                    .of_tensors = w->params->n,
                    .of_parameters = w->params->elements,
                    .buffers = l->buffers.n,
                    .of_buffers = w->buffers == NULL ? 0 : w->buffers->n};
    for (int i = 0; i < l->vectors[0].n; i++) fit->parameters += l->vectors[0].v[i].entry->count;
    GY_TRY(list_misfits(l, GY_IS_MISSING, GY_IS_LEFT, &fit->missing));
    GY_TRY(list_misfits(l, GY_IS_MISSHAPEN, GY_IS_MISSHAPEN, &fit->other_shape));
    return list_misfits(l, GY_IS_ADDITIONAL, GY_IS_ADDITIONAL, &fit->additional);
}

/* Copies what a piece has of the targets. */
static void deal(void *user, const float *x, int64_t at, int64_t n)
{
    const targets *list = user;
    for (int i = 0; i < list->n; i++) {
        const gy_entry *e = list->v[i].entry;
        int64_t from = e->offset > at ? e->offset : at;
        int64_t end = e->offset + e->count, to = end < at + n ? end : at + n;
        if (from >= to) continue;
        memcpy(list->v[i].to + (from - e->offset), x + (from - at),
               (size_t)(to - from) * sizeof *x);
    }
}

static gy_status read_own(loader *l, gy_h5 *f, const char *file, const char *group,
                          gy_status status, const targets *list)
{
    for (int i = 0; i < list->n; i++) {
        const char *name;
        if (list->v[i].entry->form != NULL) continue;
        GY_TRY(gy_pool_format(l->pool, &name, "%s/%s", group, list->v[i].entry->name));
        GY_TRY(gy_tensor_read(l->ctx, f, name, file, status, list->v[i].to));
    }
    return GY_OK;
}

/* The number of a slot among the vectors of a checkpoint, 0 where it is not there. */
static int find_slot(const gy_index *index, const char *name)
{
    for (int k = 1; k < index->n_vectors; k++)
        if (strcmp(index->slots[k - 1], name) == 0) return k;
    return 0;
}

static gy_status read_shards(loader *l, const gy_index *index)
{
    float *piece;
    const wish *w = l->wish;
    gy_status status = GY_OK;
    GY_TRY(gy_new_array(l->ctx, GY_PIECE_FLOATS, &piece));
    for (int j = 0; j <= w->n_slots && status == GY_OK;
         j++) { /* slots last: they may lie on values */
        int k = j == 0 ? 0 : find_slot(index, w->slots[j - 1].name);
        for (int i = 0; i < index->n_shards && l->vectors[j].n > 0 && status == GY_OK; i++)
            status = gy_shard_read(l->ctx, index, i, k, piece, deal, &l->vectors[j]);
    }
    gy_free(l->ctx, piece);
    return status;
}

static gy_status read_buffers(loader *l, const char *dir)
{
    const char *path;
    gy_h5 *f;
    if (l->buffers.n == 0) return GY_OK;
    GY_TRY(gy_pool_format(l->pool, &path, "%s/index.h5", dir));
    GY_TRY(gy_h5_open(l->ctx, path, GY_E_IO, &f));
    gy_status status = read_own(l, f, path, "/buffers", GY_E_IO, &l->buffers);
    if (gy_h5_close(f) != GY_OK) {} /* nothing was written */
    return status;
}

/* The tensors of a slot with a table of its own, as index.h5 names them. */
static gy_status own_entries(loader *l, const gy_index *index, int k, gy_entries *out)
{
    const char *path, *group;
    gy_h5 *f;
    GY_TRY(gy_pool_format(l->pool, &path, "%s/index.h5", index->dir));
    GY_TRY(gy_pool_format(l->pool, &group, "/optimizer/%s", index->slots[k - 1]));
    GY_TRY(gy_h5_open(l->ctx, path, GY_E_IO, &f));
    gy_status status = gy_entries_read(f, l->pool, group, true, out);
    if (gy_h5_close(f) != GY_OK) {} /* nothing was written */
    GY_TRY(status);
    for (int i = 0; i < out->n; i++)
        GY_REQUIRE(out->v[i].count >= 0 && out->v[i].offset >= 0 &&
                       out->v[i].offset <= index->lengths[k] - out->v[i].count,
                   GY_E_IO,
                   "the checkpoint is damaged" GY_AT "%s" GY_WHY "%s/%s lies outside the shards",
                   path, group, out->v[i].name);
    return GY_OK;
}

/* The tensors that a slot has: else those of the parameters that lie within its length. */
static gy_status slot_entries(loader *l, const gy_index *index, const gy_checkpoint_slot *slot,
                              gy_entries *out)
{
    gy_entry *v;
    gy_pool *pool = l->pool;
    const int k = find_slot(index, slot->name);
    *out = (gy_entries){0};
    if (k == 0) return GY_OK;
    if (slot->table != NULL) return own_entries(l, index, k, out);
    GY_TRY(gy_pool_array(pool, index->params.n, &v));
    for (int i = 0; i < index->params.n; i++) {
        const gy_entry *e = &index->params.v[i];
        if (e->offset + e->count <= index->lengths[k]) v[out->n++] = *e;
    }
    out->v = v;
    return GY_OK;
}

static void expand_forms(const loader *l)
{
    for (int i = 0; i < l->vectors[0].n; i++) {
        const target *t = &l->vectors[0].v[i];
        if (t->entry->form != NULL) gy_form_expand(t->entry->form, t->to);
    }
}

static gy_status load_checkpoint(loader *l, const char *dir)
{
    const wish *w = l->wish;
    gy_index index;
    gy_entries entries[GY_CHECKPOINT_SLOTS];
    /* a model that has them in forms has read them before */
    const bool parts = w->params == NULL || w->params->formed == 0;
    GY_TRY(gy_index_read(l->ctx, dir, l->pool, parts, &index));
    GY_TRY(aim_model(l, &index.params, &index.buffers));
    for (int i = 0; i < w->n_slots; i++) {
        GY_TRY(slot_entries(l, &index, &w->slots[i], &entries[i]));
        GY_TRY(aim_slot(l, i, &entries[i]));
    }
    GY_TRY(gy_misfits_check(&l->misfits, l->path, l->match));
    if (w->fit != NULL) return describe_fit(l);
    if (w->values == NULL) l->vectors[0].n = 0; /* paired, not wanted */
    GY_TRY(read_shards(l, &index));
    expand_forms(l);
    return read_buffers(l, dir);
}

static gy_status load_tensors(loader *l, gy_h5 *f)
{
    const wish *w = l->wish;
    gy_entries entries[2 + GY_CHECKPOINT_SLOTS];
    const char *groups[GY_CHECKPOINT_SLOTS];
    gy_formeds forms;
    GY_REQUIRE(gy_h5_exists(f, "/params"), GY_E_DATA,
               "no parameters" GY_AT "%s" GY_WHY "the file has no group /params", l->path);
    GY_TRY(gy_entries_read(f, l->pool, "/params", false, &entries[0]));
    GY_TRY(gy_forms_join(f, l->pool, l->path, true, &forms, &entries[0]));
    GY_TRY(gy_entries_read(f, l->pool, "/buffers", false, &entries[1]));
    GY_TRY(aim_model(l, &entries[0], &entries[1]));
    for (int i = 0; i < w->n_slots; i++) {
        GY_TRY(gy_pool_format(l->pool, &groups[i], "/optimizer/%s", w->slots[i].name));
        GY_TRY(gy_entries_read(f, l->pool, groups[i], false, &entries[2 + i]));
        GY_TRY(aim_slot(l, i, &entries[2 + i]));
    }
    GY_TRY(gy_misfits_check(&l->misfits, l->path, l->match));
    if (w->fit != NULL) return describe_fit(l);
    GY_TRY(read_own(l, f, l->path, "/params", GY_E_DATA, &l->vectors[0]));
    expand_forms(l);
    GY_TRY(read_own(l, f, l->path, "/buffers", GY_E_DATA, &l->buffers));
    for (int i = 0; i < w->n_slots; i++)
        GY_TRY(read_own(l, f, l->path, groups[i], GY_E_DATA, &l->vectors[1 + i]));
    return GY_OK;
}

/* Names of each sort in an error line; in what is told of a fit. */
enum { NAMED = 3, NAMED_OF_FIT = 20 };

static gy_status load(gy_context *ctx, const char *path, gy_match match, const wish *w)
{
    gy_place place;
    const char *dir;
    gy_h5 *f = NULL;
    gy_pool pool;
    gy_pool_init(&pool, ctx);
    loader l = {.ctx = ctx, .pool = &pool, .path = path, .match = match, .wish = w};
    bool fits = w->fit != NULL && match == GY_MATCH_PARTIAL;
    gy_misfits_init(&l.misfits, ctx, fits ? NAMED_OF_FIT : NAMED);
    gy_status status = gy_place_find(&pool, path, &place, &dir);
    if (status == GY_OK && place == GY_PLACE_RUN)
        status = gy_raise(GY_E_USAGE,
                          "no checkpoint" GY_AT "%s" GY_WHY "it is a run's directory" GY_HINT
                          "name one of its checkpoints, e.g. checkpoints/latest",
                          path);
    if (status == GY_OK && place == GY_PLACE_CHECKPOINT) status = load_checkpoint(&l, dir);
    if (status == GY_OK && place == GY_PLACE_FILE) status = gy_h5_open(ctx, path, GY_E_DATA, &f);
    if (status == GY_OK && f != NULL) status = load_tensors(&l, f);
    if (gy_h5_close(f) != GY_OK) {} /* nothing was written */
    gy_misfits_clear(&l.misfits);
    gy_pool_clear(&pool);
    return status;
}

gy_status gy_checkpoint_fit(gy_context *ctx, gy_comm *comm, const char *path, gy_match match,
                            const gy_params *params, const gy_params *buffers, gy_pool *pool,
                            gy_fit *out)
{
    const wish w = {.params = params, .buffers = buffers, .fit = out, .fit_pool = pool};
    bool reads = gy_comm_rank(comm) == 0;
    return gy_comm_agree(comm, reads ? load(ctx, path, match, &w) : GY_OK);
}

/* A vector of rank 0 to all, in pieces. */
static gy_status spread(gy_comm *comm, float *x, int64_t n)
{
    for (int64_t at = 0; at < n; at += GY_PIECE_FLOATS) {
        int64_t part = n - at < GY_PIECE_FLOATS ? n - at : GY_PIECE_FLOATS;
        GY_TRY(gy_comm_broadcast(comm, x + at, part * (int64_t)sizeof *x, 0));
    }
    return GY_OK;
}

/* Where rank 0 reads slots to: what is wanted in slices is whole for a while. */
static gy_status make_room(gy_pool *pool, const gy_params *params, const gy_checkpoint_slot *slots,
                           int n, bool reads, gy_checkpoint_slot *out, float **piece)
{
    bool cut = false;
    for (int i = 0; i < n; i++) {
        out[i] = slots[i];
        if (slots[i].owned == NULL) continue;
        cut = true;
        if (reads) GY_TRY(gy_new_array(pool->ctx, gy_slot_floats(params, &slots[i]), &out[i].v));
    }
    return cut && !reads ? gy_pool_array(pool, GY_PIECE_FLOATS, piece) : GY_OK;
}

/* Copies what elements [at, at + n) have of slices. */
static void take_owned(const gy_ranges *owned, const float *x, int64_t at, int64_t n, float *packed)
{
    for (int i = 0; i < owned->n; i++) {
        const gy_range *r = &owned->v[i];
        int64_t from = r->from > at ? r->from : at, to = r->to < at + n ? r->to : at + n;
        if (to > from)
            memcpy(packed + (from - r->from), x + (from - at), (size_t)(to - from) * sizeof *x);
        packed += r->to - r->from;
    }
}

/* A vector of rank 0 to all, of which each takes its slices. @param whole  rank 0's */
static gy_status deal_out(gy_comm *comm, const gy_checkpoint_slot *slot, float *whole, int64_t n,
                          float *piece)
{
    for (int64_t at = 0; at < n; at += GY_PIECE_FLOATS) {
        int64_t part = n - at < GY_PIECE_FLOATS ? n - at : GY_PIECE_FLOATS;
        float *x = gy_comm_rank(comm) == 0 ? whole + at : piece;
        GY_TRY(gy_comm_broadcast(comm, x, part * (int64_t)sizeof *x, 0));
        take_owned(slot->owned, x, at, part, slot->v);
    }
    return GY_OK;
}

gy_status gy_checkpoint_read(gy_context *ctx, gy_comm *comm, const char *path, gy_match match,
                             const gy_params *params, float *values, const gy_params *buffers,
                             float *buffer_values, const gy_checkpoint_slot *slots, int n_slots)
{
    gy_checkpoint_slot whole[GY_CHECKPOINT_SLOTS] = {{NULL}};
    const wish w = {.params = params,
                    .values = values,
                    .buffers = buffers,
                    .buffer_values = buffer_values,
                    .slots = whole,
                    .n_slots = n_slots};
    bool reads = gy_comm_rank(comm) == 0;
    float *piece = NULL;
    gy_pool pool;
    gy_pool_init(&pool, ctx);
    gy_status status = make_room(&pool, params, slots, n_slots, reads, whole, &piece);
    if (status == GY_OK && reads) status = load(ctx, path, match, &w);
    status = gy_comm_agree(comm, status);
    if (status == GY_OK && values != NULL) status = spread(comm, values, params->floats);
    if (status == GY_OK && buffers != NULL) status = spread(comm, buffer_values, buffers->floats);
    for (int i = 0; i < n_slots && status == GY_OK; i++)
        status =
            slots[i].owned == NULL
                ? spread(comm, slots[i].v, gy_slot_floats(params, &slots[i]))
                : deal_out(comm, &slots[i], whole[i].v, gy_slot_floats(params, &slots[i]), piece);
    for (int i = 0; i < n_slots; i++)
        if (whole[i].v != slots[i].v) gy_free(ctx, whole[i].v);
    gy_pool_clear(&pool);
    return status;
}
