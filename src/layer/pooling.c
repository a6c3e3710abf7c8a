/*
 * Running pools. A global pool is one window over everything, a line of all positions. Maxima keep
 * where they are from (whole numbers in the place of floats), so that neither x nor y must stay.
 */
#include "pooling.h"

const gy_setting gy_pooling_rows[] = {
    {.key = "size",
     .type = GY_SETTING_PAIR,
     .offset = offsetof(gy_pooling_settings, size),
     .min = 1,
     .max = GY_WINDOW_MAX,
     .help = "size of the window: 2, or height x width as 2x3"},
    {.key = "stride",
     .type = GY_SETTING_PAIR,
     .offset = offsetof(gy_pooling_settings, stride),
     .standard = "",
     .min = 1,
     .max = GY_WINDOW_MAX,
     .help = "steps from window to window; default: size"},
    {.key = "padding",
     .type = GY_SETTING_PAIR,
     .offset = offsetof(gy_pooling_settings, padding),
     .standard = "valid",
     .min = 0,
     .max = GY_WINDOW_MAX,
     .choices = gy_padding_words,
     .help = "room around the input, which never counts; same: in / stride outputs, valid: none"},
    GY_SETTING_END,
};

static gy_status check(const gy_layer *l, int64_t height, int64_t width)
{
    if (height > INT32_MAX / width)
        return gy_layer_refuse(l, "use a smaller input", "its input has 2^31 positions or more");
    return GY_OK;
}

gy_status gy_pooling_shape(gy_layer *l)
{
    const gy_pooling_settings *s = l->settings;
    int64_t height, width, channels;
    GY_TRY(gy_window_input(l, 3, &height, &width, &channels));
    GY_TRY(check(l, height, width));
    gy_pair stride = s->stride.height == 0 ? s->size : s->stride;
    gy_window h = {"height",          height, s->size.height,
                   stride.height,     1,      s->padding.choice,
                   s->padding.height, 0,      0};
    gy_window w = {
        "width", width, s->size.width, stride.width, 1, s->padding.choice, s->padding.width, 0, 0};
    if (s->padding.choice < 0 && (h.padding >= h.kernel || w.padding >= w.kernel))
        return gy_layer_refuse(l, "pad less than the window",
                               "its padding is as large as its window");
    GY_TRY(gy_window_place(l, &h));
    GY_TRY(gy_window_place(l, &w));
    gy_pooling *g;
    GY_TRY(gy_pool_new(l->pool, &g));
    *g = (gy_pooling){height,   width,    channels, h.kernel, w.kernel, h.stride,
                      w.stride, h.before, w.before, h.out,    w.out};
    l->state = g;
    l->out = gy_shape_of(3, h.out, w.out, channels);
    l->report.flops = (double)gy_shape_count(&l->out) * (double)(h.kernel * w.kernel);
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
