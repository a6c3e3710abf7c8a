/*
 * A running transposed convolution: y = a(b + Σ windows of y that meet x). It is the transpose of a
 * convolution from y to x, whose windows are where those of a convolution with this padding would be.
 */
#include "conv_transposed.h"

#include "conv.h"
#include "kernel/conv_transposed.h"
#include "kernel/elementwise.h"

enum { WEIGHT, BIAS };

gy_status gy_conv_transposed_shape(gy_layer *l, int axes)
{
    const gy_conv_transposed_settings *s = l->settings;
    const gy_activation a = (gy_activation)s->activation;
    gy_window_settings window = s->window;
    gy_conv *c;
    GY_TRY(gy_pool_new(l->pool, &c));
    window.dilation = (gy_sizes){.choice = -1, .n = 1, .v = {1}};
    GY_TRY(gy_windows_place_transposed(l, axes, &window, c->axis));
    c->channels = s->filters;
    c->filters = gy_shape_last(&l->in[0]);
    c->groups = 1;
    l->state = c;
    l->out = gy_windows_shape_in(axes, c->axis, s->filters);
    const gy_shape weight = gy_windows_shape_weight(axes, c->axis, s->filters, c->filters);
    if (gy_shape_count(&l->out) < 0 || gy_shape_count(&weight) < 0)
        return gy_layer_refuse(l, "use fewer filters", "it has too many weights or outputs");
    gy_conv_plan(c, GY_CONV_auto, l->threads);
    l->report.method = gy_conv_names[c->algorithm];
    gy_layer_param(l, "weight", GY_ROLE_KERNEL, weight, gy_init_for(a));
    l->memory.needs = GY_NEEDS_X;
    l->memory.scratch.fixed = gy_align_floats(gy_conv_transposed_scratch(c));
    gy_conv_layer_end(l, a, s->bias);
    l->report.flops =
        2.0 * (double)gy_shape_count(&l->in[0]) * (double)(gy_windows_size(c->axis) * s->filters);
    return GY_OK;
}

gy_status gy_conv_transposed_layer_forward(const gy_layer *l, const gy_pass *p)
{
    const gy_conv_transposed_settings *s = l->settings;
    const gy_activation a = (gy_activation)s->activation;
    gy_conv_transposed_forward(p->kernel, l->state, p->batch, p->x[0], p->w[WEIGHT],
                               s->bias ? p->w[BIAS] : NULL, a, gy_conv_layer_z(a, p), p->y,
                               p->scratch);
    return GY_OK;
}

gy_status gy_conv_transposed_layer_backward(const gy_layer *l, const gy_pass *p)
{
    const gy_conv_transposed_settings *s = l->settings;
    const gy_conv *c = l->state;
    float *scratch = p->scratch;
    const float *dz = gy_conv_layer_dz(l, (gy_activation)s->activation, p, &scratch);
    if (p->dw[WEIGHT] != NULL)
        gy_conv_transposed_backward_weight(p->kernel, c, p->batch, p->x[0], dz, p->beta[WEIGHT],
                                           p->dw[WEIGHT], scratch);
    if (s->bias && p->dw[BIAS] != NULL)
        gy_column_sum(p->kernel, p->batch * gy_windows_in(c->axis), c->channels, dz, p->beta[BIAS],
                      p->dw[BIAS]);
    if (p->dx[0] != NULL)
        gy_conv_transposed_backward_data(p->kernel, c, p->batch, p->w[WEIGHT], dz, p->dx[0],
                                         scratch);
    return GY_OK;
}

const gy_setting gy_conv_transposed_rows[] = {
    {.key = "filters",
     .type = GY_SETTING_INT,
     .offset = offsetof(gy_conv_transposed_settings, filters),
     .min = 1,
     .max = GY_COUNT_MAX,
     .help = "channels of the output"},
    GY_WINDOW_ROW("kernel", gy_conv_transposed_settings, window.size, 1,
                  .help = "size of the window: 3, or one an axis as 3x5, in the shape's order"),
    GY_WINDOW_ROW("stride", gy_conv_transposed_settings, window.stride, 1, .standard = "1",
                  .help = "steps from window to window: how many times the length becomes"),
    GY_WINDOW_ROW("padding", gy_conv_transposed_settings, window.padding, 0, .standard = "same",
                  .choices = gy_padding_words,
                  .help = "what is cut off both ends of all that windows reach; same: to in times "
                          "stride, valid: nothing"),
    GY_SETTING_ACTIVATION(gy_conv_transposed_settings, activation, "none"),
    {.key = "bias",
     .type = GY_SETTING_BOOL,
     .offset = offsetof(gy_conv_transposed_settings, bias),
     .standard = "true",
     .help = "whether outputs have a bias"},
    GY_SETTING_END,
};
