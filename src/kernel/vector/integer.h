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

/** Rows of GY_LANES samples side by side: y[l] += v[i] x[column[i], l] over n elements of a row. */
enum { GY_LANES = 32 };

#define GY_VECTOR_INTEGER_LIST(X)                                                                      \
    /* x as codes: x ≈ scale (q − zero), zero standing for 0.0; scale NaN where x is not finite  \
       @param range  [2] the least and greatest of x, 0 among them; NULL: by x itself */ \
    X(float, int8_quantize,                                                                            \
      (int64_t n, int64_t inner, const float *x, const float *range, uint8_t *q, int32_t *zero))       \
    X(void, int8_dots, (const gy_int8_dots *p))                                                        \
    X(void, int4_dots, (const gy_int4_dots *p))                                                        \
    X(void, sparse_row,                                                                                \
      (int64_t n, const int32_t *columns, const float *v, const float *x, float *y))

GY_VECTOR_INTEGER_LIST(GY_UNIT)

/** int8_dots where the processor has instructions for just that (VNNI), above the level's own. */
void gy_int8_dots_vnni(const gy_int8_dots *p);

#endif
