/* The rows of the anatomy: what each running layer owns. */
#include "model_impl.h"

#include <string.h>

int gy_model_layers(const gy_model *m)
{
    return m->n_units;
}

/* A bias, or the beta of a norm. */
static bool is_offset(const gy_param *p)
{
    const char *slash = strrchr(p->name, '/');
    return p->role == GY_ROLE_BIAS ||
           (p->role == GY_ROLE_NORM && strcmp(slash != NULL ? slash + 1 : p->name, "beta") == 0);
}

gy_layer_row gy_model_layer(const gy_model *m, int i)
{
    const gy_unit *u = m->units[i];
    const gy_layer *l = &u->layer;
    gy_layer_row row = {.name = l->path,
                        .kind = l->kind->kind.name,
                        .out = l->out,
                        .flops = l->report.flops,
                        .method = l->report.method,
                        .where = l->where,
                        .statistics = l->statistics};
    for (int j = 0; j < u->n_params; j++) {
        if (m->owners[u->params[j]] != i) continue;
        const gy_param *p = &m->params.v[u->params[j]];
        *(is_offset(p) ? &row.biases : &row.weights) += p->count;
        if (!p->trainable) row.frozen += p->count;
    }
    return row;
}

gy_model_unit gy_model_unit_at(const gy_model *m, int i)
{
    const gy_unit *u = m->units[i];
    return (gy_model_unit){&u->layer, u->x, u->y, u->params, u->buffers};
}
