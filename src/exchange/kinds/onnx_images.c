/*
 * Layers whose windows slide over images: ONNX wants these channels first, so that values are turned before
 * and after.
 */
#include "onnx.h"

#include "../settings.h"
#include "layer/conv.h"
#include "layer/conv_transposed.h"
#include "layer/upsample.h"

#include <string.h>

enum { AXES = GY_DIMS + 2 };

/* [N, …, C] to [N, C, …] and back. */
static const char *channels_first(gy_onnx *o, const char *x, int axes)
{
    int64_t order[AXES] = {0, axes + 1};
    for (int i = 0; i < axes; i++) order[2 + i] = 1 + i;
    return gy_onnx_transpose(o, x, order, axes + 2);
}
static const char *channels_last(gy_onnx *o, const char *x, int axes)
{
    int64_t order[AXES] = {0};
    for (int i = 0; i < axes; i++) order[1 + i] = 2 + i;
    order[axes + 1] = 1;
    return gy_onnx_transpose(o, x, order, axes + 2);
}

/* Where windows lie, as attributes; the room around the input is `begin` and `end` [axes]. */
static void describe_windows(gy_onnx *o, const gy_window *w, int axes, const int64_t *begin,
                             const int64_t *end, bool dilates)
{
    int64_t size[GY_AXES], stride[GY_AXES], dilation[GY_AXES], pads[2 * GY_AXES];
    for (int i = 0; i < axes; i++) {
        size[i] = w[i].size;
        stride[i] = w[i].stride;
        dilation[i] = w[i].dilation;
        pads[i] = begin[i];
        pads[axes + i] = end[i];
    }
    gy_onnx_ints(o, "kernel_shape", size, axes);
    gy_onnx_ints(o, "strides", stride, axes);
    if (dilates) gy_onnx_ints(o, "dilations", dilation, axes);
    gy_onnx_ints(o, "pads", pads, 2 * axes);
}

/* Zeros (or what the border says) before and behind each axis. */
static void measure(const gy_window *w, int axes, int64_t *begin, int64_t *end)
{
    for (int i = 0; i < axes; i++) {
        int64_t reach = (w[i].size - 1) * w[i].dilation + 1;
        int64_t behind = (w[i].out - 1) * w[i].stride + reach - w[i].in - w[i].before;
        begin[i] = w[i].before;
        end[i] = behind > 0 ? behind : 0;
    }
}

/* Fills the room itself where that is not of zeros. */
static const char *fill_border(gy_onnx *o, const char *x, int axes, int border, int64_t *begin,
                               int64_t *end)
{
    static const char *const modes[] = {"constant", "wrap", "reflect", "edge"};
    int64_t pads[2 * AXES] = {0};
    for (int i = 0; i < axes; i++) {
        pads[2 + i] = begin[i];
        pads[axes + 4 + i] = end[i];
        begin[i] = end[i] = 0;
    }
    gy_onnx_text(o, "mode", modes[border]);
    return gy_onnx_op(o, "Pad", x, gy_onnx_constant_ints(o, pads, 2 * (axes + 2)));
}

static int axes_of(const gy_layer *l)
{
    return l->in[0].n - 1;
}

const char *gy_onnx_conv(gy_onnx *o, const gy_model_unit *u)
{
    const gy_layer *l = u->layer;
    const gy_conv_settings *s = l->settings;
    const int axes = axes_of(l);
    int64_t begin[GY_AXES] = {0}, end[GY_AXES] = {0};
    gy_window all[GY_AXES];
    o->status = gy_windows_place(l, axes, &s->window, all);
    if (o->status != GY_OK) return "";
    const gy_window *w = all + GY_AXES - axes;
    measure(w, axes, begin, end);
    const char *x = channels_first(o, gy_onnx_x(o, u, 0), axes);
    if (s->window.border != 0) x = fill_border(o, x, axes, s->window.border, begin, end);
    describe_windows(o, w, axes, begin, end, true);
    gy_onnx_int(o, "group", s->groups);
    x = gy_onnx_op(o, "Conv", x, gy_onnx_param(o, u, 0), s->bias ? gy_onnx_param(o, u, 1) : NULL);
    return gy_onnx_activate(o, l, channels_last(o, x, axes));
}

const char *gy_onnx_conv_transposed(gy_onnx *o, const gy_model_unit *u)
{
    const gy_layer *l = u->layer;
    const gy_conv_transposed_settings *s = l->settings;
    const int axes = axes_of(l);
    int64_t begin[GY_AXES] = {0}, end[GY_AXES] = {0}, more[GY_AXES] = {0};
    gy_window_settings window = s->window;
    gy_window all[GY_AXES];
    window.dilation = (gy_sizes){.choice = -1, .n = 1, .v = {1}};
    o->status = gy_windows_place_transposed(l, axes, &window, all);
    if (o->status != GY_OK) return "";
    const gy_window *w = all + GY_AXES - axes;
    for (int i = 0; i < axes; i++) {
        int64_t behind = (w[i].out - 1) * w[i].stride + w[i].size - w[i].before - w[i].in;
        begin[i] = w[i].before;
        end[i] = behind > 0 ? behind : 0;
        more[i] = behind < 0 ? -behind : 0;
    }
    const char *x = channels_first(o, gy_onnx_x(o, u, 0), axes);
    describe_windows(o, w, axes, begin, end, true);
    gy_onnx_ints(o, "output_padding", more, axes);
    x = gy_onnx_op(o, "ConvTranspose", x, gy_onnx_param(o, u, 0),
                   s->bias ? gy_onnx_param(o, u, 1) : NULL);
    return gy_onnx_activate(o, l, channels_last(o, x, axes));
}

const char *gy_onnx_pool(gy_onnx *o, const gy_model_unit *u)
{
    const gy_layer *l = u->layer;
    const int axes = axes_of(l);
    const bool mean = strncmp(l->kind->kind.name, "avg", 3) == 0;
    gy_window_settings window = *(const gy_window_settings *)l->settings;
    int64_t begin[GY_AXES] = {0}, end[GY_AXES] = {0};
    gy_window all[GY_AXES];
    window.dilation = (gy_sizes){.choice = -1, .n = 1, .v = {1}};
    if (window.stride.n == 0) window.stride = window.size;
    o->status = gy_windows_place(l, axes, &window, all);
    if (o->status != GY_OK) return "";
    const gy_window *w = all + GY_AXES - axes;
    measure(w, axes, begin, end);
    const char *x = channels_first(o, gy_onnx_x(o, u, 0), axes);
    describe_windows(o, w, axes, begin, end, false);
    if (mean) gy_onnx_int(o, "count_include_pad", 0);
    return channels_last(o, gy_onnx_op(o, mean ? "AveragePool" : "MaxPool", x), axes);
}

const char *gy_onnx_upsample(gy_onnx *o, const gy_model_unit *u)
{
    const gy_layer *l = u->layer;
    const int axes = axes_of(l);
    const bool linear = gy_layer_choice(l, "mode") == 1;
    float scales[AXES] = {1, 1};
    for (int i = 0; i < axes; i++) scales[2 + i] = (float)(l->out.d[i] / l->in[0].d[i]);
    const char *x = channels_first(o, gy_onnx_x(o, u, 0), axes);
    const char *by = gy_onnx_constant_floats(o, &(gy_shape){1, {axes + 2}}, scales);
    gy_onnx_text(o, "mode", linear ? "linear" : "nearest");
    gy_onnx_text(o, "coordinate_transformation_mode", linear ? "half_pixel" : "asymmetric");
    if (!linear) gy_onnx_text(o, "nearest_mode", "floor");
    return channels_last(o, gy_onnx_op(o, "Resize", x, "", by), axes);
}
