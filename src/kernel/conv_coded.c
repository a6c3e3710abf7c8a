/*
 * Convolution of x as codes, for weights of few bits: each sample becomes whole numbers of 7 bits once, by its
 * own range, and patches are gathered of these. What lies outside is the code that stands for zero.
 *
 * Scratch behind the algorithm's: codes [batch, image] | scales [batch] | zeros [batch]
 */
#include "conv_impl.h"

#include "gemm_impl.h"
#include "product_list.h"

#include <string.h>

/* Floats that a sample's codes take. */
static int64_t image(const gy_conv *c)
{
    return gy_pieces(gy_windows_in(c->axis) * c->channels, (int64_t)sizeof(float));
}

int64_t gy_conv_form_scratch(const gy_conv *c)
{
    return image(c) + 2;
}

/* x as codes, in scratch. */
typedef struct coded {
    uint8_t *q;
    float *scales;
    int32_t *zeros;
} coded;

static coded in_scratch(const gy_conv_pass *p)
{
    float *at = p->scratch + gy_round_up(p->c->scratch, 16);
    coded x = {.q = (uint8_t *)(void *)at};
    x.scales = at + p->batch * image(p->c);
    x.zeros = (int32_t *)(void *)(x.scales + p->batch);
    return x;
}

/* The codes under the positions [from, from + n) and of what samples they are. */
static void take(const gy_conv_pass *p, const coded *x, int group, int64_t from, int64_t n,
                 int64_t columns, const gy_coded *c)
{
    const gy_conv_image pixels = {.v = x->q, .bytes = 1, .zeros = x->zeros};
    gy_conv_gather(p->c, &pixels, group, from, from + n, c->q, (size_t)c->inner);
    for (int64_t i = 0; i < n; i++) {
        const int64_t sample = gy_conv_sample(p->c, from + i);
        c->scales[i] = x->scales[sample];
        c->zeros[i] = x->zeros[sample];
        memset(c->q + i * c->inner + columns, 0, (size_t)(c->inner - columns));
    }
}

static void forward_share(const gy_conv_pass *p, const gy_product_kind *kind, const coded *x,
                          gy_member me)
{
    const gy_conv *c = p->c;
    const int64_t positions = p->batch * gy_windows_out(c->axis), filters = c->filters / c->groups;
    GY_SHARE(me, i, gy_pieces(positions, GY_CODED_ROWS)) {
        const int64_t from = i * GY_CODED_ROWS, n = gy_least(GY_CODED_ROWS, positions - from);
        float *y = p->y + from * c->filters;
        for (int g = 0; g < c->groups; g++) { /* y = P Wᵀ */
            const gy_form_product of = {.k = p->kernel,
                                        .w = p->form,
                                        .from = g * filters,
                                        .n = filters,
                                        .rows = n,
                                        .y = y + g * filters,
                                        .y_row = c->filters,
                                        .work = p->kernel->work + me.number * gy_gemm_packed_work};
            const gy_coded codes = gy_coded_in(&of);
            take(p, x, g, from, n, p->form->columns, &codes);
            gy_coded_run(kind, &of, &codes, 0, n);
        }
        gy_conv_finish(p, n, y);
    }
}

void gy_conv_coded_forward(const gy_conv_pass *p, const gy_product_kind *kind)
{
    const coded x = in_scratch(p);
    const int64_t pixels = gy_windows_in(p->c->axis) * p->c->channels;
    GY_SPREAD(gy_conv_threads(p), n, p->batch, 1, {
        x.scales[n] = p->kernel->vector->int8_quantize(pixels, pixels, p->x + n * pixels,
                                                       x.q + n * pixels, &x.zeros[n]);
    });
    GY_TEAM(gy_conv_threads(p), me, forward_share(p, kind, &x, me));
}
