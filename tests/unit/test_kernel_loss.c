/* Losses against formulas in double, gradients against finite differences, at every level. */
#include "levels.h"

#include "kernel/loss.h"

#include <math.h>
#include <string.h>

enum { N = 40000 };
static float x[N], t[N], d[N];

static double cross_entropy(int64_t classes, const double *p, int64_t label, double smoothing)
{
    double sum = 0.0, loss = 0.0;
    for (int64_t i = 0; i < classes; i++) sum += exp(p[i]);
    for (int64_t i = 0; i < classes; i++)
        loss -= ((i == label ? 1.0 - smoothing : 0.0) + smoothing / (double)classes) *
                (p[i] - log(sum));
    return loss;
}

static void softmax(const gy_kernel *k)
{
    static const int64_t shapes[][2] = {{1, 2}, {300, 10}, {17, 1001}};
    for (int s = 0; s < 3; s++)
        for (int smooth = 0; smooth < 2; smooth++) {
            const int64_t rows = shapes[s][0], classes = shapes[s][1];
            const double smoothing = smooth ? 0.1 : 0.0;
            gy_test_values(1, rows * classes, 5.0, x);
            for (int64_t row = 0; row < rows; row++) t[row] = (float)(row * 7 % classes);
            double want = 0.0, worst = 0.0;
            double got =
                gy_softmax_cross_entropy(k, rows, classes, x, t, NULL, (float)smoothing, 0.5f, d);
            for (int64_t row = 0; row < rows; row++) {
                double p[1001];
                for (int64_t i = 0; i < classes; i++) p[i] = (double)x[row * classes + i];
                want += cross_entropy(classes, p, (int64_t)t[row], smoothing);
                for (int64_t i = 0; i < classes; i += 1 + classes / 9) {
                    const double h = 1e-5, q = p[i];
                    p[i] = q + h;
                    double up = cross_entropy(classes, p, (int64_t)t[row], smoothing);
                    p[i] = q - h;
                    double down = cross_entropy(classes, p, (int64_t)t[row], smoothing);
                    p[i] = q;
                    worst = fmax(worst,
                                 fabs((double)d[row * classes + i] - 0.5 * (up - down) / (2 * h)));
                }
            }
            CU_ASSERT_DOUBLE_EQUAL(got, want, 1e-6 * want);
            CU_ASSERT_TRUE(worst < 3e-7);
            CU_ASSERT_DOUBLE_EQUAL(gy_softmax_cross_entropy(k, rows, classes, x, t, NULL,
                                                            (float)smoothing, 1.0f, NULL),
                                   got, 1e-6 * got);
            /* in place */
            gy_softmax_cross_entropy(k, rows, classes, x, t, NULL, (float)smoothing, 0.5f, x);
            CU_ASSERT_EQUAL(memcmp(x, d, (size_t)(rows * classes) * sizeof *x), 0);
        }
    t[0] = 1001.0f; /* no such class */
    CU_ASSERT_TRUE(isnan(gy_softmax_cross_entropy(k, 2, 1001, x, t, NULL, 0.0f, 1.0f, d)));
    CU_ASSERT_TRUE(isnan(d[3]) && !isnan(d[1001 + 3]));
    t[0] = NAN;
    CU_ASSERT_TRUE(isnan(gy_softmax_cross_entropy(k, 2, 1001, x, t, NULL, 0.0f, 1.0f, NULL)));
}

static void cross_entropy_is_right(void)
{
    gy_test_levels(softmax);
}

typedef enum which { SIGMOID, SQUARED, ABSOLUTE, HUBER } which;

static double exact(which w, double y, double target)
{
    double e = y - target;
    switch (w) {
    case SIGMOID:
        return fmax(y, 0) - y * target + log1p(exp(-fabs(y)));
    case SQUARED:
        return e * e;
    case ABSOLUTE:
        return fabs(e);
    case HUBER:
        return fabs(e) <= 0.75 ? e * e / 2 : 0.75 * (fabs(e) - 0.375);
    }
    return NAN;
}

static double run(const gy_kernel *k, which w, int64_t n, float scale, float *dy)
{
    switch (w) {
    case SIGMOID:
        return gy_sigmoid_cross_entropy(k, n, x, t, NULL, scale, dy);
    case SQUARED:
        return gy_squared_error(k, n, x, t, NULL, scale, dy);
    case ABSOLUTE:
        return gy_absolute_error(k, n, x, t, NULL, scale, dy);
    case HUBER:
        return gy_huber_error(k, n, x, t, NULL, 0.75f, scale, dy);
    }
    return NAN;
}

static void values(const gy_kernel *k)
{
    static const int64_t sizes[] = {1, 17, 1000, N};
    for (int w = 0; w <= HUBER; w++)
        for (int s = 0; s < 4; s++) {
            const int64_t n = sizes[s];
            gy_test_values(3, n, 4.0, x);
            gy_test_values(4, n, 1.0, t);
            if (w == SIGMOID)
                for (int64_t i = 0; i < n; i++) t[i] = i % 3 == 0 ? 0.3f : (float)(i % 2);
            if (n > 3) x[2] = t[2]; /* no error at all */
            double want = 0.0, worst = 0.0, got = run(k, (which)w, n, 0.25f, d);
            for (int64_t i = 0; i < n; i++) {
                double y = (double)x[i], target = (double)t[i], h = 1e-6;
                want += exact((which)w, y, target);
                if (w != SIGMOID && fabs(y - target) < 1e-4 && i != 2) continue; /* a corner */
                double slope = (exact((which)w, y + h, target) - exact((which)w, y - h, target));
                worst = fmax(worst, fabs((double)d[i] - 0.25 * slope / (2 * h)));
            }
            CU_ASSERT_DOUBLE_EQUAL(got, want, 1e-6 * want);
            CU_ASSERT_TRUE(worst < 1e-6);
            CU_ASSERT_DOUBLE_EQUAL(run(k, (which)w, n, 0.25f, NULL), got, 1e-6 * got);
            x[n - 1] = NAN;
            CU_ASSERT_TRUE(isnan(run(k, (which)w, n, 0.25f, d)) && isnan(d[n - 1]));
        }
}

static void value_losses_are_right(void)
{
    gy_test_levels(values);
}

/* T² KL of two rows of logits, by the definition. */
static double divergence(int64_t classes, const double *logits, const float *teacher, double cold)
{
    double sum = 0.0, of_teacher = 0.0, loss = 0.0;
    for (int64_t i = 0; i < classes; i++) sum += exp(cold * logits[i]);
    for (int64_t i = 0; i < classes; i++) of_teacher += exp(cold * (double)teacher[i]);
    for (int64_t i = 0; i < classes; i++) {
        const double p = exp(cold * (double)teacher[i]) / of_teacher;
        loss += p * (log(p) - log(exp(cold * logits[i]) / sum));
    }
    return loss / (cold * cold);
}

/* Two classes of a softmax are one sigmoid: σ(x) = e^x / (e^x + e^0). */
static double divergence_of_signs(const double *logits, const float *teacher, double cold)
{
    const double both[] = {logits[0], 0.0};
    const float of_teacher[] = {teacher[0], 0.0f};
    return divergence(2, both, of_teacher, cold);
}

static void divergences(const gy_kernel *k)
{
    static const int64_t shapes[][2] = {{1, 2}, {300, 10}, {17, 1001}, {1000, 1}};
    for (int s = 0; s < 4; s++)
        for (int temperature = 1; temperature <= 4; temperature += 3) {
            const int64_t rows = shapes[s][0], classes = shapes[s][1];
            const double cold = 1.0 / temperature, h = 1e-5;
            double want = 0.0, worst = 0.0, got;
            gy_test_values(1, rows * classes, 5.0, x);
            gy_test_values(2, rows * classes, 5.0, t);
            if (classes > 1)
                got = gy_softmax_divergence(k, rows, classes, x, t, NULL, (float)temperature, 0.5f,
                                            d);
            else
                got = gy_sigmoid_divergence(k, rows, x, t, NULL, (float)temperature, 0.5f, d);
            for (int64_t row = 0; row < rows; row++) {
                double p[1001], of[2];
                const float *teacher = t + row * classes;
                for (int64_t i = 0; i < classes; i++) p[i] = (double)x[row * classes + i];
                for (int64_t i = -1; i < classes; i += 1 + classes / 9) {
                    const double q = i < 0 ? 0.0 : p[i];
                    for (int side = 0; side < 2; side++) {
                        if (i >= 0) p[i] = q + (side == 0 ? h : -h);
                        of[side] = classes > 1 ? divergence(classes, p, teacher, cold)
                                               : divergence_of_signs(p, teacher, cold);
                    }
                    if (i < 0) {
                        want += of[0];
                        continue;
                    }
                    p[i] = q;
                    worst = fmax(worst, fabs((double)d[row * classes + i] -
                                             0.5 * (of[0] - of[1]) / (2 * h)));
                }
            }
            CU_ASSERT_DOUBLE_EQUAL(got, want, 1e-5 * want);
            CU_ASSERT_TRUE(worst < 2e-6);
        }
}

static void divergences_are_right(void)
{
    gy_test_levels(divergences);
}

GY_TEST_MAIN(GY_TEST(cross_entropy_is_right), GY_TEST(value_losses_are_right),
             GY_TEST(divergences_are_right))
