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
                                          const float *label, const float *weight, float smoothing,
                                          float scale, float *dlogits)
{
    double loss = 0.0;
    for (int64_t row = 0; row < rows; row++) {
        const float *x = logits + row * classes, w = weight != NULL ? weight[row] : 1.0f;
        float *dx = dlogits != NULL ? dlogits + row * classes : NULL;
        if (w <= 0.0f) {
            for (int64_t i = 0; dx != NULL && i < classes; i++) dx[i] = 0.0f;
        } else if (label[row] >= 0.0f && label[row] < (float)classes) {
            loss += (double)w *
                    cross_entropy_row(classes, x, (int64_t)label[row], smoothing, scale * w, dx);
        } else {
            loss += (double)NAN;
            for (int64_t i = 0; dx != NULL && i < classes; i++) dx[i] = NAN;
        }
    }
    return loss;
}

/* Σ e^(c (x − most)) of a row. */
static double tempered_sum(int64_t n, float cold, float most, const float *x)
{
    double total = 0.0;
#pragma omp simd reduction(+ : total)
    for (int64_t i = 0; i < n; i++) total += (double)vec_exp(cold * (x[i] - most));
    return total;
}

/* T² Σ p (log p − log q) of a row, p = softmax(teacher / T), q = softmax(x / T); its slope T (q − p). */
static double divergence_row(int64_t classes, const float *x, const float *teacher,
                             float temperature, float scale, float *dx)
{
    const float cold = 1.0f / temperature;
    const float x_most = row_max(classes, x), t_most = row_max(classes, teacher);
    const double x_sum = tempered_sum(classes, cold, x_most, x);
    const double t_sum = tempered_sum(classes, cold, t_most, teacher);
    double loss = 0.0;
#pragma omp simd reduction(+ : loss)
    for (int64_t i = 0; i < classes; i++) {
        const float t = cold * (teacher[i] - t_most);
        loss += (double)vec_exp(t) * ((double)t - (double)cold * (double)(x[i] - x_most));
    }
    if (dx != NULL) {
        const float of_x = (float)(1.0 / x_sum), of_t = (float)(1.0 / t_sum);
        const float slope = scale * temperature;
#pragma omp simd
        for (int64_t i = 0; i < classes; i++)
            dx[i] = slope * (of_x * vec_exp(cold * (x[i] - x_most)) -
                             of_t * vec_exp(cold * (teacher[i] - t_most)));
    }
    return (double)temperature * (double)temperature * (loss / t_sum + log(x_sum) - log(t_sum));
}

double GY_OF_LEVEL(softmax_divergence)(int64_t rows, int64_t classes, const float *logits,
                                       const float *teacher, const float *weight, float temperature,
                                       float scale, float *dlogits)
{
    double loss = 0.0;
    for (int64_t row = 0; row < rows; row++) {
        const int64_t at = row * classes;
        const float w = weight != NULL ? weight[row] : 1.0f;
        float *dx = dlogits != NULL ? dlogits + at : NULL;
        if (w > 0.0f)
            loss += (double)w *
                    divergence_row(classes, logits + at, teacher + at, temperature, scale * w, dx);
        for (int64_t i = 0; w <= 0.0f && dx != NULL && i < classes; i++) dx[i] = 0.0f;
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

/* What a loss or slope v counts at weight w: what stands at weight 0 is not looked at. */
static inline float weighted(float w, float v)
{
    return w > 0.0f ? w * v : 0.0f;
}

/* Sums the losses of n elements by `of` (a `two` in terms of i), with their gradients. */
#define SUM(of)                                                                                    \
    double loss = 0.0;                                                                             \
    if (weight != NULL) {                                                                          \
        _Pragma("omp simd reduction(+ : loss)") for (int64_t i = 0; i < n; i++) loss +=            \
            (double)weighted(weight[i], (of).loss);                                                \
        _Pragma("omp simd") for (int64_t i = 0; i < (dy == NULL ? 0 : n); i++) dy[i] =             \
            scale * weighted(weight[i], (of).slope);                                               \
        return loss;                                                                               \
    }                                                                                              \
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

enum { BLOCK = 256 };

/* Losses and slopes of a block of elements, before they count. */
typedef struct sides {
    float loss[BLOCK], slope[BLOCK];
} sides;

static double settle(int64_t n, const sides *of, const float *weight, float scale, float *dy)
{
    SUM(((two){of->loss[i], of->slope[i]}));
}

/* As SUM, of what takes many instructions: it is there once. */
#define SUM_OF_MANY(of)                                                                            \
    sides block;                                                                                   \
    double sum = 0.0;                                                                              \
    for (int64_t first = 0; first < n; first += BLOCK) {                                           \
        const int64_t m = n - first < BLOCK ? n - first : BLOCK;                                   \
        _Pragma("omp simd") for (int64_t j = 0; j < m; j++)                                        \
        {                                                                                          \
            const int64_t i = first + j;                                                           \
            const two t = of;                                                                      \
            block.loss[j] = t.loss;                                                                \
            block.slope[j] = t.slope;                                                              \
        }                                                                                          \
        sum += settle(m, &block, weight != NULL ? weight + first : NULL, scale,                    \
                      dy != NULL ? dy + first : NULL);                                             \
    }                                                                                              \
    return sum

double GY_OF_LEVEL(sigmoid_cross_entropy)(int64_t n, const float *logits, const float *target,
                                          const float *weight, float scale, float *dy)
{
    SUM_OF_MANY(sigmoid_of(logits[i], target[i]));
}

/* T² KL of σ(teacher / T) and σ(x / T): its cross entropy less that of the teacher with itself. */
static inline two divergence_of(float x, float teacher, float temperature)
{
    const float cold = 1.0f / temperature, t = cold * teacher;
    const float e = vec_exp(-fabsf(t)), p = (t < 0.0f ? e : 1.0f) / (1.0f + e);
    const two of_x = sigmoid_of(cold * x, p), of_t = sigmoid_of(t, p);
    return (two){temperature * temperature * (of_x.loss - of_t.loss), temperature * of_x.slope};
}

double GY_OF_LEVEL(sigmoid_divergence)(int64_t n, const float *logits, const float *teacher,
                                       const float *weight, float temperature, float scale,
                                       float *dy)
{
    SUM_OF_MANY(divergence_of(logits[i], teacher[i], temperature));
}

double GY_OF_LEVEL(squared_error)(int64_t n, const float *y, const float *target,
                                  const float *weight, float scale, float *dy)
{
    SUM(squared_of(y[i], target[i]));
}

double GY_OF_LEVEL(absolute_error)(int64_t n, const float *y, const float *target,
                                   const float *weight, float scale, float *dy)
{
    SUM(absolute_of(y[i], target[i]));
}

double GY_OF_LEVEL(huber_error)(int64_t n, const float *y, const float *target, const float *weight,
                                float delta, float scale, float *dy)
{
    SUM(huber_of(y[i], target[i], delta));
}

enum { FARTHEST = 20 }; /* a logarithm of a variance that still counts */

double GY_OF_LEVEL(gaussian_nll)(int64_t rows, int64_t n, const float *y, const float *target,
                                 const float *weight, float scale, float *dy)
{
    double loss = 0.0;
    for (int64_t i = 0; i < rows * n; i++) {
        const int64_t mean = i / n * 2 * n + i % n, spread = mean + n;
        const float w = weight != NULL ? weight[i] : 1.0f, s = y[spread];
        const float kept = s < -FARTHEST ? -FARTHEST : s > FARTHEST ? FARTHEST : s; /* NaN stays */
        const float e = y[mean] - target[i], narrow = vec_exp(-kept);
        loss += (double)weighted(w, 0.5f * (kept + e * e * narrow));
        if (dy == NULL) continue;
        const float inside = s < -FARTHEST || s > FARTHEST ? 0.0f : 1.0f;
        dy[mean] = scale * weighted(w, e * narrow);
        dy[spread] = scale * weighted(w, inside * 0.5f * (1.0f - e * e * narrow));
    }
    return loss;
}

double GY_OF_LEVEL(quantile_error)(int64_t n, int64_t quantiles, const float *quantile,
                                   const float *y, const float *target, const float *weight,
                                   float scale, float *dy)
{
    double loss = 0.0;
    const float share = 1.0f / (float)quantiles;
    for (int64_t i = 0; i < n; i++) {
        const float w = weight != NULL ? weight[i] : 1.0f;
        for (int64_t j = 0; j < quantiles; j++) {
            const float q = quantile[j], e = target[i] - y[i * quantiles + j];
            const float slope = e > 0.0f ? -q : e < 0.0f ? 1.0f - q : e + 0.5f - q; /* of y */
            loss += (double)weighted(w, share * (e > 0.0f ? q * e : (q - 1.0f) * e));
            if (dy != NULL) dy[i * quantiles + j] = scale * weighted(w, share * slope);
        }
    }
    return loss;
}
