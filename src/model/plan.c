/*
 * The places of all storages in one arena: greedy by size (Pisarchyk and Lee 2020, "Efficient memory
 * management for deep neural net inference"). The largest storage first, each goes into the
 * smallest gap that fits among those placed before that are live at the same time.
 */
#include "model_impl.h"

#include <stdlib.h>

typedef struct item {
    int storage, first, last;
    int64_t floats, offset;
} item;

static int by_size(const void *a, const void *b)
{
    const item *x = a, *y = b;
    if (x->floats != y->floats) return x->floats < y->floats ? 1 : -1;
    return x->storage - y->storage;
}

/* placed[n] ascend by offset; the best place for `it` among those live with it. */
static int64_t best_place(item *const *placed, int n, const item *it)
{
    int64_t end = 0, best = -1, best_gap = INT64_MAX;
    for (int i = 0; i < n; i++) {
        const item *p = placed[i];
        if (p->last < it->first || p->first > it->last) continue;
        int64_t gap = p->offset - end;
        if (gap >= it->floats && gap < best_gap) {
            best = end;
            best_gap = gap;
        }
        if (p->offset + p->floats > end) end = p->offset + p->floats;
    }
    return best >= 0 ? best : end;
}

gy_status gy_plan_place(gy_context *ctx, gy_plan *plan, int64_t batch)
{
    gy_status status;
    const gy_program *p = &plan->program;
    item *items = NULL, **placed = NULL;
    int64_t *offset = NULL, floats = 0;
    GY_TRY_GOTO(fail, gy_new_array(ctx, p->n_storages, &items));
    GY_TRY_GOTO(fail, gy_new_array(ctx, p->n_storages, &placed));
    GY_TRY_GOTO(fail, gy_new_array(ctx, p->n_storages, &offset));
    for (int i = 0; i < p->n_storages; i++) {
        const gy_storage *s = p->storages[i];
        items[i] = (item){i, s->first, s->last, gy_align_floats(gy_size_at(s->size, batch)), 0};
    }
    qsort(items, (size_t)p->n_storages, sizeof *items, by_size);
    for (int i = 0, n = 0; i < p->n_storages; i++) {
        item *it = &items[i];
        if (it->floats == 0) continue;
        it->offset = best_place(placed, n, it);
        offset[it->storage] = it->offset;
        if (it->offset + it->floats > floats) floats = it->offset + it->floats;
        int at = n++;
        for (; at > 0 && placed[at - 1]->offset > it->offset; at--) placed[at] = placed[at - 1];
        placed[at] = it;
    }
    gy_free(ctx, plan->offset);
    plan->offset = offset;
    plan->floats = floats;
    plan->batch = batch;
    offset = NULL;
    status = GY_OK;
fail:
    gy_free(ctx, items);
    gy_free(ctx, placed);
    gy_free(ctx, offset);
    return status;
}

void gy_plan_clear(gy_context *ctx, gy_plan *plan)
{
    gy_program_clear(&plan->program);
    gy_free(ctx, plan->offset);
    *plan = (gy_plan){0};
}

gy_status gy_model_plan(gy_model *m, int64_t batch, bool training)
{
    gy_plan *plan = &m->plans[training];
    if (!plan->made) GY_TRY(gy_program_make(m, training, &plan->program));
    plan->made = true;
    if (batch > plan->batch) {
        m->plan = NULL;
        GY_TRY(gy_plan_place(m->ctx, plan, batch));
    }
    if (plan->floats > m->arena_floats || m->arena == NULL) {
        m->plan = NULL;
        gy_free(m->ctx, m->arena);
        m->arena = NULL;
        m->arena_floats = 0;
        GY_TRY(gy_new_array(m->ctx, plan->floats, &m->arena));
        m->arena_floats = plan->floats;
    }
    m->plan = plan;
    return GY_OK;
}

gy_status gy_model_measure(gy_model *m, int64_t batch, bool training, gy_model_memory *out)
{
    const int64_t bytes = (int64_t)sizeof(float);
    gy_status status;
    gy_plan plan = {0};
    GY_TRY(gy_program_make(m, training, &plan.program));
    GY_TRY_GOTO(fail, gy_plan_place(m->ctx, &plan, batch));
    *out = (gy_model_memory){.parameters = m->params.floats * bytes,
                             .gradients = training ? m->params.trainable * bytes : 0,
                             .buffers = m->buffers.floats * bytes,
                             .activations = plan.floats * bytes};
fail:
    gy_plan_clear(m->ctx, &plan);
    return status;
}
