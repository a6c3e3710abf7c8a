/*
 * Transposed convolution by the passes of convolution: forward is its data pass, the data pass its
 * forward, and for the weight x and dz change places.
 *
 * Scratch: the weight turned, then that of the convolution.
 */
#include "conv_transposed.h"

#include "conv_impl.h"

static int64_t turned_floats(const gy_conv *c)
{
    return gy_round_up(gy_conv_weights(c), 16);
}

int64_t gy_conv_transposed_scratch(const gy_conv *c)
{
    return turned_floats(c) + c->scratch;
}

/* to [b, middle, a] = beta to + from [a, middle, b] */
static void turn(int64_t a, int64_t middle, int64_t b, const float *from, float beta, float *to)
{
    for (int64_t i = 0; i < b * middle; i++) {
        const float *column = from + i % middle * b + i / middle;
        for (int64_t j = 0; j < a; j++, to++)
            *to = column[j * middle * b] + (beta == 0 ? 0 : beta * *to);
    }
}

/* w of the convolution, in the scratch. */
static const float *turned(const gy_conv *c, const float *w, float *scratch)
{
    turn(c->channels, gy_windows_size(c->axis), c->filters, w, 0, scratch);
    return scratch;
}

static void add_bias(const gy_kernel *k, int64_t rows, int64_t n, const float *bias, float *y)
{
    const int64_t step = gy_block_rows(n);
    GY_SPREAD(gy_team(k, rows * n, 1), row, rows, step,
              k->vector->add_bias(gy_least(step, rows - row), n, bias, y + row * n));
}

void gy_conv_transposed_forward(const gy_kernel *k, const gy_conv *c, int64_t batch, const float *x,
                                const float *w, const float *bias, gy_activation a, float *z,
                                float *y, float *scratch)
{
    const int64_t rows = batch * gy_windows_in(c->axis);
    float *out = z == NULL ? y : z;
    gy_conv_backward_data(k, c, batch, turned(c, w, scratch), x, out, scratch + turned_floats(c));
    if (bias != NULL) add_bias(k, rows, c->channels, bias, out);
    if (a != GY_ACTIVATION_none || out != y) gy_activation_forward(k, a, rows, c->channels, out, y);
}

void gy_conv_transposed_backward_data(const gy_kernel *k, const gy_conv *c, int64_t batch,
                                      const float *w, const float *dz, float *dx, float *scratch)
{
    gy_conv_forward(k, c, batch, dz, turned(c, w, scratch), NULL, NULL, GY_ACTIVATION_none, NULL,
                    dx, scratch + turned_floats(c));
}

void gy_conv_transposed_backward_weight(const gy_kernel *k, const gy_conv *c, int64_t batch,
                                        const float *x, const float *dz, float beta, float *dw,
                                        float *scratch)
{
    gy_conv_backward_weight(k, c, batch, dz, x, 0, scratch, scratch + turned_floats(c));
    turn(c->filters, gy_windows_size(c->axis), c->channels, scratch, beta, dw);
}
