/*
 * Group norm (Wu and He 2018): over all positions of a sample and the channels of a group. Kept: mean
 * and 1 / deviation of each group.
 */
#include "../layer_list.h"

#include "../norm.h"
#include "kernel/norm.h"

enum { GAMMA, BETA };

typedef struct group_norm {
    int64_t groups;
    double epsilon;
} group_norm;

static gy_group_norm norm_of(const gy_layer *l, const gy_pass *p)
{
    const group_norm *s = l->settings;
    return (gy_group_norm){p->batch, gy_shape_rows(&l->in[0]), gy_shape_last(&l->in[0]), s->groups,
                           (float)s->epsilon};
}

static gy_status shape(gy_layer *l)
{
    const group_norm *s = l->settings;
    if (l->in[0].n == 0) return gy_layer_refuse(l, "give it an axis", "its input has no axis");
    int64_t n = gy_shape_last(&l->in[0]);
    if (n % s->groups != 0)
        return gy_layer_refuse(l, "change groups", "%lld groups do not divide %lld channels",
                               (long long)s->groups, (long long)n);
    gy_norm_params(l, n, true);
    l->out = l->in[0];
    l->memory.needs = GY_NEEDS_X;
    l->relation.in_place = true;
    l->memory.keep = (gy_size){2 * s->groups, 0};
    const int64_t bytes = gy_group_norm_scratch(gy_shape_rows(&l->in[0]), n);
    l->memory.scratch = (gy_size){bytes / (int64_t)sizeof(float), 0};
    l->report.flops = 8.0 * (double)gy_shape_count(&l->out);
    return GY_OK;
}

static gy_status forward(const gy_layer *l, const gy_pass *p)
{
    gy_group_norm norm = norm_of(l, p);
    gy_group_norm_forward(p->kernel, &norm, p->x[0], p->w[GAMMA], p->w[BETA], p->scratch, p->y,
                          p->keep);
    return GY_OK;
}

static gy_status backward(const gy_layer *l, const gy_pass *p)
{
    gy_group_norm norm = norm_of(l, p);
    gy_group_norm_backward(p->kernel, &norm, p->x[0], p->w[GAMMA], p->keep, p->dy, p->scratch,
                           p->dx[0], p->dw[GAMMA], p->beta[GAMMA], p->dw[BETA], p->beta[BETA]);
    return GY_OK;
}

static const gy_setting rows[] = {
    {.key = "groups",
     .type = GY_SETTING_INT,
     .offset = offsetof(group_norm, groups),
     .min = 1,
     .max = GY_COUNT_MAX,
     .help = "groups of neighbouring channels; they divide the channels"},
    GY_NORM_ROW_EPSILON(group_norm),
    GY_SETTING_END,
};

static const gy_layer_sample samples[] = {
    {.yaml = "group_norm: {groups: 2}", .in = {3, {3, 4, 6}}},
    {.yaml = "group_norm: {groups: 1, epsilon: 0.1}", .in = {2, {5, 3}}},
    {.yaml = "group_norm: {groups: 4}", .in = {3, {2, 3, 4}}},
    {.yaml = "group_norm: {groups: 3}", .in = {1, {12}}},
    {.yaml = "group_norm: {groups: 10}", .in = {2, {3, 70}}},
    {.yaml = NULL},
};

const gy_layer_kind gy_layer_group_norm = {
    .kind = {"group_norm", "groups of channels of each sample to mean 0 and variance 1", rows,
             sizeof(group_norm)},
    .has_params = true,
    .shape = shape,
    .forward = forward,
    .backward = backward,
    .samples = samples,
};
