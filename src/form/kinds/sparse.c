/*
 * Compressed rows: what is not zero alone, with its column; int8: as numbers of 8 bits with a scale for
 * each row. sparse.h says how they lie.
 */
#include "../form_list.h"

#include "../sparse.h"

#include <math.h>
#include <string.h>

typedef struct sparse {
    bool int8;
} sparse;

static int64_t count_row(const gy_form *f, const float *w)
{
    int64_t n = 0;
    for (int64_t i = 0; i < f->columns; i++) n += w[i] != 0;
    return n;
}

static void set_column(gy_form *f, int64_t at, int64_t column)
{
    if (f->parts[GY_SPARSE_COLUMNS].type == GY_ELEMENT_int16)
        GY_FORM_V(f, GY_SPARSE_COLUMNS, int16_t)[at] = (int16_t)column;
    else
        GY_FORM_V(f, GY_SPARSE_COLUMNS, int32_t)[at] = (int32_t)column;
}

static void pack_row(gy_form *f, int64_t row, const float *w, bool int8)
{
    float most = 0;
    int64_t at = GY_FORM_V(f, GY_SPARSE_STARTS, int32_t)[row];
    for (int64_t i = 0; i < f->columns; i++) most = fmaxf(most, fabsf(w[i]));
    const float scale = most > 0 ? most / 127 : 1;
    if (int8) GY_FORM_V(f, GY_SPARSE_SCALES, float)[row] = scale;
    for (int64_t i = 0; i < f->columns; i++) {
        if (w[i] == 0) continue;
        set_column(f, at, i);
        if (int8)
            GY_FORM_V(f, GY_SPARSE_VALUES, int8_t)[at++] = (int8_t)rintf(w[i] / scale);
        else
            GY_FORM_V(f, GY_SPARSE_VALUES, float)[at++] = w[i];
    }
}

static gy_status pack(gy_pool *pool, const void *settings, const float *w, gy_form *f)
{
    const sparse *s = settings;
    const bool int8 = s != NULL && s->int8;
    int64_t n = 0;
    GY_TRY(gy_form_part_new(pool, f, GY_SPARSE_STARTS, GY_ELEMENT_int32, f->rows + 1));
    for (int64_t r = 0; r < f->rows && n < INT32_MAX; r++) {
        n += count_row(f, w + r * f->columns);
        GY_FORM_V(f, GY_SPARSE_STARTS, int32_t)[r + 1] = (int32_t)n;
    }
    if (n >= INT32_MAX || f->columns > INT32_MAX) f->kind = NULL;
    if (f->kind == NULL) return GY_OK;
    GY_TRY(gy_form_part_new(pool, f, GY_SPARSE_COLUMNS,
                            f->columns <= INT16_MAX ? GY_ELEMENT_int16 : GY_ELEMENT_int32, n));
    GY_TRY(gy_form_part_new(pool, f, GY_SPARSE_VALUES, int8 ? GY_ELEMENT_int8 : GY_ELEMENT_float32,
                            n));
    if (int8) GY_TRY(gy_form_part_new(pool, f, GY_SPARSE_SCALES, GY_ELEMENT_float32, f->rows));
    for (int64_t r = 0; r < f->rows; r++) pack_row(f, r, w + r * f->columns, int8);
    return GY_OK;
}

static void expand(const gy_form *f, int64_t from, int64_t n, float *out)
{
    const int32_t *starts = GY_FORM_V(f, GY_SPARSE_STARTS, int32_t);
    memset(out, 0, (size_t)(n * f->columns) * sizeof *out);
    for (int64_t r = from; r < from + n; r++, out += f->columns)
        for (int64_t i = starts[r]; i < starts[r + 1]; i++)
            out[gy_sparse_column(f, i)] = gy_sparse_value(f, r, i);
}

static bool is_valid(const gy_form *f)
{
    const int64_t n = f->parts[GY_SPARSE_COLUMNS].count;
    const bool int8 = f->parts[GY_SPARSE_SCALES].count > 0;
    const int32_t *starts = GY_FORM_V(f, GY_SPARSE_STARTS, int32_t);
    if (f->parts[GY_SPARSE_STARTS].count != f->rows + 1 || starts[0] != 0 || starts[f->rows] != n)
        return false;
    if (f->parts[GY_SPARSE_VALUES].count != n) return false;
    if (int8 && f->parts[GY_SPARSE_SCALES].count != f->rows) return false;
    if (n > 0 && int8 != (f->parts[GY_SPARSE_VALUES].type == GY_ELEMENT_int8)) return false;
    for (int64_t r = 0; r < f->rows; r++) {
        if (starts[r] > starts[r + 1] || starts[r + 1] > n) return false;
        for (int64_t i = starts[r]; i < starts[r + 1]; i++)
            if (gy_sparse_column(f, i) < 0 || gy_sparse_column(f, i) >= f->columns) return false;
    }
    return true;
}

static const gy_setting rows[] = {
    {.key = "int8",
     .type = GY_SETTING_BOOL,
     .offset = offsetof(sparse, int8),
     .standard = "false",
     .help = "values of 8 bits, with a scale for each row"},
    GY_SETTING_END,
};

const gy_form_kind gy_form_sparse = {
    .kind = {"sparse", "what is not zero alone, row by row", rows, sizeof(sparse)},
    .parts = {{"starts", 1U << GY_ELEMENT_int32},
              {"columns", 1U << GY_ELEMENT_int16 | 1U << GY_ELEMENT_int32},
              {"values", 1U << GY_ELEMENT_float32 | 1U << GY_ELEMENT_int8},
              {"scales", 1U << GY_ELEMENT_float32}},
    .pack = pack,
    .expand = expand,
    .is_valid = is_valid,
};
