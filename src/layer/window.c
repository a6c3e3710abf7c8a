/* Where windows stand on an axis, how many there are, and what is refused. */
#include "window.h"

const char *const gy_padding_words[] = {"same", "valid", NULL};
const char *const gy_padding_causal_words[] = {"same", "valid", "causal", NULL};

/* Fills `out` and `before`. */
static gy_status place(const gy_layer *l, gy_window *w)
{
    int64_t reach = (w->kernel - 1) * w->dilation + 1, after = 0;
    w->before = 0;
    switch (w->choice) {
    case GY_PADDING_SAME: {
        int64_t out = (w->in + w->stride - 1) / w->stride;
        int64_t total = (out - 1) * w->stride + reach - w->in;
        w->before = total > 0 ? total / 2 : 0;
        w->out = out;
        return GY_OK;
    }
    case GY_PADDING_CAUSAL:
        w->before = reach - 1;
        break;
    case GY_PADDING_VALID:
        break;
    default:
        w->before = after = w->padding;
    }
    int64_t room = w->in + w->before + after;
    if (reach > room)
        return gy_layer_refuse(l, "make the window smaller, or pad the input (padding: same)",
                               "its window spans %lld of the padded input's %s of %lld",
                               (long long)reach, w->axis, (long long)room);
    w->out = (room - reach) / w->stride + 1;
    return GY_OK;
}

static gy_status check_input(const gy_layer *l, int axes)
{
    static const char *const hints[] = {
        "give it [time, channels]; a reshape before it adds the axis of channels",
        "give it [height, width, channels]; a reshape before it adds the axis of channels"};
    char text[GY_SHAPE_TEXT];
    if (l->in[0].n == axes + 1) return GY_OK;
    return gy_layer_refuse(l, hints[axes - 1], "its input is %s, which has not %d axes",
                           gy_shape_text(&l->in[0], text), axes + 1);
}

gy_status gy_windows_place(const gy_layer *l, int axes, const gy_window_settings *s,
                           gy_windows *out)
{
    const gy_shape *in = &l->in[0];
    GY_TRY(check_input(l, axes));
    out->channels = gy_shape_last(in);
    out->width = (gy_window){.axis = axes == 1 ? "length" : "width",
                             .in = in->d[axes - 1],
                             .kernel = s->size.width,
                             .stride = s->stride.width,
                             .dilation = s->dilation.width,
                             .choice = s->padding.choice,
                             .padding = s->padding.width};
    out->height = (gy_window){.axis = "height",
                              .in = in->d[0],
                              .kernel = s->size.height,
                              .stride = s->stride.height,
                              .dilation = s->dilation.height,
                              .choice = s->padding.choice,
                              .padding = s->padding.height};
    if (axes == 1) {
        if (s->padding.choice < 0 && s->padding.height != s->padding.width)
            return gy_layer_refuse(l, "give one number", "its padding is for two axes");
        out->height = (gy_window){"height", 1, 1, 1, 1, GY_PADDING_VALID, 0, 0, 0};
    }
    GY_TRY(place(l, &out->height));
    return place(l, &out->width);
}

gy_shape gy_windows_out(const gy_windows *w, int axes, int64_t channels)
{
    return axes == 1 ? gy_shape_of(2, w->width.out, channels)
                     : gy_shape_of(3, w->height.out, w->width.out, channels);
}
