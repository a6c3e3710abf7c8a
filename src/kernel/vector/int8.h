/**
 * Products of 8 bits: rows of x as codes from 0 to 127, weights from −127 to 127. The sums are whole numbers, the
 * same on every unit. A unit is what a processor adds four products at a time with: each level has one, and
 * some processors have instructions for just that (VNNI), which are units of their own.
 */
#ifndef GY_KERNEL_VECTOR_INT8_H
#define GY_KERNEL_VECTOR_INT8_H

#include "unit.h"

enum {
    GY_CODES_ALIGN = 64, /* rows of codes for `dots` are filled up to a multiple with zeros */
    GY_CODES_MOST = 127, /* of x: pairs of products then fit into 16 bits */
    GY_CODES_PANEL = 16, /* outputs side by side */
    GY_CODES_STEP = 4    /* codes of an output side by side */
};

/**
 * c[r, j] = Σ q[r, k] w[j, k] over `inner` codes, a multiple of GY_CODES_ALIGN: behind a row of w anything
 * may lie, for q is zero there. For a few rows: w is read as it lies.
 */
typedef struct gy_int8_dots {
    int64_t rows, outputs, inner;
    const uint8_t *q; /* [rows, inner] */
    const int8_t *w;  /* w + j w_row */
    int64_t w_row;
    int32_t *c; /* [rows, outputs] */
} gy_int8_dots;

/**
 * A product of many rows with w packed in panels of 16 outputs. The codes of a row lie in `runs` pieces of
 * `depth` each, a multiple of 4: those under a window of an image lie so. With the sums
 *
 *     sum[r, j] = Σ run, k  q[r][at[run] + k] b[j / 16][(run depth + k) / 4][j % 16][k % 4]
 *     y[r, j] = x_scale[r] (scale[j] (sum[r, j] − x_zero[r] total[j]) + offset[j] x_sum[r]) + bias[j]
 */
typedef struct gy_int8_panels {
    int64_t rows, outputs, runs, depth;
    const uint8_t *const *q; /* [rows] */
    const int64_t *at;       /* [runs] */
    const int8_t *b;         /* [panels, runs depth / 4, 16, 4]; zeros where there are no outputs */
    int32_t *sums;           /* [rows, outputs]: the sums alone are wanted; else NULL, and of y: */
    const float *x_scale;    /* [rows] */
    const int32_t *x_zero;   /* [rows] the code that stands for 0.0 */
    const float *scale;      /* [outputs] */
    const int32_t *total;    /* [outputs] Σ of a row of w */
    const float *offset;     /* [outputs]; NULL: none */
    const int32_t *x_sum;    /* [rows] with offset: Σ (q − x_zero) */
    const float *bias;       /* [outputs]; NULL: none */
    bool relu;               /* y = max(0, …), NaN stays */
    float *y;
    int64_t y_row;
} gy_int8_panels;

typedef struct gy_int8_unit {
    void (*dots)(const gy_int8_dots *p);
    void (*panels)(const gy_int8_panels *p);
} gy_int8_unit;

extern const gy_int8_unit gy_int8_baseline;
#if defined(__x86_64__)
extern const gy_int8_unit gy_int8_v3, gy_int8_v3_vnni, gy_int8_v4, gy_int8_v4_vnni;
#endif

#endif
