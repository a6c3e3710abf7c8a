/*
 * Parameters that a layer reads as one (gy_layer_join), such as the weights of query, key and value.
 * Where they lie end to end in the vector nothing has to be done. They do not where their sizes are
 * no whole cache lines, where `share` takes them from several layers, or where some of them are
 * frozen: then they are copied together before a call, and their gradients are made together and
 * added to each after it. Parameters in forms that a layer does not take become floats on the way; those
 * of a joint that it does take stay apart, and are read one by one. Weights with adapters become what they and
 * those are together (adapt.c). Weights that were packed (pack.c) are left out.
 *
 * Where the model is to be quantized weights are rounded on that way, as the form int8 has them, and so are
 * inputs of layers that multiply by such forms. Gradients are those of the rounded numbers, and go to the weights
 * as they are ("straight through"; Jacob et al. 2018, "Quantization and training of neural networks …").
 */
#include "model_impl.h"

#include "kernel/elementwise.h"
#include "kernel/product.h"
#include "kernel/rounded.h"

#include <string.h>

static bool takes_form(const gy_model *m, const gy_unit *u, int param)
{
    const gy_form *form = m->params.v[u->params[param]].form;
    return u->layer.kind->takes_forms && !u->layer.params[param].floats && form != NULL &&
           gy_product_can(form);
}

static bool all_take_forms(const gy_model *m, const gy_unit *u, const gy_joint *joint)
{
    for (int i = joint->first; i < joint->first + joint->n; i++)
        if (!takes_form(m, u, i)) return false;
    return true;
}

/* Whether a weight of floats is rounded for a call. */
static bool is_rounded(const gy_model *m, const gy_unit *u, int param)
{
    const gy_param *p = &m->params.v[u->params[param]];
    return m->quantize && p->form == NULL && gy_role_decays(p->role);
}

/* Whether it is made for a call, of floats. */
static bool is_changed(const gy_model *m, const gy_unit *u, int param)
{
    return gy_adapt_has(u, param) || is_rounded(m, u, param);
}

static bool end_to_end(const gy_model *m, const gy_unit *u, const gy_joint *joint)
{
    for (int i = joint->first + 1; i < joint->first + joint->n; i++) {
        const gy_param *a = &m->params.v[u->params[i - 1]], *b = &m->params.v[u->params[i]];
        if (a->form != NULL || b->form != NULL || b->offset != a->offset + a->count ||
            a->trainable != b->trainable || u->beta[i - 1] != u->beta[i] ||
            is_changed(m, u, i - 1) || is_changed(m, u, i))
            return false;
    }
    return true;
}

static int64_t floats(const gy_model *m, const gy_unit *u, const gy_joint *joint)
{
    int64_t n = 0;
    for (int i = 0; i < joint->n; i++) n += m->params.v[u->params[joint->first + i]].count;
    return gy_align_floats(n);
}

/* Whether a parameter by itself is to be floats, and is not, or is changed. */
static bool is_made(const gy_model *m, const gy_unit *u, int param)
{
    const bool formed = u->form != NULL && u->form[param] != NULL;
    if (!formed && !is_changed(m, u, param)) return false;
    for (int j = 0; j < u->layer.n_joints; j++) {
        const gy_joint *joint = &u->layer.joints[j];
        if (u->apart[j] && param >= joint->first && param < joint->first + joint->n) return false;
    }
    return is_changed(m, u, param) || !takes_form(m, u, param);
}

/* Whether rows of x are multiplied by weights that will be codes. Of convolutions it is not known yet. */
static bool rounds_x(const gy_model *m, const gy_unit *u)
{
    bool any = false;
    if (!u->layer.kind->takes_forms || u->layer.kind->takes_tokens) return false;
    for (int j = 0; j < u->layer.n_params; j++)
        any |= is_rounded(m, u, j) && !u->layer.params[j].floats;
    return any;
}

gy_status gy_joint_find(gy_model *m)
{
    for (int i = 0; i < m->n_units; i++) {
        gy_unit *u = m->units[i];
        for (int j = 0; j < u->layer.n_joints; j++) {
            const gy_joint *joint = &u->layer.joints[j];
            if (end_to_end(m, u, joint) || all_take_forms(m, u, joint)) continue;
            u->apart[j] = true;
            u->joined += floats(m, u, joint);
        }
        for (int j = 0; j < u->layer.n_params; j++)
            if (is_made(m, u, j)) u->joined += gy_align_floats(m->params.v[u->params[j]].count);
        if (rounds_x(m, u)) u->rounded = gy_shape_count(&u->layer.in[0]);
        if (u->joined == 0) continue;
        const int n = u->layer.n_params;
        GY_TRY(gy_pool_array(&m->pool, n, &u->joined_w));
        GY_TRY(gy_pool_array(&m->pool, n, &u->joined_dw));
        GY_TRY(gy_pool_array(&m->pool, n, &u->joined_beta));
    }
    return GY_OK;
}

gy_size gy_joint_size(const gy_unit *u, bool backward)
{
    return (gy_size){u->rounded, backward ? 2 * u->joined : u->joined};
}

static bool trained(const gy_unit *u, const gy_joint *joint)
{
    bool any = false;
    for (int i = joint->first; i < joint->first + joint->n; i++)
        any |= u->dw[i] != NULL || gy_adapt_has(u, i);
    return any;
}

/* A parameter as floats, as the layer is to see it. */
static void make(const gy_model *m, const gy_unit *u, int param, const gy_kernel *k, float *to)
{
    const gy_param *p = &m->params.v[u->params[param]];
    if (u->w[param] == NULL)
        gy_product_expand(k, u->form[param], to);
    else
        gy_copy(k, p->count, u->w[param], to);
    if (gy_adapt_has(u, param)) gy_adapt_add(m, u, param, k, to);
    if (is_rounded(m, u, param)) gy_round_weights(k, p->shape.d[0], p->count / p->shape.d[0], to);
}

/* Row by row, as products code them. */
static void round_x(const gy_unit *u, float *to, gy_pass *p)
{
    const int64_t row = gy_shape_last(&u->layer.in[0]);
    gy_round_inputs(p->kernel, p->batch * u->rounded / row, row, p->x[0], to);
    p->x[0] = to;
}

/* Whether the layer reads it packed. */
static bool is_packed(const gy_model *m, const gy_unit *u, int param, const gy_pass *p)
{
    return p->packed != NULL && gy_role_decays(m->params.v[u->params[param]].role);
}

void gy_joint_gather(const gy_model *m, const gy_unit *u, float *place, gy_pass *p)
{
    const size_t n = (size_t)u->layer.n_params;
    if (place == NULL) return;
    memcpy(u->joined_w, u->w, n * sizeof *u->w);
    memcpy(u->joined_dw, u->dw, n * sizeof *u->dw);
    memcpy(u->joined_beta, p->beta, n * sizeof *p->beta);
    for (int j = 0; j < u->layer.n_joints; j++) {
        const gy_joint *joint = &u->layer.joints[j];
        if (!u->apart[j] || is_packed(m, u, joint->first, p)) continue;
        float *to = place;
        for (int i = joint->first; i < joint->first + joint->n; i++) {
            make(m, u, i, p->kernel, to);
            to += m->params.v[u->params[i]].count;
        }
        u->joined_w[joint->first] = place;
        u->joined_dw[joint->first] = p->dy != NULL && trained(u, joint) ? place + u->joined : NULL;
        u->joined_beta[joint->first] = 0;
        place += floats(m, u, joint);
    }
    for (int i = 0; i < u->layer.n_params; i++) {
        if (!is_made(m, u, i) || is_packed(m, u, i, p)) continue;
        make(m, u, i, p->kernel, place);
        u->joined_w[i] = place;
        if (p->dy != NULL && gy_adapt_has(u, i)) {
            u->joined_dw[i] = place + u->joined;
            u->joined_beta[i] = 0;
        }
        place += gy_align_floats(m->params.v[u->params[i]].count);
    }
    if (u->rounded > 0) round_x(u, p->dy != NULL ? place + u->joined : place, p);
    p->w = u->joined_w;
    p->dw = u->joined_dw;
    p->beta = u->joined_beta;
}

void gy_joint_scatter(const gy_model *m, const gy_unit *u, const float *beta, const gy_pass *p)
{
    if (p->dw != u->joined_dw || p->dy == NULL) return;
    for (int j = 0; j < u->layer.n_joints; j++) {
        const gy_joint *joint = &u->layer.joints[j];
        const float *from = u->joined_dw[joint->first];
        if (!u->apart[j] || from == NULL) continue;
        for (int i = joint->first; i < joint->first + joint->n; i++) {
            const int64_t count = m->params.v[u->params[i]].count;
            if (gy_adapt_has(u, i))
                gy_adapt_fold(m, u, i, p->kernel, beta, from);
            else if (u->dw[i] != NULL)
                gy_axpby(p->kernel, count, 1, from, beta[i], u->dw[i]);
            from += count;
        }
    }
    for (int i = 0; i < u->layer.n_params; i++)
        if (gy_adapt_has(u, i) && is_made(m, u, i))
            gy_adapt_fold(m, u, i, p->kernel, beta, u->joined_dw[i]);
}
