/*
 * Norms of the last axis. Kept: mean and 1 / deviation of each row. The backward pass reads x and
 * writes over dy; in evaluation y may lie where x lies.
 */
#include "norm.h"

#include "kernel/norm.h"

enum { GAMMA, BETA };

static gy_row_norm norm_of(const gy_layer *l, const gy_pass *p)
{
    const gy_norm_settings *s = l->settings;
    return (gy_row_norm){.rows = p->batch * gy_shape_rows(&l->in[0]),
                         .n = gy_shape_last(&l->in[0]),
                         .centred = l->n_params > BETA,
                         .epsilon = (float)s->epsilon};
}

void gy_norm_params(gy_layer *l, int64_t n, bool centred)
{
    gy_layer_param(l, "gamma", GY_ROLE_NORM, gy_shape_of(1, n), (gy_init){GY_INIT_ones, 1});
    if (centred)
        gy_layer_param(l, "beta", GY_ROLE_NORM, gy_shape_of(1, n), (gy_init){GY_INIT_zeros, 0});
}

gy_status gy_norm_shape(gy_layer *l, bool centred)
{
    if (l->in[0].n == 0) return gy_layer_refuse(l, "give it an axis", "its input has no axis");
    int64_t rows = gy_shape_rows(&l->in[0]), n = gy_shape_last(&l->in[0]);
    gy_norm_params(l, n, centred);
    l->out = l->in[0];
    l->memory.needs = GY_NEEDS_X;
    l->relation.in_place = true;
    l->relation.remakes = GY_REMAKE_OF_X_AND_KEEP;
    l->memory.keep = (gy_size){2 * rows, 0};
    l->memory.scratch = (gy_size){0, GY_ROW_NORM_PARTS * 2 * n};
    l->report.flops = 8.0 * (double)(rows * n);
    return GY_OK;
}

gy_status gy_norm_forward(const gy_layer *l, const gy_pass *p)
{
    gy_row_norm norm = norm_of(l, p);
    gy_row_norm_forward(p->kernel, &norm, p->x[0], p->w[GAMMA], norm.centred ? p->w[BETA] : NULL,
                        p->y, p->keep);
    return GY_OK;
}

gy_status gy_norm_remake(const gy_layer *l, const gy_pass *p)
{
    gy_row_norm norm = norm_of(l, p);
    gy_row_norm_forward(p->kernel, &norm, p->x[0], p->w[GAMMA], norm.centred ? p->w[BETA] : NULL,
                        p->y, NULL);
    return GY_OK;
}

gy_status gy_norm_backward(const gy_layer *l, const gy_pass *p)
{
    gy_row_norm norm = norm_of(l, p);
    float *dbeta = norm.centred ? p->dw[BETA] : NULL;
    gy_row_norm_backward(p->kernel, &norm, p->x[0], p->w[GAMMA], p->keep, p->dy, p->scratch,
                         p->dx[0], p->dw[GAMMA], p->beta[GAMMA], dbeta,
                         norm.centred ? p->beta[BETA] : 0);
    return GY_OK;
}
