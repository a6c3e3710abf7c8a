/* Few values that many elements share, at most 256 of a tensor: each element is the number of its value. */
#include "../form_list.h"

#include <stdlib.h>

enum { CODES, VALUES };
enum { MOST = 256 };

static int ascending(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* The place of x, or where it belongs. */
static int place(const float *values, int n, float x)
{
    int from = 0;
    while (from < n && values[from] < x) from++;
    return from;
}

/* The distinct values, ascending. @return how many; −1: too many */
static int find_values(const float *w, int64_t count, float *values)
{
    int n = 0;
    for (int64_t i = 0; i < count; i++) {
        if (n > 0 && bsearch(&w[i], values, (size_t)n, sizeof *w, ascending) != NULL) continue;
        if (n == MOST || w[i] != w[i]) return -1;
        const int at = place(values, n, w[i]);
        for (int j = n++; j > at; j--) values[j] = values[j - 1];
        values[at] = w[i];
    }
    return n;
}

static gy_status pack(gy_pool *pool, const void *settings, const float *w, gy_form *f)
{
    (void)settings;
    float values[MOST];
    const int64_t count = f->rows * f->columns;
    const int n = find_values(w, count, values);
    if (n < 0) f->kind = NULL;
    if (n < 0) return GY_OK;
    GY_TRY(gy_form_part_new(pool, f, CODES, GY_ELEMENT_uint8, count));
    GY_TRY(gy_form_part_new(pool, f, VALUES, GY_ELEMENT_float32, n));
    for (int i = 0; i < n; i++) GY_FORM_V(f, VALUES, float)[i] = values[i];
    for (int64_t i = 0; i < count; i++) {
        const float *at = bsearch(&w[i], values, (size_t)n, sizeof *w, ascending);
        GY_FORM_V(f, CODES, uint8_t)[i] = (uint8_t)(at - values);
    }
    return GY_OK;
}

static void expand(const gy_form *f, int64_t from, int64_t n, float *out)
{
    const uint8_t *codes = GY_FORM_V(f, CODES, uint8_t) + from * f->columns;
    const float *values = GY_FORM_V(f, VALUES, float);
    for (int64_t i = 0; i < n * f->columns; i++) out[i] = values[codes[i]];
}

static bool is_valid(const gy_form *f)
{
    const int64_t n = f->parts[VALUES].count;
    if (f->parts[CODES].count != f->rows * f->columns || n < 1 || n > MOST) return false;
    for (int64_t i = 0; i < f->parts[CODES].count; i++)
        if (GY_FORM_V(f, CODES, uint8_t)[i] >= n) return false;
    return true;
}

const gy_form_kind gy_form_shared = {
    .kind = {"shared", "at most 256 values, and for each element the number of its own", NULL, 0},
    .parts = {{"codes", 1U << GY_ELEMENT_uint8}, {"values", 1U << GY_ELEMENT_float32}},
    .pack = pack,
    .expand = expand,
    .is_valid = is_valid,
};
