#include "product.h"

#include "codes.h"
#include "gemm_impl.h"
#include "product_list.h"

#include <math.h>
#include <string.h>

const gy_product_kind *gy_product_of(const gy_form *w)
{
#define ENTRY(name) &gy_product_##name,
    static const gy_product_kind *const kinds[] = {GY_PRODUCT_LIST(ENTRY)};
#undef ENTRY
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (kinds[i]->form == w->kind && kinds[i]->can(w)) return kinds[i];
    return NULL;
}

bool gy_product_can(const gy_form *w)
{
    return gy_product_of(w) != NULL || w->columns <= gy_gemm_packed_work;
}

/* As many rows of W at a time as floats as the work holds. */
static void run_expanded(const gy_form_product *p)
{
    const int64_t columns = p->w->columns, most = gy_most(1, gy_gemm_packed_work / columns);
    for (int64_t at = 0; at < p->n; at += most) {
        const int64_t n = gy_least(most, p->n - at);
        p->w->kind->expand(p->w, p->from + at, n, p->work);
        gy_gemm_serial(false, true, p->rows, n, columns, 1, p->x, p->x_row, p->work, columns, 0,
                       p->y + at, p->y_row);
    }
}

/* Each row of x by its own range. */
static void run_coded(const gy_product_kind *kind, const gy_form_product *p)
{
    const gy_coded c = gy_coded_in(p);
    for (int64_t at = 0; at < p->rows; at += GY_CODED_ROWS) {
        const int64_t n = gy_least(GY_CODED_ROWS, p->rows - at);
        for (int64_t i = 0; i < n; i++) {
            const float *x = p->x + (at + i) * p->x_row;
            uint8_t *q = c.q + i * c.inner;
            gy_code code = gy_code_of(p->k, p->w, p->w->columns, x);
            gy_code_take(p->k, &code, p->w->columns, x, q);
            memset(q + p->w->columns, 0, (size_t)(c.inner - p->w->columns));
            c.scales[i] = code.scale;
            c.zeros[i] = code.zero;
        }
        gy_coded_run(kind, p, &c, at, n);
    }
}

void gy_product_run(const gy_form_product *p)
{
    const gy_product_kind *kind = gy_product_of(p->w);
    if (kind == NULL)
        run_expanded(p);
    else if (kind->run != NULL && p->rows >= kind->many)
        kind->run(p);
    else
        run_coded(kind, p);
}

/* Many rows of x are shared out, else those of W. */
static void forward(const gy_kernel *k, int64_t rows, const float *x, const gy_form *w,
                    const float *bias, gy_activation a, float *y, int64_t y_row)
{
    enum { TEAM_FLOP = 1 << 19, FEW = 32 };
    const double flop = 2.0 * (double)rows * (double)(w->rows * w->columns);
    const int team = flop < TEAM_FLOP ? 1 : k->threads;
    gy_product_note(k, w, rows * w->columns, x);
    const bool by_rows = rows >= FEW * team;
    const int64_t all = by_rows ? rows : w->rows;
    const gy_product finish = {.c = y, .y = y, .ldc = y_row, .bias = bias, .activation = a};
    GY_SPREAD(team, part, team, 1, {
        const int64_t from = all * part / team;
        const int64_t to = all * (part + 1) / team;
        const gy_block_of at = {by_rows ? from : 0, by_rows ? to : rows, by_rows ? 0 : from,
                                by_rows ? w->rows : to};
        const gy_form_product p = {.k = k,
                                   .w = w,
                                   .from = at.n0,
                                   .n = at.n1 - at.n0,
                                   .rows = at.m1 - at.m0,
                                   .x = x + at.m0 * w->columns,
                                   .x_row = w->columns,
                                   .y = y + at.m0 * y_row + at.n0,
                                   .y_row = y_row,
                                   .work = k->work + part * gy_gemm_packed_work};
        if (p.n == 0 || p.rows == 0) continue;
        gy_product_run(&p);
        gy_gemm_finish(k, &finish, at, true);
    });
}

void gy_product_forward(const gy_kernel *k, int64_t rows, const float *x, const gy_form *w,
                        const float *bias, gy_activation a, float *y)
{
    const bool softmax = a == GY_ACTIVATION_softmax; /* needs whole rows: afterwards */
    forward(k, rows, x, w, bias, softmax ? GY_ACTIVATION_none : a, y, w->rows);
    if (softmax) gy_activation_forward(k, a, rows, w->rows, y, y);
}

void gy_product_forward_rows(const gy_kernel *k, int64_t rows, const float *x, const gy_form *w,
                             const float *bias, float *y, int64_t y_row)
{
    forward(k, rows, x, w, bias, GY_ACTIVATION_none, y, y_row);
}

void gy_product_note(const gy_kernel *k, const gy_form *w, int64_t n, const float *x)
{
    float range[2];
    if (w->seen == NULL) return;
    k->vector->int8_range(n, x, range);
    if (!isfinite(range[0])) return; /* what is not finite would spoil all others */
    w->seen->low = fminf(w->seen->low, range[0]);
    w->seen->high = fmaxf(w->seen->high, range[1]);
}

void gy_product_expand(const gy_kernel *k, const gy_form *w, float *out)
{
    const int64_t step = gy_block_rows(w->columns);
    GY_SPREAD(gy_team(k, w->rows * w->columns, 2), at, w->rows, step,
              { w->kind->expand(w, at, gy_least(step, w->rows - at), out + at * w->columns); });
}

/* What products of codes share. */

/* Floats of the work before the codes. */
enum { BEFORE = (GY_CODED_ROWS + 1) * GY_CODED_OUTPUTS + 2 * GY_CODED_ROWS };

bool gy_coded_can(int64_t columns)
{
    const int64_t inner = gy_round_up(columns, GY_CODES_ALIGN), longest = 1 << 17; /* no overflow */
    return (GY_CODED_ROWS + 1) * inner <= (gy_gemm_packed_work - BEFORE) * (int64_t)sizeof(float) &&
           columns < longest;
}

gy_coded gy_coded_in(const gy_form_product *p)
{
    float *scales = p->work + (GY_CODED_ROWS + 1) * GY_CODED_OUTPUTS;
    float *zeros = scales + GY_CODED_ROWS;
    return (gy_coded){.inner = gy_round_up(p->w->columns, GY_CODES_ALIGN),
                      .c = p->work,
                      .scales = scales,
                      .zeros = (int32_t *)(void *)zeros,
                      .q = (uint8_t *)(void *)(zeros + GY_CODED_ROWS)};
}

void gy_coded_run(const gy_product_kind *kind, const gy_form_product *p, const gy_coded *c,
                  int64_t at, int64_t n)
{
    uint8_t *ones = c->q + n * c->inner;
    memset(ones, 1, (size_t)p->w->columns);
    memset(ones + p->w->columns, 0, (size_t)(c->inner - p->w->columns));
    kind->run_coded(p, c, at, n);
}
