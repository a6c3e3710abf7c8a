/* Pools against plain loops in double: windows listed and drawn, edges, ties, NaN. */
#include "levels.h"

#include "kernel/pooling.h"

#include <math.h>
#include <string.h>

static const gy_pooling shapes[] = {
    /* height width channels, size, stride, pad, out */
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
    t->images = BATCH * p->height * p->width * p->channels;
    t->outputs = BATCH * p->out_height * p->out_width * p->channels;
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

/* Fills want_y and want_dx for one output; mean or maximum. */
static void window(trial *t, bool mean, int64_t n, int64_t row, int64_t column, int64_t c)
{
    const gy_pooling *p = t->p;
    int64_t at = ((n * p->out_height + row) * p->out_width + column) * p->channels + c;
    int64_t inside[256] = {0}, count = 0;
    for (int64_t i = 0; i < p->size_h; i++) {
        for (int64_t j = 0; j < p->size_w; j++) {
            int64_t r = row * p->stride_h - p->pad_top + i;
            int64_t q = column * p->stride_w - p->pad_left + j;
            if (r < 0 || r >= p->height || q < 0 || q >= p->width) continue;
            inside[count++] = ((n * p->height + r) * p->width + q) * p->channels + c;
        }
    }
    int64_t best = inside[0];
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
        for (int64_t row = 0; row < p->out_height; row++)
            for (int64_t column = 0; column < p->out_width; column++)
                for (int64_t c = 0; c < p->channels; c++) window(t, mean, n, row, column, c);
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
static void draw_axis(uint64_t *dice, int64_t *in, int64_t *size, int64_t *stride, int64_t *pad,
                      int64_t *out)
{
    *in = gy_test_draw(dice, 0, 2) == 0 ? 1 : gy_test_draw(dice, 1, 12);
    *size = gy_test_draw(dice, 1, 6);
    *stride = gy_test_draw(dice, 1, 6);
    *pad = gy_test_draw(dice, 0, *size - 1);
    *out = gy_test_draw(dice, 1, (*in - 1 + *pad) / *stride + 1);
}

static void try_shapes(const gy_kernel *k)
{
    enum { LISTED = sizeof shapes / sizeof *shapes, DRAWN = 200 };
    uint64_t dice = 5;
    for (int i = 0; i < LISTED + DRAWN; i++) {
        gy_pooling p = {.channels = gy_test_draw(&dice, 1, 40)};
        draw_axis(&dice, &p.height, &p.size_h, &p.stride_h, &p.pad_top, &p.out_height);
        draw_axis(&dice, &p.width, &p.size_w, &p.stride_w, &p.pad_left, &p.out_width);
        if (i < LISTED) p = shapes[i];
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
    static const gy_pooling p = {2, 2, 1, 2, 2, 1, 1, 0, 0, 1, 1};
    static const float x[4][4] = {{1, NAN, 5, NAN},
                                  {NAN, 1, 2, 3},
                                  {-INFINITY, -INFINITY, -INFINITY, -INFINITY},
                                  {0, INFINITY, 1, INFINITY}};
    static const int32_t want[4] = {1, 0, 0, 1};
    gy_context *ctx = gy_test_context();
    gy_kernel *k = NULL;
    if (gy_kernel_create(ctx, 1, &k) != GY_OK) abort();
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
