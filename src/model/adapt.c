/*
 * Low-rank adapters (Hu et al. 2021, "LoRA"): a weight W that stays as it is, beside which B A is learned, of
 * few rows and columns:
 *
 *     W' = W + s B A      W [out, in], B `<weight>_up` [out, r], A `<weight>_down` [r, in], s = alpha / r
 *
 * Layers know nothing of it: W' is made for a call, and of its gradient those of the factors are made after it,
 * dB += s dW' Aᵀ, dA += s Bᵀ dW' (joint.c). B starts at zero, so that a network begins as what it was; A as
 * a normal distribution that keeps the size of signals. Embeddings' tables are weights, too.
 */
#include "model_impl.h"

#include "kernel/gemm.h"

#include <fnmatch.h>
#include <string.h>

enum { DOWN, UP }; /* of a weight's two adapters in a unit's list */

bool gy_adapt_wants(const gy_model *m, const gy_layer *l, const gy_tensor_spec *spec)
{
    bool named = false;
    const bool is_weight = gy_role_decays(spec->role) && spec->shape.n >= 2;
    if (m->adapt == NULL || !is_weight || !l->common->trainable) return false;
    for (int i = 0; i < m->adapt->layers.n && !named; i++)
        named = strcmp(l->kind->kind.name, m->adapt->layers.v[i]) == 0 ||
                fnmatch(m->adapt->layers.v[i], l->path, 0) == 0;
    return named;
}

void gy_adapt_specs(const gy_model *m, const gy_tensor_spec *weight, gy_tensor_spec *down,
                    gy_tensor_spec *up)
{
    const int64_t rows = weight->shape.d[0], columns = gy_shape_count(&weight->shape) / rows;
    const int64_t most = gy_least(rows, columns), rank = gy_least(m->adapt->rank, most);
    *down = (gy_tensor_spec){
        .shape = {2, {rank, columns}}, .role = GY_ROLE_WEIGHT, .init = {GY_INIT_lecun_normal, 1}};
    *up = (gy_tensor_spec){
        .shape = {2, {rows, rank}}, .role = GY_ROLE_WEIGHT, .init = {GY_INIT_zeros, 1}};
}

bool gy_adapt_has(const gy_unit *u, int param)
{
    return u->adapter != NULL && u->adapter[param] > 0;
}

float gy_model_adapt_scale(const gy_model_adapt *adapt)
{
    return (float)(adapt->alpha / (double)adapt->rank);
}

void gy_adapt_add(const gy_model *m, const gy_unit *u, int param, const gy_kernel *k, float *w)
{
    const int at = u->adapter[param];
    const gy_param *down = &m->params.v[u->params[at + DOWN]];
    const gy_param *up = &m->params.v[u->params[at + UP]];
    const int64_t rows = up->shape.d[0], columns = down->shape.d[1], rank = down->shape.d[0];
    gy_gemm(k, false, false, rows, columns, rank, gy_model_adapt_scale(m->adapt), u->w[at + UP],
            rank, u->w[at + DOWN], columns, 1, w, columns);
}

void gy_adapt_fold(const gy_model *m, const gy_unit *u, int param, const gy_kernel *k,
                   const float *beta, const float *dw)
{
    const int at = u->adapter[param];
    const gy_param *down = &m->params.v[u->params[at + DOWN]];
    const gy_param *up = &m->params.v[u->params[at + UP]];
    const int64_t rows = up->shape.d[0], columns = down->shape.d[1], rank = down->shape.d[0];
    const float scale = gy_model_adapt_scale(m->adapt);
    gy_gemm(k, false, true, rows, rank, columns, scale, dw, columns, u->w[at + DOWN], columns,
            beta[at + UP], u->dw[at + UP], rank);
    gy_gemm(k, true, false, rank, columns, rows, scale, u->w[at + UP], rank, dw, columns,
            beta[at + DOWN], u->dw[at + DOWN], columns);
}

bool gy_model_adapters(const gy_model *m, const gy_param *p, const gy_param **down,
                       const gy_param **up)
{
    for (int i = 0; i < m->n_units; i++) {
        const gy_unit *u = m->units[i];
        for (int j = 0; j < u->layer.n_params; j++) {
            if (!gy_adapt_has(u, j) || &m->params.v[u->params[j]] != p) continue;
            *down = &m->params.v[u->params[u->adapter[j] + DOWN]];
            *up = &m->params.v[u->params[u->adapter[j] + UP]];
            return true;
        }
    }
    return false;
}
