/*
 * Products by the panel kernel: faster than BLAS wherever packing is paid for, and bias and relu
 * cost nothing.
 *
 *     for each block of B [DEPTH, COLUMNS], packed into panels once     (second-level cache)
 *         for each block of rows of A [GY_TILE_ROWS, DEPTH]             (likewise)
 *             C += A times each panel [DEPTH, 16]                       (first-level cache)
 *
 * (Goto and van de Geijn 2008, "Anatomy of high-performance matrix multiplication".) B is taken as
 * it lies where it is small or met by few rows. A is packed into groups of GROUP rows where it is
 * transposed, and copied where its rows would fall on the same places of the cache.
 *
 * Few rows times a transposed B, the dense layer of a small batch, go the other way round: the rows
 * of B are the kernel's rows, the packed panel is made of the rows of A, and each tile of
 * Cᵀ = B Aᵀ is transposed into C.
 */
#include "gemm_impl.h"
#include "packed_impl.h"

#include <omp.h>
#include <string.h>

enum {
    DEPTH = 256,
    COLUMNS = 256,
    GROUP = 12,         /* rows; a multiple of those of the kernel at every level */
    PITCH = DEPTH + 16, /* from row to row of copied A: no two on one place of the cache */
    FEW_ROWS = 112,     /* fewer do not pay for packing B */
    SMALL = 128,        /* floats from row to row up to which a matrix need not be packed */
    ALIASED = 512,      /* rows a multiple of it apart fall on the same places of the cache */
    WORK = DEPTH * COLUMNS + PITCH * GY_TILE_ROWS
};
static const double poll_flop = 50e6; /* between two polls */

int64_t gy_panels_work(void)
{
    return WORK;
}

/** Whether a block is made as Cᵀ = B Aᵀ. */
static bool swapped(const gy_product *p, gy_block_of b)
{
    return !p->transpose_a && p->transpose_b && b.m1 - b.m0 < FEW_ROWS;
}

bool gy_panels_suit(const gy_product *p, gy_block_of b)
{
    const int64_t m = b.m1 - b.m0, n = b.n1 - b.n0;
    const int64_t lanes = swapped(p, b) ? m : n; /* what fills panels */
    const int64_t full = (lanes + GY_PANEL - 1) / GY_PANEL * GY_PANEL;
    if (p->beta != 0.0f && p->beta != 1.0f) return false;
    if (swapped(p, b)) return p->inner >= 64 && n >= 64 && lanes >= 6 && lanes >= full / 2;
    if (p->transpose_b && m < FEW_ROWS) return false;
    return m >= 4 && p->inner >= 8 && n >= full - full / 8;
}

/** Rows of A as the kernel meets them: groups of `group` rows, `a_group` floats apart. */
typedef struct left {
    const float *a;
    int64_t rows, group, a_group, a_row, a_step;
} left;

/** Rows [m, m + rows) of op(A), inner [at, at + depth), packed into `work` where need be. */
static left left_of(const gy_product *p, int64_t m, int64_t rows, int64_t at, int64_t depth,
                    float *work)
{
    if (!p->transpose_a) {
        const float *a = p->a + m * p->lda + at;
        if (p->lda % ALIASED != 0 || rows <= GROUP / 2) return (left){a, rows, rows, 0, p->lda, 1};
        for (int64_t row = 0; row < rows; row++)
            memcpy(work + row * PITCH, a + row * p->lda, (size_t)depth * sizeof *work);
        return (left){work, rows, rows, 0, PITCH, 1};
    }
    const float *a = p->a + at * p->lda + m;
    if (p->lda <= SMALL) return (left){a, rows, rows, 0, 1, p->lda};
    float *to = work; /* [group, depth, GROUP] = a [depth, rows]ᵀ */
    for (int64_t row = 0; row < rows; row += GROUP, to += depth * GROUP) {
        const int64_t n = gy_least(GROUP, rows - row);
        for (int64_t k = 0; k < depth; k++)
            if (n == GROUP)
                memcpy(to + k * GROUP, a + k * p->lda + row, GROUP * sizeof *to);
            else
                for (int64_t r = 0; r < n; r++) to[k * GROUP + r] = a[k * p->lda + row + r];
    }
    return (left){work, rows, GROUP, depth * GROUP, 1, GROUP};
}

/** Where the panels of B lie: `step` floats from panel to panel, b_step from row to row. */
typedef struct right {
    const float *b;
    int64_t step, b_step;
} right;

static right right_of(const gy_kernel *k, const gy_product *p, int64_t rows, int64_t n,
                      int64_t width, int64_t at, int64_t depth, float *packed)
{
    const float *b = p->b + (p->transpose_b ? n * p->ldb + at : at * p->ldb + n);
    if (!p->transpose_b && p->alpha == 1.0f && width % GY_PANEL == 0 &&
        (p->ldb <= SMALL || rows < FEW_ROWS))
        return (right){b, GY_PANEL, p->ldb};
    gy_pack_panels(k, p->transpose_b, width, depth, p->alpha, b, p->ldb, packed);
    return (right){packed, depth * GY_PANEL, GY_PANEL};
}

/** A block of rows with a block of B, inner [at, at + depth); `b` is its place in C. */
static void multiply(const gy_kernel *k, const gy_product *p, gy_block_of b, int64_t at,
                     int64_t depth, right r, float *work)
{
    const bool last = at + depth == p->inner;
    const bool fused = p->y == p->c && p->activation == GY_ACTIVATION_relu;
    const bool biased = p->y != NULL && p->bias != NULL && at == 0;
    const left l = left_of(p, b.m0, b.m1 - b.m0, at, depth, work);
    gy_panel_product panel = {.lines = 1,
                              .columns = 1,
                              .depth = depth,
                              .a_row = l.a_row,
                              .a_step = l.a_step,
                              .b_step = r.b_step,
                              .c_row = p->ldc,
                              .add = at > 0 || p->beta != 0.0f,
                              .relu = last && fused};
    for (int64_t j = b.n0; j < b.n1; j += GY_PANEL) {
        panel.b = r.b + (j - b.n0) / GY_PANEL * r.step;
        panel.start = biased ? p->bias + j : NULL;
        for (int64_t row = 0; row < l.rows; row += l.group) {
            panel.rows = gy_least(l.group, l.rows - row);
            panel.a = l.a + row / l.group * l.a_group;
            panel.c = p->c + (b.m0 + row) * p->ldc + j;
            gy_panel_multiply(k, &panel, b.n1 - j);
        }
    }
    if (last && p->y != NULL && !fused) gy_product_epilogue(k, p, b, true);
}

/** Cᵀ = B Aᵀ, by panels of 16 rows of A. */
static void run_swapped(const gy_kernel *k, const gy_product *p, gy_block_of b, float *packed,
                        float *tile)
{
    for (int64_t m = b.m0; m < b.m1; m += GY_PANEL)
        for (int64_t at = 0; at < p->inner; at += COLUMNS * DEPTH / GY_PANEL) {
            const int64_t rows = gy_least(GY_PANEL, b.m1 - m);
            const int64_t depth = gy_least(COLUMNS * DEPTH / GY_PANEL, p->inner - at);
            gy_pack_panels(k, true, rows, depth, p->alpha, p->a + m * p->lda + at, p->lda, packed);
            for (int64_t n = b.n0; n < b.n1; n += GY_TILE_ROWS) {
                const int64_t width = gy_least(GY_TILE_ROWS, b.n1 - n);
                float *c = p->c + m * p->ldc + n;
                const bool add = at > 0 || p->beta != 0.0f;
                if (add) k->vector->transpose(rows, width, 1.0f, c, p->ldc, tile, GY_PANEL);
                k->vector->panel_product(&(gy_panel_product){.rows = width,
                                                             .lines = 1,
                                                             .columns = 1,
                                                             .depth = depth,
                                                             .a = p->b + n * p->ldb + at,
                                                             .a_row = p->ldb,
                                                             .a_step = 1,
                                                             .b = packed,
                                                             .b_step = GY_PANEL,
                                                             .c = tile,
                                                             .c_row = GY_PANEL,
                                                             .add = add});
                k->vector->transpose(width, rows, 1.0f, tile, GY_PANEL, c, p->ldc);
            }
        }
    if (p->y != NULL) gy_product_epilogue(k, p, b, false);
}

void gy_panels_run(const gy_kernel *k, const gy_product *p, gy_block_of b, int thread)
{
    float *packed = k->work + (int64_t)thread * WORK, *work = packed + DEPTH * COLUMNS;
    double flop = 0.0; /* since the last poll */
    if (swapped(p, b)) {
        run_swapped(k, p, b, packed, work);
        if (thread == 0) gy_kernel_poll(k);
        return;
    }
    for (int64_t n = b.n0; n < b.n1; n += COLUMNS)
        for (int64_t at = 0; at < p->inner; at += DEPTH) {
            const int64_t depth = gy_least(DEPTH, p->inner - at);
            const int64_t width = gy_least(COLUMNS, b.n1 - n);
            const right r = right_of(k, p, b.m1 - b.m0, n, width, at, depth, packed);
            for (int64_t m = b.m0; m < b.m1; m += GY_TILE_ROWS) {
                const int64_t end = gy_least(m + GY_TILE_ROWS, b.m1);
                multiply(k, p, (gy_block_of){m, end, n, n + width}, at, depth, r, work);
                flop += 2.0 * (double)(end - m) * (double)width * (double)depth;
                if (flop < poll_flop || thread != 0) continue;
                gy_kernel_poll(k);
                flop = 0.0;
            }
        }
    if (flop > poll_flop / 2 && thread == 0) gy_kernel_poll(k);
}
