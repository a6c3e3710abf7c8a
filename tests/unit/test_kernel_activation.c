/* Activations against libm in double, derivatives against finite differences, NaN, softmax. */
#include "levels.h"

#include "kernel/activation.h"

#include <math.h>

/* What each elementwise activation is; one of the list that is not here does not compile. */
static double exact_none(double x)
{
    return x;
}
static double exact_relu(double x)
{
    return x > 0 ? x : 0;
}
static double exact_leaky_relu(double x)
{
    return x > 0 ? x : 0.01 * x;
}
static double exact_elu(double x)
{
    return x > 0 ? x : expm1(x);
}
static double exact_gelu(double x)
{
    return x * 0.5 * erfc(-x / sqrt(2.0));
}
static double exact_gelu_tanh(double x)
{
    return 0.5 * x * (1 + tanh(sqrt(2 / 3.141592653589793) * (x + 0.044715 * x * x * x)));
}
static double exact_silu(double x)
{
    return x / (1 + exp(-x));
}
static double exact_sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}
static double exact_tanh(double x)
{
    return tanh(x);
}
static double exact_softplus(double x)
{
    return x > 30 ? x : log1p(exp(x));
}

enum { KINDS = GY_ACTIVATION_softmax }; /* the elementwise ones */
#define EXACT(name, ...) exact_##name,
static double (*const exacts[KINDS])(double) = {GY_ELEMENTWISE_LIST(EXACT)};

static double exact(gy_activation a, double x)
{
    return exacts[a](x);
}

static double slope(gy_activation a, double x)
{
    const double h = 1e-5;
    return (exact(a, x + h) - exact(a, x - h)) / (2 * h);
}

enum { N = 100003 };
static float x[N], y[N], dy[N], dx[N];

/* Value and derivative in one pass are those of two. */
static void check_slope(const gy_kernel *k, gy_activation a)
{
    static float value[N], product[N];
    gy_activation_slope(k, a, N, x, value, product);
    bool same = true;
    for (int i = 0; i < N; i++) same &= value[i] == y[i] && product[i] * dy[i] == dx[i];
    CU_ASSERT_TRUE(same);
}

static void elementwise(const gy_kernel *k)
{
    for (int i = 0; i < N; i++) x[i] = (float)((i - 50000) * (i % 3 == 0 ? 2e-3 : 1.1e-4) + 1e-4);
    gy_test_values(9, N, 2.0, dy);
    for (int act = 0; act < KINDS; act++) {
        const gy_activation a = (gy_activation)act;
        double worst = 0.0, worst_slope = 0.0;
        for (int i = 0; i < N; i++) y[i] = dx[i] = NAN;
        gy_activation_forward(k, a, 1, N, x, y);
        gy_activation_backward(k, a, 1, N, gy_activation_reads_x(a) ? x : NULL,
                               gy_activation_reads_x(a) ? NULL : y, dy, dx);
        for (int i = 0; i < N; i++) {
            double want = exact(a, (double)x[i]);
            double error = fabs((double)y[i] - want) / (fabs(want) + 1e-2);
            worst = error <= worst ? worst : error;
            want = slope(a, (double)x[i]);
            error = fabs((double)dx[i] - (double)dy[i] * want) / 2.0;
            worst_slope = error <= worst_slope ? worst_slope : error;
        }
        if (!(worst < 6e-7 && worst_slope < 3e-6))
            printf("%s: %g, slope %g\n", gy_activation_names[act], worst, worst_slope);
        CU_ASSERT_TRUE(worst < 6e-7);
        CU_ASSERT_TRUE(worst_slope < 3e-6);
        check_slope(k, a);
        gy_activation_forward(k, a, 1, N, x, x); /* in place */
        CU_ASSERT_EQUAL(x[N / 3], y[N / 3]);
        for (int i = 0; i < N; i++)
            x[i] = (float)((i - 50000) * (i % 3 == 0 ? 2e-3 : 1.1e-4) + 1e-4);
    }
}

static void activations_are_right(void)
{
    gy_test_levels(elementwise);
}

static void edges(const gy_kernel *k)
{
    static const float in[] = {NAN, INFINITY, -INFINITY, 0.0f, 1000.0f, -1000.0f, 88.72f, -87.3f};
    enum { COUNT = sizeof in / sizeof *in };
    for (int act = 0; act < KINDS; act++) {
        const gy_activation a = (gy_activation)act;
        float out[COUNT], one[COUNT], back[COUNT];
        for (int i = 0; i < COUNT; i++) one[i] = 1.0f;
        gy_activation_forward(k, a, COUNT, 1, in, out);
        CU_ASSERT_TRUE(isnan(out[0]));
        for (int i = 3; i < COUNT; i++)
            CU_ASSERT_DOUBLE_EQUAL(out[i], exact(a, (double)in[i]), 1e-4);
        gy_activation_backward(k, a, COUNT, 1, in, out, one, back);
        for (int i = 3; i < COUNT; i++) CU_ASSERT_TRUE(isfinite(back[i]));
        if (a == GY_ACTIVATION_relu) CU_ASSERT_EQUAL(back[3], 0.0f);
    }
}

static void edges_are_right(void)
{
    gy_test_levels(edges);
}

static void softmax(const gy_kernel *k)
{
    enum { ROWS = 37, COLUMNS = 531 };
    const gy_activation a = GY_ACTIVATION_softmax;
    gy_test_values(11, ROWS * COLUMNS, 20.0, x);
    gy_test_values(12, ROWS * COLUMNS, 1.0, dy);
    x[5] = 500.0f;
    x[COLUMNS + 5] = -INFINITY;
    x[2 * COLUMNS + 5] = NAN;
    gy_activation_forward(k, a, ROWS, COLUMNS, x, y);
    gy_activation_backward(k, a, ROWS, COLUMNS, NULL, y, dy, dx);
    double worst = 0.0, worst_slope = 0.0;
    for (int row = 0; row < ROWS; row++) {
        const float *r = x + row * COLUMNS, *g = dy + row * COLUMNS;
        double most = -INFINITY, sum = 0.0, dot = 0.0;
        for (int i = 0; i < COLUMNS; i++) most = fmax(most, (double)r[i]);
        for (int i = 0; i < COLUMNS; i++) sum += exp((double)r[i] - most);
        for (int i = 0; i < COLUMNS; i++) dot += exp((double)r[i] - most) / sum * (double)g[i];
        for (int i = 0; i < COLUMNS; i++) {
            double p = exp((double)r[i] - most) / sum;
            if (row == 2) {
                CU_ASSERT_TRUE(isnan(y[row * COLUMNS + i]));
                continue;
            }
            worst = fmax(worst, fabs((double)y[row * COLUMNS + i] - p) / (p + 1e-9));
            worst_slope =
                fmax(worst_slope, fabs((double)dx[row * COLUMNS + i] - p * ((double)g[i] - dot)));
        }
    }
    CU_ASSERT_TRUE(worst < 1e-5);
    CU_ASSERT_TRUE(worst_slope < 3e-6);
    CU_ASSERT_EQUAL(y[COLUMNS + 5], 0.0f);
}

static void softmax_is_right(void)
{
    gy_test_levels(softmax);
}

GY_TEST_MAIN(GY_TEST(activations_are_right), GY_TEST(edges_are_right), GY_TEST(softmax_is_right))
