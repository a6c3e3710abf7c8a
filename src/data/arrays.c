/* Samples as arrays. A row is read where it lies; channels that stand first are turned to last. */
#include "arrays.h"

#include "source_text.h"

#include <string.h>

enum { SCAN = 1 << 16 }; /* numbers of y looked at at once */

const char *const gy_arrays_layouts[] = {"auto", "channels_last", "channels_first", NULL};

static gy_shape turned(const gy_shape *row)
{
    gy_shape out = *row;
    for (int i = 0; i < row->n; i++) out.d[i] = row->d[(i + 1) % row->n];
    return out;
}

/* Which sides have channels: x, and what has as many axes as the network's output, or as x. */
static void choose_turns(gy_arrays *a, const gy_source_options *options)
{
    const gy_array *s = a->sides;
    int axes = options->y_axes > 0 ? options->y_axes : s[GY_ARRAYS_X].row.n;
    a->first[GY_ARRAYS_X] = s[GY_ARRAYS_X].row.n > 1;
    for (int i = GY_ARRAYS_Y; i < GY_ARRAYS_SIDES; i++)
        a->first[i] =
            options->y_axes >= 0 && s[i].bytes != NULL && s[i].row.n > 1 && s[i].row.n == axes;
}

static gy_status check_rows(const gy_arrays *a, int i)
{
    const gy_array *x = &a->sides[GY_ARRAYS_X], *other = &a->sides[i];
    GY_REQUIRE(other->bytes == NULL || other->rows == x->rows, GY_E_DATA,
               "arrays differ in number" GY_AT "%s" GY_WHY "%s holds %lld samples, %s %lld",
               a->text, x->name, (long long)x->rows, other->name, (long long)other->rows);
    return GY_OK;
}

static gy_status choose_rows(gy_arrays *a, const char *rows, gy_source_info *info)
{
    int64_t to;
    GY_TRY(gy_rows_parse(a->text, rows, &a->from, &to));
    int64_t there = a->sides[GY_ARRAYS_X].rows;
    info->samples = (to < there ? to : there) - a->from;
    GY_REQUIRE(info->samples > 0, GY_E_DATA,
               "cannot read the data" GY_AT "%s" GY_WHY "it holds no samples%s", a->text,
               there > 0 ? ": rows are others" : "");
    return GY_OK;
}

static gy_status make_room(gy_arrays *a)
{
    int64_t bytes = SCAN * 8, count = SCAN;
    for (int i = 0; i < GY_ARRAYS_SIDES; i++) {
        const gy_array *s = &a->sides[i];
        if (s->bytes == NULL) continue;
        if (s->count * s->type.bytes > bytes) bytes = s->count * s->type.bytes;
        if (s->count > count) count = s->count;
    }
    GY_TRY(gy_alloc(a->ctx, (size_t)bytes, (void **)&a->scratch));
    return gy_new_array(a->ctx, count, &a->row);
}

/* Finds the classes of an integer y: 0 … max; none where a number is below 0. */
static gy_status scan_classes(gy_arrays *a, gy_source_info *info)
{
    const gy_array *y = &a->sides[GY_ARRAYS_Y];
    float least = 0.0f, largest = 0.0f;
    if (y->type.kind == 'f') return GY_OK;
    int64_t block = SCAN / y->count > 0 ? SCAN / y->count : 1;
    for (int64_t at = 0; at < info->samples; at += block) {
        int64_t n = info->samples - at < block ? info->samples - at : block;
        GY_TRY(gy_array_read(y, a->from + at, n, a->scratch, a->row));
        for (int64_t i = 0; i < n * y->count; i++) {
            if (a->row[i] < least) least = a->row[i];
            if (a->row[i] > largest) largest = a->row[i];
        }
    }
    info->y_is_class = least >= 0.0f && largest < 16777216.0f;
    if (info->y_is_class && !info->weighted) info->classes = (int64_t)largest + 1;
    return GY_OK;
}

gy_status gy_arrays_describe(gy_arrays *a, const char *rows, int layout,
                             const gy_source_options *options, gy_source_info *info)
{
    const gy_array *s = a->sides;
    GY_TRY(check_rows(a, GY_ARRAYS_Y));
    GY_TRY(check_rows(a, GY_ARRAYS_W));
    GY_TRY(choose_rows(a, rows, info));
    GY_TRY(make_room(a));
    if (layout == GY_ARRAYS_FIRST) choose_turns(a, options);
    info->x = a->first[GY_ARRAYS_X] ? turned(&s[GY_ARRAYS_X].row) : s[GY_ARRAYS_X].row;
    info->x_type = gy_element_name(s[GY_ARRAYS_X].type);
    info->as_stored = layout == GY_ARRAYS_AUTO;
    info->weighted = s[GY_ARRAYS_W].bytes != NULL;
    info->w = a->first[GY_ARRAYS_W] ? turned(&s[GY_ARRAYS_W].row) : s[GY_ARRAYS_W].row;
    info->supervised = s[GY_ARRAYS_Y].bytes != NULL;
    if (!info->supervised) return GY_OK;
    info->y = a->first[GY_ARRAYS_Y] ? turned(&s[GY_ARRAYS_Y].row) : s[GY_ARRAYS_Y].row;
    return scan_classes(a, info);
}

static gy_status read_side(gy_arrays *a, int side, const int64_t *index, int64_t n, float *out)
{
    const gy_array *s = &a->sides[side];
    for (int64_t i = 0; i < n; i++, out += s->count) {
        float *row = a->first[side] ? a->row : out;
        GY_TRY(gy_array_read(s, a->from + index[i], 1, a->scratch, row));
        if (!a->first[side]) continue;
        const int64_t depth = s->row.d[0], places = s->count / depth;
        for (int64_t p = 0; p < places; p++)
            for (int64_t c = 0; c < depth; c++) out[p * depth + c] = row[c * places + p];
    }
    return GY_OK;
}

gy_status gy_arrays_read(void *state, const int64_t *index, int64_t n, float *x, float *y)
{
    GY_TRY(read_side(state, GY_ARRAYS_X, index, n, x));
    return y == NULL ? GY_OK : read_side(state, GY_ARRAYS_Y, index, n, y);
}

gy_status gy_arrays_weigh(void *state, const int64_t *index, int64_t n, float *w)
{
    return read_side(state, GY_ARRAYS_W, index, n, w);
}

void gy_arrays_close(gy_arrays *a)
{
    for (int i = 0; i < GY_ARRAYS_SIDES; i++) gy_array_close(&a->sides[i]);
    gy_free(a->ctx, a->scratch);
    gy_free(a->ctx, a->row);
}
