/* Where windows stand on an axis, how many there are, and what is refused. */
#include "window.h"

const char *const gy_padding_words[] = {"same", "valid", NULL};
const char *const gy_padding_causal_words[] = {"same", "valid", "causal", NULL};

static const char *const names[GY_AXES] = {"depth", "height", "width"};

static const char *name_of(int axes, int axis)
{
    return axes == 1 ? "length" : names[axis];
}

/* Fills `out` and `before`; number: the padding where it is no word. */
static gy_status place(const gy_layer *l, const char *axis, int choice, int64_t number,
                       gy_window *w, int64_t *behind)
{
    int64_t reach = gy_window_reach(w), after = 0;
    switch (choice) {
    case GY_PADDING_SAME: {
        int64_t out = (w->in + w->stride - 1) / w->stride;
        int64_t total = (out - 1) * w->stride + reach - w->in;
        w->before = total > 0 ? total / 2 : 0;
        w->out = out;
        *behind = total > 0 ? total - w->before : 0;
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
    *behind = after;
    return GY_OK;
}

/* Nothing wraps or is mirrored twice. */
static gy_status check_border(const gy_layer *l, const char *axis, gy_border border,
                              const gy_window *w, int64_t behind)
{
    const int64_t most = gy_border_most(border, w->in);
    const int64_t padding = w->before > behind ? w->before : behind;
    if (most < 0 || padding <= most) return GY_OK;
    return gy_layer_refuse(l, "pad less, or take border: replicate",
                           "its padding of %lld is more than a border that is %s has for %s %lld",
                           (long long)padding, gy_border_names[border], axis, (long long)w->in);
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

/* Fills all but `out` and `before`; `in` is the length that l has. */
static gy_status take_sizes(const gy_layer *l, int axes, const gy_window_settings *s,
                            gy_window out[GY_AXES])
{
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
    }
    return GY_OK;
}

gy_status gy_windows_place(const gy_layer *l, int axes, const gy_window_settings *s,
                           gy_window out[GY_AXES])
{
    GY_TRY(take_sizes(l, axes, s, out));
    for (int i = GY_AXES - axes; i < GY_AXES; i++) {
        const int64_t number = gy_sizes_at(&s->padding, i - (GY_AXES - axes));
        const char *axis = name_of(axes, i);
        int64_t behind = 0;
        GY_TRY(place(l, axis, s->padding.choice, number, &out[i], &behind));
        GY_TRY(check_border(l, axis, (gy_border)s->border, &out[i], behind));
    }
    return GY_OK;
}

gy_status gy_windows_place_transposed(const gy_layer *l, int axes, const gy_window_settings *s,
                                      gy_window out[GY_AXES])
{
    GY_TRY(take_sizes(l, axes, s, out));
    for (int i = GY_AXES - axes; i < GY_AXES; i++) {
        gy_window *w = &out[i];
        const int64_t in = w->in, span = (in - 1) * w->stride + w->size;
        const bool same = s->padding.choice == GY_PADDING_SAME;
        if (same && w->size > w->stride) w->before = (w->size - w->stride) / 2;
        if (s->padding.choice < 0) w->before = gy_sizes_at(&s->padding, i - (GY_AXES - axes));
        w->in = same ? in * w->stride : span - 2 * w->before;
        w->out = in;
        if (w->in < 1)
            return gy_layer_refuse(l, "pad less", "its padding of %lld leaves nothing of the %s",
                                   (long long)w->before, name_of(axes, i));
    }
    return GY_OK;
}

bool gy_windows_frame(gy_window w[GY_AXES], gy_border border, int64_t channels, gy_frame *out)
{
    bool padded = false;
    *out = (gy_frame){.border = border, .channels = channels};
    for (int i = 0; i < GY_AXES; i++) {
        const int64_t span = (w[i].out - 1) * w[i].stride + gy_window_reach(&w[i]);
        padded |= w[i].before > 0 || span > w[i].in;
        out->in[i] = w[i].in;
        out->before[i] = w[i].before;
        out->out[i] = span;
    }
    if (!padded || border == GY_BORDER_zeros) return false;
    for (int i = 0; i < GY_AXES; i++) {
        w[i].in = out->out[i];
        w[i].before = 0;
    }
    return true;
}

gy_shape gy_windows_shape(int axes, const int64_t n[GY_AXES], int64_t channels)
{
    gy_shape shape = {.n = axes + 1};
    for (int i = 0; i < axes; i++) shape.d[i] = n[GY_AXES - axes + i];
    shape.d[axes] = channels;
    return shape;
}

gy_shape gy_windows_shape_in(int axes, const gy_window w[GY_AXES], int64_t channels)
{
    const int64_t n[GY_AXES] = {w[GY_DEPTH].in, w[GY_HEIGHT].in, w[GY_WIDTH].in};
    return gy_windows_shape(axes, n, channels);
}

gy_shape gy_windows_shape_weight(int axes, const gy_window w[GY_AXES], int64_t first, int64_t last)
{
    const int64_t n[GY_AXES] = {w[GY_DEPTH].size, w[GY_HEIGHT].size, w[GY_WIDTH].size};
    gy_shape shape = gy_windows_shape(axes, n, last);
    for (int i = shape.n++; i > 0; i--) shape.d[i] = shape.d[i - 1];
    shape.d[0] = first;
    return shape;
}

gy_shape gy_windows_shape_out(int axes, const gy_window w[GY_AXES], int64_t channels)
{
    const int64_t n[GY_AXES] = {w[GY_DEPTH].out, w[GY_HEIGHT].out, w[GY_WIDTH].out};
    return gy_windows_shape(axes, n, channels);
}
