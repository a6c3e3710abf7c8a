#include "codes.h"

#include <math.h>
#include <string.h>

static gy_code code_between(float low, float high)
{
    const float most = (float)GY_CODES_MOST, width = high - low;
    if (!isfinite(width)) return (gy_code){.scale = NAN};
    gy_code code = {.scale = width > 0 ? width / most : 1, .back = width > 0 ? most / width : 0};
    code.shift = rintf(-low * code.back);
    code.zero = (int32_t)code.shift;
    return code;
}

gy_code gy_code_of(const gy_kernel *k, const gy_form *w, int64_t n, const float *x)
{
    float range[2];
    if (gy_form_is_ranged(w)) return code_between(w->range.low, w->range.high);
    k->vector->int8_range(n, x, range);
    return code_between(range[0], range[1]);
}

void gy_code_take(const gy_kernel *k, gy_code *code, int64_t n, const float *x, uint8_t *q)
{
    if (!k->vector->int8_codes(n, x, code->back, code->shift, q)) code->scale = NAN;
}

int32_t gy_code_sum(gy_code code, int64_t n, const uint8_t *q)
{
    int32_t sum = -code.zero * (int32_t)n;
    for (int64_t i = 0; i < n; i++) sum += q[i];
    return sum;
}

int64_t gy_int8_panel_bytes(const gy_int8_packing *p)
{
    return p->runs * p->depth * GY_CODES_PANEL;
}

/* Up to 16 rows, their pieces filled up with zeros to whole steps. */
static void fill_up(const gy_int8_packing *p, int64_t at, int64_t n, int8_t *to)
{
    const int64_t run = p->row / p->runs;
    for (int64_t i = 0; i < n * p->runs; i++, to += p->depth) {
        memcpy(to, p->w + at * p->row + i * run, (size_t)run);
        memset(to + run, 0, (size_t)(p->depth - run));
    }
}

/* Of a panel, as a product with ones. */
static void sum_up(const gy_kernel *k, int64_t n, int64_t depth, const int8_t *b, uint8_t *ones,
                   int32_t *total)
{
    const uint8_t *const q[] = {ones};
    const int64_t at[] = {0};
    memset(ones, 1, (size_t)depth);
    k->int8->panels(&(gy_int8_panels){.rows = 1,
                                      .outputs = n,
                                      .runs = 1,
                                      .depth = depth,
                                      .q = q,
                                      .at = at,
                                      .b = b,
                                      .sums = total});
}

/* Four codes are turned as one: as a float, which nobody computes with. */
void gy_int8_pack(const gy_kernel *k, const gy_int8_packing *p, int8_t *spare, int8_t *b,
                  int32_t *total)
{
    const int64_t depth = p->runs * p->depth, bytes = gy_int8_panel_bytes(p);
    const bool whole = p->row == depth;
    for (int64_t at = 0; at < p->n; at += GY_CODES_PANEL, b += bytes) {
        const int64_t n = gy_least(GY_CODES_PANEL, p->n - at);
        if (!whole) fill_up(p, at, n, spare);
        const void *from = whole ? p->w + at * p->row : spare;
        void *to = b;
        k->vector->panel_turn(n, depth / GY_CODES_STEP, from, depth / GY_CODES_STEP, to);
        sum_up(k, n, depth, b, (uint8_t *)spare, total + at);
    }
}
