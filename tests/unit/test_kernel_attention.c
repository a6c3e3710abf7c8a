/*
 * Attention against plain loops in double: outputs, log-sum-exp and all gradients, at every level,
 * with one thread and more; a sequence in pieces against the whole; the dropout mask by its effect.
 */
#include "levels.h"

#include "kernel/attention.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* batch, time, before, heads, key_value_heads, width, causal */
static const gy_attention shapes[] = {
    {1, 1, 0, 1, 1, 1, false, 0, {0}, 0, 0},   {2, 5, 0, 3, 3, 4, false, 0, {0}, 0, 0},
    {2, 5, 0, 3, 3, 4, true, 0, {0}, 0, 0},    {1, 48, 0, 2, 1, 16, true, 0, {0}, 0, 0},
    {1, 49, 0, 4, 2, 17, true, 0, {0}, 0, 0},  {1, 130, 0, 2, 2, 64, true, 0, {0}, 0, 0},
    {1, 97, 0, 2, 2, 33, false, 0, {0}, 0, 0}, {3, 7, 11, 2, 1, 6, true, 0, {0}, 0, 0},
    {1, 60, 37, 2, 2, 20, true, 0, {0}, 0, 0}, {2, 1, 40, 4, 4, 8, true, 0, {0}, 0, 0},
};

typedef struct trial {
    const gy_kernel *k;
    gy_context *ctx;
    gy_attention a;
    int64_t keys, row, key_row; /* widths of all heads, and of all key/value heads */
    float *q, *key, *value, *d_out, *out, *lse, *d_q, *d_key, *d_value, *scratch;
    double *want, *want_q, *want_key, *want_value;
} trial;

static gy_heads heads_of(float *x, int64_t row, int64_t positions)
{
    return (gy_heads){x, row, row * positions};
}

static float *draw(gy_context *ctx, int64_t n, unsigned seed)
{
    float *x = NULL;
    if (gy_new_array(ctx, n, &x) != GY_OK) abort();
    gy_test_values(seed, n, 2, x);
    return x;
}

static double *zeros(gy_context *ctx, int64_t n)
{
    double *x = NULL;
    if (gy_new_array(ctx, n, &x) != GY_OK) abort();
    return x;
}

static void begin(trial *t, const gy_kernel *k, const gy_attention *a)
{
    *t = (trial){.k = k, .ctx = gy_test_context(), .a = *a};
    t->keys = a->before + a->time;
    t->row = a->heads * a->width;
    t->key_row = a->key_value_heads * a->width;
    int64_t n = a->batch * a->time * t->row, m = a->batch * t->keys * t->key_row;
    t->q = draw(t->ctx, n, 1);
    t->key = draw(t->ctx, m, 2);
    t->value = draw(t->ctx, m, 3);
    t->d_out = draw(t->ctx, n, 4);
    t->out = draw(t->ctx, n, 5);
    t->d_q = draw(t->ctx, n, 6);
    t->d_key = draw(t->ctx, m, 7);
    t->d_value = draw(t->ctx, m, 8);
    t->lse = draw(t->ctx, a->batch * a->heads * a->time, 9);
    t->scratch = draw(t->ctx, gy_attention_scratch(a, true, gy_kernel_threads(k)), 10);
    t->want = zeros(t->ctx, n);
    t->want_q = zeros(t->ctx, n);
    t->want_key = zeros(t->ctx, m);
    t->want_value = zeros(t->ctx, m);
}

static void end(trial *t)
{
    void *all[] = {t->q,    t->key,    t->value,    t->d_out,     t->out,
                   t->lse,  t->d_q,    t->d_key,    t->d_value,   t->scratch,
                   t->want, t->want_q, t->want_key, t->want_value};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) gy_free(t->ctx, all[i]);
    gy_test_end(t->ctx);
}

/* One query in double: p [keys] its probabilities. */
static double probabilities(const trial *t, const float *q, const float *key, int64_t see,
                            double *p)
{
    double most = -INFINITY, sum = 0;
    for (int64_t j = 0; j < see; j++) {
        p[j] = 0;
        for (int64_t c = 0; c < t->a.width; c++)
            p[j] += (double)q[c] * (double)key[j * t->key_row + c];
        p[j] /= sqrt((double)t->a.width);
        most = fmax(most, p[j]);
    }
    for (int64_t j = 0; j < see; j++) sum += exp(p[j] - most);
    for (int64_t j = 0; j < see; j++) p[j] = exp(p[j] - most) / sum;
    return most + log(sum);
}

/* Everything of the query at row i of a head, added to the sums; returns the log-sum-exp. */
static double reference_row(trial *t, int64_t sample, int64_t head, int64_t i)
{
    const gy_attention *a = &t->a;
    double p[256], slope[256], mean = 0, scale = 1 / sqrt((double)a->width);
    int64_t see = a->causal ? a->before + i + 1 : t->keys;
    int64_t at = (sample * a->time + i) * t->row + head * a->width;
    int64_t group = head / (a->heads / a->key_value_heads);
    int64_t from = sample * t->keys * t->key_row + group * a->width;
    double lse = probabilities(t, t->q + at, t->key + from, see, p);
    for (int64_t j = 0; j < see; j++) {
        slope[j] = 0;
        for (int64_t c = 0; c < a->width; c++) {
            double value = (double)t->value[from + j * t->key_row + c];
            slope[j] += value * (double)t->d_out[at + c];
            t->want[at + c] += p[j] * value;
            t->want_value[from + j * t->key_row + c] += p[j] * (double)t->d_out[at + c];
        }
        mean += p[j] * slope[j];
    }
    for (int64_t j = 0; j < see; j++)
        for (int64_t c = 0; c < a->width; c++) {
            double ds = p[j] * (slope[j] - mean) * scale;
            t->want_q[at + c] += ds * (double)t->key[from + j * t->key_row + c];
            t->want_key[from + j * t->key_row + c] += ds * (double)t->q[at + c];
        }
    return lse;
}

/* What operands may be off by that are rounded: of a few products, one after the other. */
static double rounding;

static void expect_near(const trial *t, const char *what, int64_t n, const float *got,
                        const double *want)
{
    double worst = 0,
           most = rounding > 0 ? 1 : 1e-3; /* what is rounded is of that size, and may cancel */
    for (int64_t i = 0; i < n; i++) {
        double e = fabs((double)got[i] - want[i]);
        worst = e > worst || isnan(e) ? e : worst;
        most = fmax(most, fabs(want[i]));
    }
    bool ok = worst <= (4e-6 + rounding) * most;
    if (!ok)
        printf("\n    %s at time %lld, width %lld: %g of %g", what, (long long)t->a.time,
               (long long)t->a.width, worst, most);
    CU_ASSERT(ok);
}

static void run_forward(trial *t)
{
    gy_attention_forward(t->k, &t->a, heads_of(t->q, t->row, t->a.time),
                         heads_of(t->key, t->key_row, t->keys),
                         heads_of(t->value, t->key_row, t->keys),
                         heads_of(t->out, t->row, t->a.time), t->lse, t->scratch);
}

static void run_backward(trial *t)
{
    gy_attention_back b = {.q = heads_of(t->q, t->row, t->a.time),
                           .key = heads_of(t->key, t->key_row, t->keys),
                           .value = heads_of(t->value, t->key_row, t->keys),
                           .lse = t->lse,
                           .d_out = heads_of(t->d_out, t->row, t->a.time),
                           .d_q = heads_of(t->d_q, t->row, t->a.time),
                           .d_key = heads_of(t->d_key, t->key_row, t->keys),
                           .d_value = heads_of(t->d_value, t->key_row, t->keys)};
    gy_attention_backward(t->k, &t->a, &b, t->scratch);
}

static void check_shape(const gy_kernel *k, const gy_attention *a)
{
    trial t;
    begin(&t, k, a);
    double worst = 0;
    run_forward(&t);
    for (int64_t s = 0; s < a->batch; s++)
        for (int64_t h = 0; h < a->heads; h++)
            for (int64_t i = 0; i < a->time; i++) {
                double lse = reference_row(&t, s, h, i);
                worst = fmax(worst, fabs((double)t.lse[(s * a->heads + h) * a->time + i] - lse));
            }
    CU_ASSERT(worst <= (4e-6 + rounding) * 20);
    run_backward(&t);
    int64_t n = a->batch * a->time * t.row, m = a->batch * t.keys * t.key_row;
    expect_near(&t, "outputs", n, t.out, t.want);
    expect_near(&t, "gradient of queries", n, t.d_q, t.want_q);
    expect_near(&t, "gradient of keys", m, t.d_key, t.want_key);
    expect_near(&t, "gradient of values", m, t.d_value, t.want_value);
    end(&t);
}

static void check_shapes(const gy_kernel *k)
{
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) check_shape(k, &shapes[i]);
}

/*
 * With values all one and no dropping every output is one; with it, the mean over many rows is near
 * one, each step draws another mask, and a sample on its own draws the same as in its batch.
 */
static void check_dropout(const gy_kernel *k)
{
    gy_attention a = {.batch = 2,
                      .time = 70,
                      .heads = 2,
                      .key_value_heads = 2,
                      .width = 4,
                      .dropout = 0.5f,
                      .key = {7, GY_RNG_DROPOUT, 1},
                      .first = 10};
    trial t;
    begin(&t, k, &a);
    int64_t n = a.batch * a.time * t.row, half = n / 2;
    for (int64_t i = 0; i < n; i++) t.value[i] = 1;
    run_forward(&t);
    double mean = 0;
    int64_t ones = 0;
    for (int64_t i = 0; i < n; i++) {
        mean += (double)t.out[i] / (double)n;
        ones += fabsf(t.out[i] - 1) < 1e-5f;
        t.d_q[i] = t.out[i];
    }
    CU_ASSERT(fabs(mean - 1) < 0.1);
    CU_ASSERT(ones < n / 4);
    t.a.step = 1;
    run_forward(&t);
    CU_ASSERT(memcmp(t.out, t.d_q, (size_t)n * sizeof *t.out) != 0);
    t.a.step = 0;
    t.a.batch = 1;
    t.a.first = 11;
    memmove(t.q, t.q + half, (size_t)half * sizeof *t.q);
    memmove(t.key, t.key + half, (size_t)half * sizeof *t.key);
    run_forward(&t);
    CU_ASSERT(memcmp(t.out, t.d_q + half, (size_t)half * sizeof *t.out) == 0);
    end(&t);
}

/* Turned and back is the same; the angle between two positions depends on their distance alone. */
static void check_rotary(const gy_kernel *k)
{
    enum { TIME = 9, WIDTH = 6, FROM = 3 };
    float table[(TIME + FROM) * WIDTH], x[TIME * WIDTH], start[TIME * WIDTH];
    gy_rotary_table(TIME + FROM, WIDTH, table);
    gy_test_values(3, TIME * WIDTH, 1, start);
    for (int i = WIDTH; i < TIME * WIDTH; i++) start[i] = start[i % WIDTH];
    memcpy(x, start, sizeof x);
    gy_heads h = {x, WIDTH, TIME * WIDTH};
    gy_rotate(k, h, 1, TIME, 1, WIDTH, table, FROM, false);
    for (int p = 0; p < TIME; p++)
        for (int i = 0; i < WIDTH; i += 2) {
            double angle = (p + FROM) * pow(10000, -(double)i / WIDTH);
            double a = (double)start[i], b = (double)start[i + 1];
            CU_ASSERT_DOUBLE_EQUAL((double)x[p * WIDTH + i], a * cos(angle) - b * sin(angle), 1e-6);
            CU_ASSERT_DOUBLE_EQUAL((double)x[p * WIDTH + i + 1], a * sin(angle) + b * cos(angle),
                                   1e-6);
        }
    gy_rotate(k, h, 1, TIME, 1, WIDTH, table, FROM, true);
    for (int i = 0; i < TIME * WIDTH; i++)
        CU_ASSERT_DOUBLE_EQUAL((double)x[i], (double)start[i], 1e-6);
}

static void is_what_double_gives(void)
{
    gy_test_levels(check_shapes);
    rounding = GY_TEST_ROUNDING;
    gy_test_levels_in(GY_PRECISION_bfloat16, check_shapes);
    rounding = 0;
}

static void dropout_depends_on_step_and_sample(void)
{
    gy_test_levels(check_dropout);
    gy_test_levels_in(GY_PRECISION_bfloat16, check_dropout);
}

static void rotary_turns_pairs(void)
{
    gy_test_levels(check_rotary);
}

GY_TEST_MAIN(GY_TEST(is_what_double_gives), GY_TEST(dropout_depends_on_step_and_sample),
             GY_TEST(rotary_turns_pairs))
