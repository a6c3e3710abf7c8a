/*
 * Matrix products by the panel kernel, on operands packed into the caches (Goto and van de Geijn
 * 2008, "Anatomy of high-performance matrix multiplication"):
 *
 *     for a block of columns of B
 *         for a part of the inner dimension    B[part, block] → panels    second-level cache, or third
 *             for a few rows of A              A[rows, part] → rows       first-level cache
 *                 for two panels at a time     C[rows, 32] += A B         registers
 *
 * Rows of A are not packed where they lie well in a first-level cache as they are. What is read
 * next is fetched ahead, a little with every product, so that it is found in the cache: of B where the
 * second-level cache has room for it, of A where more than one product reads its rows. Bias and a relu
 * go with the first and the last part, other activations over the rows while they are in the cache.
 *
 * What is packed is the handle's precision (vector/operand.h); what is said of a part's depth is in
 * numbers, but for DEPTH, which is in units.
 *
 * Of a transposed A the sums over the inner dimension may be wanted as well, which are those of a
 * bias where A is a gradient: they are made while it is packed, for the first block of columns.
 *
 * The order in which a sum is added depends on the inner dimension alone. In float32 BLAS is better
 * off where packing is not made up for: few rows or columns.
 *
 * Work of a thread: B [panels, depth, 16] | A [rows, depth + 16] or [pieces, depth, piece] | C [rows, 32]
 */
#include "gemm_impl.h"

#include <string.h>
#include <unistd.h>

enum {
    PANEL = GY_PANEL,
    PAIR = 2 * GY_PANEL,
    ROWS = 12,             /* of A at once: as many as the kernel takes, or a multiple */
    TURNED_ROWS = 48,      /* of a transposed A, by pieces that lie side by side */
    DEPTH = 384,           /* in units */
    B_FLOATS = 160 * 1024, /* 640 KiB */
    A_ROW = DEPTH + PANEL, /* packed: rows do not fall into the same few sets */
    A_FLOATS = TURNED_ROWS * A_ROW,
    MOST_COLUMNS = 1024,
    LEAST = 8,  /* rows, columns */
    LINE = 16,  /* floats of a cache line */
    LINES = 16, /* of the inner dimension that are packed at once */
    SETS = 64,  /* of a first-level cache of 8 ways, of which A may take 6 */
    WAYS = 6
};

const int64_t gy_gemm_packed_work = B_FLOATS + A_FLOATS + TURNED_ROWS * PAIR;

bool gy_gemm_packs(const gy_kernel *k, int64_t m, int64_t n, int64_t inner)
{
    if (k->operand->group > 1) return inner > 0; /* a BLAS knows float32 alone */
    return k->packs && m >= LEAST && n >= LEAST && inner >= LEAST;
}

bool gy_gemm_fetches(void)
{
    long second_level = 0; /* bytes; 0: nobody says */
#if defined(_SC_LEVEL2_CACHE_SIZE)
    second_level = sysconf(_SC_LEVEL2_CACHE_SIZE);
#endif
    return second_level <= 0 || second_level >= (long)(B_FLOATS * sizeof(float));
}

/* Of any precision: numbers in pairs at most. */
int64_t gy_linear_packed(int64_t in, int64_t out)
{
    return gy_round_up(out, PANEL) * gy_round_up(in, GY_UNIT_MOST);
}

void gy_linear_pack(const gy_kernel *k, int64_t in, int64_t out, const float *w, float *packed)
{
    const int64_t units = gy_units(k->operand, in);
    GY_SPREAD(gy_team(k, in * out, 1), at, out, PANEL, {
        k->operand->turn(gy_least(PANEL, out - at), in, w + at * in, in, packed + at * units);
    });
}

/* n in as few equal parts as `most` allows, rounded up to `unit`. */
static int64_t even(int64_t n, int64_t most, int64_t unit)
{
    return gy_round_up(gy_pieces(n, gy_pieces(n, most)), unit);
}

int64_t gy_gemm_depth(const gy_kernel *k, int64_t inner)
{
    const int per = k->operand->per; /* 1: no division by what only runs know */
    return per == 1 ? even(inner, DEPTH, PANEL) : even(inner, DEPTH * per, PANEL * per);
}

/* A piece of a matrix that will be wanted: `rows` rows of `lines` cache lines. */
typedef struct ahead {
    const float *at;
    int64_t row, rows, lines, line;
} ahead;

static ahead ahead_of(const float *x, int64_t row, int64_t rows, int64_t width)
{
    return (ahead){.at = x, .row = row, .rows = rows, .lines = gy_pieces(width, LINE)};
}

static int64_t lines_of(const ahead *f)
{
    return f->rows * f->lines;
}

static void fetch(ahead *f, int64_t lines)
{
    for (; lines > 0 && f->rows > 0; lines--) {
        __builtin_prefetch(f->at + f->line * LINE, 0, 2);
        if (++f->line < f->lines) continue;
        f->line = 0;
        f->rows--;
        f->at += f->row;
    }
}

/* Brings all of it into the first-level cache. */
static void bring(ahead f)
{
    for (; f.rows > 0; f.rows--, f.at += f.row)
        for (int64_t line = 0; line < f.lines; line++) __builtin_prefetch(f.at + line * LINE, 0, 3);
}

/* A block of columns and a part of the inner dimension, [k0, k1). */
typedef struct stage {
    const gy_kernel *k;
    const gy_operand *operand;
    const gy_product *p;
    gy_block_of at;
    int64_t rows, piece;            /* of A at once; of one product */
    bool as_they_are;               /* they are not packed */
    int64_t k0, k1, depth, columns; /* depth, columns: of all stages but the last */
    float *a, *b, *c;
    gy_polls since;
} stage;

static const float *left(const gy_product *p, int64_t row, int64_t inner)
{
    return p->transpose_a ? p->a + inner * p->lda + row : p->a + row * p->lda + inner;
}

static const float *right(const gy_product *p, int64_t inner, int64_t column)
{
    return p->transpose_b ? p->b + column * p->ldb + inner : p->b + inner * p->ldb + column;
}

/* What pack_right() will read at the next stage: nothing after the last, or where it would only drive out what is used. */
static ahead next_right(const stage *s, int64_t n_end)
{
    const gy_product *p = s->p;
    if (p->packed != NULL || !s->k->fetches) return (ahead){.rows = 0};
    int64_t k0 = s->k1 < p->inner ? s->k1 : 0, n0 = s->k1 < p->inner ? s->at.n0 : s->at.n1;
    int64_t depth = gy_least(s->depth, p->inner - k0), n = gy_least(s->columns, n_end - n0);
    if (n <= 0) return (ahead){.rows = 0};
    return p->transpose_b ? ahead_of(right(p, k0, n0), p->ldb, n, depth)
                          : ahead_of(right(p, k0, n0), p->ldb, depth, n);
}

static ahead next_left(const stage *s, int64_t row)
{
    const gy_product *p = s->p;
    int64_t rows = gy_least(s->rows, s->at.m1 - row), depth = s->k1 - s->k0;
    if (rows <= 0) return (ahead){.rows = 0};
    return p->transpose_a ? ahead_of(left(p, row, s->k0), p->lda, depth, rows)
                          : ahead_of(left(p, row, s->k0), p->lda, rows, depth);
}

/* Units of a part. */
static int64_t units_of(const stage *s)
{
    return gy_units(s->operand, s->k1 - s->k0);
}

/* b [panels, units, 16] = op(B)[k0 … k1, n0 … n1], whole panels; lines of B a few at a time, from end to end. */
static void pack_right(const stage *s)
{
    const gy_product *p = s->p;
    const int64_t depth = s->k1 - s->k0, row = units_of(s); /* of panels */
    const int64_t lines = p->transpose_b ? depth : LINES, n0 = s->at.n0, n1 = s->at.n1;
    if (p->packed != NULL) return;
    if (!p->transpose_b && (n1 - n0) % PANEL != 0)
        memset(s->b + (n1 - n0) / PANEL * PANEL * row, 0, sizeof *s->b * (size_t)(row * PANEL));
    for (int64_t i = 0; i < depth; i += lines)
        for (int64_t n = n0; n < n1; n += PANEL) {
            const int64_t wide = gy_least(PANEL, n1 - n);
            const float *from = right(p, s->k0 + i, n);
            float *to = s->b + (n - n0) * row + gy_units(s->operand, i) * PANEL;
            if (p->transpose_b)
                s->operand->turn(wide, depth, from, p->ldb, to);
            else
                s->operand->down(gy_least(lines, depth - i), wide, from, p->ldb, to, PANEL);
        }
}

/* Lines from the i-th of a part on of a transposed A, `rows` wide, in pieces; and their sums where these are wanted. */
static void pack_lines(const stage *s, int64_t i, int64_t lines, const float *from, int64_t width,
                       int64_t rows, double *sums)
{
    const gy_operand *o = s->operand;
    for (int64_t r = 0; r < rows; r += s->piece) {
        const int64_t n = gy_least(s->piece, rows - r);
        float *to = s->a + r * A_ROW + gy_units(o, i) * s->piece;
        if (sums != NULL)
            o->sums(lines, n, from + r, width, to, s->piece, sums + r);
        else
            o->down(lines, n, from + r, width, to, s->piece);
    }
}

/* a = op(A)[row … row + rows, k0 … k1] of a transposed A, in pieces; and the sums of these rows where they are wanted. */
static void pack_turned(const stage *s, int64_t row, int64_t rows)
{
    const gy_product *p = s->p;
    const int64_t depth = s->k1 - s->k0;
    const bool sum = p->sums != NULL && s->at.n0 == 0;
    double part[TURNED_ROWS] = {0};
    for (int64_t i = 0; i < depth; i += LINES)
        pack_lines(s, i, gy_least(LINES, depth - i), left(p, row, s->k0 + i), p->lda, rows,
                   sum ? part : NULL);
    for (int64_t r = 0; sum && r < rows; r++) {
        float *to = p->sums + row + r;
        if (s->k0 == 0) *to = p->beta_sums == 0.0f ? 0.0f : p->beta_sums * *to;
        *to = (float)((double)*to + part[r]);
    }
}

/* a = alpha op(A) of the same rows, a group of lines or a row after the other. */
static void pack_scaled(const stage *s, const float *from, int64_t rows)
{
    const gy_product *p = s->p;
    const gy_operand *o = s->operand;
    const int64_t depth = s->k1 - s->k0, lines = p->transpose_a ? depth : rows;
    const int64_t width = p->transpose_a ? rows : depth, step = p->transpose_a ? o->group : 1;
    float scaled[GY_UNIT_MOST * DEPTH];
    for (int64_t i = 0; i < lines; i += step) {
        const int64_t n = gy_least(step, lines - i);
        for (int64_t l = 0; l < n; l++, from += p->lda)
            s->k->vector->axpby(width, p->alpha, from, 0.0f, scaled + l * width);
        if (p->transpose_a)
            pack_lines(s, i, n, scaled, width, rows, NULL);
        else
            o->along(n, width, scaled, width, s->a + i * A_ROW, A_ROW);
    }
}

/* a = alpha op(A)[row … row + rows, k0 … k1] */
static void pack_left(const stage *s, int64_t row, int64_t rows)
{
    const gy_product *p = s->p;
    const float *from = left(p, row, s->k0);
    if (p->alpha != 1.0f)
        pack_scaled(s, from, rows);
    else if (p->transpose_a)
        pack_turned(s, row, rows);
    else
        s->operand->along(rows, s->k1 - s->k0, from, p->lda, s->a, A_ROW);
}

/* Between C and the piece that stands for it where its columns are no whole panels. */
static void copy(int64_t rows, int64_t wide, const float *from, int64_t from_row, float *to,
                 int64_t to_row)
{
    for (int64_t r = 0; r < rows; r++)
        memcpy(to + r * to_row, from + r * from_row, sizeof *to * (size_t)wide);
}

/* C[row … row + rows, column … + 32] += a b; the first part begins with beta C or the bias. */
static void multiply(const stage *s, const float *a, int64_t row, int64_t rows, int64_t column)
{
    const gy_product *p = s->p;
    int64_t depth = units_of(s), wide = gy_least(PAIR, s->at.n1 - column);
    int64_t panels = gy_pieces(wide, PANEL);
    bool whole = wide % PANEL == 0, first = s->k0 == 0, last = s->k1 == p->inner;
    float *c = p->c + row * p->ldc + column, start[PAIR] = {0};
    gy_panel_product product = {.rows = rows,
                                .lines = 1,
                                .columns = 1,
                                .depth = depth,
                                .a = s->as_they_are ? left(p, row, s->k0) : a,
                                .a_row = p->transpose_a   ? 1
                                         : s->as_they_are ? p->lda
                                                          : A_ROW,
                                .a_step = p->transpose_a ? s->piece : 1,
                                .b = s->b + (column - s->at.n0) * depth,
                                .b_step = PANEL,
                                .panels = panels,
                                .b_panel = depth * PANEL,
                                .c = whole ? c : s->c,
                                .c_row = whole ? p->ldc : PAIR,
                                .add = !first || p->beta != 0.0f};
    if (p->packed != NULL) {
        const int64_t units = gy_units(s->operand, p->inner);
        product.b = p->packed + column * units + s->k0 / s->operand->per * PANEL;
        product.b_panel = units * PANEL;
    }
    product.relu = last && p->y == p->c && p->activation == GY_ACTIVATION_relu;
    if (first && p->bias != NULL) {
        memcpy(start, p->bias + column, sizeof *start * (size_t)wide);
        product.start = start;
    }
    if (whole)
        bring((ahead){.at = c, .row = p->ldc, .rows = rows, .lines = panels});
    else if (product.add)
        copy(rows, wide, c, p->ldc, s->c, PAIR);
    s->operand->product(&product);
    if (!whole) copy(rows, wide, s->c, PAIR, c, p->ldc);
}

/* Whether the rows of A at once lie packed, and their `depth` floats do not fall into the same few sets. */
static bool lie_well(const gy_operand *o, const gy_product *p, int64_t depth)
{
    int taken[SETS] = {0}, most = 0;
    if (o->group > 1 || p->transpose_a || p->alpha != 1.0f || p->m < TURNED_ROWS) return false;
    for (int64_t r = 0; r < ROWS; r++)
        for (int64_t line = 0; line < depth / LINE; line++) {
            int *set = &taken[(r * p->lda / LINE + line) % SETS];
            if (++*set > most) most = *set;
        }
    return most <= WAYS;
}

/* One part of the inner dimension of one block of columns; n_end: of all blocks. */
static void run_stage(stage *s, int64_t n_end)
{
    const gy_product *p = s->p;
    gy_block_of at = s->at;
    bool last = s->k1 == p->inner;
    ahead b = next_right(s, n_end);
    int64_t pairs = gy_pieces(at.n1 - at.n0, PAIR), pieces = gy_pieces(s->rows, s->piece);
    int64_t products = gy_pieces(at.m1 - at.m0, s->piece) * pairs;
    int64_t b_lines = gy_pieces(lines_of(&b), products);
    pack_right(s);
    for (int64_t row = at.m0; row < at.m1; row += s->rows) {
        int64_t rows = gy_least(s->rows, at.m1 - row);
        const ahead next = next_left(s, row + s->rows);
        ahead a = next;
        /* a lone product reads faster by itself */
        int64_t a_lines = pairs > 1 ? gy_pieces(lines_of(&a), pieces * pairs) : 0;
        if (!s->as_they_are) pack_left(s, row, rows);
        if (s->k0 == 0 && p->beta != 0.0f && p->beta != 1.0f)
            for (int64_t r = row; r < row + rows; r++)
                s->k->vector->axpby(at.n1 - at.n0, p->beta, p->c + r * p->ldc + at.n0, 0.0f,
                                    p->c + r * p->ldc + at.n0);
        for (int64_t r = 0; r < rows; r += s->piece)
            for (int64_t column = at.n0; column < at.n1; column += PAIR) {
                fetch(&a, a_lines);
                fetch(&b, b_lines);
                if (s->as_they_are && column + PAIR >= at.n1) bring(next);
                multiply(s, s->a + r * A_ROW, row + r, gy_least(s->piece, rows - r), column);
            }
        if (last && p->y != NULL && (p->y != p->c || p->activation != GY_ACTIVATION_relu))
            gy_gemm_finish(s->k, p, (gy_block_of){row, row + rows, at.n0, at.n1}, false);
        gy_gemm_poll(s->k, &s->since,
                     2.0 * (double)rows * (double)(at.n1 - at.n0) * (double)(s->k1 - s->k0));
    }
}

void gy_gemm_packed(const gy_kernel *k, const gy_product *p, gy_block_of at, bool polls,
                    float *work)
{
    const gy_operand *operand = k->operand;
    int64_t depth = gy_gemm_depth(k, p->inner);
    int64_t most = gy_least(MOST_COLUMNS, B_FLOATS / gy_units(operand, depth) / PAIR * PAIR);
    stage s = {.k = k,
               .operand = operand,
               .p = p,
               .at = at,
               .rows = p->transpose_a ? TURNED_ROWS : ROWS,
               .piece = p->transpose_a ? operand->beside : ROWS,
               .as_they_are = lie_well(operand, p, depth),
               .depth = depth,
               .columns = even(at.n1 - at.n0, most, PAIR),
               .since.polls = polls,
               .b = work,
               .a = work + B_FLOATS,
               .c = work + B_FLOATS + A_FLOATS};
    for (int64_t n = at.n0; n < at.n1; n += s.columns) {
        s.at.n0 = n;
        s.at.n1 = gy_least(n + s.columns, at.n1);
        for (int64_t inner = 0; inner < p->inner; inner += depth) {
            s.k0 = inner;
            s.k1 = gy_least(inner + depth, p->inner);
            run_stage(&s, at.n1);
        }
    }
}
