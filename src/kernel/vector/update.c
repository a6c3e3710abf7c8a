/* Updates at one level: see kernel/update.h for the formulas. */
#include "update.h"

#include <float.h>
#include <math.h>

double GY_OF_LEVEL(penalize)(int64_t n, float l1, float l2, const float *w, float *g)
{
    double squares = 0.0;
#pragma omp simd reduction(+ : squares)
    for (int64_t i = 0; i < n; i++) {
        float sign = w[i] > 0.0f ? l1 : w[i] < 0.0f ? -l1 : 0.0f;
        float sum = g[i] + sign + l2 * w[i];
        g[i] = sum;
        squares += (double)sum * (double)sum;
    }
    return squares;
}

/*
 * 0 for what is denormal. State that is handed nothing any more decays into numbers that round to
 * themselves there, and the machine takes several times as long for each of them from then on.
 */
INLINE float flushed(float x)
{
    return fabsf(x) < FLT_MIN ? 0.0f : x;
}

void GY_OF_LEVEL(update_plain)(int64_t n, float rate, float clip, float decay, float *w,
                               const float *g)
{
#pragma omp simd
    for (int64_t i = 0; i < n; i++) w[i] -= rate * (clip * g[i] + decay * w[i]);
}

void GY_OF_LEVEL(update_momentum)(int64_t n, float rate, float clip, float decay, float momentum,
                                  bool nesterov, float *w, const float *g, float *v)
{
    /* both forms are a g' + b v */
    const float a = nesterov ? 1.0f : 0.0f, b = nesterov ? momentum : 1.0f;
#pragma omp simd
    for (int64_t i = 0; i < n; i++) {
        float grad = clip * g[i] + decay * w[i];
        float velocity = flushed(momentum * v[i] + grad);
        v[i] = velocity;
        w[i] -= rate * (a * grad + b * velocity);
    }
}

void GY_OF_LEVEL(update_squares)(int64_t n, float rate, float clip, float decay, float keep,
                                 float share, float epsilon, float *w, const float *g, float *v)
{
#pragma omp simd
    for (int64_t i = 0; i < n; i++) {
        float grad = clip * g[i] + decay * w[i];
        float squares = flushed(keep * v[i] + share * (grad * grad));
        v[i] = squares;
        w[i] -= rate * grad / (sqrtf(squares) + epsilon);
    }
}

/** The moments of one element and the step that follows from them. */
typedef struct moved {
    float m, v, step;
} moved;

static inline moved move(const gy_moments *u, float w, float g, float m, float v)
{
    float grad = u->clip * g + u->decay * w;
    moved r = {flushed(u->beta1 * m + u->share1 * grad),
               flushed(u->beta2 * v + u->share2 * (grad * grad)), 0.0f};
    float ratio = u->correct1 * r.m / (u->correct2 * sqrtf(r.v) + u->epsilon);
    r.step = u->shrink * w + u->rate * ratio;
    return r;
}

void GY_OF_LEVEL(update_moments)(int64_t n, const gy_moments *u, float *w, const float *g, float *m,
                                 float *v)
{
    const gy_moments c = *u; /* a copy that no store can change */
#pragma omp simd
    for (int64_t i = 0; i < n; i++) {
        moved r = move(&c, w[i], g[i], m[i], v[i]);
        m[i] = r.m;
        v[i] = r.v;
        w[i] -= r.step;
    }
}

double GY_OF_LEVEL(moments_squares)(int64_t n, const gy_moments *u, const float *w, const float *g,
                                    const float *m, const float *v)
{
    const gy_moments c = *u;
    double squares = 0.0;
#pragma omp simd reduction(+ : squares)
    for (int64_t i = 0; i < n; i++) {
        double step = (double)move(&c, w[i], g[i], m[i], v[i]).step;
        squares += step * step;
    }
    return squares;
}
