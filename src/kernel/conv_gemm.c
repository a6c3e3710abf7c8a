/*
 * Convolution as matrix products: the patches of x under a tile of output positions are copied into
 * the rows of a matrix ("im2col", Chellapilla et al. 2006), a tile at a time so that it stays in the
 * cache. It can do every shape, and is what the other algorithms are tested against.
 *
 *     forward   y = P Wᵀ            P [tile, K] patches, W [filters, K] of one group,
 *     data      dP = dz W           K = kernel sizes · channels / groups
 *     weights   dW += dzᵀ P
 *
 * Scratch: the weights' parts [threads, weights], then a tile for each thread.
 */
#include "conv_impl.h"

#include "gemm_impl.h"

#include <string.h>

enum { TILE_FLOATS = 1 << 16, TILE_MIN = 8, TILE_MAX = 1024 };

static int64_t patch(const gy_conv *c)
{
    return gy_windows_size(c->axis) * (c->channels / c->groups);
}

/* Output positions in a tile. */
static int64_t tile(const gy_conv *c)
{
    int64_t n = TILE_FLOATS / patch(c) / TILE_MIN * TILE_MIN;
    return gy_most(TILE_MIN, gy_least(n, TILE_MAX));
}

static bool can(const gy_conv *c)
{
    (void)c;
    return true;
}

static int64_t scratch(const gy_conv *c)
{
    if (gy_conv_is_product(c)) return 0;
    return c->threads * (gy_round_up(gy_conv_weights(c), 16) + gy_round_up(tile(c) * patch(c), 16));
}

/* Where the patch under output position `at` (of the whole batch) begins in x; may be outside. */
typedef struct place {
    int64_t sample, first[GY_AXES];
} place;

static place place_of(const gy_conv *c, int64_t at)
{
    place q;
    for (int i = GY_WIDTH; i >= GY_DEPTH; i--) {
        const gy_window *w = &c->axis[i];
        q.first[i] = at % w->out * w->stride - w->before;
        at /= w->out;
    }
    q.sample = at;
    return q;
}

/* Lines of a patch: planes × rows. */
static int64_t lines_of(const gy_conv *c)
{
    return c->axis[GY_DEPTH].size * c->axis[GY_HEIGHT].size;
}

/* Where in x, counted in positions, line i of a patch would have its column 0; −1 outside. */
static int64_t line_of(const gy_conv *c, const place *q, int64_t i)
{
    const gy_window *d = &c->axis[GY_DEPTH], *h = &c->axis[GY_HEIGHT];
    const int64_t plane = q->first[GY_DEPTH] + i / h->size * d->dilation;
    const int64_t row = q->first[GY_HEIGHT] + i % h->size * h->dilation;
    const bool inside = plane >= 0 && plane < d->in && row >= 0 && row < h->in;
    return inside ? ((q->sample * d->in + plane) * h->in + row) * c->axis[GY_WIDTH].in : -1;
}

/* Copies the patches of a group under the positions [from, to) into rows. */
static void gather(const gy_conv *c, const float *x, int group, int64_t from, int64_t to,
                   float *rows)
{
    const gy_window *w = &c->axis[GY_WIDTH];
    int64_t depth = c->channels / c->groups, lines = lines_of(c);
    bool whole = c->groups == 1 && w->dilation == 1;
    for (int64_t at = from; at < to; at++) {
        place q = place_of(c, at);
        int64_t left = q.first[GY_WIDTH];
        bool inside = left >= 0 && left + w->size <= w->in;
        for (int64_t i = 0; i < lines; i++, rows += w->size * depth) {
            int64_t line = line_of(c, &q, i);
            size_t bytes = sizeof *x * (size_t)depth;
            if (line < 0) {
                memset(rows, 0, bytes * (size_t)w->size);
                continue;
            }
            const float *in = x + line * c->channels + group * depth;
            if (whole && inside) {
                memcpy(rows, in + left * c->channels, bytes * (size_t)w->size);
                continue;
            }
            for (int64_t j = 0; j < w->size; j++) {
                int64_t column = left + j * w->dilation;
                if (column < 0 || column >= w->in)
                    memset(rows + j * depth, 0, bytes);
                else
                    memcpy(rows + j * depth, in + column * c->channels, bytes);
            }
        }
    }
}

/* Adds the rows to where gather() takes them from. */
static void scatter(const gy_conv *c, const float *restrict rows, int group, int64_t from,
                    int64_t to, float *restrict x)
{
    const gy_window *w = &c->axis[GY_WIDTH];
    int64_t depth = c->channels / c->groups, lines = lines_of(c);
    for (int64_t at = from; at < to; at++) {
        place q = place_of(c, at);
        for (int64_t i = 0; i < lines; i++, rows += w->size * depth) {
            int64_t line = line_of(c, &q, i);
            if (line < 0) continue;
            for (int64_t j = 0; j < w->size; j++) {
                int64_t column = q.first[GY_WIDTH] + j * w->dilation;
                if (column < 0 || column >= w->in) continue;
                float *out = x + (line + column) * c->channels + group * depth;
                for (int64_t d = 0; d < depth; d++) out[d] += rows[j * depth + d];
            }
        }
    }
}

/* This thread's tile. */
static float *own_tile(const gy_conv_pass *p, gy_member me)
{
    const gy_conv *c = p->c;
    return p->scratch + c->threads * gy_round_up(gy_conv_weights(c), 16) +
           me.number * gy_round_up(tile(c) * patch(c), 16);
}

/* The weights of a group. */
static int64_t group_packed(const gy_conv *c)
{
    return gy_linear_packed(patch(c), c->filters / c->groups);
}

static int64_t packed(const gy_conv *c)
{
    return c->groups * group_packed(c);
}

static void pack(const gy_conv_pass *p, float *to)
{
    const gy_conv *c = p->c;
    const int64_t filters = c->filters / c->groups;
    for (int64_t g = 0; g < c->groups; g++)
        gy_linear_pack(p->kernel, patch(c), filters, p->w + g * filters * patch(c),
                       to + g * group_packed(c));
}

/* y = P Wᵀ of a group */
static void multiply(const gy_conv_pass *p, int group, int64_t rows, const float *patches, float *y,
                     gy_member me)
{
    const gy_conv *c = p->c;
    const int64_t inner = patch(c), filters = c->filters / c->groups;
    const bool packed = p->packed != NULL;
    gy_gemm_alone(p->kernel, me.number,
                  &(gy_product){.transpose_b = true,
                                .m = rows,
                                .n = filters,
                                .inner = inner,
                                .alpha = 1,
                                .a = patches,
                                .b = packed ? NULL : p->w + group * filters * inner,
                                .packed = packed ? p->packed + group * group_packed(c) : NULL,
                                .c = y + group * filters,
                                .lda = inner,
                                .ldb = inner,
                                .ldc = c->filters});
}

static void forward_share(const gy_conv_pass *p, gy_member me)
{
    const gy_conv *c = p->c;
    int64_t positions = p->batch * gy_windows_out(c->axis);
    int64_t step = tile(c);
    float *rows = own_tile(p, me);
    GY_SHARE(me, i, gy_pieces(positions, step)) {
        int64_t from = i * step, to = gy_least(from + step, positions);
        float *y = p->y + from * c->filters;
        for (int g = 0; g < c->groups; g++) {
            gather(c, p->x, g, from, to, rows);
            multiply(p, g, to - from, rows, y, me);
        }
        gy_conv_finish(p, to - from, y);
        if (me.number == 0) gy_kernel_poll(p->kernel);
    }
}

static void forward(const gy_conv_pass *p)
{
    const gy_conv *c = p->c;
    if (gy_conv_is_product(c))
        gy_linear_forward(p->kernel, p->batch * gy_windows_out(c->axis), c->channels, c->filters,
                          p->x, p->w, p->packed, p->bias,
                          p->relu ? GY_ACTIVATION_relu : GY_ACTIVATION_none, NULL, p->y);
    else
        GY_TEAM(gy_conv_threads(p), me, forward_share(p, me));
}

static void backward_data_share(const gy_conv_pass *p, gy_member me)
{
    const gy_conv *c = p->c;
    int64_t area = gy_windows_out(c->axis), image = gy_windows_in(c->axis) * c->channels;
    int64_t step = tile(c), inner = patch(c), filters = c->filters / c->groups;
    float *rows = own_tile(p, me);
    GY_SHARE(me, n, p->batch) {
        memset(p->dx + n * image, 0, sizeof *p->dx * (size_t)image);
        for (int64_t from = n * area; from < (n + 1) * area; from += step) {
            int64_t to = gy_least(from + step, (n + 1) * area);
            for (int g = 0; g < c->groups; g++) { /* dP = dz W */
                gy_gemm_alone(p->kernel, me.number,
                              &(gy_product){.m = to - from,
                                            .n = inner,
                                            .inner = filters,
                                            .alpha = 1,
                                            .a = p->dz + from * c->filters + g * filters,
                                            .b = p->w + g * filters * inner,
                                            .c = rows,
                                            .lda = c->filters,
                                            .ldb = inner,
                                            .ldc = inner});
                scatter(c, rows, g, from, to, p->dx);
            }
        }
        if (me.number == 0) gy_kernel_poll(p->kernel);
    }
}

static void backward_data(const gy_conv_pass *p)
{
    const gy_conv *c = p->c;
    if (gy_conv_is_product(c))
        gy_linear_backward(p->kernel, p->batch * gy_windows_out(c->axis), c->channels, c->filters,
                           NULL, p->w, p->dz, p->dx, NULL, 0, NULL, 0);
    else
        GY_TEAM(gy_conv_threads(p), me, backward_data_share(p, me));
}

static void backward_weight_share(const gy_conv_pass *p, gy_member me)
{
    const gy_conv *c = p->c;
    int64_t positions = p->batch * gy_windows_out(c->axis), weights = gy_conv_weights(c);
    int64_t step = tile(c), inner = patch(c), filters = c->filters / c->groups;
    int64_t end = gy_share(me, positions, 1);
    float *rows = own_tile(p, me), *part = p->scratch + me.number * weights;
    memset(part, 0, sizeof *part * (size_t)weights);
    for (int64_t from = gy_share(me, positions, 0); from < end; from += step) {
        int64_t to = gy_least(from + step, end);
        for (int g = 0; g < c->groups; g++) { /* dW += dzᵀ P */
            gather(c, p->x, g, from, to, rows);
            gy_gemm_alone(p->kernel, me.number,
                          &(gy_product){.transpose_a = true,
                                        .m = filters,
                                        .n = inner,
                                        .inner = to - from,
                                        .alpha = 1,
                                        .beta = 1,
                                        .a = p->dz + from * c->filters + g * filters,
                                        .b = rows,
                                        .c = part + g * filters * inner,
                                        .lda = c->filters,
                                        .ldb = inner,
                                        .ldc = inner});
        }
        if (me.number == 0) gy_kernel_poll(p->kernel);
    }
    gy_team_wait(me);
    gy_conv_combine(p, p->scratch, weights, me);
}

static void backward_weight(const gy_conv_pass *p)
{
    const gy_conv *c = p->c;
    if (gy_conv_is_product(c))
        gy_linear_backward(p->kernel, p->batch * gy_windows_out(c->axis), c->channels, c->filters,
                           p->x, NULL, p->dz, NULL, p->dw, p->beta, NULL, 0);
    else
        GY_TEAM(gy_conv_threads(p), me, backward_weight_share(p, me));
}

const gy_conv_method gy_conv_by_gemm = {
    .can = can,
    .scratch = scratch,
    .packed = packed,
    .pack = pack,
    .forward = forward,
    .backward_data = backward_data,
    .backward_weight = backward_weight,
};
