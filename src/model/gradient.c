/*
 * Where gradients lie.
 *
 * Gradients of several values may lie in one storage, when a view or a sum hands its dy on. The
 * gradient of value v is read once, by the backward step of its maker; it is written at the last
 * use of v, and added to at every earlier one, in descending order. So a storage may be shared by v
 * and w as long as
 *   - w has been read when something is added to v: maker(w) ≥ every pending use of v, and the other
 *     way round;
 *   - nobody writes another gradient over it while one of them is to be read.
 */
#include "program_impl.h"

/* Whether something will be added to v, by a unit up to `unit`, before w's gradient is read. */
static bool adds_before(const gy_maker *k, int v, int w, int unit)
{
    const gy_value *value = k->m->values[v];
    for (int i = 0; i < value->n_uses && value->uses[i] <= unit; i++)
        if (value->uses[i] > k->m->values[w]->maker) return true;
    return false;
}

/* Those whose gradients lie with the dy of unit u, without any that was read before. */
static gy_lodger *lodgers_of_dy(const gy_maker *k, const gy_unit *u)
{
    gy_storage *s = k->storages.v[k->gradient[u->y]];
    gy_lodger **at = &s->gradients;
    while (*at != NULL)
        if (k->m->values[(*at)->value]->maker > u->index)
            *at = (*at)->next;
        else
            at = &(*at)->next;
    return s->gradients;
}

/* Whether the gradient of v, which unit u finds to be equal to its dy, may lie with it. */
static bool may_join(const gy_maker *k, const gy_unit *u, int v, const bool *had)
{
    for (const gy_lodger *l = lodgers_of_dy(k, u); l != NULL; l = l->next) {
        const int w = l->value;
        if (w == u->y) continue;
        bool pending_here = false; /* w gets dy added in this very step: the storage changes */
        for (int j = 0; j < u->layer.inputs; j++) pending_here |= had[j] && u->x[j] == w;
        if (pending_here) return false;
        if (adds_before(k, v, w, u->index - 1) || adds_before(k, w, v, u->index - 1)) return false;
    }
    return true;
}

/* Whether unit u may write dx[0] over dy: nobody else's gradient lies there unread. */
static bool may_replace(const gy_maker *k, const gy_unit *u)
{
    if (!u->layer.relation.in_place || u->layer.inputs != 1) return false;
    if (k->m->values[u->x[0]]->count != k->m->values[u->y]->count) return false;
    for (const gy_lodger *l = lodgers_of_dy(k, u); l != NULL; l = l->next)
        if (l->value != u->y) return false;
    return true;
}

static bool repeats(const gy_unit *u, int input)
{
    for (int j = 0; j < input; j++)
        if (u->x[j] == u->x[input]) return true;
    return false;
}

/* Adds dy to the inputs that have a gradient already, one of which may lie with dy itself. */
static gy_status add_on(gy_maker *k, const gy_unit *u, gy_step *s, const bool *had)
{
    int from = s->dy, adds = 0;
    bool over_dy = false;
    for (int j = 0; j < u->layer.inputs; j++) {
        adds += had[j];
        over_dy |= had[j] && k->gradient[u->x[j]] == s->dy;
    }
    if (over_dy && adds > 1) {
        GY_TRY(gy_maker_value_storage(k, u->y, &from));
        GY_TRY(gy_maker_move(k, s, s->dy, from, u->y, false));
    }
    for (int j = 0; j < u->layer.inputs; j++)
        if (had[j]) GY_TRY(gy_maker_move(k, s, from, k->gradient[u->x[j]], u->x[j], true));
    return GY_OK;
}

/* A storage of its own for the gradient of a value. */
static gy_status lay_apart(gy_maker *k, int value)
{
    int storage;
    GY_TRY(gy_maker_value_storage(k, value, &storage));
    return gy_maker_lay_gradient(k, value, storage);
}

/* A view or a sum: every dx is dy. Copies come before additions, which may change dy's storage. */
static gy_status hand_on(gy_maker *k, const gy_unit *u, gy_step *s)
{
    const gy_layer *l = &u->layer;
    bool had[GY_LAYER_INPUTS] = {0};
    for (int j = 0; j < l->inputs; j++)
        had[j] = k->m->values[u->x[j]]->wants_gradient &&
                 (k->gradient[u->x[j]] != GY_STORAGE_NONE || repeats(u, j));
    for (int j = 0; j < l->inputs; j++) {
        int v = u->x[j];
        if (had[j] || !k->m->values[v]->wants_gradient) continue;
        bool twice = false; /* one value summed with itself: dy comes to it again below */
        for (int i = j + 1; i < l->inputs; i++) twice |= u->x[i] == v;
        if (!twice && may_join(k, u, v, had)) {
            GY_TRY(gy_maker_lay_gradient(k, v, s->dy));
            continue;
        }
        GY_TRY(lay_apart(k, v));
        GY_TRY(gy_maker_move(k, s, s->dy, k->gradient[v], v, false));
    }
    return add_on(k, u, s, had);
}

gy_status gy_maker_gradients(gy_maker *k, const gy_unit *u, gy_step *s)
{
    const gy_layer *l = &u->layer;
    if (l->relation.view || l->relation.adds) return hand_on(k, u, s);
    for (int j = 0; j < l->inputs; j++) {
        int v = u->x[j];
        if (!k->m->values[v]->wants_gradient) continue;
        if (k->gradient[v] == GY_STORAGE_NONE) {
            GY_TRY(j == 0 && may_replace(k, u) ? gy_maker_lay_gradient(k, v, s->dy)
                                               : lay_apart(k, v));
            s->dx[j] = gy_maker_touch(k, k->gradient[v]);
        } else {
            GY_TRY(gy_maker_value_storage(k, v, &s->dx[j]));
            GY_TRY(gy_maker_move(k, s, s->dx[j], k->gradient[v], v, true));
        }
    }
    return GY_OK;
}
