/*
 * Running pools. A global pool is one window over everything, a line of all positions. Maxima keep
 * where they are from (whole numbers in the place of floats), so that neither x nor y must stay.
 */
#include "pooling.h"

const gy_setting gy_pooling_rows[] = {
    GY_WINDOW_ROW("size", gy_window_settings, size, 1,
                  .help = "size of the window: 2, or one an axis as 2x3, in the shape's order"),
    GY_WINDOW_ROW("stride", gy_window_settings, stride, 1, .standard = "",
                  .help = "steps from window to window; default: size"),
    GY_WINDOW_ROW("padding", gy_window_settings, padding, 0, .standard = "valid",
                  .choices = gy_padding_words,
                  .help = "room around the input, which never counts; same: in / stride outputs, "
                          "valid: none"),
    GY_SETTING_END,
};

static gy_status check(const gy_layer *l, const gy_sizes *padding, const gy_pooling *g)
{
    int64_t positions = 1;
    for (int i = 0; i < GY_AXES; i++) {
        if (padding->choice < 0 && g->axis[i].before >= g->axis[i].size)
            return gy_layer_refuse(l, "pad less than the window",
                                   "its padding is as large as its window");
        if (g->axis[i].in > INT32_MAX / positions)
            return gy_layer_refuse(l, "use a smaller input",
                                   "its input has 2^31 positions or more");
        positions *= g->axis[i].in;
    }
    return GY_OK;
}

gy_status gy_pooling_shape(gy_layer *l, int axes)
{
    gy_window_settings s = *(const gy_window_settings *)l->settings;
    gy_pooling *g;
    if (s.stride.n == 0) s.stride = s.size;
    s.dilation = (gy_sizes){.choice = -1, .n = 1, .v = {1}};
    GY_TRY(gy_pool_new(l->pool, &g));
    GY_TRY(gy_windows_place(l, axes, &s, g->axis));
    GY_TRY(check(l, &s.padding, g));
    g->channels = gy_shape_last(&l->in[0]);
    l->state = g;
    l->out = gy_windows_shape_out(axes, g->axis, g->channels);
    l->report.flops = (double)gy_shape_count(&l->out) * (double)gy_windows_size(g->axis);
    return GY_OK;
}

gy_status gy_pooling_shape_global(gy_layer *l)
{
    if (l->in[0].n == 0)
        return gy_layer_refuse(l, "give it an axis of channels", "its input has no axis");
    const int64_t positions = gy_shape_rows(&l->in[0]);
    gy_pooling *g;
    GY_TRY(gy_pool_new(l->pool, &g));
    *g = (gy_pooling){.axis = {GY_WINDOW_NONE, GY_WINDOW_NONE, GY_WINDOW_NONE},
                      .channels = gy_shape_last(&l->in[0])};
    g->axis[GY_WIDTH].in = g->axis[GY_WIDTH].size = positions;
    GY_TRY(check(l, &(gy_sizes){.choice = GY_PADDING_VALID}, g));
    l->state = g;
    l->out = gy_shape_of(1, g->channels);
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
