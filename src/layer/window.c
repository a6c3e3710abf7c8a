/* Where windows stand on an axis, how many there are, and what is refused. */
#include "window.h"

const char *const gy_padding_words[] = {"same", "valid", NULL};
const char *const gy_padding_causal_words[] = {"same", "valid", "causal", NULL};

gy_status gy_window_place(const gy_layer *l, gy_window *w)
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

gy_status gy_window_input(const gy_layer *l, int axes, int64_t *height, int64_t *width,
                          int64_t *channels)
{
    const gy_shape *in = &l->in[0];
    if (in->n != axes) {
        char text[GY_SHAPE_TEXT];
        return gy_layer_refuse(l,
                               axes == 3 ? "give it [height, width, channels]; a reshape before it "
                                           "adds the axis of channels"
                                         : "give it [time, channels]; a reshape before it adds the "
                                           "axis of channels",
                               "its input is %s, which has not %d axes", gy_shape_text(in, text),
                               axes);
    }
    *height = axes == 3 ? in->d[0] : 1;
    *width = in->d[axes - 2];
    *channels = in->d[axes - 1];
    return GY_OK;
}
