/*
 * A batch norm behind a layer without activation becomes part of it: with the running statistics
 * y = g (W x + b − mean) / √(variance + ε) + beta is a layer of its own weight and bias.
 */
#include "../compress_list.h"

#include <math.h>
#include <string.h>

typedef struct work {
    gy_subject *s;
    gy_made *made;
    int n;
    gy_layer_specs layers;
    gy_shared shared; /* these stay as they are */
} work;

/* The parameter whose rows make the outputs; NULL: this is no layer that a norm can go into. */
static const gy_param *weight_of(const work *w, const gy_layer_spec *spec, const char *path)
{
    const int *activation = gy_spec_setting(spec, "activation");
    if (activation == NULL || *activation != GY_ACTIVATION_none) return NULL;
    if (gy_spec_setting(spec, "bias") == NULL) return NULL;
    const gy_param *up = gy_subject_param(w->s, path, "up");
    return up != NULL ? up : gy_subject_param(w->s, path, "weight");
}

static gy_status add(work *w, const char *path, const char *name, float *values)
{
    gy_made *m = &w->made[w->n++];
    m->values = values;
    return gy_pool_format(&w->s->pool, &m->name, "%s/%s", path, name);
}

static gy_status fold(work *w, const char *path, const gy_param *p, const char *norm,
                      double epsilon)
{
    float *weight, *bias;
    const gy_subject *s = w->s;
    const int64_t rows = p->shape.d[0], row = p->count / rows;
    const float *from = gy_subject_values(s, p), *mean = gy_subject_buffer(s, norm, "mean"),
                *variance = gy_subject_buffer(s, norm, "variance");
    const gy_param *gamma = gy_subject_param(s, norm, "gamma"),
                   *beta = gy_subject_param(s, norm, "beta"),
                   *old = gy_subject_param(s, path, "bias");
    GY_TRY(gy_pool_array(&w->s->pool, p->count, &weight));
    GY_TRY(gy_pool_array(&w->s->pool, rows, &bias));
    for (int64_t i = 0; i < rows; i++) {
        const double scale =
            (double)gy_subject_values(s, gamma)[i] / sqrt((double)variance[i] + epsilon);
        const double b = old == NULL ? 0 : (double)gy_subject_values(s, old)[i];
        for (int64_t j = 0; j < row; j++)
            weight[i * row + j] = (float)(scale * (double)from[i * row + j]);
        bias[i] = (float)(scale * (b - (double)mean[i]) + (double)gy_subject_values(s, beta)[i]);
    }
    GY_TRY(add(w, path, strrchr(p->name, '/') + 1, weight));
    return add(w, path, "bias", bias);
}

static void take_away(gy_layer_specs *list, int index)
{
    gy_layer_spec *v = (gy_layer_spec *)(uintptr_t)list->v;
    memmove(v + index, v + index + 1, (size_t)(list->n - index - 1) * sizeof *v);
    list->n--;
}

static gy_status visit(void *user, const gy_spec_at *at)
{
    work *w = user;
    const gy_layer_spec *norm = &at->list->v[at->index];
    if (at->path == NULL || at->index == 0 || strcmp(norm->kind->kind.name, "batch_norm") != 0)
        return GY_OK;
    const gy_layer_spec *before = norm - 1;
    const char *path, *slash = strrchr(at->path, '/');
    GY_TRY(gy_pool_format(&w->s->pool, &path, "%.*s%s",
                          slash == NULL ? 0 : (int)(slash - at->path) + 1, at->path,
                          before->common.name));
    const gy_param *p = weight_of(w, before, path);
    const gy_param *gamma = gy_subject_param(w->s, at->path, "gamma");
    if (p == NULL || gamma == NULL || gamma->count != p->shape.d[0]) return GY_OK;
    if (gy_shared_has(&w->shared, norm) || gy_shared_has(&w->shared, before) ||
        !gy_subject_has(w->s, p))
        return GY_OK;
    const double *epsilon = gy_spec_setting(norm, "epsilon");
    GY_TRY(fold(w, path, p, at->path, *epsilon));
    *(bool *)gy_spec_setting(before, "bias") = true;
    take_away(at->list, at->index);
    return GY_OK;
}

static gy_status run(gy_subject *s, const void *settings)
{
    work w = {.s = s};
    (void)settings;
    GY_TRY(gy_pool_array(&s->pool, 2 * gy_subject_params(s)->n, &w.made));
    GY_TRY(gy_specs_copy(&s->pool, &s->config->model.layers, &w.layers));
    GY_TRY(gy_specs_shared(&s->pool, &w.layers, &w.shared));
    s->changed = s->folded;
    s->why = "no batch norm stands behind a layer without activation, outside of loops, that "
             "others do not share";
    GY_TRY(gy_specs_walk(&s->pool, &w.layers, visit, &w));
    return w.n == 0 ? GY_OK : gy_subject_rebuild(s, w.layers, w.made, w.n);
}

const gy_compress_kind gy_compress_merge = {
    .kind = {"merge",
             "batch norms become part of the layers before them, adapters of their weights", NULL,
             0},
    .run = run,
};
