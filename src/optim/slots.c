/*
 * An optimizer's state. A slot is cut like the parameters, of which it then holds the slices, packed;
 * or it has shapes of its own, and all of it is on every rank, laid out by a table like theirs.
 */
#include "optim_impl.h"

#include "base/count.h"

static int count(const gy_choice *kind)
{
    const gy_optim_kind *k = (const gy_optim_kind *)kind->kind;
    int n = 0;
    while (k->slots != NULL && k->slots[n].name != NULL) n++;
    return k->used != NULL ? k->used(kind->settings) : n;
}

/* Floats of a slot with shapes of its own. */
static int64_t length(const gy_slot_kind *slot, const gy_params *params)
{
    int64_t floats = 0;
    gy_shape shape;
    for (int i = 0; i < params->n; i++) {
        if (!params->v[i].trainable || !slot->shape(&params->v[i], &shape)) continue;
        floats += gy_round_up(gy_shape_count(&shape), GY_PARAM_ALIGN);
    }
    return floats;
}

static gy_status lay_out(gy_optim *o, gy_slot *s)
{
    gy_param *v = NULL;
    gy_params table = {.n = 0};
    GY_TRY(gy_new_array(o->ctx, o->params->n, &s->at));
    GY_TRY(gy_new_array(o->ctx, o->params->n, &v));
    for (int i = 0; i < o->params->n; i++) {
        gy_param p = o->params->v[i];
        s->at[i] = -1;
        if (!p.trainable || !s->what->shape(&o->params->v[i], &p.shape)) continue;
        p.offset = s->at[i] = table.floats;
        p.count = gy_shape_count(&p.shape);
        table.elements += p.count;
        table.floats += gy_round_up(p.count, GY_PARAM_ALIGN);
        v[table.n++] = p;
    }
    table.v = v;
    table.trainable = table.floats;
    s->table = table;
    return gy_new_array(o->ctx, table.floats, &s->v);
}

gy_status gy_slots_create(gy_optim *o)
{
    o->n_slots = count(&o->settings.kind);
    o->replicated = true;
    for (int i = 0; i < o->n_slots; i++) {
        gy_slot *s = &o->slots[i];
        s->what = &o->kind->slots[i];
        if (s->what->shape != NULL) {
            GY_TRY(lay_out(o, s));
            continue;
        }
        o->replicated = false;
        GY_TRY(gy_new_array(o->ctx, gy_ranges_count(&o->share), &s->v));
    }
    return GY_OK;
}

void gy_slots_free(gy_optim *o)
{
    for (int i = 0; i < GY_SLOTS; i++) {
        gy_free(o->ctx, (void *)o->slots[i].table.v);
        gy_free(o->ctx, o->slots[i].at);
        gy_free(o->ctx, o->slots[i].v);
    }
}

int gy_optim_slots(const gy_optim *o)
{
    return o->n_slots;
}

const char *gy_optim_slot_name(const gy_optim *o, int slot)
{
    return o->slots[slot].what->name;
}

float *gy_optim_slot(gy_optim *o, int slot)
{
    return o->slots[slot].v;
}

const gy_params *gy_optim_slot_table(const gy_optim *o, int slot)
{
    return o->slots[slot].at != NULL ? &o->slots[slot].table : NULL;
}

int64_t gy_optim_slot_floats(const gy_optim *o, int slot)
{
    return o->slots[slot].at != NULL ? o->slots[slot].table.floats : gy_ranges_count(&o->share);
}

int64_t gy_optim_bytes(const gy_choice *kind, const gy_params *params, int64_t floats)
{
    const gy_optim_kind *k = (const gy_optim_kind *)kind->kind;
    int64_t sum = 0;
    for (int i = 0, n = count(kind); i < n; i++)
        sum += k->slots[i].shape != NULL ? length(&k->slots[i], params) : floats;
    return sum * (int64_t)sizeof(float);
}
