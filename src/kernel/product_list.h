/**
 * Forms that products are computed of as they lie: X(form), a file each in products/. All others are
 * expanded, some rows at a time. Inside the kernel room only.
 */
#ifndef GY_KERNEL_PRODUCT_LIST_H
#define GY_KERNEL_PRODUCT_LIST_H

#include "form/form_list.h"
#include "kernel_impl.h"

#define GY_PRODUCT_LIST(X)                                                                         \
    X(int8)                                                                                        \
    X(int4)                                                                                        \
    X(sparse)

/** y[r, j] = Σ k  x[r, k] W[from + j, k], j < n, on this thread. */
typedef struct gy_form_product {
    const gy_kernel *k;
    const gy_form *w;
    int64_t from, n; /* rows of W */
    int64_t rows;
    const float *x;
    int64_t x_row;
    float *y;
    int64_t y_row;
    float *work; /* [gy_gemm_packed_work] */
} gy_form_product;

/** x as codes, a block of rows at a time: x ≈ scale (q − zero), by rows. */
typedef struct gy_coded {
    int64_t inner;  /* of a row of codes, zeros behind what x has */
    uint8_t *q;     /* [GY_CODED_ROWS + 1, inner]; behind the block's rows one of ones */
    float *scales;  /* [GY_CODED_ROWS] */
    int32_t *zeros; /* [GY_CODED_ROWS] */
    void *c;        /* [GY_CODED_ROWS + 1, GY_CODED_OUTPUTS] of the products */
} gy_coded;

enum { GY_CODED_ROWS = 48, GY_CODED_OUTPUTS = 256 };

/** How a form is multiplied: all at once, or of x as codes. */
typedef struct gy_product_kind {
    const gy_form_kind *form;
    bool (*can)(const gy_form *w); /* whether the work has room for it */
    int64_t many;                  /* rows of x from which on it is done at once */
    void (*run)(const gy_form_product *p);
    /** Else, or instead: rows [at, at + n) of x, which c has. */
    void (*run_coded)(const gy_form_product *p, const gy_coded *c, int64_t at, int64_t n);
} gy_product_kind;

#define GY_PRODUCT_DECLARE(name) extern const gy_product_kind gy_product_##name;
GY_PRODUCT_LIST(GY_PRODUCT_DECLARE)
#undef GY_PRODUCT_DECLARE

/** Whatever its form; for those who share out the work themselves. */
void gy_product_run(const gy_form_product *p);

/** How it is multiplied; NULL: as floats, some rows at a time. For those who take x themselves. */
const gy_product_kind *gy_product_of(const gy_form *w);

bool gy_coded_can(int64_t columns);
/** Cuts up the work of a product. */
gy_coded gy_coded_in(const gy_form_product *p);
/** Once a block has its codes, scales and zeros: its products. */
void gy_coded_run(const gy_product_kind *kind, const gy_form_product *p, const gy_coded *c,
                  int64_t at, int64_t n);

#endif
