/*
 * Activations and their derivatives at one level: two scalar functions of each, forward_name and
 * backward_name, and three loops around them, which the list makes: one without its functions does
 * not compile. Comparisons are written so that NaN passes.
 */
#include "activation.h"
#include "softmax.h"

static const float leak = 0.01f;                          /* of leaky_relu */
static const float root = 0.79788456f, cubic = 0.044715f; /* gelu_tanh: √(2/π) */

static inline float forward_none(float x)
{
    return x;
}
static inline float forward_relu(float x)
{
    return x < 0.0f ? 0.0f : x;
}
static inline float forward_leaky_relu(float x)
{
    return x < 0.0f ? leak * x : x;
}
static inline float forward_elu(float x)
{
    return x > 0.0f ? x : vec_expm1(x);
}
static inline float forward_gelu(float x)
{
    return x * vec_normal(x).cdf;
}
static inline float forward_gelu_tanh(float x)
{
    /* (1 + tanh u) / 2 = sigmoid(2u): keeps its accuracy in the tail */
    return x * vec_sigmoid(2.0f * root * (x + cubic * x * x * x));
}
static inline float forward_silu(float x)
{
    return x * vec_sigmoid(x);
}
static inline float forward_sigmoid(float x)
{
    return vec_sigmoid(x);
}
static inline float forward_tanh(float x)
{
    return vec_tanh(x);
}
static inline float forward_softplus(float x)
{
    return vec_softplus(x);
}

/* the derivative times g, from y or, where the list says reads_x, from x */
static inline float backward_none(float y, float g)
{
    (void)y;
    return g;
}
static inline float backward_relu(float y, float g)
{
    return y <= 0.0f ? 0.0f : g;
}
static inline float backward_leaky_relu(float y, float g)
{
    return y <= 0.0f ? leak * g : g;
}
static inline float backward_elu(float y, float g)
{
    return y <= 0.0f ? g * (y + 1.0f) : g;
}
static inline float backward_gelu(float x, float g)
{
    normal p = vec_normal(x);
    return g * (p.cdf + x * p.density);
}
static inline float backward_gelu_tanh(float x, float g)
{
    float s = vec_sigmoid(2.0f * root * (x + cubic * x * x * x));
    float du = 2.0f * root * (1.0f + 3.0f * cubic * x * x);
    return g * (s + x * s * (1.0f - s) * du);
}
static inline float backward_silu(float x, float g)
{
    float s = vec_sigmoid(x);
    return g * (s + x * s * (1.0f - s));
}
static inline float backward_sigmoid(float y, float g)
{
    return g * (y * (1.0f - y));
}
static inline float backward_tanh(float y, float g)
{
    return g * (1.0f - y * y);
}
static inline float backward_softplus(float y, float g)
{
    return -g * vec_expm1(-y);
}

/* switch (a): a loop over n elements of every elementwise one; there are no others here */
#define LOOPS(X)                                                                                   \
    GY_ELEMENTWISE_LIST(X)                                                                         \
    case GY_ACTIVATION_softmax:                                                                    \
    case GY_ACTIVATION_COUNT:                                                                      \
        break;

#define FORWARD(name, ...)                                                                         \
    case GY_ACTIVATION_##name:                                                                     \
        _Pragma("omp simd") for (int64_t i = 0; i < n; i++) y[i] = forward_##name(x[i]);           \
        break;
#define BACKWARD(name, ...)                                                                        \
    case GY_ACTIVATION_##name:                                                                     \
        _Pragma("omp simd") for (int64_t i = 0; i < n; i++) dx[i] =                                \
            backward_##name(from[i], dy[i]);                                                       \
        break;
#define SLOPE(name, reads_x, ...)                                                                  \
    case GY_ACTIVATION_##name:                                                                     \
        _Pragma("omp simd") for (int64_t i = 0; i < n; i++)                                        \
        {                                                                                          \
            float at = x[i], value = forward_##name(at);                                           \
            y[i] = value;                                                                          \
            slope[i] = backward_##name(reads_x ? at : value, 1.0f);                                \
        }                                                                                          \
        break;

void GY_OF_LEVEL(activation_forward)(gy_activation a, int64_t n, const float *x, float *y)
{
    switch (a) {
        LOOPS(FORWARD)
    }
}

void GY_OF_LEVEL(activation_backward)(gy_activation a, int64_t n, const float *x, const float *y,
                                      const float *dy, float *dx)
{
    const float *from = gy_activation_reads_x(a) ? x : y;
    switch (a) {
        LOOPS(BACKWARD)
    }
}

void GY_OF_LEVEL(activation_slope)(gy_activation a, int64_t n, const float *x, float *y,
                                   float *slope)
{
    switch (a) {
        LOOPS(SLOPE)
    }
}

void GY_OF_LEVEL(softmax_forward)(int64_t rows, int64_t columns, const float *x, float *y)
{
    for (int64_t row = 0; row < rows; row++, x += columns, y += columns) {
        float factor = (float)(1.0 / row_exp(columns, row_max(columns, x), x, y));
#pragma omp simd
        for (int64_t i = 0; i < columns; i++) y[i] *= factor;
    }
}

static double dot(int64_t n, const float *x, const float *y)
{
    double s = 0.0;
#pragma omp simd reduction(+ : s)
    for (int64_t i = 0; i < n; i++) s += (double)x[i] * (double)y[i];
    return s;
}

/* dx = y (dy − Σ y dy) */
void GY_OF_LEVEL(softmax_backward)(int64_t rows, int64_t columns, const float *y, const float *dy,
                                   float *dx)
{
    for (int64_t row = 0; row < rows; row++, y += columns, dy += columns, dx += columns) {
        float mean = (float)dot(columns, y, dy);
#pragma omp simd
        for (int64_t i = 0; i < columns; i++) dx[i] = y[i] * (dy[i] - mean);
    }
}
