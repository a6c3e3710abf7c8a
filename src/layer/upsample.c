/* Running layers that make a grid finer: what each output is of is known beforehand, axis by axis. */
#include "upsample.h"

#include "kernel/upsample.h"

enum { NEAREST, LINEAR };

gy_status gy_upsample_shape(gy_layer *l, int axes)
{
    const gy_upsample_settings *s = l->settings;
    const gy_sizes one = {.choice = -1, .n = 1, .v = {1}}, none = {.choice = GY_PADDING_VALID};
    gy_window
        w[GY_AXES]; /* as many outputs as windows of `factor` positions, that far apart, span */
    gy_upsample *u;
    GY_TRY(gy_pool_new(l->pool, &u));
    GY_TRY(gy_windows_place_transposed(
        l, axes, &(gy_window_settings){s->factor, s->factor, one, none, GY_BORDER_zeros}, w));
    u->channels = gy_shape_last(&l->in[0]);
    u->threads = l->threads;
    l->state = u;
    l->out = gy_windows_shape_in(axes, w, u->channels);
    if (gy_shape_count(&l->out) < 0)
        return gy_layer_refuse(l, "use a smaller factor", "it has too many outputs");
    for (int i = 0; i < GY_AXES; i++) {
        gy_tap *taps = NULL;
        GY_TRY(gy_pool_array(l->pool, w[i].in, &taps));
        for (int64_t at = 0; at < w[i].in; at++)
            taps[at] = gy_upsample_tap(at, w[i].size, w[i].out, s->mode == LINEAR);
        u->in[i] = w[i].out;
        u->out[i] = w[i].in;
        u->taps[i] = taps;
    }
    l->memory.scratch.fixed = gy_align_floats(gy_upsample_scratch(u));
    l->report.flops = (double)gy_shape_count(&l->out) * (s->mode == LINEAR ? 2 * axes + 1 : 0);
    return GY_OK;
}

gy_status gy_upsample_layer_forward(const gy_layer *l, const gy_pass *p)
{
    gy_upsample_forward(p->kernel, l->state, p->batch, p->x[0], p->y, p->scratch);
    return GY_OK;
}

gy_status gy_upsample_layer_backward(const gy_layer *l, const gy_pass *p)
{
    if (p->dx[0] != NULL)
        gy_upsample_backward(p->kernel, l->state, p->batch, p->dy, p->dx[0], p->scratch);
    return GY_OK;
}

static const char *const modes[] = {"nearest", "linear", NULL};

const gy_setting gy_upsample_rows[] = {
    GY_WINDOW_ROW("factor", gy_upsample_settings, factor, 1,
                  .help = "how many times as long: 2, or one an axis as 2x3, in the shape's order"),
    {.key = "mode",
     .type = GY_SETTING_CHOICE,
     .offset = offsetof(gy_upsample_settings, mode),
     .standard = "nearest",
     .choices = modes,
     .help = "repeats positions, or goes straight from the middle of one to that of the next"},
    GY_SETTING_END,
};
