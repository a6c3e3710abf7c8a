/*
 * The steps of the passes, and which storage each tensor has in them.
 *
 * Invariants:
 *  1. A storage is written only when nothing that still has to be read lies in it. Several values may
 *     lie in one storage: views, results written in place of their input, and gradients handed on
 *     unchanged by a view or a sum.
 *  2. What the backward pass reads of the forward pass (x, y by GY_NEEDS_…, keep) lives until then;
 *     inside a block that `recompute` drops it lives only in the block's own forward pass, and is
 *     made a second time, by GY_OP_RECOMPUTE steps, right before the block's backward steps. A y that its
 *     unit remakes by a loop is not kept either: GY_OP_REMAKE, before the first that reads it.
 *  3. The first gradient that comes to a value is written in its place, the others to a place for
 *     one step and added.
 *
 * The gradients' rules are in gradient.c; the places in the arena are given by plan.c.
 */
#include "program_impl.h"

static bool dropped(const gy_maker *k, const gy_unit *u)
{
    return k->training && k->m->recompute && u->block >= 0;
}

/* Made and read inside one dropped block alone. */
static bool internal(const gy_maker *k, int value)
{
    const gy_value *v = k->m->values[value];
    if (v->maker < 0 || value == k->m->output) return false;
    const gy_unit *maker = k->m->units[v->maker];
    if (!dropped(k, maker)) return false;
    for (int i = 0; i < v->n_uses; i++)
        if (k->m->units[v->uses[i]]->block != maker->block) return false;
    return true;
}

/* Whether the value is made again, of what its maker's backward step reads, where it is read back. */
static bool remakes(const gy_maker *k, int value)
{
    const gy_value *v = k->m->values[value];
    if (v->maker < 0 || value == k->m->output) return false;
    const gy_unit *maker = k->m->units[v->maker];
    if (maker->layer.relation.remakes == GY_REMAKE_NOT || !maker->backward) return false;
    for (int i = 0; i < v->n_uses; i++)
        if (dropped(k, k->m->units[v->uses[i]])) return internal(k, value);
    return !dropped(k, maker);
}

/* Whether the backward step of a unit that made or used the value reads it as it was made first. */
static bool read_back(const gy_maker *k, int value)
{
    const gy_value *v = k->m->values[value];
    if (!k->training || remakes(k, value)) return false;
    if (v->maker >= 0) {
        const gy_unit *u = k->m->units[v->maker];
        if (u->backward && (u->layer.memory.needs & GY_NEEDS_Y)) return true;
    }
    for (int i = 0; i < v->n_uses; i++) {
        const gy_unit *u = k->m->units[v->uses[i]];
        if (u->backward && (u->layer.memory.needs & GY_NEEDS_X)) return true;
    }
    return false;
}

/* Whether what the forward pass made is read after it (invariant 2). */
static bool kept(const gy_maker *k, int value)
{
    const gy_value *v = k->m->values[value];
    if (internal(k, value)) return false;
    if (read_back(k, value)) return true;
    for (int i = 0; i < v->n_uses; i++)
        if (dropped(k, k->m->units[v->uses[i]])) return true;
    return false;
}

/* Whether unit u may write over its first input in the forward pass. */
static bool may_overwrite(const gy_maker *k, const gy_unit *u)
{
    int storage = k->at[u->x[0]];
    if (!u->layer.relation.in_place || storage == GY_STORAGE_X) return false;
    if (k->m->values[u->x[0]]->count != k->m->values[u->y]->count) return false;
    for (int j = 1; j < u->layer.inputs; j++)
        if (k->at[u->x[j]] == storage) return false;
    for (const gy_lodger *l = gy_maker_storage_at(k, storage)->values; l != NULL; l = l->next) {
        const gy_value *v = k->m->values[l->value];
        if (k->at[l->value] != storage) continue;
        if (l->value == k->m->output || kept(k, l->value)) return false;
        if (v->n_uses > 0 && v->uses[v->n_uses - 1] > u->index) return false;
    }
    return true;
}

/* A storage for what a forward step keeps. */
static gy_status make_keep(gy_maker *k, const gy_layer *l, int *out)
{
    GY_TRY(gy_maker_room(k, k->training ? l->memory.keep : l->memory.brief, out));
    if (*out != GY_STORAGE_NONE) gy_maker_storage_at(k, *out)->most = l->memory.keep;
    return GY_OK;
}

static gy_status add_forward(gy_maker *k, const gy_unit *u)
{
    const gy_layer *l = &u->layer;
    gy_step *s;
    GY_TRY(gy_maker_step(k, GY_OP_FORWARD, u->index, &s));
    int first = k->at[u->x[0]];
    bool at_x =
        l->relation.view ? first != GY_STORAGE_X || u->y != k->m->output : may_overwrite(k, u);
    if (at_x && !l->relation.view) gy_maker_storage_at(k, first)->values = NULL; /* written over */
    GY_TRY(at_x ? gy_maker_lay(k, u->y, first) : gy_maker_lay_apart(k, u->y));
    for (int j = 0; j < l->inputs; j++) s->x[j] = gy_maker_touch(k, k->at[u->x[j]]);
    s->y = gy_maker_touch(k, k->at[u->y]);
    s->call = !l->relation.view;
    if (l->relation.view) return at_x ? GY_OK : gy_maker_move(k, s, first, s->y, u->y, false);
    GY_TRY(make_keep(k, l, &s->keep));
    k->keep[u->index] = s->keep;
    return gy_maker_spare(k, u, s);
}

/*
 * The loss is made between the passes of the unit that makes the output, of which a block of rows is there at a
 * time, and its gradient after it.
 */
static gy_status add_loss_by_rows(gy_maker *k, const gy_unit *u)
{
    gy_step *s;
    GY_TRY(gy_maker_step(k, GY_OP_LOSS, u->index, &s));
    k->p->loss = k->now;
    k->p->out = GY_STORAGE_NONE;
    s->call = true;
    s->x[0] = gy_maker_touch(k, k->at[u->x[0]]);
    GY_TRY(gy_maker_value_storage(k, u->y, &s->y));
    gy_maker_storage_at(k, s->y)->most.fixed = gy_block_most(k->m) * gy_shape_last(&u->layer.out);
    GY_TRY(make_keep(k, &u->layer, &s->keep));
    GY_TRY(gy_maker_spare(k, u, s));
    if (!k->training || !u->backward) return GY_OK;
    s->dy = s->y;
    return gy_maker_gradients(k, u, s);
}

/*
 * The caller writes dy over the output; where a backward step reads the output, or the output lies
 * with a value that one reads, it gets a copy instead.
 */
static gy_status add_loss(gy_maker *k)
{
    gy_step *s;
    int storage = k->at[k->m->output];
    bool copy = false;
    for (int i = 0; i < k->m->n_values; i++) copy |= k->at[i] == storage && kept(k, i);
    GY_TRY(gy_maker_step(k, GY_OP_LOSS, -1, &s));
    k->p->loss = k->now;
    if (copy) {
        GY_TRY(gy_maker_value_storage(k, k->m->output, &k->p->out));
        return gy_maker_move(k, s, storage, k->p->out, k->m->output, false);
    }
    k->p->out = gy_maker_touch(k, storage);
    return GY_OK;
}

/* Which units of a block have to be recomputed: those that make what its backward steps read. */
static bool recomputes(const gy_maker *k, const gy_unit *u)
{
    const gy_value *y = k->m->values[u->y];
    if (u->backward && (u->layer.memory.keep.per_sample > 0 || u->layer.memory.keep.fixed > 0))
        return true;
    if (!internal(k, u->y)) return false;
    if (read_back(k, u->y)) return true;
    for (int i = 0; i < y->n_uses; i++)
        if (k->recomputed[y->uses[i]]) return true;
    return false;
}

/* Whether unit u, recomputed, may write over its first input. */
static bool may_overwrite_recomputed(const gy_maker *k, const gy_unit *u)
{
    int storage = k->at[u->x[0]];
    if (!u->layer.relation.in_place) return false;
    if (k->m->values[u->x[0]]->count != k->m->values[u->y]->count) return false;
    for (int j = 1; j < u->layer.inputs; j++)
        if (k->at[u->x[j]] == storage) return false;
    for (const gy_lodger *l = gy_maker_storage_at(k, storage)->values; l != NULL; l = l->next) {
        const gy_value *v = k->m->values[l->value];
        if (k->at[l->value] != storage) continue;
        if (!internal(k, l->value) || !k->recomputed[v->maker] || read_back(k, l->value))
            return false;
        for (int j = 0; j < v->n_uses; j++)
            if (v->uses[j] > u->index && k->recomputed[v->uses[j]]) return false;
    }
    return true;
}

static gy_status add_recompute(gy_maker *k, const gy_unit *u)
{
    const gy_layer *l = &u->layer;
    gy_step *s;
    GY_TRY(gy_maker_step(k, GY_OP_RECOMPUTE, u->index, &s));
    bool at_x = l->relation.view || may_overwrite_recomputed(k, u);
    if (at_x)
        s->y = k->at[u->x[0]];
    else
        GY_TRY(gy_maker_value_storage(k, u->y, &s->y));
    for (int j = 0; j < l->inputs; j++) s->x[j] = gy_maker_touch(k, k->at[u->x[j]]);
    if (internal(k, u->y)) GY_TRY(gy_maker_lay(k, u->y, gy_maker_touch(k, s->y)));
    s->call = !l->relation.view;
    if (l->relation.view) return GY_OK;
    GY_TRY(gy_maker_room(k, l->memory.keep, &s->keep));
    k->keep[u->index] = s->keep;
    int64_t buffers = 0;
    for (int j = 0; j < l->n_buffers; j++)
        buffers += gy_align_floats(gy_shape_count(&l->buffers[j].shape));
    GY_TRY(gy_maker_room(k, (gy_size){0, buffers}, &s->buffers));
    return gy_maker_spare(k, u, s);
}

/* Recomputes the block of which `last` is the last unit. */
static gy_status recompute_block(gy_maker *k, int last)
{
    int first = last, block = k->m->units[last]->block;
    while (first > 0 && k->m->units[first - 1]->block == block) first--;
    for (int i = last; i >= first; i--) k->recomputed[i] = recomputes(k, k->m->units[i]);
    for (int i = first; i <= last; i++)
        if (internal(k, k->m->units[i]->y)) k->at[k->m->units[i]->y] = GY_STORAGE_NONE;
    for (int i = first; i <= last; i++)
        if (k->recomputed[i]) GY_TRY(add_recompute(k, k->m->units[i]));
    return GY_OK;
}

/* Remakes a value, once, of what may have to be remade itself. */
static gy_status remake(gy_maker *k, int value)
{
    if (!remakes(k, value) || k->remade[value]) return GY_OK;
    const gy_unit *u = k->m->units[k->m->values[value]->maker];
    const int inputs = u->layer.relation.remakes == GY_REMAKE_OF_X_AND_KEEP ? u->layer.inputs : 0;
    gy_step *s;
    for (int j = 0; j < inputs; j++) GY_TRY(remake(k, u->x[j]));
    GY_TRY(gy_maker_step(k, GY_OP_REMAKE, u->index, &s));
    for (int j = 0; j < inputs; j++) s->x[j] = gy_maker_touch(k, k->at[u->x[j]]);
    s->keep = gy_maker_touch(k, k->keep[u->index]);
    s->call = k->remade[value] = true;
    GY_TRY(gy_maker_lay_apart(k, value));
    s->y = k->at[value];
    return GY_OK;
}

static gy_status add_backward(gy_maker *k, const gy_unit *u)
{
    const gy_layer *l = &u->layer;
    gy_step *s;
    const int read =
        l->memory.needs & GY_NEEDS_X && !l->relation.view && !l->relation.adds ? l->inputs : 0;
    for (int j = 0; j < read; j++) GY_TRY(remake(k, u->x[j]));
    GY_TRY(gy_maker_step(k, GY_OP_BACKWARD, u->index, &s));
    s->remade = k->remade[u->y];
    s->dy = gy_maker_touch(k, k->gradient[u->y]);
    s->call = !l->relation.view && !l->relation.adds;
    if (s->call) {
        for (int j = 0; j < read; j++) s->x[j] = gy_maker_touch(k, k->at[u->x[j]]);
        if (l->memory.needs & GY_NEEDS_Y) s->y = gy_maker_touch(k, k->at[u->y]);
        s->keep = gy_maker_touch(k, k->keep[u->index]);
        GY_TRY(gy_maker_spare(k, u, s));
    }
    return gy_maker_gradients(k, u, s);
}

static gy_status add_steps(gy_maker *k)
{
    const gy_model *m = k->m;
    const int units = m->n_units - k->by_rows;
    for (int i = 0; i < units; i++) GY_TRY(add_forward(k, m->units[i]));
    GY_TRY(k->by_rows ? add_loss_by_rows(k, m->units[units]) : add_loss(k));
    if (!k->training) return GY_OK;
    if (!k->by_rows) GY_TRY(gy_maker_lay_gradient(k, m->output, GY_STORAGE_DY));
    int block = -1;
    for (int i = units - 1; i >= 0; i--) {
        const gy_unit *u = m->units[i];
        if (!u->backward) continue;
        if (dropped(k, u) && u->block != block) {
            int last = i; /* units behind that have no backward step may be needed too */
            while (last + 1 < m->n_units && m->units[last + 1]->block == u->block) last++;
            GY_TRY(recompute_block(k, last));
        }
        block = u->block;
        GY_TRY(add_backward(k, u));
    }
    if (k->by_rows) return GY_OK;
    /* dy lies where the caller makes it: in the output's storage */
    gy_storage *out = gy_maker_storage_at(k, k->p->out);
    const gy_storage *dy = gy_maker_storage_at(k, GY_STORAGE_DY);
    if (dy->last > out->last) out->last = dy->last;
    return GY_OK;
}

gy_status gy_program_make(const gy_model *m, gy_model_use use, gy_program *out)
{
    gy_status status;
    gy_program p = {0};
    gy_maker k = {.m = m,
                  .p = &p,
                  .training = gy_use_trains(use),
                  .by_rows = use != GY_USE_EVALUATION && gy_model_fuses_loss(m)};
    gy_pool_init(&p.pool, m->ctx);
    GY_TRY_GOTO(fail, gy_pool_array(&p.pool, m->n_values, &k.at));
    GY_TRY_GOTO(fail, gy_pool_array(&p.pool, m->n_values, &k.gradient));
    GY_TRY_GOTO(fail, gy_pool_array(&p.pool, m->n_units, &k.keep));
    GY_TRY_GOTO(fail, gy_pool_array(&p.pool, m->n_units, &k.recomputed));
    GY_TRY_GOTO(fail, gy_pool_array(&p.pool, m->n_values, &k.remade));
    int x, dy;
    GY_TRY_GOTO(fail, gy_maker_storage(&k, (gy_size){0, 0}, &x));
    GY_TRY_GOTO(fail, gy_maker_storage(&k, (gy_size){0, 0}, &dy));
    for (int i = 0; i < m->n_values; i++) k.at[i] = k.gradient[i] = GY_STORAGE_NONE;
    for (int i = 0; i < m->n_units; i++) k.keep[i] = GY_STORAGE_NONE;
    GY_TRY_GOTO(fail, gy_maker_lay(&k, 0, x));
    GY_TRY_GOTO(fail, add_steps(&k));
    p.steps = (gy_step **)(void *)k.steps.v;
    p.n_steps = k.steps.n;
    p.storages = (gy_storage **)(void *)k.storages.v;
    p.n_storages = k.storages.n;
    *out = p;
    return GY_OK;
fail:
    gy_pool_clear(&p.pool);
    return status;
}

void gy_program_clear(gy_program *p)
{
    if (p->pool.ctx != NULL) gy_pool_clear(&p->pool);
    *p = (gy_program){0};
}
