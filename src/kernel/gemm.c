/*
 * Matrix products: by panels (gemm_packed.c) or by BLAS (blas.c), and the dense layer made of them.
 *
 * A product is cut into a grid of blocks, one a thread, and BLAS runs single-threaded inside: its
 * own threads beside our loops cost more than they bring. A thread's block is cut further by rows
 * where communication wants polling, or where bias and activation should find their rows in the
 * cache. The cuts are functions of the shapes, the threads and whether there is a poll hook.
 */
#include "gemm_impl.h"

#include "elementwise.h"

enum {
    UNIT = 16,          /* cuts fall on multiples of it */
    EPILOGUE_ROWS = 512 /* fewer would have BLAS pack the weights too often */
};
static const double team_flop = 2e6;  /* less is done before a team stands */
static const double poll_flop = 50e6; /* between two polls */

void gy_gemm_finish(const gy_kernel *k, const gy_product *p, gy_block_of at, bool bias)
{
    const bool whole = at.n1 - at.n0 == p->ldc; /* rows lie end to end: take them as one */
    const int64_t rows = whole ? at.m1 - at.m0 : 1, width = at.n1 - at.n0;
    for (int64_t row = at.m0; row < at.m1; row += rows) {
        float *c = p->c + row * p->ldc + at.n0, *y = p->y + row * p->ldc + at.n0;
        if (bias && p->bias != NULL) k->vector->add_bias(rows, width, p->bias + at.n0, c);
        if (p->activation != GY_ACTIVATION_none || y != c)
            k->vector->activation_forward(p->activation, rows * width, c, y);
    }
}

void gy_gemm_poll(const gy_kernel *k, gy_polls *since, double flop)
{
    since->flop += flop;
    if (since->flop < poll_flop) return;
    since->flop = 0.0;
    if (since->polls) gy_kernel_poll(k);
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

/** A block of a product by BLAS. */
static void run_blas(const gy_kernel *k, const gy_product *p, gy_block_of at, bool polls)
{
    const int64_t step = block_rows(k, p, at.n1 - at.n0), m1 = at.m1;
    for (; at.m0 < m1; at.m0 += step) {
        at.m1 = gy_least(at.m0 + step, m1);
        gy_gemm_serial(p->transpose_a, p->transpose_b, at.m1 - at.m0, at.n1 - at.n0, p->inner,
                       p->alpha, p->a + (p->transpose_a ? at.m0 : at.m0 * p->lda), p->lda,
                       p->b + (p->transpose_b ? at.n0 * p->ldb : at.n0), p->ldb, p->beta,
                       p->c + at.m0 * p->ldc + at.n0, p->ldc);
        if (p->y != NULL) gy_gemm_finish(k, p, at, true);
        if (polls) gy_kernel_poll(k);
    }
}

/** Where the i-th of `parts` parts of n begins. */
static int64_t cut(int64_t n, int64_t parts, int64_t i)
{
    return gy_least(n, gy_pieces(n, UNIT) * i / parts * UNIT);
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

/* By the way that is best. */
static void run_block(const gy_kernel *k, const gy_product *p, gy_block_of at, int part)
{
    float *work = k->work + part * gy_gemm_packed_work;
    if (gy_gemm_is_few(k, p))
        gy_gemm_few(k, p, at, part == 0, work);
    else if (p->packed != NULL || gy_gemm_packs(k, p->m, p->n, p->inner))
        gy_gemm_packed(k, p, at, part == 0, work);
    else
        run_blas(k, p, at, part == 0);
}

void gy_gemm_run(const gy_kernel *k, const gy_product *p)
{
    const double flop = 2.0 * (double)p->m * (double)p->n * (double)p->inner;
    const int team = flop < team_flop ? 1 : k->threads;
    int by_m = 1, by_n = 1;
    if (team == 1) {
        if (p->m > 0 && p->n > 0) run_block(k, p, (gy_block_of){0, p->m, 0, p->n}, 0);
        return;
    }
    choose_grid(p, team, &by_m, &by_n);
    GY_SPREAD(team, part, team, 1, {
        const gy_block_of at = {cut(p->m, by_m, part / by_n), cut(p->m, by_m, part / by_n + 1),
                                cut(p->n, by_n, part % by_n), cut(p->n, by_n, part % by_n + 1)};
        if (at.m0 < at.m1 && at.n0 < at.n1) run_block(k, p, at, (int)part);
    });
}

void gy_gemm(const gy_kernel *k, bool transpose_a, bool transpose_b, int64_t m, int64_t n,
             int64_t inner, float alpha, const float *a, int64_t lda, const float *b, int64_t ldb,
             float beta, float *c, int64_t ldc)
{
    gy_gemm_run(k, &(gy_product){.transpose_a = transpose_a,
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
                                 .ldc = ldc});
}

void gy_gemm_alone(const gy_kernel *k, int thread, const gy_product *p)
{
    if (p->packed == NULL && k->operand->group == 1)
        gy_gemm_serial(p->transpose_a, p->transpose_b, p->m, p->n, p->inner, p->alpha, p->a, p->lda,
                       p->b, p->ldb, p->beta, p->c, p->ldc);
    else
        gy_gemm_packed(k, p, (gy_block_of){0, p->m, 0, p->n}, false,
                       k->work + thread * gy_gemm_packed_work);
}

void gy_linear_forward(const gy_kernel *k, int64_t rows, int64_t in, int64_t out, const float *x,
                       const float *w, const float *packed, const float *bias, gy_activation a,
                       float *z, float *y)
{
    const bool softmax = a == GY_ACTIVATION_softmax; /* needs whole rows: afterwards */
    /* z = x Wᵀ + b, y = a(z) */
    gy_gemm_run(k, &(gy_product){.transpose_b = true,
                                 .m = rows,
                                 .n = out,
                                 .inner = in,
                                 .alpha = 1.0f,
                                 .a = x,
                                 .b = w,
                                 .packed = packed,
                                 .c = z != NULL ? z : y,
                                 .lda = in,
                                 .ldb = in,
                                 .ldc = out,
                                 .bias = bias,
                                 .activation = softmax ? GY_ACTIVATION_none : a,
                                 .y = y});
    if (softmax) gy_activation_forward(k, a, rows, out, y, y);
}

void gy_linear_gradients(const gy_kernel *k, int64_t rows, int64_t in, int64_t out, const float *x,
                         int64_t x_row, const float *dz, int64_t dz_row, float *dw, float beta_w,
                         float *db, float beta_b)
{
    const bool together = db != NULL && gy_gemm_packs(k, out, in, rows);
    /* dW = beta dW + dzᵀ x */
    gy_gemm_run(k, &(gy_product){.transpose_a = true,
                                 .m = out,
                                 .n = in,
                                 .inner = rows,
                                 .alpha = 1.0f,
                                 .beta = beta_w,
                                 .a = dz,
                                 .b = x,
                                 .c = dw,
                                 .lda = dz_row,
                                 .ldb = x_row,
                                 .ldc = in,
                                 .sums = together ? db : NULL,
                                 .beta_sums = beta_b});
    if (db != NULL && !together) gy_column_sum_strided(k, rows, out, dz_row, dz, beta_b, db);
}

void gy_linear_backward(const gy_kernel *k, int64_t rows, int64_t in, int64_t out, const float *x,
                        const float *w, const float *dz, float *dx, float *dw, float beta_w,
                        float *db, float beta_b)
{
    /* dx = dz W */
    if (dx != NULL) gy_gemm(k, false, false, rows, in, out, 1.0f, dz, out, w, in, 0.0f, dx, in);
    if (dw != NULL)
        gy_linear_gradients(k, rows, in, out, x, in, dz, out, dw, beta_w, db, beta_b);
    else if (db != NULL)
        gy_column_sum(k, rows, out, dz, beta_b, db);
}
