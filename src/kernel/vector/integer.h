/** Numbers of few bits: x as codes, products of them; int8.h has those of 8 bits. */
#ifndef GY_KERNEL_VECTOR_INTEGER_H
#define GY_KERNEL_VECTOR_INTEGER_H

#include "int8.h"

/**
 * gy_int8_dots of weights of 4 bits, as form/int4.h says: w[j, k] = scale (code − 8), a scale for each group.
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
    /* the least and the greatest of x and 0; NaN, NaN where x is not finite */                        \
    X(void, int8_range, (int64_t n, const float *x, float range[2]))                                   \
    /* q = x back + shift to the nearest, 0 … GY_CODES_MOST; returns whether x is finite */          \
    X(bool, int8_codes, (int64_t n, const float *x, float back, float shift, uint8_t *q))              \
    /* numbers of a row as codes stand for them: of weights, of inputs; what is not finite stays so */ \
    X(void, round_weights, (int64_t n, float *w))                                                      \
    X(void, round_inputs, (int64_t n, const float *x, float *y))                                       \
    X(void, int4_dots, (const gy_int4_dots *p))                                                        \
    X(void, sparse_row, (const gy_sparse_row *p))

GY_VECTOR_INTEGER_LIST(GY_UNIT)

#endif
