/**
 * Factored second moments: of the squares of a matrix's elements the means of rows and columns alone.
 * A tensor is matrices [rows, columns] one behind the other; a vector is one row. All functions work
 * on elements [at, at + n) of it.
 */
#ifndef GY_KERNEL_FACTORED_H
#define GY_KERNEL_FACTORED_H

#include "kernel.h"

typedef struct gy_factored {
    int64_t rows, columns;
    const float *row;    /* [matrices, rows]; NULL: all are 1 */
    const float *column; /* [matrices, columns] */
    float epsilon;       /* least root of v */
    float clip;          /* of g: g' = clip g */
    float keep;          /* of w, 1 less what decays */
    float rate;          /* of u */
    int64_t at, n;
} gy_factored;

/** Adds Σ g'² of the part to those of rows [matrices, rows] (may be NULL) and columns. */
void gy_factored_sums(const gy_kernel *k, const gy_factored *f, const float *g, double *rows,
                      double *columns);

/** Σ u² of the part, u = g' / √v, v = max(row column / max(mean row, epsilon), epsilon²). */
double gy_factored_squares(const gy_kernel *k, const gy_factored *f, const float *g);

/** w = keep w − rate u. */
void gy_factored_update(const gy_kernel *k, const gy_factored *f, float *w, const float *g);

#endif
