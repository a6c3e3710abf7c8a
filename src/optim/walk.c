/*
 * Walks over the tensors that slices hold parts of, because weight decay, penalties and trust ratios
 * differ from tensor to tensor.
 *
 *     slices    |  range 0  |         | range 1 |
 *     tensors   | a | b  |  c    | d  |  e  | f |  frozen …
 *     parts       a   b   c            d'  e  f
 */
#include "optim_impl.h"

gy_walk gy_walk_begin(const gy_optim *o, const gy_ranges *ranges, int round)
{
    return (gy_walk){
        .o = o, .ranges = ranges, .own = ranges == &o->share, .tensor = -1, .round = round};
}

static void take_slots(gy_walk *walk, int64_t packed)
{
    const gy_optim *o = walk->o;
    for (int i = 0; i < o->n_slots; i++) {
        const gy_slot *s = &o->slots[i];
        walk->part.slots[i] = NULL;
        if (s->at != NULL && s->at[walk->tensor] >= 0)
            walk->part.slots[i] = s->v + s->at[walk->tensor];
        else if (s->at == NULL && walk->own)
            walk->part.slots[i] = s->v + packed;
    }
}

/* Takes what a range has of the tensor. @return false where it has nothing */
static bool cut(gy_walk *walk, const gy_range *range, float *w, const float *g)
{
    const gy_param *t = &walk->o->params->v[walk->tensor];
    int64_t end = t->offset + t->count < range->to ? t->offset + t->count : range->to;
    int64_t from = t->offset > range->from ? t->offset : range->from;
    if (from >= end) return false;
    walk->sums = gy_sums_place(walk->o, walk->tensor, walk->round);
    walk->part = (gy_tensor_part){.tensor = t, .at = from - t->offset, .n = end - from};
    walk->part.w = w == NULL ? NULL : w + from;
    walk->part.g = g == NULL ? NULL : g + from;
    take_slots(walk, walk->packed + (from - range->from));
    return true;
}

bool gy_walk_next(gy_walk *walk, float *w, const float *g)
{
    const gy_params *params = walk->o->params;
    for (; walk->range < walk->ranges->n; walk->range++) {
        const gy_range *range = &walk->ranges->v[walk->range];
        while (++walk->tensor < params->n) {
            const gy_param *t = &params->v[walk->tensor];
            if (!t->trainable || t->offset >= range->to) break; /* ascending, frozen ones last */
            if (cut(walk, range, w, g)) return true;
        }
        walk->packed += range->to - range->from;
        walk->tensor -= walk->tensor > 0 ? 2 : 1; /* the last one may go on in the next range */
    }
    return false;
}
