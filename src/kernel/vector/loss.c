/* Losses with their gradients at one level: values in float, sums in double. */
#include "loss.h"
#include "softmax.h"

static double sum_of(int64_t n, const float *x)
{
    double s = 0.0;
#pragma omp simd reduction(+ : s)
    for (int64_t i = 0; i < n; i++) s += (double)x[i];
    return s;
}

/** Loss of one row; its exponentials become the gradient in place. */
static double cross_entropy_row(int64_t classes, const float *x, int64_t label, float smoothing,
                                float scale, float *dx)
{
    const double keep = 1.0 - (double)smoothing, share = (double)smoothing / (double)classes;
    const float most = row_max(classes, x);
    /* −Σ target log softmax = log Σ e^x − Σ target x, since Σ target = 1 */
    double expected = keep * (double)x[label];
    if (smoothing > 0.0f) expected += share * sum_of(classes, x);
    const double sum = dx != NULL ? row_exp(classes, most, x, dx) : row_exp_sum(classes, most, x);
    if (dx != NULL) {
        const float factor = (float)((double)scale / sum), less = (float)((double)scale * share);
#pragma omp simd
        for (int64_t i = 0; i < classes; i++) dx[i] = dx[i] * factor - less;
        dx[label] -= (float)((double)scale * keep);
    }
    return log(sum) + (double)most - expected;
}

double GY_OF_LEVEL(softmax_cross_entropy)(int64_t rows, int64_t classes, const float *logits,
                                          const float *label, float smoothing, float scale,
                                          float *dlogits)
{
    double loss = 0.0;
    for (int64_t row = 0; row < rows; row++) {
        const float *x = logits + row * classes;
        float *dx = dlogits != NULL ? dlogits + row * classes : NULL;
        if (label[row] >= 0.0f && label[row] < (float)classes) {
            loss += cross_entropy_row(classes, x, (int64_t)label[row], smoothing, scale, dx);
        } else {
            loss += (double)NAN;
            for (int64_t i = 0; dx != NULL && i < classes; i++) dx[i] = NAN;
        }
    }
    return loss;
}

/* The loss of an element and its derivative by y; `two` carries both. */
typedef struct two {
    float loss, slope;
} two;

static inline two sigmoid_of(float x, float target)
{
    float e = vec_exp(-fabsf(x)), s = 1.0f / (1.0f + e);
    float sigmoid = x < 0.0f ? e * s : s;
    float loss = (x < 0.0f ? 0.0f : x) - x * target + vec_log1p(e);
    return (two){loss, sigmoid - target};
}

static inline two squared_of(float y, float target)
{
    float e = y - target;
    return (two){e * e, 2.0f * e};
}

static inline two absolute_of(float y, float target)
{
    float e = y - target;
    return (two){fabsf(e), e > 0.0f ? 1.0f : e < 0.0f ? -1.0f : e}; /* e: 0 or NaN */
}

static inline two huber_of(float y, float target, float delta)
{
    float e = y - target, a = fabsf(e);
    float far = delta * (a - 0.5f * delta), near = 0.5f * e * e;
    float slope = e > delta ? delta : e < -delta ? -delta : e;
    return (two){a > delta ? far : near, slope};
}

/* Sums the losses of n elements by `of` (a `two` in terms of i), with their gradients. */
#define SUM(of)                                                                                    \
    double loss = 0.0;                                                                             \
    if (dy == NULL) {                                                                              \
        _Pragma("omp simd reduction(+ : loss)") for (int64_t i = 0; i < n; i++) loss +=            \
            (double)(of).loss;                                                                     \
        return loss;                                                                               \
    }                                                                                              \
    _Pragma("omp simd reduction(+ : loss)") for (int64_t i = 0; i < n; i++)                        \
    {                                                                                              \
        two t = of;                                                                                \
        loss += (double)t.loss;                                                                    \
        dy[i] = scale * t.slope;                                                                   \
    }                                                                                              \
    return loss

double GY_OF_LEVEL(sigmoid_cross_entropy)(int64_t n, const float *logits, const float *target,
                                          float scale, float *dy)
{
    SUM(sigmoid_of(logits[i], target[i]));
}

double GY_OF_LEVEL(squared_error)(int64_t n, const float *y, const float *target, float scale,
                                  float *dy)
{
    SUM(squared_of(y[i], target[i]));
}

double GY_OF_LEVEL(absolute_error)(int64_t n, const float *y, const float *target, float scale,
                                   float *dy)
{
    SUM(absolute_of(y[i], target[i]));
}

double GY_OF_LEVEL(huber_error)(int64_t n, const float *y, const float *target, float delta,
                                float scale, float *dy)
{
    SUM(huber_of(y[i], target[i], delta));
}
