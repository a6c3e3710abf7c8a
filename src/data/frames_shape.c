/*
 * Shapes of samples. A data set has a channel axis where it has as many axes as the network's input or
 * output; one fewer, and it gets one of length 1. Channels are joined: frame by frame, the oldest
 * first, within a frame data set by data set.
 */
#include "frames.h"

#include <string.h>

/* Axes that a data set with channels has, where the network does not say: those of the others. */
static int guess_axes(const gy_frames_side *s)
{
    int most = 0;
    bool differ = false;
    for (int i = 0; i < s->n; i++) {
        differ = differ || s->fields[i].shape.n != s->fields[0].shape.n;
        if (s->fields[i].shape.n > most) most = s->fields[i].shape.n;
    }
    return differ || most >= 3 ? most : most + 1;
}

/* Splits a frame's elements into places and channels. */
static void part_channels(gy_frames_field *field, bool channels, bool first)
{
    const gy_shape *shape = &field->shape;
    field->channels = channels && shape->n > 0;
    field->first = field->channels && first;
    field->depth = !field->channels ? 1 : shape->d[first ? 0 : shape->n - 1];
    field->places = field->depth > 0 ? gy_shape_count(shape) / field->depth : 0; /* refused below */
}

/* The axes of a frame's places. */
static gy_shape places_of(const gy_frames_field *field)
{
    gy_shape out = field->shape;
    if (!field->channels) return out;
    out.n--;
    if (field->first) memmove(out.d, out.d + 1, (size_t)out.n * sizeof *out.d);
    return out;
}

static gy_status join(const gy_frames *f, gy_frames_side *s)
{
    const gy_shape places = places_of(&s->fields[0]);
    char one[GY_SHAPE_TEXT], other[GY_SHAPE_TEXT];
    s->depth = 0;
    for (int i = 0; i < s->n; i++) {
        const gy_shape here = places_of(&s->fields[i]);
        GY_REQUIRE(gy_shape_equal(&here, &places), GY_E_DATA,
                   "data sets do not go together" GY_AT "%s" GY_WHY
                   "without channels %s is %s, %s is %s",
                   f->text, s->fields[0].name, gy_shape_text(&places, one), s->fields[i].name,
                   gy_shape_text(&here, other));
        s->fields[i].channel = s->depth;
        s->depth += s->fields[i].depth;
    }
    GY_REQUIRE(places.n < GY_DIMS, GY_E_DATA,
               "cannot read the data" GY_AT "%s" GY_WHY "%s has too many axes", f->text,
               s->fields[0].name);
    s->shape = places;
    s->shape.d[s->shape.n++] = s->frames * s->depth;
    return GY_OK;
}

gy_status gy_frames_shape_side(const gy_frames *f, int side, int axes, gy_frames_side *s)
{
    const bool first = f->settings->layout == GY_LAYOUT_FIRST;
    const gy_frames_side *y = &f->sides[GY_FRAMES_Y];
    bool alone = s->n == 1 && s->frames == 1, turned = first && axes >= 0;
    if (side == GY_FRAMES_W)
        turned = turned && y->n > 0 && y->fields[0].first &&
                 s->fields[0].shape.n == y->fields[0].shape.n;
    if (axes == 0) axes = alone ? s->fields[0].shape.n : guess_axes(s);
    for (int i = 0; i < s->n; i++) {
        gy_frames_field *field = &s->fields[i];
        part_channels(field, axes >= 0 && field->shape.n >= axes, turned);
    }
    if (side == GY_FRAMES_W && turned) part_channels(&s->fields[0], true, true);
    if (alone && !s->fields[0].first) {
        s->shape = s->fields[0].shape;
        s->depth = s->fields[0].depth;
    } else {
        GY_TRY(join(f, s));
    }
    s->count = gy_shape_count(&s->shape);
    GY_REQUIRE(s->count > 0, GY_E_DATA,
               "cannot read the data" GY_AT "%s" GY_WHY "samples of %s are empty or too large",
               f->text, s->fields[0].name);
    return GY_OK;
}
