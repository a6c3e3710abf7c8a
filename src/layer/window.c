/* Where windows stand on an axis, how many there are, and what is refused. */
#include "window.h"

const char *const gy_padding_words[] = {"same", "valid", NULL};
const char *const gy_padding_causal_words[] = {"same", "valid", "causal", NULL};

/* Fills `out` and `before`; number: the padding where it is no word. */
static gy_status place(const gy_layer *l, const char *axis, int choice, int64_t number,
                       gy_window *w)
{
    int64_t reach = gy_window_reach(w), after = 0;
    switch (choice) {
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
        w->before = after = number;
    }
    int64_t room = w->in + w->before + after;
    if (reach > room)
        return gy_layer_refuse(l, "make the window smaller, or pad the input (padding: same)",
                               "its window spans %lld of the padded input's %s of %lld",
                               (long long)reach, axis, (long long)room);
    w->out = (room - reach) / w->stride + 1;
    return GY_OK;
}

static gy_status check_input(const gy_layer *l, int axes)
{
    static const char *const hints[] = {
        "give it [time, channels]; a reshape before it adds the axis of channels",
        "give it [height, width, channels]; a reshape before it adds the axis of channels",
        "give it [depth, height, width, channels]; a reshape before it adds the axis of channels"};
    char text[GY_SHAPE_TEXT];
    if (l->in[0].n == axes + 1) return GY_OK;
    return gy_layer_refuse(l, hints[axes - 1], "its input is %s, which has not %d axes",
                           gy_shape_text(&l->in[0], text), axes + 1);
}

static gy_status check_sizes(const gy_layer *l, int axes, const gy_sizes *s, const char *what)
{
    if (s->choice >= 0 || s->n == 1 || s->n == axes) return GY_OK;
    return gy_layer_refuse(l, "give one number, or one an axis joined by x",
                           "its %s is for %d axes, not for %d", what, s->n, axes);
}

gy_status gy_windows_place(const gy_layer *l, int axes, const gy_window_settings *s,
                           gy_window out[GY_AXES])
{
    static const char *const names[GY_AXES] = {"depth", "height", "width"};
    GY_TRY(check_input(l, axes));
    GY_TRY(check_sizes(l, axes, &s->size, "window"));
    GY_TRY(check_sizes(l, axes, &s->stride, "stride"));
    GY_TRY(check_sizes(l, axes, &s->dilation, "dilation"));
    GY_TRY(check_sizes(l, axes, &s->padding, "padding"));
    for (int i = 0; i < GY_AXES; i++) {
        const int at = i - (GY_AXES - axes); /* among the axes that are there */
        out[i] = GY_WINDOW_NONE;
        if (at < 0) continue;
        out[i].in = l->in[0].d[at];
        out[i].size = gy_sizes_at(&s->size, at);
        out[i].stride = gy_sizes_at(&s->stride, at);
        out[i].dilation = gy_sizes_at(&s->dilation, at);
        GY_TRY(place(l, axes == 1 ? "length" : names[i], s->padding.choice,
                     gy_sizes_at(&s->padding, at), &out[i]));
    }
    return GY_OK;
}

gy_shape gy_windows_shape(int axes, const int64_t n[GY_AXES], int64_t channels)
{
    gy_shape shape = {.n = axes + 1};
    for (int i = 0; i < axes; i++) shape.d[i] = n[GY_AXES - axes + i];
    shape.d[axes] = channels;
    return shape;
}

gy_shape gy_windows_shape_out(int axes, const gy_window w[GY_AXES], int64_t channels)
{
    const int64_t n[GY_AXES] = {w[GY_DEPTH].out, w[GY_HEIGHT].out, w[GY_WIDTH].out};
    return gy_windows_shape(axes, n, channels);
}
