/* What programs are made of: steps, storages and how long they live, moves. */
#include "program_impl.h"

gy_status gy_maker_storage(gy_maker *k, gy_size size, int *out)
{
    gy_program *p = k->p;
    gy_storage *s;
    GY_TRY(gy_pool_new(&p->pool, &s));
    *s = (gy_storage){.size = size, .first = k->now, .last = k->now};
    *out = k->storages.n;
    return gy_list_add(&p->pool, &k->storages, s);
}

gy_status gy_maker_value_storage(gy_maker *k, int value, int *out)
{
    return gy_maker_storage(k, (gy_size){k->m->values[value]->count, 0}, out);
}

gy_status gy_maker_room(gy_maker *k, gy_size size, int *out)
{
    *out = GY_STORAGE_NONE;
    return size.per_sample == 0 && size.fixed == 0 ? GY_OK : gy_maker_storage(k, size, out);
}

gy_status gy_maker_spare(gy_maker *k, const gy_unit *u, gy_step *s)
{
    GY_TRY(gy_maker_room(k, gy_joint_size(u, s->op == GY_OP_BACKWARD), &s->joined));
    return gy_maker_room(k, u->layer.memory.scratch, &s->scratch);
}

static gy_status lodge(gy_maker *k, gy_lodger **list, int value)
{
    gy_lodger *l;
    GY_TRY(gy_pool_new(&k->p->pool, &l));
    *l = (gy_lodger){value, *list};
    *list = l;
    return GY_OK;
}

gy_storage *gy_maker_storage_at(const gy_maker *k, int storage)
{
    return k->storages.v[storage];
}

gy_status gy_maker_lay(gy_maker *k, int value, int storage)
{
    k->at[value] = storage;
    return lodge(k, &gy_maker_storage_at(k, storage)->values, value);
}

gy_status gy_maker_lay_gradient(gy_maker *k, int value, int storage)
{
    k->gradient[value] = storage;
    return lodge(k, &gy_maker_storage_at(k, storage)->gradients, value);
}

gy_status gy_maker_lay_apart(gy_maker *k, int value)
{
    int storage;
    GY_TRY(gy_maker_value_storage(k, value, &storage));
    return gy_maker_lay(k, value, storage);
}

int gy_maker_touch(gy_maker *k, int storage)
{
    if (storage >= 0) gy_maker_storage_at(k, storage)->last = k->now;
    return storage;
}

gy_status gy_maker_step(gy_maker *k, gy_op op, int unit, gy_step **out)
{
    gy_step *s;
    GY_TRY(gy_pool_new(&k->p->pool, &s));
    *s = (gy_step){.op = op, .unit = unit};
    s->y = s->dy = s->keep = s->scratch = s->buffers = s->joined = GY_STORAGE_NONE;
    for (int j = 0; j < GY_LAYER_INPUTS; j++) s->x[j] = s->dx[j] = GY_STORAGE_NONE;
    k->now = k->steps.n;
    *out = s;
    return gy_list_add(&k->p->pool, &k->steps, s);
}

gy_status gy_maker_move(gy_maker *k, gy_step *s, int from, int to, int value, bool add)
{
    if (s->moves == NULL) GY_TRY(gy_pool_array(&k->p->pool, GY_LAYER_INPUTS + 1, &s->moves));
    s->moves[s->n_moves++] =
        (gy_move){gy_maker_touch(k, from), gy_maker_touch(k, to), k->m->values[value]->count, add};
    return GY_OK;
}
