/*
 * Inverted dropout (Srivastava et al. 2014): in training an element is 0 with probability `rate`,
 * else divided by 1 − rate; in evaluation nothing happens. What is dropped is a function of
 * (seed, step, layer, sample, element), so that the backward pass draws it again.
 */
#include "../layer_list.h"

#include "kernel/elementwise.h"

typedef struct dropout {
    double rate;
} dropout;

static gy_status shape(gy_layer *l)
{
    const dropout *s = l->settings;
    l->out = l->in[0];
    l->relation.view = s->rate == 0;
    l->relation.in_place = true;
    return GY_OK;
}

static void drop(const gy_layer *l, const gy_pass *p, const float *x, float *y)
{
    const dropout *s = l->settings;
    gy_rng key = {p->seed, GY_RNG_DROPOUT, p->stream};
    gy_dropout(p->kernel, key, p->step, p->first, p->batch, gy_shape_count(&l->out), (float)s->rate,
               x, y);
}

static gy_status forward(const gy_layer *l, const gy_pass *p)
{
    if (p->training)
        drop(l, p, p->x[0], p->y);
    else if (p->y != p->x[0])
        gy_copy(p->kernel, p->batch * gy_shape_count(&l->out), p->x[0], p->y);
    return GY_OK;
}

static gy_status backward(const gy_layer *l, const gy_pass *p)
{
    drop(l, p, p->dy, p->dx[0]);
    return GY_OK;
}

static const gy_setting rows[] = {
    {.key = "rate",
     .type = GY_SETTING_FLOAT,
     .offset = offsetof(dropout, rate),
     .min = 0,
     .max = 0.999,
     .help = "share of elements that are dropped in training"},
    GY_SETTING_END,
};

static const gy_layer_sample samples[] = {
    {.yaml = "dropout: {rate: 0.0}", .in = {1, {6}}},
    {.yaml = "dropout: {rate: 0.4}", .in = {2, {5, 4}}},
    {.yaml = NULL},
};

const gy_layer_kind gy_layer_dropout = {
    .kind = {"dropout", "drops elements at random in training", rows, sizeof(dropout)},
    .pointwise = true,
    .shape = shape,
    .forward = forward,
    .backward = backward,
    .samples = samples,
};
