/*
 * What every form promises: what it was made of comes back as near as its bits allow, zero as zero; products
 * with it are those with what it stands for, at every level and number of threads, of any rows; what comes
 * from outside and is none is found out.
 */
#include "kinds.h"
#include "levels.h"

#include "form/form_list.h"
#include "kernel/conv_impl.h"
#include "kernel/product.h"

#include <math.h>
#include <string.h>

enum { MOST = 40000, X_ROWS = 101 };

static float w[MOST], back[MOST], x[X_ROWS * 700], y[X_ROWS * 300], bias[300];

/* Mostly zeros, of few values, so that every kind takes it. */
static void make_matrix(int64_t n)
{
    gy_test_values(5, n, 1.0, w);
    for (int64_t i = 0; i < n; i++) w[i] = fabsf(w[i]) < 0.6f ? 0 : rintf(100 * w[i]) / 64;
}

/* The largest error of an element that a kind may make of values up to `most`. */
static double allowed(const gy_kind *kind, double most)
{
    if (strcmp(kind->name, "int8") == 0 || strcmp(kind->name, "sparse") == 0) return most / 200;
    if (strcmp(kind->name, "int4") == 0) return most / 13;
    if (strcmp(kind->name, "float16") == 0) return most * 0x1p-11;
    return strcmp(kind->name, "bfloat16") == 0 ? most * 0x1p-8 : 0;
}

static gy_status pack(gy_pool *pool, const gy_kind *kind, int variant, gy_shape shape, gy_form *out)
{
    const void *settings = gy_test_variant(kind, variant, pool);
    return gy_form_pack(pool, (const gy_form_kind *)kind, settings, &shape, w, out);
}

typedef void check(const gy_kernel *k, const gy_kind *kind, int variant, const gy_form *form);

/* Each kind with each of its settings on matrices of several sizes. */
static void each(const gy_kernel *k, check *of)
{
    static const gy_shape shapes[] = {{2, {1, 1}},    {2, {3, 31}},    {4, {32, 5, 5, 1}},
                                      {2, {65, 200}}, {3, {7, 3, 64}}, {2, {300, 64}},
                                      {2, {10, 690}}};
    for (int i = 0; i < gy_form_registry.n; i++) {
        const gy_kind *kind = gy_form_registry.kinds[i];
        for (int variant = 0; variant < gy_test_variants(kind); variant++)
            for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
                gy_context *ctx = gy_test_context();
                gy_form form;
                gy_pool pool;
                gy_pool_init(&pool, ctx);
                make_matrix(gy_shape_count(&shapes[s]));
                CU_ASSERT_EQUAL_FATAL(pack(&pool, kind, variant, shapes[s], &form), GY_OK);
                CU_ASSERT_PTR_NOT_NULL_FATAL(form.kind);
                of(k, kind, variant, &form);
                gy_pool_clear(&pool);
                gy_test_end(ctx);
            }
    }
}

static void check_values(const gy_kernel *k, const gy_kind *kind, int variant, const gy_form *form)
{
    const int64_t n = form->rows * form->columns;
    double worst = 0, most = 0;
    bool zeros = true;
    (void)k;
    gy_test_expect(gy_form_is_valid(form), kind, variant, "is valid", 0);
    gy_form_expand(form, back);
    for (int64_t i = 0; i < n; i++) {
        most = fmax(most, fabs((double)w[i]));
        worst = fmax(worst, fabs((double)w[i] - (double)back[i]));
        zeros = zeros && (w[i] != 0 || fabsf(back[i]) < 1e-2f);
    }
    gy_test_expect(worst <= allowed(kind, most) + 1e-7, kind, variant, "error", worst);
    gy_test_expect(zeros, kind, variant, "zeros stay", 0);
    gy_test_expect(gy_form_bytes(form) <= 12 * n + 8 * form->rows + 1100, kind, variant, "bytes",
                   (double)gy_form_bytes(form));
}

static void values_come_back(void)
{
    each(NULL, check_values);
}

/* x may be taken as whole numbers of 7 bits: half a step of its range for each weight. */
static double bound(const gy_form *form, int64_t row, const float *of_x)
{
    double low = 0, high = 0, sum = 0;
    for (int64_t i = 0; i < form->columns; i++) {
        low = fmin(low, (double)of_x[i]);
        high = fmax(high, (double)of_x[i]);
        sum += fabs((double)back[row * form->columns + i]);
    }
    return 0.51 * (high - low) / 127 * sum + 1e-5 * sum + 1e-6;
}

static bool is_exact(const gy_kind *kind)
{
    return strncmp(kind->name, "int", 3) != 0;
}

static void check_product(const gy_kernel *k, const gy_kind *kind, int variant, const gy_form *form)
{
    static const int64_t counts[] = {1, 5, 33, X_ROWS};
    const int64_t in = form->columns, out = form->rows;
    gy_form_expand(form, back);
    gy_test_values(7, X_ROWS * in, 2.0, x);
    gy_test_values(8, out, 1.0, bias);
    for (int64_t i = 0; i < X_ROWS * in; i += 3) x[i] = fabsf(x[i]);
    for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
        double worst = 0;
        const int64_t rows = counts[c];
        gy_product_forward(k, rows, x, form, bias, GY_ACTIVATION_relu, y);
        for (int64_t r = 0; r < rows; r++)
            for (int64_t j = 0; j < out; j++) {
                double sum = (double)bias[j];
                for (int64_t i = 0; i < in; i++)
                    sum += (double)x[r * in + i] * (double)back[j * in + i];
                const double most = is_exact(kind) ? 2e-4 : bound(form, j, x + r * in);
                worst = fmax(worst, fabs(fmax(sum, 0) - (double)y[r * out + j]) / most);
            }
        gy_test_expect(worst <= 1, kind, variant, "product: of the allowed error", worst);
    }
    x[in - 1] = NAN; /* goes through, and no further than its row */
    gy_product_forward(k, 5, x, form, NULL, GY_ACTIVATION_none, y);
    const bool meets = is_exact(kind) && back[in - 1] == 0 && strcmp(kind->name, "sparse") == 0;
    gy_test_expect(isnan(y[0]) || meets, kind, variant, "NaN passes", (double)y[0]);
    for (int64_t i = out; i < 5 * out; i++) CU_ASSERT_TRUE(isfinite(y[i]));
}

static void products(const gy_kernel *k)
{
    each(k, check_product);
}

static void products_are_right(void)
{
    gy_test_levels(products);
}

/* A product that the work holds only a part of at a time. */
static void check_large(const gy_kernel *k)
{
    enum { IN = 702, OUT = 800, LARGE_ROWS = 40 };
    gy_context *ctx = gy_test_context();
    gy_pool pool;
    gy_form form;
    float *large, *of_x, *of_y;
    gy_pool_init(&pool, ctx);
    CU_ASSERT_EQUAL_FATAL(gy_pool_array(&pool, IN * OUT, &large), GY_OK);
    CU_ASSERT_EQUAL_FATAL(gy_pool_array(&pool, IN * LARGE_ROWS, &of_x), GY_OK);
    CU_ASSERT_EQUAL_FATAL(gy_pool_array(&pool, LARGE_ROWS * OUT, &of_y), GY_OK);
    gy_test_values(1, IN * OUT, 1.0, large);
    gy_test_values(2, IN * LARGE_ROWS, 1.0, of_x);
    const gy_shape shape = {2, {OUT, IN}};
    CU_ASSERT_EQUAL_FATAL(gy_form_pack(&pool, &gy_form_int8, NULL, &shape, large, &form), GY_OK);
    gy_form_expand(&form, large);
    gy_product_forward(k, LARGE_ROWS, of_x, &form, NULL, GY_ACTIVATION_none, of_y);
    double worst = 0;
    for (int64_t i = 0; i < LARGE_ROWS * OUT; i += 13) {
        double sum = 0;
        for (int64_t j = 0; j < IN; j++)
            sum += (double)of_x[i / OUT * IN + j] * (double)large[i % OUT * IN + j];
        worst = fmax(worst, fabs(sum - (double)of_y[i]));
    }
    CU_ASSERT_TRUE(worst < 2.0 / 127 * sqrt(IN)); /* half a step for each, in all directions */
    gy_pool_clear(&pool);
    gy_test_end(ctx);
}

static void large_products_are_right(void)
{
    gy_test_levels(check_large);
}

static gy_window draw_axis(uint64_t *state)
{
    gy_window a = {.in = gy_test_draw(state, 1, 9),
                   .size = gy_test_draw(state, 1, 4),
                   .stride = gy_test_draw(state, 1, 3),
                   .dilation = gy_test_draw(state, 1, 2),
                   .before = gy_test_draw(state, 0, 3)};
    a.out = gy_test_draw(state, 1, gy_most(1, (a.in + 2 * a.before) / a.stride));
    return a;
}

/* Whether y is that of the weights' floats by other means, but for half a step of x for each weight. */
static bool agrees(const gy_conv *c, int64_t batch, const gy_form *form, const float *of_x,
                   int64_t inputs, const float *want, const float *got)
{
    const int64_t outputs = batch * gy_windows_out(c->axis) * c->filters;
    double low = 0, high = 0;
    for (int64_t i = 0; i < inputs; i++) {
        low = fmin(low, (double)of_x[i]);
        high = fmax(high, (double)of_x[i]);
    }
    for (int64_t i = 0; i < outputs; i++) {
        double sum = 0;
        for (int64_t j = 0; j < form->columns; j++)
            sum += fabs((double)back[i % c->filters * form->columns + j]);
        const double most = 0.51 * (high - low) / 127 * sum + 1e-4 * sum + 1e-5;
        if (!(fabs((double)want[i] - (double)got[i]) <= most)) return false;
    }
    return true;
}

/* Of any geometry, as codes where they lie. */
static void check_convolution(const gy_kernel *k, uint64_t *state)
{
    const bool affine = gy_test_draw(state, 0, 1) > 0;
    const int64_t batch = gy_test_draw(state, 1, 3), groups = gy_test_draw(state, 1, 2);
    gy_conv c = {.axis = {GY_WINDOW_NONE, draw_axis(state), draw_axis(state)},
                 .channels = groups * gy_test_draw(state, 1, 5),
                 .filters = groups * gy_test_draw(state, 1, 20),
                 .groups = groups};
    if (gy_test_draw(state, 0, 3) == 0) c.axis[GY_DEPTH] = draw_axis(state);
    gy_context *ctx = gy_test_context();
    gy_pool pool;
    gy_form form;
    float *of_x, *want, *got, *scratch;
    gy_conv_plan(&c, GY_CONV_gemm, gy_kernel_threads(k));
    const int64_t inputs = batch * gy_windows_in(c.axis) * c.channels,
                  outputs = batch * gy_windows_out(c.axis) * c.filters;
    const gy_shape shape = {2, {c.filters, gy_conv_weights(&c) / c.filters}};
    gy_pool_init(&pool, ctx);
    CU_ASSERT_EQUAL_FATAL(gy_pool_array(&pool, inputs, &of_x), GY_OK);
    CU_ASSERT_EQUAL_FATAL(gy_pool_array(&pool, outputs, &want), GY_OK);
    CU_ASSERT_EQUAL_FATAL(gy_pool_array(&pool, outputs, &got), GY_OK);
    const int64_t room = gy_most(c.scratch, batch * gy_conv_int8_scratch(&c));
    CU_ASSERT_EQUAL_FATAL(gy_pool_array(&pool, room, &scratch), GY_OK);
    make_matrix(gy_conv_weights(&c));
    CU_ASSERT_EQUAL_FATAL(gy_form_pack(&pool, &gy_form_int8, &affine, &shape, w, &form), GY_OK);
    gy_form_expand(&form, back);
    gy_test_values((unsigned)inputs, inputs, 2.0, of_x);
    gy_test_values(3, c.filters, 1.0, bias);
    gy_conv_forward(k, &c, batch, of_x, back, NULL, bias, GY_ACTIVATION_relu, NULL, want, scratch);
    gy_conv_int8_forward(&(gy_conv_pass){.kernel = k,
                                         .c = &c,
                                         .batch = batch,
                                         .x = of_x,
                                         .form = &form,
                                         .bias = bias,
                                         .relu = true,
                                         .y = got,
                                         .scratch = scratch});
    CU_ASSERT_TRUE(agrees(&c, batch, &form, of_x, inputs, want, got));
    gy_pool_clear(&pool);
    gy_test_end(ctx);
}

static void convolutions(const gy_kernel *k)
{
    uint64_t state = 4;
    for (int i = 0; i < 60; i++) check_convolution(k, &state);
}

static void convolutions_are_right(void)
{
    gy_test_levels(convolutions);
}

/* Parts that do not belong together, or lead astray, are told. */
static void check_outside(const gy_kernel *k, const gy_kind *kind, int variant, const gy_form *form)
{
    (void)k;
    for (int i = 0; form->kind->parts[i].name != NULL; i++) {
        gy_form broken = *form;
        if (form->parts[i].count < 2) continue; /* none at all may be right */
        broken.parts[i].count--;
        gy_test_expect(!gy_form_is_valid(&broken), kind, variant, "a short part is found out", i);
        broken = *form;
        broken.parts[i].type = (gy_element)((broken.parts[i].type + 1) % GY_ELEMENTS);
        if (form->kind->parts[i].types & 1U << broken.parts[i].type) continue;
        gy_test_expect(!gy_form_is_valid(&broken), kind, variant, "a wrong type is found out", i);
    }
}

static void others_are_found_out(void)
{
    each(NULL, check_outside);
}

GY_TEST_MAIN(GY_TEST(values_come_back), GY_TEST(products_are_right),
             GY_TEST(large_products_are_right), GY_TEST(convolutions_are_right),
             GY_TEST(others_are_found_out))
