/*
 * Who holds which part of the vectors, who writes which slice of them, and copies, so that training
 * can go on while they are written.
 *
 * Of what is the same on every rank each hands over an even part; that is what it writes itself where
 * all write. Of slots in slices each hands over what it holds. So the copies of all ranks together are
 * one copy of the state.
 */
#include "checkpoint_impl.h"

#include <stdlib.h>
#include <string.h>

/* The i-th of n boundaries of a vector, at a multiple of GY_PARAM_ALIGN. */
static int64_t boundary(int64_t length, int i, int n)
{
    if (i == n) return length;
    return length / GY_PARAM_ALIGN * i / n * GY_PARAM_ALIGN;
}

const gy_params *gy_vector_table(const gy_writer *w, int k)
{
    return k == 0 ? w->c.params : gy_slot_table(w->c.params, &w->c.slots[k - 1]);
}

static gy_status prepare_vectors(gy_writer *w)
{
    const gy_checkpoint *c = &w->c;
    GY_REQUIRE(c->n_slots <= GY_CHECKPOINT_SLOTS, GY_E_CONFIG,
               "cannot write the checkpoint" GY_WHY "%d optimizer slots are more than %d",
               c->n_slots, (int)GY_CHECKPOINT_SLOTS);
    w->n_vectors = 1 + c->n_slots;
    for (int k = 0; k < w->n_vectors; k++) {
        gy_vector *v = &w->vectors[k];
        *v = (gy_vector){.data = "/values", .length = c->params->floats, .mine = c->values};
        if (k == 0) continue;
        v->length = gy_slot_floats(c->params, &c->slots[k - 1]);
        v->mine = c->slots[k - 1].v;
        GY_TRY(gy_pool_format(&w->pool, &v->data, "/optimizer/%s", c->slots[k - 1].name));
    }
    return GY_OK;
}

int64_t gy_slots_floats(const gy_checkpoint *c)
{
    int64_t floats = 0;
    for (int i = 0; i < c->n_slots; i++) floats += gy_slot_floats(c->params, &c->slots[i]);
    return floats;
}

static gy_status prepare_shards(gy_writer *w, int64_t shards)
{
    w->n_shards = shards > 0 && !w->all ? (int)shards : w->ranks;
    GY_TRY(gy_pool_array(&w->pool, w->n_shards, &w->shards));
    for (int i = 0; i < w->n_shards; i++) {
        GY_TRY(gy_pool_format(&w->pool, &w->shards[i].file, "shard-%05d.h5", i));
        for (int k = 0; k < w->n_vectors; k++) {
            int64_t from = boundary(w->vectors[k].length, i, w->n_shards);
            int64_t to = boundary(w->vectors[k].length, i + 1, w->n_shards);
            w->shards[i].v[k] = (gy_slice){.offset = from, .count = to - from};
        }
    }
    return GY_OK;
}

/* Notes live as long as the call that began; the checkpoint is written after it. */
static gy_status copy_notes(gy_writer *w)
{
    gy_checkpoint_note *notes;
    GY_TRY(gy_pool_array(&w->pool, w->c.n_notes, &notes));
    for (int i = 0; i < w->c.n_notes; i++) {
        const gy_checkpoint_note *from = &w->c.notes[i];
        notes[i] = *from;
        GY_TRY(gy_pool_string(&w->pool, from->group, &notes[i].group));
        GY_TRY(gy_pool_string(&w->pool, from->name, &notes[i].name));
        if (from->text != NULL) GY_TRY(gy_pool_string(&w->pool, from->text, &notes[i].text));
    }
    w->c.notes = notes;
    return GY_OK;
}

gy_status gy_stage_prepare(gy_writer *w, int64_t shards)
{
    GY_TRY(prepare_vectors(w));
    GY_TRY(prepare_shards(w, shards));
    GY_TRY(gy_smalls_prepare(w));
    return copy_notes(w);
}

/* What all ranks hold, each gives its i-th part. */
static gy_status hold_parts(gy_writer *w, gy_vector *v)
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
static gy_status hold_owned(gy_writer *w, gy_vector *v, const gy_ranges *owned)
{
    int64_t mine = owned->n, *counts = NULL, most = 0, at = 0;
    gy_held *own = NULL;
    gy_status status = gy_pool_array(&w->pool, w->ranks, &counts);
    GY_TRY(gy_comm_agree(w->comm, status));
    GY_TRY(gy_comm_all_gather(w->comm, &mine, (int)sizeof mine, counts));
    for (int r = 0; r < w->ranks; r++) most = counts[r] > most ? counts[r] : most;
    status = gy_pool_array(&w->pool, most + 1, &own);
    if (status == GY_OK) status = gy_pool_array(&w->pool, most * w->ranks + 1, &v->held);
    GY_TRY(gy_comm_agree(w->comm, status));
    for (int i = 0; i < owned->n; i++) {
        own[i] = (gy_held){owned->v[i].from, owned->v[i].to, at, w->rank};
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

gy_status gy_stage_agree(gy_writer *w)
{
    for (int k = 0; k < w->n_vectors; k++) {
        const gy_ranges *owned = k > 0 ? w->c.slots[k - 1].owned : NULL;
        if (owned != NULL)
            GY_TRY(hold_owned(w, &w->vectors[k], owned));
        else
            GY_TRY(gy_comm_agree(w->comm, hold_parts(w, &w->vectors[k])));
    }
    return GY_OK;
}

int64_t gy_stage_floats(const gy_writer *w)
{
    int64_t floats = w->rank == 0 && w->c.buffers != NULL ? w->c.buffers->floats : 0;
    for (int k = 0; k < w->n_vectors; k++) {
        const gy_vector *v = &w->vectors[k];
        for (int i = 0; i < v->n_held; i++)
            if (v->held[i].rank == w->rank) floats += v->held[i].to - v->held[i].from;
    }
    return floats;
}

static float *copy_vector(gy_vector *v, int rank, float *room)
{
    float *at = room;
    for (int i = 0; i < v->n_held; i++) {
        gy_held *h = &v->held[i];
        if (h->rank != rank) continue;
        int64_t n = h->to - h->from;
        if (n > 0) memcpy(at, v->mine + h->at, (size_t)n * sizeof *at);
        h->at = at - room;
        at += n;
    }
    v->mine = room;
    return at;
}

void gy_stage_copy(gy_writer *w, float *room)
{
    for (int k = 0; k < w->n_vectors; k++) room = copy_vector(&w->vectors[k], w->rank, room);
    if (w->rank != 0 || w->c.buffers == NULL || w->c.buffers->floats == 0) return;
    memcpy(room, w->c.buffer_values, (size_t)w->c.buffers->floats * sizeof *room);
    w->c.buffer_values = room;
}

bool gy_stage_carries(const gy_writer *w)
{
    bool slices = false;
    for (int i = 0; i < w->c.n_slots; i++) slices = slices || w->c.slots[i].owned != NULL;
    return w->ranks > 1 && (slices || !w->all);
}

int gy_stage_writer(const gy_writer *w, int shard)
{
    return w->all ? shard : 0;
}
