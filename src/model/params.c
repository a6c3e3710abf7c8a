/*
 * The tables of parameters and buffers and the vectors that they describe.
 *
 * Trainable parameters come first, in the order of the forward pass, then the frozen ones: so the
 * backward pass completes the gradients from the end of the vector to its beginning.
 */
#include "model_impl.h"

#include <assert.h>
#include <string.h>

/* Behind the others, those in forms, which take nothing of the vector. */
static gy_status tabulate_forms(const gy_list *drafts, const gy_formeds *forms, gy_param *v,
                                int *place, gy_params *out)
{
    for (int i = 0; i < drafts->n; i++) {
        const gy_draft *d = drafts->v[i];
        const gy_formed *formed = gy_formed_find(forms, d->name);
        if (formed == NULL) continue;
        GY_REQUIRE(gy_shape_equal(&d->shape, &formed->form.shape), GY_E_SHAPE,
                   "parameter %s" GY_WHY "its form is of another shape", d->name);
        place[i] = out->n + out->formed++;
        v[place[i]] = (gy_param){.name = d->name,
                                 .shape = d->shape,
                                 .role = d->role,
                                 .count = gy_shape_count(&d->shape),
                                 .form = &formed->form};
    }
    return GY_OK;
}

/* The table of drafts; `place` [drafts] gets the index of each in the table. */
static gy_status tabulate(gy_pool *pool, const gy_list *drafts, const gy_formeds *forms,
                          gy_params *out, int *place)
{
    gy_param *v;
    GY_TRY(gy_pool_array(pool, drafts->n + 1, &v));
    int n = 0;
    for (int frozen = 0; frozen < 2; frozen++) {
        for (int i = 0; i < drafts->n; i++) {
            const gy_draft *d = drafts->v[i];
            if (d->trainable != !frozen || gy_formed_find(forms, d->name) != NULL) continue;
            int64_t count = gy_shape_count(&d->shape);
            GY_REQUIRE(count > 0 && out->floats + count < (int64_t)1 << 46, GY_E_SHAPE,
                       "parameter %s" GY_WHY "the model has too many parameters" GY_HINT
                       "make its layers smaller",
                       d->name);
            v[n] = (gy_param){d->name, d->shape, d->role, d->trainable, out->floats, count, NULL};
            GY_TRY(gy_names_set(pool, &out->names, d->name, n));
            place[i] = n++;
            out->floats += gy_align_floats(count);
            out->elements += count;
        }
        if (!frozen) out->trainable = out->floats;
    }
    out->v = v;
    out->n = n;
    return tabulate_forms(drafts, forms, v, place, out);
}

/* Which units have a backward step, and which values a gradient. */
static void find_backward(gy_model *m)
{
    for (int i = 0; i < m->n_units; i++) {
        gy_unit *u = m->units[i];
        for (int j = 0; j < u->n_params; j++) u->backward |= m->params.v[u->params[j]].trainable;
        for (int j = 0; j < u->layer.inputs; j++) u->backward |= m->values[u->x[j]]->wants_gradient;
        m->values[u->y]->wants_gradient = u->backward;
    }
}

/* A parameter is complete after the backward step of its owner, its first user. */
static void set_marks(gy_model *m)
{
    int64_t mark = m->params.trainable;
    int p = m->params.n;
    while (p > 0 && !m->params.v[p - 1].trainable) p--;
    for (int i = m->n_units - 1; i >= 0; i--) {
        while (p > 0 && m->owners[p - 1] == i) mark = m->params.v[--p].offset;
        m->units[i]->mark = mark;
    }
}

static void set_reaches(gy_model *m)
{
    for (int i = 0; i < m->n_units; i++) {
        gy_unit *u = m->units[i];
        for (int j = 0; j < u->n_params; j++) {
            const gy_param *p = &m->params.v[u->params[j]];
            if (p->trainable && p->offset + p->count > u->reach) u->reach = p->offset + p->count;
        }
    }
}

/* beta is 0 at the use of a parameter that the backward pass comes to first: the last unit's. */
static gy_status set_betas(gy_model *m)
{
    bool *seen;
    GY_TRY(gy_pool_array(&m->pool, m->params.n + m->params.formed + 1, &seen));
    for (int i = m->n_units - 1; i >= 0; i--) {
        gy_unit *u = m->units[i];
        int n = u->n_params + 1;
        GY_TRY(gy_pool_array(&m->pool, n, &u->w));
        GY_TRY(gy_pool_array(&m->pool, n, &u->dw));
        GY_TRY(gy_pool_array(&m->pool, n, &u->beta));
        GY_TRY(gy_pool_array(&m->pool, n, &u->ones));
        for (int j = 0; j < u->n_params; j++) {
            u->beta[j] = seen[u->params[j]] ? 1 : 0;
            u->ones[j] = 1;
            seen[u->params[j]] = true;
        }
    }
    return GY_OK;
}

/* What a layer is given of parameters in forms. */
static gy_status set_forms(gy_model *m)
{
    for (int i = 0; i < m->n_units; i++) {
        gy_unit *u = m->units[i];
        if (!u->layer.formed) continue;
        GY_TRY(gy_pool_array(&m->pool, u->layer.n_params, &u->form));
        for (int j = 0; j < u->layer.n_params; j++) u->form[j] = m->params.v[u->params[j]].form;
    }
    return GY_OK;
}

gy_status gy_model_tabulate(gy_model *m, const gy_list *params, const gy_list *buffers)
{
    int *place, *buffer_place;
    GY_TRY(gy_pool_array(&m->pool, params->n + 1, &place));
    GY_TRY(gy_pool_array(&m->pool, buffers->n + 1, &buffer_place));
    GY_TRY(tabulate(&m->pool, params, m->forms, &m->params, place));
    GY_TRY(tabulate(&m->pool, buffers, NULL, &m->buffers, buffer_place));
    GY_TRY(gy_pool_array(&m->pool, params->n + 1, &m->inits));
    GY_TRY(gy_pool_array(&m->pool, params->n + 1, &m->owners));
    GY_TRY(gy_pool_array(&m->pool, buffers->n + 1, &m->buffer_starts));
    GY_REQUIRE(m->forms == NULL || m->params.formed == m->forms->n, GY_E_CONFIG,
               "the parameters do not fit the model" GY_WHY
               "some that are in forms of their own are none of its");
    for (int i = 0; i < params->n; i++) {
        const gy_draft *d = params->v[i];
        m->inits[place[i]] = d->init;
        m->owners[place[i]] = d->owner;
    }
    for (int i = 0; i < buffers->n; i++)
        m->buffer_starts[buffer_place[i]] = ((const gy_draft *)buffers->v[i])->init.scale;
    for (int i = 0; i < m->n_units; i++) {
        gy_unit *u = m->units[i];
        for (int j = 0; j < u->n_params; j++) u->params[j] = place[u->params[j]];
        for (int j = 0; j < u->layer.n_buffers; j++) u->buffers[j] = buffer_place[u->buffers[j]];
    }
    GY_TRY(set_forms(m));
    find_backward(m);
    set_marks(m);
    set_reaches(m);
    GY_TRY(set_betas(m));
    GY_TRY(gy_joint_find(m));
    gy_pack_place(m);
    return GY_OK;
}

static gy_status allocate(gy_context *ctx, int64_t n, float **out)
{
    return *out != NULL ? GY_OK : gy_new_array(ctx, n, out);
}

void gy_model_set_vectors(gy_model *m)
{
    for (int i = 0; i < m->n_units; i++) {
        gy_unit *u = m->units[i];
        for (int j = 0; j < u->n_params; j++) {
            const gy_param *p = &m->params.v[u->params[j]];
            u->w[j] = p->form == NULL ? m->w + p->offset : NULL;
            u->dw[j] = m->dw != NULL && p->trainable ? m->dw + p->offset : NULL;
        }
        for (int j = 0; j < u->layer.n_buffers; j++)
            u->buffer[j] = m->b + m->buffers.v[u->buffers[j]].offset;
    }
}

gy_status gy_model_allocate(gy_model *m, bool training)
{
    GY_TRY(allocate(m->ctx, m->params.floats, &m->w));
    GY_TRY(allocate(m->ctx, m->buffers.floats, &m->b));
    if (training) GY_TRY(allocate(m->ctx, m->params.trainable, &m->dw));
    gy_model_set_vectors(m);
    return GY_OK;
}

void gy_model_lend(gy_model *m, float *w, float *dw)
{
    m->w = w;
    m->dw = dw;
    m->owns_w = w == NULL;
    m->owns_dw = dw == NULL;
}

void gy_model_borrow(gy_model *m, gy_model *lender)
{
    assert(m->params.floats == lender->params.floats &&
           m->buffers.floats == lender->buffers.floats);
    m->owns_w = m->owns_b = false;
    m->lender = lender;
    m->w = lender->w;
    m->b = lender->b;
    gy_model_set_vectors(m);
}

gy_status gy_model_start(gy_model *m, uint64_t seed)
{
    for (int i = 0; i < m->params.n; i++) {
        const gy_param *p = &m->params.v[i];
        GY_TRY(gy_init_fill(m->ctx, m->inits[i], seed, p->name, &p->shape, m->w + p->offset));
    }
    for (int i = 0; i < m->buffers.n; i++) {
        const gy_param *p = &m->buffers.v[i];
        for (int64_t j = 0; j < p->count; j++) m->b[p->offset + j] = (float)m->buffer_starts[i];
    }
    return GY_OK;
}
