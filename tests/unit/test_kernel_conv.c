/*
 * Convolution: every algorithm that can do a shape against nine plain loops in double, all three
 * passes, at every level, with one thread and more. Outputs and scratch are full of NaN beforehand,
 * so that what a pass leaves out shows. Shapes are listed, and drawn.
 */
#include "levels.h"

#include "kernel/conv.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { GUARD = 32 };

typedef struct trial {
    gy_context *ctx;
    gy_conv c;
    int64_t batch, images, outputs, weights; /* elements */
    float *x, *w, *bias, *dz, *y, *z, *dx, *dw, *scratch;
    double *want_y, *want_dx, *want_dw;
} trial;

/* height width channels filters groups, kernel, stride, dilation, before, out */
static const int64_t shapes[][15] = {
    {5, 4, 2, 3, 1, 3, 3, 1, 1, 1, 1, 1, 1, 5, 4},
    {8, 8, 16, 16, 1, 3, 3, 1, 1, 1, 1, 1, 1, 8, 8},
    {9, 11, 16, 32, 1, 3, 3, 1, 1, 1, 1, 1, 1, 9, 11},
    {7, 6, 32, 48, 1, 3, 3, 1, 1, 1, 1, 0, 0, 5, 4},
    {6, 13, 19, 21, 1, 3, 3, 1, 1, 1, 1, 2, 2, 8, 15},
    {4, 4, 40, 17, 1, 3, 3, 1, 1, 1, 1, 1, 1, 4, 4},
    {1, 2, 17, 5, 1, 3, 3, 1, 1, 1, 1, 1, 1, 1, 2},
    {17, 19, 8, 24, 1, 3, 3, 1, 1, 1, 1, 1, 1, 17, 19},
    {10, 9, 1, 20, 1, 5, 5, 1, 1, 1, 1, 2, 2, 10, 9},
    {9, 10, 3, 16, 1, 3, 3, 1, 1, 1, 1, 1, 1, 9, 10},
    {14, 14, 16, 32, 1, 5, 5, 1, 1, 1, 1, 2, 2, 14, 14},
    {3, 7, 20, 17, 1, 5, 5, 1, 1, 1, 1, 3, 2, 5, 7},
    {12, 11, 6, 18, 1, 5, 5, 1, 1, 1, 1, 0, 0, 8, 7},
    {7, 6, 2, 3, 1, 3, 3, 2, 2, 1, 1, 1, 0, 4, 3},
    {15, 14, 16, 33, 1, 3, 3, 2, 2, 1, 1, 1, 1, 8, 7},
    {9, 9, 5, 16, 1, 1, 1, 3, 3, 1, 1, 0, 0, 3, 3},
    {5, 6, 18, 10, 1, 1, 1, 1, 1, 1, 1, 0, 0, 5, 6},
    {4, 5, 3, 4, 1, 2, 3, 1, 2, 1, 1, 0, 1, 4, 3},
    {7, 8, 4, 6, 2, 3, 3, 1, 1, 1, 1, 1, 1, 7, 8},
    {7, 8, 32, 64, 2, 3, 3, 1, 1, 1, 1, 1, 1, 7, 8},
    {9, 8, 37, 37, 37, 3, 3, 2, 1, 1, 1, 1, 1, 5, 8},
    {12, 12, 16, 16, 16, 5, 5, 1, 1, 1, 1, 2, 2, 12, 12},
    {5, 6, 4, 8, 4, 3, 3, 1, 1, 1, 1, 1, 1, 5, 6},
    {7, 8, 6, 6, 6, 3, 3, 1, 1, 2, 2, 2, 2, 7, 8},
    {7, 8, 6, 5, 1, 2, 3, 2, 2, 2, 1, 0, 2, 3, 5},
    {1, 13, 3, 4, 1, 1, 2, 1, 1, 1, 3, 0, 3, 1, 13},
    {1, 40, 16, 16, 1, 1, 3, 1, 2, 1, 1, 0, 2, 1, 20},
    {6, 6, 3, 6, 3, 4, 4, 3, 2, 1, 1, 3, 1, 3, 3},
    {3, 3, 2, 2, 1, 3, 3, 1, 1, 1, 1, 4, 4, 9, 9},
    {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 1, 1},
    {5, 37, 18, 2, 1, 3, 3, 1, 1, 1, 2, 1, 3, 5, 39}, /* few outputs, longer lines than a panel */
    {6, 41, 3, 20, 1, 3, 5, 2, 2, 1, 1, 1, 2, 3, 21},
    {4, 36, 8, 12, 4, 2, 3, 1, 1, 1, 1, 0, 1, 3, 36},
    {2, 3, 200, 192, 1, 3, 3, 1, 1, 1, 1, 1, 1, 2, 3}, /* threads share a sum of dw */
};

static gy_conv conv_of(const int64_t s[15])
{
    return (gy_conv){.axis = {GY_WINDOW_NONE,
                              {s[0], s[5], s[7], s[9], s[11], s[13]},
                              {s[1], s[6], s[8], s[10], s[12], s[14]}},
                     .channels = s[2],
                     .filters = s[3],
                     .groups = s[4]};
}

static void *take(trial *t, int64_t n, size_t size)
{
    void *out = NULL;
    if (gy_alloc_array(t->ctx, n + 2 * GUARD, size, &out) != GY_OK) abort();
    return out;
}

/* Whole multiples of 1/64 in [−1, 1]. */
static float *draw(trial *t, int64_t n, uint32_t seed)
{
    float *out = take(t, n, sizeof *out);
    for (int64_t i = 0; i < n; i++) {
        seed = seed * 1664525U + 1013904223U;
        out[i] = (float)((int)(seed >> 16) % 129 - 64) / 64;
    }
    return out;
}

/* Number i of a grid of such lengths, as one number an axis. */
static void spread(int64_t i, const int64_t n[GY_AXES], int64_t out[GY_AXES])
{
    for (int a = GY_WIDTH; a >= GY_DEPTH; i /= n[a--]) out[a] = i % n[a];
}

/* The position that output p reads by weight k, −1 outside. */
static int64_t position_of(const gy_conv *c, int64_t p, int64_t k)
{
    int64_t out[GY_AXES], size[GY_AXES], o[GY_AXES], i[GY_AXES], at = 0;
    for (int a = 0; a < GY_AXES; a++) {
        out[a] = c->axis[a].out;
        size[a] = c->axis[a].size;
    }
    spread(p, out, o);
    spread(k, size, i);
    for (int a = 0; a < GY_AXES; a++) {
        const gy_window *w = &c->axis[a];
        int64_t x = o[a] * w->stride + i[a] * w->dilation - w->before;
        if (x < 0 || x >= w->in) return -1;
        at = at * w->in + x;
    }
    return at;
}

/* y, dx and dw at once. */
static void reference(trial *t)
{
    const gy_conv *c = &t->c;
    int64_t depth = c->channels / c->groups, part = c->filters / c->groups;
    int64_t in = gy_windows_in(c->axis), out = gy_windows_out(c->axis);
    int64_t size = gy_windows_size(c->axis);
    for (int64_t i = 0; i < t->outputs; i++) t->want_y[i] = (double)t->bias[i % c->filters];
    for (int64_t p = 0; p < out; p++)
        for (int64_t k = 0; k < size; k++) {
            int64_t at = position_of(c, p, k);
            for (int64_t i = 0; at >= 0 && i < t->batch * c->filters; i++) {
                int64_t n = i / c->filters, f = i % c->filters, y = (n * out + p) * c->filters + f;
                int64_t x = (n * in + at) * c->channels + f / part * depth;
                int64_t w = (f * size + k) * depth;
                for (int64_t d = 0; d < depth; d++) {
                    t->want_y[y] += (double)t->w[w + d] * (double)t->x[x + d];
                    t->want_dx[x + d] += (double)t->w[w + d] * (double)t->dz[y];
                    t->want_dw[w + d] += (double)t->dz[y] * (double)t->x[x + d];
                }
            }
        }
}

static void begin(trial *t, const gy_conv *shape, int64_t batch)
{
    *t = (trial){.ctx = gy_test_context(), .c = *shape, .batch = batch};
    const gy_conv *c = &t->c;
    t->images = batch * gy_windows_in(c->axis) * c->channels;
    t->outputs = batch * gy_windows_out(c->axis) * c->filters;
    t->weights = c->filters * gy_windows_size(c->axis) * (c->channels / c->groups);
    t->x = draw(t, t->images, 1);
    t->w = draw(t, t->weights, 2);
    t->bias = draw(t, c->filters, 3);
    t->dz = draw(t, t->outputs, 4);
    t->y = take(t, t->outputs, sizeof *t->y);
    t->z = take(t, t->outputs, sizeof *t->z);
    t->dx = take(t, t->images, sizeof *t->dx);
    t->dw = take(t, t->weights, sizeof *t->dw);
    t->want_y = take(t, t->outputs, sizeof *t->want_y);
    t->want_dx = take(t, t->images, sizeof *t->want_dx);
    t->want_dw = take(t, t->weights, sizeof *t->want_dw);
    reference(t);
}

static void end(trial *t)
{
    void *all[] = {t->x,  t->w,  t->bias,   t->dz,      t->y,      t->z,
                   t->dx, t->dw, t->want_y, t->want_dx, t->want_dw};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) gy_free(t->ctx, all[i]);
    gy_test_end(t->ctx);
}

/* Fills with NaN, guards with a number that must stay. */
static void spoil(float *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++) x[i] = NAN;
    for (int64_t i = n; i < n + GUARD; i++) x[i] = 12345;
}

static bool guarded(const float *x, int64_t n)
{
    for (int64_t i = n; i < n + GUARD; i++)
        if (x[i] != 12345) return false;
    return true;
}

/* max |got − scale want| / max |want| */
static double error(int64_t n, const float *got, const double *want, bool relu)
{
    double worst = 0, largest = 1e-30;
    for (int64_t i = 0; i < n; i++) {
        double w = relu && want[i] < 0 ? 0 : want[i];
        if (!(fabs(got[i] - w) <= worst)) worst = fabs(got[i] - w);
        if (fabs(want[i]) > largest) largest = fabs(want[i]);
    }
    return isfinite(worst) ? worst / largest : 1e30;
}

static void expect(const trial *t, double got, double limit, const char *what)
{
    const gy_conv *c = &t->c;
    if (!(got <= limit)) {
        printf("\n    %s", gy_conv_names[c->algorithm]);
        for (int i = 0; i < GY_AXES; i++) {
            const gy_window *w = &c->axis[i];
            printf(" %lld → %lld (size %lld, stride %lld, dilation %lld, before %lld)",
                   (long long)w->in, (long long)w->out, (long long)w->size, (long long)w->stride,
                   (long long)w->dilation, (long long)w->before);
        }
        printf(", %lld → %lld channels, %lld groups, %d threads: %s off by %g",
               (long long)c->channels, (long long)c->filters, (long long)c->groups, c->threads,
               what, got);
    }
    CU_ASSERT(got <= limit);
}

static void run(trial *t, const gy_kernel *k, double limit)
{
    const gy_conv *c = &t->c;
    float *s = t->scratch;
    spoil(t->y, t->outputs);
    spoil(s, c->scratch);
    gy_conv_forward(k, c, t->batch, t->x, t->w, NULL, t->bias, GY_ACTIVATION_none, NULL, t->y, s);
    expect(t, error(t->outputs, t->y, t->want_y, false), limit, "y");
    gy_conv_forward(k, c, t->batch, t->x, t->w, NULL, t->bias, GY_ACTIVATION_relu, NULL, t->y, s);
    expect(t, error(t->outputs, t->y, t->want_y, true), limit, "relu");
    CU_ASSERT(guarded(t->y, t->outputs));
    spoil(t->y, t->outputs);
    spoil(t->z, t->outputs);
    gy_conv_forward(k, c, t->batch, t->x, t->w, NULL, t->bias, GY_ACTIVATION_relu, t->z, t->y, s);
    expect(t, error(t->outputs, t->z, t->want_y, false), limit, "z");
    expect(t, error(t->outputs, t->y, t->want_y, true), limit, "y beside z");
    CU_ASSERT(guarded(t->z, t->outputs) && guarded(s, c->scratch));

    spoil(t->dx, t->images);
    spoil(s, c->scratch);
    gy_conv_backward_data(k, c, t->batch, t->w, t->dz, t->dx, s);
    expect(t, error(t->images, t->dx, t->want_dx, false), limit, "dx");
    CU_ASSERT(guarded(t->dx, t->images) && guarded(s, c->scratch));

    spoil(t->dw, t->weights);
    spoil(s, c->scratch);
    gy_conv_backward_weight(k, c, t->batch, t->x, t->dz, 0, t->dw, s);
    expect(t, error(t->weights, t->dw, t->want_dw, false), limit, "dw");
    CU_ASSERT(guarded(t->dw, t->weights) && guarded(s, c->scratch));
    for (int64_t i = 0; i < t->weights; i++) t->dw[i] = 3 * (float)t->want_dw[i];
    gy_conv_backward_weight(k, c, t->batch, t->x, t->dz, -2, t->dw, s); /* −6 + 1 */
    for (int64_t i = 0; i < t->weights; i++) t->dw[i] /= -5;
    expect(t, error(t->weights, t->dw, t->want_dw, false), limit, "dw beta");
}

static void try_methods(const gy_kernel *k, const gy_conv *shape, int64_t batch, int first,
                        int last)
{
    trial t;
    begin(&t, shape, batch);
    for (int a = first; a <= last; a++) {
        if (!gy_conv_can(&t.c, (gy_conv_algorithm)a)) continue;
        gy_conv_plan(&t.c, (gy_conv_algorithm)a, gy_kernel_threads(k));
        CU_ASSERT(a == GY_CONV_auto || (int)t.c.algorithm == a);
        t.scratch = take(&t, t.c.scratch, sizeof *t.scratch);
        run(&t, k, t.c.algorithm == GY_CONV_winograd ? 2e-5 : 2e-6);
        gy_free(t.ctx, t.scratch);
    }
    end(&t);
}

static void try_shape(const gy_kernel *k, const gy_conv *shape, int64_t batch)
{
    try_methods(k, shape, batch, 0, GY_CONV_COUNT - 1);
}

static void try_shapes(const gy_kernel *k)
{
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        const gy_conv shape = conv_of(shapes[i]);
        for (int64_t batch = 1; batch <= 5; batch += 2) try_shape(k, &shape, batch);
    }
}

static void against_loops(void)
{
    gy_test_levels(try_shapes);
}

/* One axis: a third of all images are a pixel long, where phases of a stride have no weight at all. */
static gy_window draw_axis(uint64_t *dice, int64_t most, int64_t winograd)
{
    gy_window w;
    int64_t behind;
    do {
        w.in = gy_test_draw(dice, 0, 2) == 0 ? 1 : gy_test_draw(dice, 1, most);
        w.size = winograd > 0 ? winograd : gy_test_draw(dice, 1, 5);
        w.stride = winograd > 0 ? 1 : gy_test_draw(dice, 1, 4);
        w.dilation = winograd > 0 ? 1 : gy_test_draw(dice, 1, 4);
        w.before = gy_test_draw(dice, 0, 6);
        behind = gy_test_draw(dice, 0, 6);
    } while (w.in + w.before + behind < gy_window_reach(&w));
    w.out = (w.in + w.before + behind - gy_window_reach(&w)) / w.stride + 1;
    return w;
}

static int64_t draw_channels(uint64_t *dice, int64_t groups, bool depthwise)
{
    return groups * (groups > 1 && depthwise ? 1 : gy_test_draw(dice, 1, 20 / groups + 1));
}

/* Every third has a depth. */
static gy_conv draw_shape(uint64_t *dice)
{
    const bool deep = gy_test_draw(dice, 0, 2) == 0, winograd = gy_test_draw(dice, 0, 3) == 0;
    const int64_t kernel = winograd ? 2 * gy_test_draw(dice, 1, 2) + 1 : 0;
    gy_conv c = {.axis = {GY_WINDOW_NONE}};
    do
        if (deep) c.axis[GY_DEPTH] = draw_axis(dice, 4, 0);
    while (winograd && c.axis[GY_DEPTH].stride > 1);
    c.axis[GY_HEIGHT] = draw_axis(dice, deep ? 4 : 9, kernel);
    c.axis[GY_WIDTH] = draw_axis(dice, deep ? 5 : 9, kernel);
    c.groups = winograd ? 1 : gy_test_draw(dice, 0, 2) == 0 ? gy_test_draw(dice, 2, 18) : 1;
    bool depthwise = gy_test_draw(dice, 0, 1) == 0;
    c.channels = draw_channels(dice, c.groups, depthwise);
    c.filters = draw_channels(dice, c.groups, depthwise);
    return c;
}

static void try_drawn(const gy_kernel *k)
{
    enum { SHAPES = 250 };
    uint64_t dice = 7;
    for (int i = 0; i < SHAPES; i++) {
        const gy_conv shape = draw_shape(&dice);
        try_shape(k, &shape, gy_test_draw(&dice, 1, 3));
    }
}

static void drawn_shapes(void)
{
    gy_test_levels(try_drawn);
}

/* The numbers of a trial have less than 8 bits: their products lose nothing in bfloat16. */
static void try_directly(const gy_kernel *k)
{
    enum { SHAPES = 60 };
    uint64_t dice = 11;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        const gy_conv shape = conv_of(shapes[i]);
        try_methods(k, &shape, 2, GY_CONV_direct, GY_CONV_direct);
    }
    for (int i = 0; i < SHAPES; i++) {
        const gy_conv shape = draw_shape(&dice);
        try_methods(k, &shape, 1, GY_CONV_direct, GY_CONV_direct);
    }
}

static void directly_in_bfloat16(void)
{
    gy_test_levels_in(GY_PRECISION_bfloat16, try_directly);
}

/* An empty part of the batch: a rank may have none. */
static void no_samples(void)
{
    trial t;
    const gy_conv shape = conv_of(shapes[1]);
    begin(&t, &shape, 1);
    gy_kernel *k = NULL;
    if (gy_kernel_create(t.ctx, 2, GY_PRECISION_float32, &k) != GY_OK) abort();
    for (int a = 1; a < GY_CONV_COUNT; a++) {
        if (!gy_conv_can(&t.c, (gy_conv_algorithm)a)) continue;
        gy_conv_plan(&t.c, (gy_conv_algorithm)a, 2);
        t.scratch = take(&t, t.c.scratch, sizeof *t.scratch);
        spoil(t.dw, t.weights);
        gy_conv_backward_weight(k, &t.c, 0, t.x, t.dz, 0, t.dw, t.scratch);
        for (int64_t i = 0; i < t.weights; i++) CU_ASSERT(t.dw[i] == 0);
        gy_free(t.ctx, t.scratch);
    }
    gy_kernel_free(k);
    end(&t);
}

static float *pass(trial *t, const gy_kernel *k, float *out)
{
    spoil(t->scratch, t->c.scratch);
    gy_conv_forward(k, &t->c, t->batch, t->x, t->w, NULL, t->bias, GY_ACTIVATION_none, NULL, out,
                    t->scratch);
    gy_conv_backward_data(k, &t->c, t->batch, t->w, t->dz, out + t->outputs, t->scratch);
    gy_conv_backward_weight(k, &t->c, t->batch, t->x, t->dz, 0, out + t->outputs + t->images,
                            t->scratch);
    return out;
}

static void same_bits(void)
{
    trial t;
    const gy_conv shape = conv_of(shapes[2]);
    begin(&t, &shape, 5);
    int64_t n = t.outputs + t.images + t.weights;
    float *first = take(&t, n, sizeof *first), *second = take(&t, n, sizeof *second);
    for (int threads = 1; threads <= 3; threads++) {
        gy_kernel *k = NULL;
        if (gy_kernel_create(t.ctx, threads, GY_PRECISION_float32, &k) != GY_OK) abort();
        for (int a = 1; a < GY_CONV_COUNT; a++) {
            if (!gy_conv_can(&t.c, (gy_conv_algorithm)a)) continue;
            gy_conv_plan(&t.c, (gy_conv_algorithm)a, threads);
            t.scratch = take(&t, t.c.scratch, sizeof *t.scratch);
            pass(&t, k, first);
            for (int i = 0; i < 3; i++)
                CU_ASSERT(memcmp(first, pass(&t, k, second), (size_t)n * sizeof *first) == 0);
            gy_free(t.ctx, t.scratch);
        }
        gy_kernel_free(k);
    }
    gy_free(t.ctx, first);
    gy_free(t.ctx, second);
    end(&t);
}

/* A NaN in x comes out where its windows are, and passes relu. */
static void not_finite(void)
{
    trial t;
    const gy_conv shape = conv_of(shapes[1]);
    begin(&t, &shape, 1);
    gy_kernel *k = NULL;
    if (gy_kernel_create(t.ctx, 1, GY_PRECISION_float32, &k) != GY_OK) abort();
    t.x[(3 * 8 + 4) * 16 + 7] = NAN;
    for (int a = 1; a < GY_CONV_COUNT; a++) {
        if (!gy_conv_can(&t.c, (gy_conv_algorithm)a)) continue;
        gy_conv_plan(&t.c, (gy_conv_algorithm)a, 1);
        t.scratch = take(&t, t.c.scratch, sizeof *t.scratch);
        gy_conv_forward(k, &t.c, 1, t.x, t.w, NULL, t.bias, GY_ACTIVATION_relu, NULL, t.y,
                        t.scratch);
        for (int64_t p = 2; p <= 4; p++)
            for (int64_t q = 3; q <= 5; q++) CU_ASSERT(isnan(t.y[(p * 8 + q) * 16 + 3]));
        gy_conv_backward_weight(k, &t.c, 1, t.x, t.dz, 0, t.dw, t.scratch);
        CU_ASSERT(isnan(t.dw[((2 * 3 + 1) * 3 + 1) * 16 + 7]));
        gy_free(t.ctx, t.scratch);
    }
    gy_kernel_free(k);
    end(&t);
}

GY_TEST_MAIN(GY_TEST(against_loops), GY_TEST(drawn_shapes), GY_TEST(directly_in_bfloat16),
             GY_TEST(no_samples), GY_TEST(same_bits), GY_TEST(not_finite))
