/*
 * Plans: programs with the places of their storages at a batch, and the one arena of all.
 *
 * Where a pass is a whole step the gradients are the first to be placed, in their order at the start
 * of the arena. Each is live from the backward step that first writes it to the end of the program
 * and beyond, so that activations lie in its place before:
 *
 *     arena   | gradients in the order of the parameters |  …
 *             | activations of the last layers           | those of the first layers
 *
 * In evaluation samples take turns: few at a time go through all steps, so that what a layer makes is in the
 * cache when the next one reads it. The output alone is there for all of them, from the first turn on.
 */
#include "model_impl.h"

#include <assert.h>

enum { CHECKED_STEPS = 10000 }; /* longer programs take too long to check */

/* The gradients' items, by parameter; what no step writes is live from the start. */
static void list_gradients(const gy_model *m, const gy_program *p, gy_item *items)
{
    for (int i = 0; i < m->params.n; i++) {
        const gy_param *param = &m->params.v[i];
        if (!param->trainable) continue;
        items[i] = (gy_item){-1, 0, p->n_steps, gy_align_floats(param->count), param->offset};
    }
    for (int i = p->n_steps - 1; i >= p->loss; i--) {
        const gy_step *s = p->steps[i];
        if (s->unit < 0 || (s->op != GY_OP_BACKWARD && s->op != GY_OP_LOSS)) continue;
        const gy_unit *u = m->units[s->unit];
        for (int j = 0; j < u->n_params; j++) items[u->params[j]].first = i;
    }
}

/* As many as a core's cache holds with the weights, or as the weights are worth reading for. */
static int64_t turn_of(const gy_model *m, gy_model_use use, int64_t batch)
{
    enum { CACHE = 1 << 15, UNIT = 48 }; /* floats; samples that panels like */
    int64_t widest = 1;
    if (use != GY_USE_EVALUATION || m->window > 0) return batch;
    if (m->turn > 0) return gy_least(m->turn, batch);
    for (int i = 0; i < m->n_units; i++) {
        const gy_unit *u = m->units[i];
        int64_t floats = m->values[u->y]->count;
        for (int j = 0; j < u->layer.inputs; j++) floats += m->values[u->x[j]]->count;
        widest = gy_most(widest, floats);
    }
    const int64_t most = gy_most(CACHE, m->params.floats) * m->threads / widest;
    return gy_least(batch, most < UNIT ? gy_most(most, 1) : most / UNIT * UNIT);
}

int64_t gy_plan_floats(const gy_plan *plan, int storage)
{
    const gy_program *p = &plan->program;
    return gy_storage_floats(p->storages[storage], storage == p->out ? plan->batch : plan->turn);
}

static void list_storages(const gy_plan *plan, gy_item *items)
{
    const gy_program *p = &plan->program;
    for (int i = 0; i < p->n_storages; i++) {
        const gy_storage *s = p->storages[i];
        const bool stays = i == p->out && plan->turn < plan->batch;
        const int first = stays ? 0 : s->first, last = stays ? p->n_steps - 1 : s->last;
        items[i] = (gy_item){i, first, last, gy_align_floats(gy_plan_floats(plan, i)), 0};
    }
}

gy_status gy_plan_place(const gy_model *m, gy_plan *plan, int64_t batch)
{
    gy_status status;
    gy_context *ctx = m->ctx;
    const gy_program *p = &plan->program;
    const int fixed = plan->use == GY_USE_STEPS ? m->params.n : 0, n = fixed + p->n_storages;
    gy_item *items = NULL;
    int64_t *offset = NULL;
    plan->batch = 0;
    GY_TRY_GOTO(fail, gy_new_array(ctx, n, &items));
    GY_TRY_GOTO(fail, gy_new_array(ctx, p->n_storages, &offset));
    if (fixed > 0) list_gradients(m, p, items);
    plan->batch = batch;
    plan->turn = turn_of(m, plan->use, batch);
    list_storages(plan, items + fixed);
    GY_TRY_GOTO(fail, gy_items_place(ctx, fixed, n, items, &plan->floats));
    for (int i = fixed; i < n; i++) offset[items[i].storage] = items[i].offset;
    gy_free(ctx, plan->offset);
    plan->offset = offset;
    offset = NULL;
    status = GY_OK;
fail:
    if (status != GY_OK) plan->batch = 0;
    gy_free(ctx, items);
    gy_free(ctx, offset);
    return status;
}

void gy_plan_clear(gy_context *ctx, gy_plan *plan)
{
    gy_program_clear(&plan->program);
    gy_free(ctx, plan->offset);
    *plan = (gy_plan){0};
}

/* The plan of a use, good for `batch` at least. */
static gy_status make_plan(gy_model *m, int64_t batch, gy_model_use use)
{
    gy_plan *plan = &m->plans[use];
    plan->use = use;
    if (!plan->made) GY_TRY(gy_program_make(m, use, &plan->program));
    plan->made = true;
    if (batch <= plan->batch) return GY_OK;
    if (m->plan == plan) m->plan = NULL;
    GY_TRY(gy_plan_place(m, plan, batch));
#ifndef NDEBUG
    if (plan->program.n_steps < CHECKED_STEPS) GY_TRY(gy_plan_check(m, plan));
#endif
    return GY_OK;
}

gy_status gy_model_make_arena(gy_model *m, int64_t floats)
{
    const bool steps = m->arena != NULL && m->dw == m->arena;
    if (floats <= m->arena_floats && m->arena != NULL) return GY_OK;
    m->plan = NULL;
    m->packed = NULL;
    if (steps) m->dw = NULL;
    gy_free(m->ctx, m->arena);
    m->arena = NULL;
    m->arena_floats = 0;
    GY_TRY(gy_new_array(m->ctx, floats, &m->arena));
    m->arena_floats = floats;
    if (steps) m->dw = m->arena;
    gy_model_set_vectors(m);
    return GY_OK;
}

gy_status gy_model_plan(gy_model *m, int64_t batch, gy_model_use use)
{
    gy_plan *plan = &m->plans[use];
    GY_TRY(make_plan(m, batch, use));
    int64_t floats = plan->floats;
    m->packed = NULL;
    if (use == GY_USE_STEPS) /* so that an evaluation does not move the gradients */
        GY_TRY(make_plan(m, batch, GY_USE_MEASURING));
    if (use != GY_USE_TRAINING) floats = gy_most(floats, gy_pack_floats(m));
    const gy_status status = gy_model_make_arena(m, floats);
    if (status != GY_OK) plan->batch = 0; /* planned anew, a smaller one may find room */
    GY_TRY(status);
    assert(use != GY_USE_STEPS || m->owns_dw);
    if (use == GY_USE_STEPS && m->dw != m->arena) {
        gy_free(m->ctx, m->dw);
        m->dw = m->arena;
        gy_model_set_vectors(m);
    }
    m->plan = plan;
    return GY_OK;
}

gy_status gy_model_measure(gy_model *m, int64_t batch, gy_model_use use, gy_model_memory *out)
{
    const int64_t bytes = (int64_t)sizeof(float);
    gy_status status;
    gy_plan plan = {.use = use};
    int64_t gradients = gy_use_trains(use) ? m->params.trainable : 0;
    GY_TRY(gy_program_make(m, use, &plan.program));
    GY_TRY_GOTO(fail, gy_plan_place(m, &plan, batch));
    int64_t inside = use == GY_USE_STEPS ? gradients : 0;
    int64_t formed = 0;
    for (int i = m->params.n; i < m->params.n + m->params.formed; i++)
        formed += gy_form_bytes(m->params.v[i].form);
    *out = (gy_model_memory){.parameters = m->params.floats * bytes + formed,
                             .gradients = gradients * bytes,
                             .buffers = m->buffers.floats * bytes,
                             .activations = (plan.floats - inside) * bytes,
                             .packed = m->lender != NULL ? 0 : m->packed_floats * bytes};
fail:
    gy_plan_clear(m->ctx, &plan);
    return status;
}
