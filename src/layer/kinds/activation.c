/* Activation as a layer of its own: y = a(x). */
#include "../layer_list.h"

#include "kernel/activation.h"

typedef struct activation {
    int kind;
} activation;

static gy_status shape(gy_layer *l)
{
    const activation *s = l->settings;
    gy_activation a = (gy_activation)s->kind;
    l->out = l->in[0];
    l->relation.view = a == GY_ACTIVATION_none;
    if (a == GY_ACTIVATION_relu) l->fuse.offers = GY_FUSE_RELU;
    l->memory.needs = gy_activation_reads_x(a) ? GY_NEEDS_X : GY_NEEDS_Y;
    l->relation.in_place = true;
    l->report.flops = (double)gy_shape_count(&l->out);
    return GY_OK;
}

static gy_status forward(const gy_layer *l, const gy_pass *p)
{
    const activation *s = l->settings;
    int64_t rows = p->batch * gy_shape_rows(&l->out);
    gy_activation_forward(p->kernel, (gy_activation)s->kind, rows, gy_shape_last(&l->out), p->x[0],
                          p->y);
    return GY_OK;
}

static gy_status backward(const gy_layer *l, const gy_pass *p)
{
    const activation *s = l->settings;
    int64_t rows = p->batch * gy_shape_rows(&l->out);
    gy_activation_backward(p->kernel, (gy_activation)s->kind, rows, gy_shape_last(&l->out), p->x[0],
                           p->y, p->dy, p->dx[0]);
    return GY_OK;
}

static const gy_setting rows[] = {
    {.key = "kind",
     .type = GY_SETTING_CHOICE,
     .offset = offsetof(activation, kind),
     .choices = gy_activation_names,
     .help = "the function; softmax: over the last axis"},
    GY_SETTING_END,
};

#define SAMPLE(name, ...) {.yaml = "activation: {kind: " #name "}", .in = {2, {3, 5}}},
static const gy_layer_sample samples[] = {GY_ACTIVATION_LIST(SAMPLE){.yaml = NULL}};

const gy_layer_kind gy_layer_activation = {
    .kind = {"activation", "a function of each element (softmax: of the last axis)", rows,
             sizeof(activation)},
    .pointwise = true,
    .shape = shape,
    .forward = forward,
    .backward = backward,
    .samples = samples,
};
