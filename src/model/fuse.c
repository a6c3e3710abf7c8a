/*
 * Fusing: which layers do work of their neighbours. One pass over the built model, by one table: what
 * stands here between a layer and the one that alone reads its y; and the layer before the loss.
 *
 * A new fusion is a bit of GY_FUSE_…, a row here, and the two kinds: one offers it in shape(), the
 * other says in `fuses` that it can, and looks at fuse.does in its passes.
 */
#include "model_impl.h"

void gy_model_make_view(gy_layer *l)
{
    l->relation.view = true;
    l->memory.needs = 0;
    l->memory.keep = l->memory.brief = l->memory.scratch = (gy_size){0, 0};
}

static void forget_y(gy_layer *l)
{
    l->memory.needs &= ~GY_NEEDS_Y;
}

typedef struct fusion {
    int what;                   /* GY_FUSE_… */
    bool forward;               /* the layer before works for the one behind, else that for it */
    void (*leave)(gy_layer *l); /* what that means for the one that leaves it */
} fusion;

static const fusion fusions[] = {
    {GY_FUSE_RELU, true, gy_model_make_view},
    {GY_FUSE_SLOPE, false, forget_y},
};
enum { FUSIONS = sizeof fusions / sizeof *fusions };

static void fuse(gy_layer *before, gy_layer *behind)
{
    for (int i = 0; i < FUSIONS; i++) {
        const fusion *f = &fusions[i];
        gy_layer *doer = f->forward ? before : behind, *owner = f->forward ? behind : before;
        if (!(owner->fuse.offers & doer->kind->fuses & f->what)) continue;
        doer->fuse.does |= f->what;
        owner->fuse.left |= f->what;
        f->leave(owner);
    }
}

/*
 * The layer that makes the outputs is passed together with the loss, where that looks at rows one by one: nobody
 * else reads its y, it is passed once, and by its parameters as they are, not by some made for a call.
 */
static void fuse_loss(const gy_model *m)
{
    gy_unit *u = m->units[m->n_units - 1];
    const bool last = u->y == m->output, again = m->recompute && u->block >= 0;
    if (!m->loss_by_rows || !last || again || u->joined > 0 || u->rounded > 0) return;
    u->layer.fuse.left |= u->layer.fuse.offers & GY_FUSE_LOSS;
}

bool gy_model_fuses_loss(const gy_model *m)
{
    return (m->units[m->n_units - 1]->layer.fuse.left & GY_FUSE_LOSS) != 0;
}

void gy_model_fuse(gy_model *m)
{
    for (int i = 0; i < m->n_units; i++) {
        gy_unit *u = m->units[i];
        const gy_value *x = m->values[u->x[0]];
        if (x->maker >= 0 && x->n_uses == 1 && u->x[0] != m->output)
            fuse(&m->units[x->maker]->layer, &u->layer);
    }
    fuse_loss(m);
}
