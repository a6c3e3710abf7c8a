/* Pools against plain loops in double: windows, edges, ties, NaN. */
#include "gy_test.h"

#include "kernel/pooling.h"

#include <math.h>
#include <string.h>

static const gy_pooling shapes[] = {
    /* height width channels, size, stride, pad, out */
    {4, 6, 3, 2, 2, 2, 2, 0, 0, 2, 3}, {5, 4, 17, 2, 2, 2, 2, 0, 0, 2, 2},
    {7, 6, 2, 3, 3, 2, 2, 1, 1, 4, 3}, {7, 6, 2, 3, 3, 2, 2, 1, 0, 4, 3},
    {4, 5, 8, 3, 2, 1, 1, 2, 1, 6, 6}, {6, 5, 1, 2, 3, 3, 1, 0, 0, 2, 3},
    {1, 9, 5, 1, 9, 1, 1, 0, 0, 1, 1}, {1, 1, 1, 1, 1, 1, 1, 0, 0, 1, 1},
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
    gy_kernel *kernel;
    const gy_pooling *p;
    int64_t images, outputs;
    float *x, *y, *dy, *dx;
    int32_t *from;
    double *want_y, *want_dx;
    bool mask; /* maxima that are not above 0 hand nothing back */
} trial;

static void begin(trial *t, const gy_pooling *p, int threads)
{
    *t = (trial){.ctx = gy_test_context(), .p = p};
    t->images = BATCH * p->height * p->width * p->channels;
    t->outputs = BATCH * p->out_height * p->out_width * p->channels;
    if (gy_kernel_create(t->ctx, threads, &t->kernel) != GY_OK ||
        gy_new_array(t->ctx, t->images, &t->x) != GY_OK ||
        gy_new_array(t->ctx, t->images, &t->dx) != GY_OK ||
        gy_new_array(t->ctx, t->outputs, &t->y) != GY_OK ||
        gy_new_array(t->ctx, t->outputs, &t->dy) != GY_OK ||
        gy_new_array(t->ctx, t->outputs, &t->from) != GY_OK ||
        gy_new_array(t->ctx, t->outputs, &t->want_y) != GY_OK ||
        gy_new_array(t->ctx, t->images, &t->want_dx) != GY_OK)
        abort();
    draw(t->images, 1, t->x);
    draw(t->outputs, 2, t->dy);
    for (int64_t i = 0; i < t->images; i++) t->dx[i] = NAN;
}

static void end(trial *t)
{
    void *all[] = {t->x, t->y, t->dy, t->dx, t->from, t->want_y, t->want_dx};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) gy_free(t->ctx, all[i]);
    gy_kernel_free(t->kernel);
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
    for (int64_t i = 0; i < n; i++) CU_ASSERT(fabs(got[i] - want[i]) <= 1e-5);
}

static void against_loops(void)
{
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        for (int threads = 1; threads <= 2; threads++) {
            trial t;
            begin(&t, &shapes[i], threads);
            t.mask = threads == 2;
            reference(&t, false);
            gy_max_pool_forward(t.kernel, t.p, BATCH, t.x, t.y, t.mask, NULL);
            compare(t.outputs, t.y, t.want_y);
            memset(t.y, 0, (size_t)t.outputs * sizeof *t.y);
            gy_max_pool_forward(t.kernel, t.p, BATCH, t.x, t.y, t.mask, t.from);
            gy_max_pool_backward(t.kernel, t.p, BATCH, t.dy, t.from, t.dx);
            compare(t.outputs, t.y, t.want_y);
            compare(t.images, t.dx, t.want_dx);
            end(&t);
            begin(&t, &shapes[i], threads);
            reference(&t, true);
            gy_avg_pool_forward(t.kernel, t.p, BATCH, t.x, t.y);
            gy_avg_pool_backward(t.kernel, t.p, BATCH, t.dy, t.dx);
            compare(t.outputs, t.y, t.want_y);
            compare(t.images, t.dx, t.want_dx);
            end(&t);
        }
    }
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
