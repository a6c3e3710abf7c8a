/* Pools against plain loops in double: windows listed and drawn, edges, ties, NaN. */
#include "levels.h"

#include "kernel/pooling.h"

#include <math.h>
#include <string.h>

static const int64_t shapes[][11] = {
    /* height width channels, size, stride, before, out */
    {4, 6, 3, 2, 2, 2, 2, 0, 0, 2, 3},
    {5, 4, 17, 2, 2, 2, 2, 0, 0, 2, 2},
    {7, 6, 2, 3, 3, 2, 2, 1, 1, 4, 3},
    {7, 6, 2, 3, 3, 2, 2, 1, 0, 4, 3},
    {4, 5, 8, 3, 2, 1, 1, 2, 1, 6, 6},
    {6, 5, 1, 2, 3, 3, 1, 0, 0, 2, 3},
    {1, 9, 5, 1, 9, 1, 1, 0, 0, 1, 1},
    {1, 1, 1, 1, 1, 1, 1, 0, 0, 1, 1},
    /* enough for a team */
    {30, 31, 19, 2, 2, 2, 2, 0, 0, 15, 15},
    {30, 31, 19, 3, 3, 2, 2, 1, 1, 15, 16},
    {29, 30, 19, 2, 3, 3, 4, 1, 0, 10, 7},
};

static gy_pooling pooling_of(const int64_t s[11])
{
    return (gy_pooling){.axis = {GY_WINDOW_NONE,
                                 {s[0], s[3], s[5], 1, s[7], s[9]},
                                 {s[1], s[4], s[6], 1, s[8], s[10]}},
                        .channels = s[2]};
}

enum { BATCH = 3 };

/* Few different values, so that there are ties. */
static void draw(int64_t n, uint32_t seed, float *x)
{
    for (int64_t i = 0; i < n; i++) {
        seed = seed * 1664525U + 1013904223U;
        x[i] = (float)((int)(seed >> 16) % 9 - 4) / 4;
    }
}

typedef struct trial {
    gy_context *ctx;
    const gy_pooling *p;
    int64_t images, outputs;
    float *x, *y, *dy, *dx;
    int32_t *from;
    double *want_y, *want_dx;
    bool mask; /* maxima that are not above 0 hand nothing back */
} trial;

static void begin(trial *t, const gy_pooling *p)
{
    *t = (trial){.ctx = gy_test_context(), .p = p};
    t->images = BATCH * gy_windows_in(p->axis) * p->channels;
    t->outputs = BATCH * gy_windows_out(p->axis) * p->channels;
    if (gy_new_array(t->ctx, t->images, &t->x) != GY_OK ||
        gy_new_array(t->ctx, t->images, &t->dx) != GY_OK ||
        gy_new_array(t->ctx, t->outputs, &t->y) != GY_OK ||
        gy_new_array(t->ctx, t->outputs, &t->dy) != GY_OK ||
        gy_new_array(t->ctx, t->outputs, &t->from) != GY_OK ||
        gy_new_array(t->ctx, t->outputs, &t->want_y) != GY_OK ||
        gy_new_array(t->ctx, t->images, &t->want_dx) != GY_OK)
        abort();
    draw(t->images, 1, t->x);
    draw(t->outputs, 2, t->dy);
}

/* What a pass leaves out shows. */
static void spoil(trial *t)
{
    for (int64_t i = 0; i < t->images; i++) t->dx[i] = NAN;
    for (int64_t i = 0; i < t->outputs; i++) {
        t->y[i] = NAN;
        t->from[i] = INT32_MAX;
    }
}

static void end(trial *t)
{
    void *all[] = {t->x, t->y, t->dy, t->dx, t->from, t->want_y, t->want_dx};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) gy_free(t->ctx, all[i]);
    gy_test_end(t->ctx);
}

/* Fills want_y and want_dx for output `to` of sample n, counted in windows; mean or maximum. */
static void window(trial *t, bool mean, int64_t n, int64_t to, int64_t c)
{
    const gy_pooling *p = t->p;
    const gy_window *d = &p->axis[GY_DEPTH], *h = &p->axis[GY_HEIGHT], *w = &p->axis[GY_WIDTH];
    const int64_t plane = to / w->out / h->out, row = to / w->out % h->out, column = to % w->out;
    int64_t inside[256] = {0}, count = 0;
    for (int64_t i = 0; i < gy_windows_size(p->axis); i++) {
        int64_t s = plane * d->stride - d->before + i / w->size / h->size;
        int64_t r = row * h->stride - h->before + i / w->size % h->size;
        int64_t q = column * w->stride - w->before + i % w->size;
        if (s < 0 || s >= d->in || r < 0 || r >= h->in || q < 0 || q >= w->in) continue;
        inside[count++] = (((n * d->in + s) * h->in + r) * w->in + q) * p->channels + c;
    }
    int64_t at = (n * gy_windows_out(p->axis) + to) * p->channels + c, best = inside[0];
    double sum = 0;
    for (int64_t i = 0; i < count; i++) {
        sum += (double)t->x[inside[i]];
        if (t->x[inside[i]] > t->x[best]) best = inside[i];
    }
    t->want_y[at] = mean ? sum / (double)count : (double)t->x[best];
    if (mean)
        for (int64_t i = 0; i < count; i++)
            t->want_dx[inside[i]] += (double)t->dy[at] / (double)count;
    else if (!t->mask || t->x[best] > 0)
        t->want_dx[best] += (double)t->dy[at];
}

static void reference(trial *t, bool mean)
{
    const gy_pooling *p = t->p;
    for (int64_t n = 0; n < BATCH; n++)
        for (int64_t at = 0; at < gy_windows_out(p->axis); at++)
            for (int64_t c = 0; c < p->channels; c++) window(t, mean, n, at, c);
}

static void compare(int64_t n, const float *got, const double *want)
{
    bool near = true;
    for (int64_t i = 0; i < n; i++) near &= fabs(got[i] - want[i]) <= 1e-5;
    CU_ASSERT(near);
}

static void try_maxima(const gy_kernel *k, const gy_pooling *p, bool mask)
{
    trial t;
    begin(&t, p);
    t.mask = mask;
    reference(&t, false);
    spoil(&t);
    gy_max_pool_forward(k, p, BATCH, t.x, t.y, mask, NULL);
    compare(t.outputs, t.y, t.want_y);
    spoil(&t);
    gy_max_pool_forward(k, p, BATCH, t.x, t.y, mask, t.from);
    gy_max_pool_backward(k, p, BATCH, t.dy, t.from, t.dx);
    compare(t.outputs, t.y, t.want_y);
    compare(t.images, t.dx, t.want_dx);
    end(&t);
}

static void try_means(const gy_kernel *k, const gy_pooling *p)
{
    trial t;
    begin(&t, p);
    reference(&t, true);
    spoil(&t);
    gy_avg_pool_forward(k, p, BATCH, t.x, t.y);
    gy_avg_pool_backward(k, p, BATCH, t.dy, t.dx);
    compare(t.outputs, t.y, t.want_y);
    compare(t.images, t.dx, t.want_dx);
    end(&t);
}

/* Padding is less than a window, and no window begins behind the image. */
static gy_window draw_axis(uint64_t *dice, int64_t most)
{
    gy_window w = {.dilation = 1};
    w.in = gy_test_draw(dice, 0, 2) == 0 ? 1 : gy_test_draw(dice, 1, most);
    w.size = gy_test_draw(dice, 1, 6);
    w.stride = gy_test_draw(dice, 1, 6);
    w.before = gy_test_draw(dice, 0, w.size - 1);
    w.out = gy_test_draw(dice, 1, (w.in - 1 + w.before) / w.stride + 1);
    return w;
}

/* Every third of those drawn has a depth. */
static void try_shapes(const gy_kernel *k)
{
    enum { LISTED = sizeof shapes / sizeof *shapes, DRAWN = 200 };
    uint64_t dice = 5;
    for (int i = 0; i < LISTED + DRAWN; i++) {
        const int64_t most = i % 3 == 0 ? 5 : 12;
        gy_pooling p = {.axis = {GY_WINDOW_NONE}, .channels = gy_test_draw(&dice, 1, 40)};
        if (i % 3 == 0) p.axis[GY_DEPTH] = draw_axis(&dice, most);
        p.axis[GY_HEIGHT] = draw_axis(&dice, most);
        p.axis[GY_WIDTH] = draw_axis(&dice, most);
        if (i < LISTED) p = pooling_of(shapes[i]);
        try_maxima(k, &p, false);
        try_maxima(k, &p, true);
        try_means(k, &p);
    }
}

static void against_loops(void)
{
    gy_test_levels(try_shapes);
}

static void not_finite(void)
{
    const gy_pooling p = pooling_of((const int64_t[11]){2, 2, 1, 2, 2, 1, 1, 0, 0, 1, 1});
    static const float x[4][4] = {{1, NAN, 5, NAN},
                                  {NAN, 1, 2, 3},
                                  {-INFINITY, -INFINITY, -INFINITY, -INFINITY},
                                  {0, INFINITY, 1, INFINITY}};
    static const int32_t want[4] = {1, 0, 0, 1};
    gy_context *ctx = gy_test_context();
    gy_kernel *k = NULL;
    if (gy_kernel_create(ctx, 1, GY_PRECISION_float32, &k) != GY_OK) abort();
    float y[4], single[4];
    int32_t from[4];
    gy_max_pool_forward(k, &p, 4, x[0], y, false, from);
    gy_max_pool_forward(k, &p, 4, x[0], single, false, NULL);
    CU_ASSERT(isnan(y[0]) && isnan(y[1]) && isinf(y[2]) && isinf(y[3]));
    CU_ASSERT(memcmp(y, single, sizeof y) == 0);
    for (int i = 0; i < 4; i++) CU_ASSERT_EQUAL(from[i], want[i]);
    gy_kernel_free(k);
    gy_test_end(ctx);
}

GY_TEST_MAIN(GY_TEST(against_loops), GY_TEST(not_finite))
