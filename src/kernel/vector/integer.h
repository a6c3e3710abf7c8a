/** Products of few bits: sums of whole numbers, which are the same at every level. */
#ifndef GY_KERNEL_VECTOR_INTEGER_H
#define GY_KERNEL_VECTOR_INTEGER_H

#include "unit.h"

enum {
    GY_CODES_ALIGN = 64, /* rows of codes of x are filled up to a multiple with zeros */
    GY_CODES_MOST = 127  /* of x: pairs of products then fit into 16 bits */
};

/**
 * c[r, j] = Σ q[r, k] w[j, k] over `inner` codes, a multiple of GY_CODES_ALIGN: behind a row of w anything
 * may lie, for q is zero there.
 */
typedef struct gy_int8_dots {
    int64_t rows, outputs, inner;
    const uint8_t *q; /* [rows, inner] 0 … GY_CODES_MOST */
    const int8_t *w;  /* w + j w_row */
    int64_t w_row;
    int32_t *c; /* [rows, outputs] */
} gy_int8_dots;

/**
 * The same of codes of 4 bits, as form/int4.h says: w[j, k] = scale (code − 8), a scale for each group.
 */
typedef struct gy_int4_dots {
    int64_t rows, outputs, inner, groups; /* groups of a row; inner is at least as long */
    const uint8_t *q;
    const uint8_t *w;    /* [outputs, groups, 16] */
    const float *scales; /* [outputs, groups] */
    float *c;            /* [rows, outputs] */
} gy_int4_dots;

/**
 * A row of few elements by panels of 16 samples side by side (vector/panel.h): y[l] = Σ v[i] x[column[i], l].
 * Columns are of 16 or of 32 bits, values of 32 or of 8 with a scale.
 */
typedef struct gy_sparse_row {
    int64_t n;
    const int16_t *narrow; /* NULL: wide */
    const int32_t *wide;
    const float *values; /* NULL: codes */
    const int8_t *codes;
    float scale;
    const float *x;          /* [panels, columns, 16] */
    int64_t panels, columns; /* panels: 1, 2 or 4 */
    float *y;                /* [panels, 16] */
} gy_sparse_row;

#define GY_VECTOR_INTEGER_LIST(X)                                                                      \
    /* x as codes: x ≈ scale (q − zero), zero standing for 0.0; scale NaN where x is not finite */ \
    X(float, int8_quantize, (int64_t n, int64_t inner, const float *x, uint8_t *q, int32_t *zero))     \
    X(void, int8_dots, (const gy_int8_dots *p))                                                        \
    X(void, int4_dots, (const gy_int4_dots *p))                                                        \
    X(void, sparse_row, (const gy_sparse_row *p))

GY_VECTOR_INTEGER_LIST(GY_UNIT)

/** int8_dots where the processor has instructions for just that (VNNI), above the level's own. */
void gy_int8_dots_vnni(const gy_int8_dots *p);

#endif
