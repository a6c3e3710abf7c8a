/*
 * Running pools. A global pool is one window over everything, a line of all positions. Maxima keep
 * where they are from (whole numbers in the place of floats), so that neither x nor y must stay.
 */
#include "pooling.h"

#define PADDING_ROW                                                                                \
    {                                                                                              \
        .key = "padding", .type = GY_SETTING_PAIR,                                                 \
        .offset = offsetof(gy_window_settings, padding), .standard = "valid", .min = 0,            \
        .max = GY_WINDOW_MAX, .choices = gy_padding_words,                                         \
        .help = "room around the input, which never counts; same: in / stride outputs, valid: "    \
                "none"                                                                             \
    }

const gy_setting gy_pooling_rows[] = {
    {.key = "size",
     .type = GY_SETTING_PAIR,
     .offset = offsetof(gy_window_settings, size),
     .min = 1,
     .max = GY_WINDOW_MAX,
     .help = "size of the window: 2, or height x width as 2x3"},
    {.key = "stride",
     .type = GY_SETTING_PAIR,
     .offset = offsetof(gy_window_settings, stride),
     .standard = "",
     .min = 1,
     .max = GY_WINDOW_MAX,
     .help = "steps from window to window; default: size"},
    PADDING_ROW,
    GY_SETTING_END,
};

const gy_setting gy_pooling_rows_1d[] = {
    {.key = "size",
     .type = GY_SETTING_INT,
     .offset = offsetof(gy_window_settings, size.width),
     .min = 1,
     .max = GY_WINDOW_MAX,
     .help = "size of the window"},
    {.key = "stride",
     .type = GY_SETTING_INT,
     .offset = offsetof(gy_window_settings, stride.width),
     .standard = "0",
     .min = 0,
     .max = GY_WINDOW_MAX,
     .help = "steps from window to window; 0: size"},
    PADDING_ROW,
    GY_SETTING_END,
};

static gy_status check(const gy_layer *l, int64_t height, int64_t width)
{
    if (height > INT32_MAX / width)
        return gy_layer_refuse(l, "use a smaller input", "its input has 2^31 positions or more");
    return GY_OK;
}

gy_status gy_pooling_shape(gy_layer *l, int axes)
{
    gy_window_settings s = *(const gy_window_settings *)l->settings;
    gy_windows w;
    if (s.stride.width == 0) s.stride = s.size;
    s.dilation = (gy_pair){.height = 1, .width = 1, .choice = -1};
    GY_TRY(gy_windows_place(l, axes, &s, &w));
    if (s.padding.choice < 0 &&
        (w.height.padding >= w.height.kernel || w.width.padding >= w.width.kernel))
        return gy_layer_refuse(l, "pad less than the window",
                               "its padding is as large as its window");
    GY_TRY(check(l, w.height.in, w.width.in));
    gy_pooling *g;
    GY_TRY(gy_pool_new(l->pool, &g));
    *g = (gy_pooling){.height = w.height.in,
                      .width = w.width.in,
                      .channels = w.channels,
                      .size_h = w.height.kernel,
                      .size_w = w.width.kernel,
                      .stride_h = w.height.stride,
                      .stride_w = w.width.stride,
                      .pad_top = w.height.before,
                      .pad_left = w.width.before,
                      .out_height = w.height.out,
                      .out_width = w.width.out};
    l->state = g;
    l->out = gy_windows_out(&w, axes, w.channels);
    l->report.flops = (double)gy_shape_count(&l->out) * (double)(g->size_h * g->size_w);
    return GY_OK;
}

gy_status gy_pooling_shape_global(gy_layer *l)
{
    if (l->in[0].n == 0)
        return gy_layer_refuse(l, "give it an axis of channels", "its input has no axis");
    int64_t positions = gy_shape_rows(&l->in[0]), channels = gy_shape_last(&l->in[0]);
    GY_TRY(check(l, 1, positions));
    gy_pooling *g;
    GY_TRY(gy_pool_new(l->pool, &g));
    *g = (gy_pooling){1, positions, channels, 1, positions, 1, 1, 0, 0, 1, 1};
    l->state = g;
    l->out = gy_shape_of(1, channels);
    l->report.flops = (double)gy_shape_count(&l->in[0]);
    return GY_OK;
}

void gy_pooling_keep(gy_layer *l)
{
    _Static_assert(sizeof(int32_t) == sizeof(float), "kept in the place of floats");
    l->memory.keep.per_sample = gy_shape_count(&l->out);
}

gy_status gy_pooling_max_forward(const gy_layer *l, const gy_pass *p)
{
    gy_max_pool_forward(p->kernel, l->state, p->batch, p->x[0], p->y,
                        (l->fuse.does & GY_FUSE_SLOPE) != 0, (int32_t *)(void *)p->keep);
    return GY_OK;
}

gy_status gy_pooling_max_backward(const gy_layer *l, const gy_pass *p)
{
    if (p->dx[0] != NULL)
        gy_max_pool_backward(p->kernel, l->state, p->batch, p->dy,
                             (const int32_t *)(const void *)p->keep, p->dx[0]);
    return GY_OK;
}

gy_status gy_pooling_avg_forward(const gy_layer *l, const gy_pass *p)
{
    gy_avg_pool_forward(p->kernel, l->state, p->batch, p->x[0], p->y);
    return GY_OK;
}

gy_status gy_pooling_avg_backward(const gy_layer *l, const gy_pass *p)
{
    if (p->dx[0] != NULL) gy_avg_pool_backward(p->kernel, l->state, p->batch, p->dy, p->dx[0]);
    return GY_OK;
}
