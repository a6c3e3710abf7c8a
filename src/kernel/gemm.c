/*
 * Matrix products, cut into a grid of blocks, one a thread. A block goes to the panel kernel
 * (gemm_panel.c) or to BLAS, by its shape. For BLAS it is cut further by rows where communication
 * wants polling, or where bias and activation should find their rows in the cache. The cuts are
 * functions of the shapes, the threads and whether there is a poll hook.
 */
#include "gemm_impl.h"

#include "elementwise.h"

#include <omp.h>

enum {
    UNIT = 16,          /* cuts fall on multiples of it */
    EPILOGUE_ROWS = 512 /* fewer would have BLAS pack the weights too often */
};
static const double team_flop = 2e6;  /* less is done before a team stands */
static const double poll_flop = 50e6; /* between two polls */

void gy_product_epilogue(const gy_kernel *k, const gy_product *p, gy_block_of b, bool bias_done)
{
    const int64_t width = b.n1 - b.n0;
    const bool whole = width == p->ldc; /* rows lie end to end: take them as one */
    const int64_t rows = whole ? b.m1 - b.m0 : 1;
    for (int64_t row = b.m0; row < b.m1; row += rows) {
        float *c = p->c + row * p->ldc + b.n0, *y = p->y + row * p->ldc + b.n0;
        if (p->bias != NULL && !bias_done) k->vector->add_bias(rows, width, p->bias + b.n0, c);
        if (p->activation != GY_ACTIVATION_none || y != c)
            k->vector->activation_forward(p->activation, rows * width, c, y);
    }
}

static void run_blas(const gy_kernel *k, const gy_product *p, gy_block_of b)
{
    gy_gemm_serial(p->transpose_a, p->transpose_b, b.m1 - b.m0, b.n1 - b.n0, p->inner, p->alpha,
                   p->a + (p->transpose_a ? b.m0 : b.m0 * p->lda), p->lda,
                   p->b + (p->transpose_b ? b.n0 * p->ldb : b.n0), p->ldb, p->beta,
                   p->c + b.m0 * p->ldc + b.n0, p->ldc);
    if (p->y != NULL) gy_product_epilogue(k, p, b, false);
}

/** Rows of a block of `width` columns: all, or as few as polling or the epilogue ask for. */
static int64_t block_rows(const gy_kernel *k, const gy_product *p, int64_t width)
{
    int64_t rows = p->y != NULL ? EPILOGUE_ROWS : p->m;
    if (k->poll != NULL && width > 0) {
        double least = poll_flop / (2.0 * (double)width * (double)p->inner);
        int64_t polled = least < (double)p->m ? ((int64_t)least / UNIT + 1) * UNIT : p->m;
        rows = p->y != NULL && polled < rows ? rows : polled;
    }
    return rows > 0 ? rows : 1;
}

/** Where the i-th of `parts` parts of n begins. */
static int64_t cut(int64_t n, int64_t parts, int64_t i)
{
    return gy_least(n, (n + UNIT - 1) / UNIT * i / parts * UNIT);
}

/** Parts by rows and columns for a team: those whose blocks need the least of A and B. */
static void choose_grid(const gy_product *p, int team, int *by_m, int *by_n)
{
    double best = 0.0;
    for (int i = 1; i <= team; i++) {
        if (team % i != 0) continue;
        double m = (double)cut(p->m, i, 1), n = (double)cut(p->n, team / i, 1);
        if (cut(p->m, i, 1) == 0) m = (double)p->m;
        double idle = (cut(p->m, i, i - 1) >= p->m && i > 1) ? 1e30 : 0.0;
        double cost = m + n + idle;
        if (i > 1 && cost >= best) continue;
        best = cost;
        *by_m = i;
        *by_n = team / i;
    }
}

/** One thread's part. @param panels  whether the handle's work space is free to be used */
static void run_part(const gy_kernel *k, const gy_product *p, gy_block_of b, bool panels)
{
    const int thread = omp_get_thread_num();
    if (b.m0 >= b.m1 || b.n0 >= b.n1) return;
    if (panels && k->panels && gy_panels_suit(p, b)) {
        gy_panels_run(k, p, b, thread);
        return;
    }
    const int64_t step = block_rows(k, p, b.n1 - b.n0), end = b.m1;
    for (; b.m0 < end; b.m0 = b.m1) {
        b.m1 = gy_least(b.m0 + step, end);
        run_blas(k, p, b);
        if (thread == 0) gy_kernel_poll(k);
    }
}

static void run(const gy_kernel *k, const gy_product *p)
{
    const double flop = 2.0 * (double)p->m * (double)p->n * (double)p->inner;
    const int team = flop < team_flop ? 1 : k->threads;
    const bool nested = omp_in_parallel() != 0; /* others may be in the work space */
    int by_m = 1, by_n = 1;
    choose_grid(p, team, &by_m, &by_n);
    if (team == 1) { /* no region: small products are many */
        run_part(k, p, (gy_block_of){0, p->m, 0, p->n}, !nested);
        return;
    }
    GY_SPREAD(team)
    for (int part = 0; part < team; part++)
        run_part(k, p,
                 (gy_block_of){cut(p->m, by_m, part / by_n), cut(p->m, by_m, part / by_n + 1),
                               cut(p->n, by_n, part % by_n), cut(p->n, by_n, part % by_n + 1)},
                 !nested);
}

static gy_product product_of(bool transpose_a, bool transpose_b, int64_t m, int64_t n,
                             int64_t inner, float alpha, const float *a, int64_t lda,
                             const float *b, int64_t ldb, float beta, float *c, int64_t ldc)
{
    return (gy_product){.transpose_a = transpose_a,
                        .transpose_b = transpose_b,
                        .m = m,
                        .n = n,
                        .inner = inner,
                        .alpha = alpha,
                        .beta = beta,
                        .a = a,
                        .b = b,
                        .c = c,
                        .lda = lda,
                        .ldb = ldb,
                        .ldc = ldc};
}

void gy_gemm(const gy_kernel *k, bool transpose_a, bool transpose_b, int64_t m, int64_t n,
             int64_t inner, float alpha, const float *a, int64_t lda, const float *b, int64_t ldb,
             float beta, float *c, int64_t ldc)
{
    const gy_product p =
        product_of(transpose_a, transpose_b, m, n, inner, alpha, a, lda, b, ldb, beta, c, ldc);
    run(k, &p);
}

void gy_gemm_within(const gy_kernel *k, bool transpose_a, bool transpose_b, int64_t m, int64_t n,
                    int64_t inner, float alpha, const float *a, int64_t lda, const float *b,
                    int64_t ldb, float beta, float *c, int64_t ldc)
{
    const gy_product p =
        product_of(transpose_a, transpose_b, m, n, inner, alpha, a, lda, b, ldb, beta, c, ldc);
    run_part(k, &p, (gy_block_of){0, m, 0, n}, true);
}

void gy_linear_forward(const gy_kernel *k, int64_t rows, int64_t in, int64_t out, const float *x,
                       const float *w, const float *bias, gy_activation a, float *z, float *y)
{
    const bool softmax = a == GY_ACTIVATION_softmax; /* needs whole rows: afterwards */
    /* z = x Wᵀ + b, y = a(z) */
    run(k, &(gy_product){.transpose_b = true,
                         .m = rows,
                         .n = out,
                         .inner = in,
                         .alpha = 1.0f,
                         .a = x,
                         .b = w,
                         .c = z != NULL ? z : y,
                         .lda = in,
                         .ldb = in,
                         .ldc = out,
                         .bias = bias,
                         .activation = softmax ? GY_ACTIVATION_none : a,
                         .y = y});
    if (softmax) gy_activation_forward(k, a, rows, out, y, y);
}

void gy_linear_backward(const gy_kernel *k, int64_t rows, int64_t in, int64_t out, const float *x,
                        const float *w, const float *dz, float *dx, float *dw, float beta_w,
                        float *db, float beta_b)
{
    /* dx = dz W */
    if (dx != NULL) gy_gemm(k, false, false, rows, in, out, 1.0f, dz, out, w, in, 0.0f, dx, in);
    /* dW = beta dW + dzᵀ x */
    if (dw != NULL) gy_gemm(k, true, false, out, in, rows, 1.0f, dz, out, x, in, beta_w, dw, in);
    if (db != NULL) gy_column_sum(k, rows, out, dz, beta_b, db);
}
