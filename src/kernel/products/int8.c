/*
 * Weights of 8 bits by x of 7: sums of whole numbers, then
 *
 *     y = s_x s_w (Σ q w − zero Σ w) + offset Σ x
 *
 * A few rows of x read the weights as they lie, Σ w being the sum with a row of ones. For more, weights are
 * packed into panels, as many as the work holds beside some rows of x.
 *
 * Work: spare panel | packed panels | codes [rows, depth] | rows of each | totals of outputs
 */
#include "../codes.h"
#include "../gemm_impl.h"
#include "../product_list.h"

#include "form/int8.h"

enum {
    MANY = 12,          /* rows from which on packing is made up for */
    MOST_ROWS = 1024,   /* at once */
    PACKED = 320 * 1024 /* bytes, where there is a choice */
};

static bool can(const gy_form *w)
{
    return gy_coded_can(w->columns);
}

/* offset Σ x, of the codes of x */
static void add_offsets(const gy_form_product *p, const gy_coded *c, int64_t at, int64_t rows,
                        int64_t j, int64_t n)
{
    const float *offsets = GY_FORM_V(p->w, GY_INT8_OFFSETS, float) + p->from + j;
    for (int64_t r = 0; r < rows; r++) {
        float *y = p->y + (at + r) * p->y_row + j;
        const gy_code code = {.zero = c->zeros[r]};
        const int32_t sum = gy_code_sum(code, p->w->columns, c->q + r * c->inner);
        for (int64_t i = 0; i < n; i++) y[i] += offsets[i] * c->scales[r] * (float)sum;
    }
}

static void finish(const gy_form_product *p, const gy_coded *c, int64_t at, int64_t rows, int64_t j,
                   int64_t n)
{
    const int32_t *sums = c->c, *of_w = sums + rows * n;
    const float *scales = GY_FORM_V(p->w, GY_INT8_SCALES, float) + p->from + j;
    for (int64_t r = 0; r < rows; r++) {
        float *y = p->y + (at + r) * p->y_row + j;
        for (int64_t i = 0; i < n; i++)
            y[i] = c->scales[r] * scales[i] * (float)(sums[r * n + i] - c->zeros[r] * of_w[i]);
    }
    if (gy_int8_is_affine(p->w)) add_offsets(p, c, at, rows, j, n);
}

static void run_coded(const gy_form_product *p, const gy_coded *c, int64_t at, int64_t rows)
{
    for (int64_t j = 0; j < p->n; j += GY_CODED_OUTPUTS) {
        const gy_int8_dots dots = {.rows = rows + 1,
                                   .outputs = gy_least(GY_CODED_OUTPUTS, p->n - j),
                                   .inner = c->inner,
                                   .q = c->q,
                                   .w = GY_FORM_V(p->w, GY_INT8_CODES, int8_t) +
                                        (p->from + j) * p->w->columns,
                                   .w_row = p->w->columns,
                                   .c = c->c};
        p->k->int8->dots(&dots);
        finish(p, c, at, rows, j, dots.outputs);
    }
}

/* The work cut up. */
typedef struct room {
    int64_t depth;         /* of a row of codes */
    int64_t outputs, rows; /* at once */
    int8_t *spare, *b;
    uint8_t *q;
    const uint8_t **row; /* [rows] */
    float *scale;
    int32_t *zero, *sum, *total; /* total: [outputs] */
} room;

static room cut(const gy_form_product *p)
{
    enum { ROW = (int)(sizeof(uint8_t *) + 3 * sizeof(float)) };
    room r = {.depth = gy_round_up(p->w->columns, GY_CODES_STEP)};
    const int64_t panel = r.depth * GY_CODES_PANEL,
                  all = gy_gemm_packed_work * (int64_t)sizeof(float);
    const int64_t panels = gy_least(gy_most(1, PACKED / panel), gy_pieces(p->n, GY_CODES_PANEL));
    r.outputs = panels * GY_CODES_PANEL;
    const int64_t left = all - (1 + panels) * panel - r.outputs * (int64_t)sizeof *r.total - 64;
    r.rows = gy_least(gy_least(left / (r.depth + ROW), MOST_ROWS), p->rows);
    r.row = (const uint8_t **)(void *)p->work;
    r.scale = (float *)(void *)(r.row + r.rows);
    r.zero = (int32_t *)(void *)(r.scale + r.rows);
    r.sum = r.zero + r.rows;
    r.total = r.sum + r.rows;
    r.spare = (int8_t *)(r.total + r.outputs);
    r.b = r.spare + panel;
    r.q = (uint8_t *)r.b + panels * panel;
    return r;
}

static void take_rows(const gy_form_product *p, const room *r, int64_t at, int64_t n)
{
    const int64_t columns = p->w->columns;
    for (int64_t i = 0; i < n; i++) {
        const float *x = p->x + (at + i) * p->x_row;
        uint8_t *q = r->q + i * r->depth;
        gy_code code = gy_code_of(p->k, p->w, columns, x);
        gy_code_take(p->k, &code, columns, x, q);
        for (int64_t j = columns; j < r->depth; j++) q[j] = 0;
        r->row[i] = q;
        r->scale[i] = code.scale;
        r->zero[i] = code.zero;
        if (gy_int8_is_affine(p->w)) r->sum[i] = gy_code_sum(code, columns, q);
    }
}

static void multiply(const gy_form_product *p, const room *r, int64_t at, int64_t rows, int64_t j,
                     int64_t n)
{
    static const int64_t whole[] = {0};
    const int64_t first = p->from + j;
    p->k->int8->panels(&(gy_int8_panels){
        .rows = rows,
        .outputs = n,
        .runs = 1,
        .depth = r->depth,
        .q = r->row,
        .at = whole,
        .b = r->b,
        .x_scale = r->scale,
        .x_zero = r->zero,
        .scale = GY_FORM_V(p->w, GY_INT8_SCALES, float) + first,
        .total = r->total,
        .offset = gy_int8_is_affine(p->w) ? GY_FORM_V(p->w, GY_INT8_OFFSETS, float) + first : NULL,
        .x_sum = r->sum,
        .y = p->y + at * p->y_row + j,
        .y_row = p->y_row});
}

static void run(const gy_form_product *p)
{
    const room r = cut(p);
    for (int64_t at = 0; at < p->rows; at += r.rows) {
        const int64_t rows = gy_least(r.rows, p->rows - at);
        take_rows(p, &r, at, rows);
        for (int64_t j = 0; j < p->n; j += r.outputs) {
            const int64_t n = gy_least(r.outputs, p->n - j);
            const gy_int8_packing packing = {n, p->w->columns, 1, r.depth,
                                             GY_FORM_V(p->w, GY_INT8_CODES, int8_t) +
                                                 (p->from + j) * p->w->columns};
            if (at == 0 || r.outputs < p->n) /* else it is there */
                gy_int8_pack(p->k, &packing, r.spare, r.b, r.total);
            multiply(p, &r, at, rows, j, n);
        }
    }
}

const gy_product_kind gy_product_int8 = {
    .form = &gy_form_int8, .can = can, .many = MANY, .run = run, .run_coded = run_coded};
