/*
 * Shift: a window of frames moves on by one; the last axis of x without its first n channels, then the n
 * channels of the new frame. A part of rolled out models.
 */
#include "parts.h"

#include <string.h>

static gy_status shape(gy_layer *l)
{
    char window[GY_SHAPE_TEXT], frame[GY_SHAPE_TEXT];
    gy_shape a = l->in[0], b = l->in[1];
    const bool fits = a.n > 0 && a.n == b.n && gy_shape_last(&a) % gy_shape_last(&b) == 0;
    l->out = a;
    if (fits) a.d[a.n - 1] = b.d[b.n - 1] = 1;
    if (!fits || !gy_shape_equal(&a, &b))
        return gy_layer_refuse(l, "end the model with one frame of its input",
                               "%s does not take %s as its next frame",
                               gy_shape_text(&l->in[0], window), gy_shape_text(&l->in[1], frame));
    return GY_OK;
}

static gy_status forward(const gy_layer *l, const gy_pass *p)
{
    const int64_t rows = p->batch * gy_shape_rows(&l->out), width = gy_shape_last(&l->out);
    const int64_t n = gy_shape_last(&l->in[1]), kept = width - n;
    for (int64_t r = 0; r < rows; r++) {
        memcpy(p->y + r * width, p->x[0] + r * width + n, (size_t)kept * sizeof *p->y);
        memcpy(p->y + r * width + kept, p->x[1] + r * n, (size_t)n * sizeof *p->y);
    }
    return GY_OK;
}

static gy_status backward(const gy_layer *l, const gy_pass *p)
{
    const int64_t rows = p->batch * gy_shape_rows(&l->out), width = gy_shape_last(&l->out);
    const int64_t n = gy_shape_last(&l->in[1]), kept = width - n;
    for (int64_t r = 0; p->dx[0] != NULL && r < rows; r++) {
        memset(p->dx[0] + r * width, 0, (size_t)n * sizeof *p->y);
        memcpy(p->dx[0] + r * width + n, p->dy + r * width, (size_t)kept * sizeof *p->y);
    }
    for (int64_t r = 0; p->dx[1] != NULL && r < rows; r++)
        memcpy(p->dx[1] + r * n, p->dy + r * width + kept, (size_t)n * sizeof *p->y);
    return GY_OK;
}

const gy_layer_kind gy_layer_shift = {
    .kind = {"shift", "a window of frames, moved on by one", NULL, 0},
    .pointwise = true,
    .shape = shape,
    .forward = forward,
    .backward = backward,
};
