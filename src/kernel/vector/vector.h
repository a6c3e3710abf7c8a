/**
 * The loops that want wide vectors. The units of this folder are compiled once per level (see
 * GY_SIMD_LIST), each time with other machine flags and GY_LEVEL; every level's functions stand in
 * one table, and the handle holds the best table that the machine runs.
 *
 * These functions run on the calling thread; the room's public functions cut the work and spread
 * it. Outputs may lie exactly on inputs (y = x) unless said otherwise, never shifted.
 *
 * To add one: a line in GY_VECTOR_LIST, and the function GY_OF_LEVEL(name) in a unit beside.
 */
#ifndef GY_KERNEL_VECTOR_VECTOR_H
#define GY_KERNEL_VECTOR_VECTOR_H

#include "../activation.h"
#include "../norm.h"
#include "../update.h"
#include "cell.h"
#include "panel.h"
#include "pool.h"

#include "base/count.h"

#include <stdbool.h>
#include <stdint.h>

/** Losses: see kernel/loss.h; dy may be NULL. */
#define GY_VECTOR_LOSS_LIST(X)                                                                     \
    X(double, softmax_cross_entropy,                                                               \
      (int64_t rows, int64_t classes, const float *logits, const float *label, float smoothing,    \
       float scale, float *dlogits))                                                               \
    X(double, sigmoid_cross_entropy,                                                               \
      (int64_t n, const float *logits, const float *target, float scale, float *dlogits))          \
    X(double, squared_error,                                                                       \
      (int64_t n, const float *y, const float *target, float scale, float *dy))                    \
    X(double, absolute_error,                                                                      \
      (int64_t n, const float *y, const float *target, float scale, float *dy))                    \
    X(double, huber_error,                                                                         \
      (int64_t n, const float *y, const float *target, float delta, float scale, float *dy))

#define GY_VECTOR_CONV_LIST(X)                                                                     \
    X(void, panel_product, (const gy_panel_product *p))                                            \
    X(void, panel_diagonal, (const gy_panel_product *p))                                           \
    /* panel[k, i] = x[i row + k], k < depth; zeros for rows ≤ i < 16 */                         \
    X(void, panel_turn, (int64_t rows, int64_t depth, const float *x, int64_t row, float *panel))  \
    /* y = x, [rows, width ≤ 48]; sums[i] += Σ rows x[row, i] */                                \
    X(void, panel_sums,                                                                            \
      (int64_t rows, int64_t width, const float *x, int64_t x_row, float *y, int64_t y_row,        \
       double *sums))                                                                              \
    /* Winograd's transforms of one tile: winograd.c */                                            \
    X(void, winograd_input, (int64_t n, const float *const *x, float *v, int64_t step))            \
    X(void, winograd_gradient,                                                                     \
      (int kernel, int64_t n, const float *const *dy, float *d, int64_t step))                     \
    X(void, winograd_output,                                                                       \
      (int kernel, int64_t n, const float *m, int64_t step, const float *bias, bool relu,          \
       float *const *y))                                                                           \
    X(void, winograd_weight,                                                                       \
      (int kernel, int64_t n, const float *w, int64_t w_step, bool flip, float *u, int64_t step))  \
    X(void, winograd_weight_gradient,                                                              \
      (int kernel, int64_t n, const float *du, int64_t step, float beta, float *dw))

/** Maxima of one window: see kernel/pooling.c; `from` may be NULL. add: dx += … */
#define GY_VECTOR_POOL_LIST(X)                                                                     \
    X(void, pool_maximum,                                                                          \
      (const gy_pool_window *w, const float *x, float *y, bool mask, int32_t *from))               \
    X(void, pool_maximum_gradient,                                                                 \
      (const gy_pool_window *w, bool add, const float *dy, const int32_t *from, float *dx))

/**
 * Attention: see kernel/attention.c. Panels are 16 wide; row r of a block of scores sees its first
 * see + r more keys, and the rest up to the last row's is made zero.
 */
#define GY_VECTOR_ATTENTION_LIST(X)                                                                \
    /* panels [rows / 16][width][16] of x [rows, width] */                                         \
    X(void, attention_transpose,                                                                   \
      (int64_t rows, int64_t width, const float *x, int64_t row, float *panels))                   \
    /* panels [width / 16][padded][16] of x */                                                     \
    X(void, attention_pack,                                                                        \
      (int64_t rows, int64_t width, const float *x, int64_t row, int64_t padded, float *panels))   \
    /* y = factor[row step] x, row by row */                                                       \
    X(void, attention_rows,                                                                        \
      (int64_t rows, int64_t width, const float *factor, int64_t step, const float *x,             \
       int64_t x_row, float *y, int64_t y_row))                                                    \
    /* dots[row] = Σ x y */                                                                       \
    X(void, attention_dots,                                                                        \
      (int64_t rows, int64_t width, const float *x, int64_t x_row, const float *y, int64_t y_row,  \
       float *dots))                                                                               \
    /* score = e^(score − its maximum); inverse = 1 / Σ */                                      \
    X(void, attention_softmax,                                                                     \
      (int64_t rows, int64_t see, int64_t more, int64_t line, float *score, float *lse,            \
       float *inverse))                                                                            \
    /* score = e^(score − lse); slope = score (slope − mean) */                                \
    X(void, attention_slope,                                                                       \
      (int64_t rows, int64_t see, int64_t more, int64_t line, const float *lse, const float *mean, \
       float *score, float *slope))                                                                \
    /* pairs of x, by (cos, sin) of `turn` */                                                      \
    X(void, rotate, (int64_t width, const float *turn, bool back, float *x))

enum { GY_COLUMN_TILE = 256 }; /* columns that column_moments and column_products take at most */

/** Norms: see kernel/norm.h; dgamma and dbeta are added to, and may be NULL, as may dx and stats. */
#define GY_VECTOR_NORM_LIST(X)                                                                     \
    X(void, row_norm_forward,                                                                      \
      (int64_t rows, const gy_row_norm *p, const float *x, const float *gamma, const float *beta,  \
       float *y, float *stats))                                                                    \
    X(void, row_norm_backward,                                                                     \
      (int64_t rows, const gy_row_norm *p, const float *x, const float *gamma, const float *stats, \
       const float *dy, float *dx, float *dgamma, float *dbeta))                                   \
    X(void, column_moments,                                                                        \
      (int64_t rows, int64_t columns, int64_t stride, const float *x, double *mean,                \
       double *squares))                                                                           \
    /* adds to sums and products */                                                                \
    X(void, column_products,                                                                       \
      (int64_t rows, int64_t columns, int64_t stride, const float *x, const gy_column_norm *norm,  \
       const float *dy, double *sums, double *products))                                           \
    X(void, column_norm_forward,                                                                   \
      (int64_t rows, int64_t columns, const float *x, const gy_column_norm *norm, float *y))       \
    X(void, column_norm_backward,                                                                  \
      (int64_t rows, int64_t columns, const float *x, const gy_column_norm *norm,                  \
       const float *slope, const float *offset, const float *dy, float *dx))

/** Updates: see kernel/update.h. */
#define GY_VECTOR_UPDATE_LIST(X)                                                                   \
    X(double, penalize, (int64_t n, float l1, float l2, const float *w, float *g))                 \
    X(void, update_plain,                                                                          \
      (int64_t n, float rate, float clip, float decay, float *w, const float *g))                  \
    X(void, update_momentum,                                                                       \
      (int64_t n, float rate, float clip, float decay, float momentum, bool nesterov, float *w,    \
       const float *g, float *v))                                                                  \
    X(void, update_squares,                                                                        \
      (int64_t n, float rate, float clip, float decay, float keep, float share, float epsilon,     \
       float *w, const float *g, float *v))                                                        \
    X(void, update_moments,                                                                        \
      (int64_t n, const gy_moments *u, float *w, const float *g, float *m, float *v))              \
    X(double, moments_squares,                                                                     \
      (int64_t n, const gy_moments *u, const float *w, const float *g, const float *m,             \
       const float *v))

/** Sums without rounding order: see kernel/exact.h; p1, p2, p3 are the planes. */
#define GY_VECTOR_EXACT_LIST(X)                                                                    \
    X(void, exact_add,                                                                             \
      (int64_t n, int width, const float *x, uint8_t *bins, float *p1, float *p2, float *p3))      \
    X(void, exact_raise,                                                                           \
      (int64_t n, int width, const uint8_t *to, uint8_t *bins, float *p1, float *p2, float *p3))   \
    X(void, exact_take,                                                                            \
      (int64_t n, const uint8_t *bins, const float *p1, const float *p2, const float *p3,          \
       float *y))

/** X(result, name, (arguments)) */
#define GY_VECTOR_LIST(X)                                                                          \
    X(void, fill, (int64_t n, float value, float *y))                                              \
    X(void, axpby, (int64_t n, float alpha, const float *x, float beta, float *y))                 \
    X(void, lerp, (int64_t n, float share, const float *x, float *y))                              \
    X(void, multiply, (int64_t n, const float *a, const float *b, float *y))                       \
    X(void, add, (int64_t n, const float *a, const float *b, float *y))                            \
    X(double, sum_squares, (int64_t n, const float *x))                                            \
    /* sums[c] += Σ rows x[row stride + c], c < columns */                                        \
    X(void, column_sum,                                                                            \
      (int64_t rows, int64_t columns, int64_t stride, const float *x, double *sums))               \
    /* y[row, c] += bias[c] */                                                                     \
    X(void, add_bias, (int64_t rows, int64_t columns, const float *bias, float *y))                \
    /* elements [from, from + n) of one sample; kept where its 32 bits are below limit */          \
    X(void, dropout,                                                                               \
      (const uint32_t key[2], uint64_t sample, int64_t from, int64_t n, uint32_t limit,            \
       float scale, const float *x, float *y))                                                     \
    /* all but softmax */                                                                          \
    X(void, activation_forward, (gy_activation a, int64_t n, const float *x, float *y))            \
    X(void, activation_backward,                                                                   \
      (gy_activation a, int64_t n, const float *x, const float *y, const float *dy, float *dx))    \
    /* y apart from x */                                                                           \
    X(void, activation_slope,                                                                      \
      (gy_activation a, int64_t n, const float *x, float *y, float *slope))                        \
    X(void, softmax_forward, (int64_t rows, int64_t columns, const float *x, float *y))            \
    X(void, softmax_backward,                                                                      \
      (int64_t rows, int64_t columns, const float *y, const float *dy, float *dx))                 \
    GY_VECTOR_LOSS_LIST(X)                                                                         \
    GY_VECTOR_NORM_LIST(X)                                                                         \
    GY_VECTOR_CONV_LIST(X)                                                                         \
    GY_VECTOR_POOL_LIST(X)                                                                         \
    GY_VECTOR_ATTENTION_LIST(X)                                                                    \
    X(void, cell_forward, (gy_cell cell, const gy_cell_block *b))                                  \
    X(void, cell_backward, (gy_cell cell, const gy_cell_block *b))                                 \
    GY_VECTOR_EXACT_LIST(X)                                                                        \
    GY_VECTOR_UPDATE_LIST(X)

#define GY_VECTOR_FIELD(result, name, arguments) result(*name) arguments;
typedef struct gy_vector {
    GY_VECTOR_LIST(GY_VECTOR_FIELD)
} gy_vector;
#undef GY_VECTOR_FIELD

extern const gy_vector gy_vector_baseline;
#if defined(__x86_64__)
extern const gy_vector gy_vector_v3, gy_vector_v4;
#endif

#ifdef GY_LEVEL /* inside a unit */
#define GY_OF_LEVEL_2(name, level) gy_##name##_##level
#define GY_OF_LEVEL_1(name, level) GY_OF_LEVEL_2(name, level)
#define GY_OF_LEVEL(name) GY_OF_LEVEL_1(name, GY_LEVEL)
#define INLINE static inline __attribute__((always_inline))
#define GY_VECTOR_DECLARE(result, name, arguments) result GY_OF_LEVEL(name) arguments;
GY_VECTOR_LIST(GY_VECTOR_DECLARE)
#undef GY_VECTOR_DECLARE
#endif

#endif
