/*
 * The transforms of Winograd's minimal filtering F(4×4, 3×3) and F(2×2, 5×5) (Lavin and Gray 2016),
 * both with the points 0, ±2/3, ±3/2, ∞: sums are half as far off as with the usual 0, ±1, ±2, ∞, and
 * that P Q is 1 saves factors. `kernel` is 3 or 5, `side` = 7 − kernel the outputs along an axis of a
 * tile; both are constants wherever the functions of them are inlined.
 *
 * Pixels of an image are given by pointers to n floats each: [6, 6] of x, [side, side] of y. v, d,
 * m, u and du are laid out [36, step]; of them whole multiples of 16 floats are read and written.
 */
#include "winograd.h"
#include "wide.h"

/* The points ±P and ±Q. */
#define P (2.0 / 3.0)
#define Q 1.5
/* A constant, rounded once. */
#define F(x) ((float)(x))

/* y = Bᵀ x: [6] ← [6], by halves: the points 0, ±P need the first five of x, ±Q, ∞ the last five. */
#define BETWEEN(x) ((x)[0] - F(P * P + Q * Q) * (x)[2] + (x)[4])

INLINE void input_first(const vec x[5], vec y[3])
{
    vec even = x[4] - F(Q * Q) * x[2], odd = F(P) * (x[3] - F(Q * Q) * x[1]);
    y[0] = BETWEEN(x);
    y[1] = even + odd;
    y[2] = even - odd;
}

INLINE void input_last(const vec x[5], vec y[3])
{
    vec even = x[3] - F(P * P) * x[1], odd = F(Q) * (x[2] - F(P * P) * x[0]);
    y[0] = even + odd;
    y[1] = even - odd;
    y[2] = BETWEEN(x);
}

/* y = Aᵀ m: [side] ← [6] */
INLINE void output_line(int side, const vec *m, vec *y)
{
    vec sum = m[1] + m[2], difference = F(P) * (m[1] - m[2]);
    vec sum2 = m[3] + m[4], difference2 = F(Q) * (m[3] - m[4]);
    y[0] = m[0] + sum + sum2;
    y[1] = difference + difference2;
    if (side == 4) {
        y[2] = F(P * P) * sum + F(Q * Q) * sum2;
        y[3] = F(P * P) * difference + F(Q * Q) * difference2;
    }
    y[side - 1] += m[5];
}

/* d = A y: [6] ← [side] */
INLINE void gradient_line(int side, const vec *y, vec *d)
{
    vec even = y[0], odd = F(P) * y[1], even2 = y[0], odd2 = F(Q) * y[1];
    if (side == 4) {
        even += F(P * P) * y[2];
        even2 += F(Q * Q) * y[2];
        odd += F(P * P * P) * y[3];
        odd2 += F(Q * Q * Q) * y[3];
    }
    d[0] = y[0];
    d[1] = even + odd;
    d[2] = even - odd;
    d[3] = even2 + odd2;
    d[4] = even2 - odd2;
    d[5] = y[side - 1];
}

/* One over the product of a point's distances to the others: of ±P, ±Q; of 0 it is 1. */
#define OVER_P (1.0 / (2.0 * P * P * (P * P - Q * Q)))
#define OVER_Q (1.0 / (2.0 * Q * Q * (Q * Q - P * P)))

/* u = G w: [6] ← [kernel] */
INLINE void weight_line(int kernel, const vec *w, vec *u)
{
    vec even = w[0] + F(P * P) * w[2], odd = w[1], even2 = w[0] + F(Q * Q) * w[2], odd2 = w[1];
    if (kernel == 5) {
        even += F(P * P * P * P) * w[4];
        even2 += F(Q * Q * Q * Q) * w[4];
        odd += F(P * P) * w[3];
        odd2 += F(Q * Q) * w[3];
    }
    u[0] = w[0];
    u[1] = F(OVER_P) * (even + F(P) * odd);
    u[2] = F(OVER_P) * (even - F(P) * odd);
    u[3] = F(OVER_Q) * (even2 + F(Q) * odd2);
    u[4] = F(OVER_Q) * (even2 - F(Q) * odd2);
    u[5] = w[kernel - 1];
}

/* w = Gᵀ u: [kernel] ← [6] */
INLINE void weight_gradient_line(int kernel, const vec *u, vec *w)
{
    vec sum = F(OVER_P) * (u[1] + u[2]), difference = F(OVER_P * P) * (u[1] - u[2]);
    vec sum2 = F(OVER_Q) * (u[3] + u[4]), difference2 = F(OVER_Q * Q) * (u[3] - u[4]);
    w[0] = u[0] + sum + sum2;
    w[1] = difference + difference2;
    w[2] = F(P * P) * sum + F(Q * Q) * sum2;
    if (kernel == 5) {
        w[3] = F(P * P) * difference + F(Q * Q) * difference2;
        w[4] = F(P * P * P * P) * sum + F(Q * Q * Q * Q) * sum2;
    }
    w[kernel - 1] += u[5];
}

/* Pixels whose last vector is not whole are copied here first, or written from here. */
typedef struct edge {
    float v[36][WIDTH];
    const float *from[36];
} edge;

INLINE const float *const *copy_edge(edge *e, int pixels, int64_t at, int64_t n,
                                     const float *const *x)
{
    memset(e->v, 0, sizeof e->v);
    for (int i = 0; i < pixels; i++) {
        memcpy(e->v[i], x[i] + at, sizeof(float) * (size_t)(n - at));
        e->from[i] = e->v[i];
    }
    return e->from;
}

/*
 * The first or last three columns of v = Bᵀ x B: so few that all between its two sides stays in
 * registers. The empty asm keeps the compiler from holding all 18 addresses there as well.
 */
INLINE void input_columns(bool last, const float *const *x, int64_t shift, float *v, int64_t step)
{
    vec t[6][3];
    UNROLL for (int i = 0; i < 6; i++)
    {
        vec in[5];
        UNROLL for (int j = 0; j < 5; j++) in[j] = load(x[6 * i + last + j] + shift);
        if (last)
            input_last(in, t[i]);
        else
            input_first(in, t[i]);
    }
    UNROLL for (int j = 0; j < 3; j++)
    {
        vec in[6], out[6];
        UNROLL for (int i = 0; i < 6; i++) in[i] = t[i][j];
        input_first(in, out);
        input_last(in + 1, out + 3);
        float *to = v + (3 * last + j) * step;
        UNROLL for (int i = 0; i < 6; i++, to += 6 * step)
        {
            __asm__("" : "+r"(to));
            store(to, out[i]);
        }
    }
}

/* v = Bᵀ x B */
void GY_OF_LEVEL(winograd_input)(int64_t n, const float *const *x, float *v, int64_t step)
{
    edge e;
    for (int64_t at = 0; at < n; at += WIDTH) {
        bool whole = at + WIDTH <= n;
        const float *const *from = whole ? x : copy_edge(&e, 36, at, n, x);
        input_columns(false, from, whole ? at : 0, v + at, step);
        input_columns(true, from, whole ? at : 0, v + at, step);
    }
}

INLINE void gradient_of(int side, int64_t n, const float *const *dy, float *d, int64_t step)
{
    edge e;
    for (int64_t at = 0; at < n; at += WIDTH) {
        bool whole = at + WIDTH <= n;
        const float *const *from = whole ? dy : copy_edge(&e, side * side, at, n, dy);
        int64_t shift = whole ? at : 0;
        vec t[6][4];
        UNROLL for (int j = 0; j < side; j++)
        {
            vec in[4], out[6];
            UNROLL for (int i = 0; i < side; i++) in[i] = load(from[side * i + j] + shift);
            gradient_line(side, in, out);
            UNROLL for (int i = 0; i < 6; i++) t[i][j] = out[i];
        }
        UNROLL for (int i = 0; i < 6; i++)
        {
            vec out[6];
            gradient_line(side, t[i], out);
            UNROLL for (int j = 0; j < 6; j++) store(d + (6 * i + j) * step + at, out[j]);
        }
    }
}

/* d = A dy Aᵀ */
void GY_OF_LEVEL(winograd_gradient)(int kernel, int64_t n, const float *const *dy, float *d,
                                    int64_t step)
{
    if (kernel == 3)
        gradient_of(4, n, dy, d, step);
    else
        gradient_of(2, n, dy, d, step);
}

INLINE void output_of(int side, int64_t n, const float *m, int64_t step, const float *bias,
                      bool relu, float *const *y)
{
    for (int64_t at = 0; at < n; at += WIDTH) {
        vec b = bias == NULL ? (vec){0} : get(bias, at, n), t[4][6];
        UNROLL for (int j = 0; j < 6; j++)
        {
            vec in[6], out[4];
            UNROLL for (int i = 0; i < 6; i++) in[i] = load(m + (6 * i + j) * step + at);
            output_line(side, in, out);
            UNROLL for (int i = 0; i < side; i++) t[i][j] = out[i];
        }
        UNROLL for (int i = 0; i < side; i++)
        {
            vec out[4];
            output_line(side, t[i], out);
            UNROLL for (int j = 0; j < side; j++)
            {
                vec v = out[j] + b;
                if (relu) v = rectify(v);
                if (y[side * i + j] != NULL) put(y[side * i + j], at, n, v);
            }
        }
    }
}

/* y = [max(0,] Aᵀ m A + bias [)]; bias NULL: none; a pixel NULL: outside */
void GY_OF_LEVEL(winograd_output)(int kernel, int64_t n, const float *m, int64_t step,
                                  const float *bias, bool relu, float *const *y)
{
    if (kernel == 3)
        output_of(4, n, m, step, bias, relu, y);
    else
        output_of(2, n, m, step, bias, relu, y);
}

INLINE void weight_of(int kernel, int64_t n, const float *const *w, float *u, int64_t step)
{
    edge e;
    for (int64_t at = 0; at < n; at += WIDTH) {
        bool whole = at + WIDTH <= n;
        const float *const *from = whole ? w : copy_edge(&e, kernel * kernel, at, n, w);
        int64_t shift = whole ? at : 0;
        vec t[6][5];
        UNROLL for (int j = 0; j < kernel; j++)
        {
            vec in[5], out[6];
            UNROLL for (int i = 0; i < kernel; i++) in[i] = load(from[kernel * i + j] + shift);
            weight_line(kernel, in, out);
            UNROLL for (int i = 0; i < 6; i++) t[i][j] = out[i];
        }
        UNROLL for (int i = 0; i < 6; i++)
        {
            vec out[6];
            weight_line(kernel, t[i], out);
            UNROLL for (int j = 0; j < 6; j++) store(u + (6 * i + j) * step + at, out[j]);
        }
    }
}

/* u = G w Gᵀ for weights (i, j) at w + (i kernel + j) w_step; flip: counted from the end */
void GY_OF_LEVEL(winograd_weight)(int kernel, int64_t n, const float *w, int64_t w_step, bool flip,
                                  float *u, int64_t step)
{
    const float *at_point[25];
    int last = kernel * kernel - 1;
    for (int i = 0; i <= last; i++) at_point[i] = w + (flip ? last - i : i) * w_step;
    if (kernel == 3)
        weight_of(3, n, at_point, u, step);
    else
        weight_of(5, n, at_point, u, step);
}

INLINE void weight_gradient_of(int kernel, int64_t n, const float *du, int64_t step, float beta,
                               float *dw)
{
    for (int64_t at = 0; at < n; at += WIDTH) {
        vec t[5][6];
        UNROLL for (int j = 0; j < 6; j++)
        {
            vec in[6], out[5];
            UNROLL for (int i = 0; i < 6; i++) in[i] = load(du + (6 * i + j) * step + at);
            weight_gradient_line(kernel, in, out);
            UNROLL for (int i = 0; i < kernel; i++) t[i][j] = out[i];
        }
        UNROLL for (int i = 0; i < kernel; i++)
        {
            vec out[5];
            weight_gradient_line(kernel, t[i], out);
            UNROLL for (int j = 0; j < kernel; j++)
            {
                float *to = dw + (kernel * i + j) * n;
                if (beta != 0) out[j] += beta * get(to, at, n);
                put(to, at, n, out[j]);
            }
        }
    }
}

/* dw (weights n apart) = beta dw + Gᵀ du G */
void GY_OF_LEVEL(winograd_weight_gradient)(int kernel, int64_t n, const float *du, int64_t step,
                                           float beta, float *dw)
{
    if (kernel == 3)
        weight_gradient_of(3, n, du, step, beta, dw);
    else
        weight_gradient_of(5, n, du, step, beta, dw);
}
