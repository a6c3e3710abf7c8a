/*
 * Views, checked against what a sample is, their axes put together where they lie end to end, and
 * walked over by planes, [samples of a row, elements of the last own axis], along whichever of the two is
 * nearer in the caller's memory.
 */
#include "theirs.h"

#include "base/number.h"

#include <string.h>

gy_theirs gy_theirs_straight(const float *data, int64_t n, int64_t count)
{
    return (gy_theirs){.type = GY_FLOAT,
                       .data = (void *)(uintptr_t)data,
                       .n = n,
                       .count = count,
                       .outer = {1, {n}, {count}},
                       .own = {1, {count}, {1}}};
}

static void add_axis(gy_theirs_axes *a, int64_t extent, int64_t stride)
{
    int64_t *last = &a->extent[a->n - 1], *step = &a->stride[a->n - 1], length, joined;
    if (extent == 1) return;
    const bool joins = *last == 1 || (gy_mul(extent, stride, &length) && *step == length);
    if (joins && gy_mul(*last, extent, &joined)) {
        *last = joined;
        *step = stride;
        return;
    }
    a->extent[a->n] = extent;
    a->stride[a->n++] = stride;
}

/* How many of the last axes are the sample's own; −1 where they are not its shape. */
static int own_axes(const gy_view *v, const gy_shape *sample)
{
    gy_shape long_ones = {.n = 0};
    const gy_shape *tried[] = {sample, &long_ones};
    for (int i = 0; i < sample->n; i++)
        if (sample->d[i] != 1) long_ones.d[long_ones.n++] = sample->d[i];
    for (int t = 0; t < 2; t++) {
        const int k = tried[t]->n;
        if (k <= v->axes &&
            memcmp(v->extent + v->axes - k, tried[t]->d, (size_t)k * sizeof *v->extent) == 0)
            return k;
    }
    return -1;
}

static void print_axes(const gy_view *v, char out[GY_SHAPE_TEXT])
{
    gy_shape shown = {.n = v->axes < GY_DIMS ? v->axes : GY_DIMS};
    const int left_out = v->axes - shown.n;
    for (int i = 0; i < shown.n; i++) shown.d[i] = v->extent[left_out + i];
    (void)gy_shape_text(&shown, out);
}

static gy_status check_axes(const char *name, const gy_view *v)
{
    GY_REQUIRE(v->type == GY_FLOAT || v->type == GY_DOUBLE, GY_E_USAGE,
               "a view is not valid" GY_AT "%s" GY_WHY "its type is neither GY_FLOAT nor GY_DOUBLE",
               name);
    GY_REQUIRE(v->axes >= 0 && v->axes <= GY_NETWORK_AXES, GY_E_USAGE,
               "a view is not valid" GY_AT "%s" GY_WHY "it has %d axes, 0 to %d are allowed", name,
               v->axes, GY_NETWORK_AXES);
    for (int i = 0; i < v->axes; i++)
        GY_REQUIRE(v->extent[i] >= 0, GY_E_USAGE,
                   "a view is not valid" GY_AT "%s" GY_WHY "axis %d has the extent %lld", name, i,
                   (long long)v->extent[i]);
    return GY_OK;
}

gy_status gy_theirs_take(const char *name, const gy_view *view, bool wanted, const gy_shape *sample,
                         gy_theirs *out)
{
    char is[GY_SHAPE_TEXT], should_be[GY_SHAPE_TEXT];
    *out = gy_theirs_straight(NULL, 0, gy_shape_count(sample));
    GY_REQUIRE(view != NULL || !wanted, GY_E_USAGE,
               "an argument is missing" GY_AT "%s" GY_WHY "it is NULL", name);
    if (view == NULL) return GY_OK;
    GY_TRY(check_axes(name, view));
    const int own = own_axes(view, sample);
    if (own < 0) {
        print_axes(view, is);
        return gy_raise(GY_E_SHAPE,
                        "a view does not fit the network" GY_AT "%s: %s" GY_WHY
                        "its last axes must be those of a sample, %s",
                        name, is, gy_shape_text(sample, should_be));
    }
    *out = (gy_theirs){.type = view->type,
                       .data = view->data,
                       .n = 1,
                       .count = gy_shape_count(sample),
                       .outer = {1, {1}, {0}},
                       .own = {1, {1}, {0}}};
    for (int i = 0; i < view->axes; i++) {
        const bool counts = i < view->axes - own;
        if (counts)
            GY_REQUIRE(gy_mul(out->n, view->extent[i], &out->n), GY_E_SHAPE,
                       "a view does not fit the network" GY_AT "%s" GY_WHY
                       "it has too many samples",
                       name);
        add_axis(counts ? &out->outer : &out->own, view->extent[i], view->stride[i]);
    }
    GY_REQUIRE(view->data != NULL || out->n == 0, GY_E_USAGE,
               "an argument is missing" GY_AT "%s" GY_WHY "its data are NULL", name);
    return GY_OK;
}

float *gy_theirs_at(const gy_theirs *a, int64_t first)
{
    const gy_theirs_axes *outer = &a->outer, *own = &a->own;
    const bool samples = outer->n == 1 && (outer->stride[0] == a->count || a->n == 1);
    const bool elements = own->n == 1 && (own->stride[0] == 1 || a->count == 1);
    if (a->type != GY_FLOAT || !samples || !elements) return NULL;
    return (float *)a->data + first * a->count;
}

/* [rows, columns] at an offset of the caller's array, and where it goes. */
typedef struct plane {
    int64_t at, rows, columns, row_step, column_step;
    float *ours; /* [rows, count], from the plane's first column on */
    int64_t count;
} plane;

#define GY_COPY(TYPE, READS)                                                                       \
    do {                                                                                           \
        TYPE *theirs = (TYPE *)data + p->at;                                                       \
        for (int64_t i = 0; i < slow; i++)                                                         \
            for (int64_t j = 0; j < fast; j++) {                                                   \
                TYPE *t = theirs + i * slow_step + j * fast_step;                                  \
                float *o = p->ours + i * slow_ours + j * fast_ours;                                \
                if (READS)                                                                         \
                    *o = (float)*t;                                                                \
                else                                                                               \
                    *t = (TYPE)*o;                                                                 \
            }                                                                                      \
    } while (false)

static void copy(gy_real type, void *data, bool reads, const plane *p)
{
    const bool by_rows = (p->row_step < 0 ? -p->row_step : p->row_step) <
                         (p->column_step < 0 ? -p->column_step : p->column_step);
    const int64_t slow = by_rows ? p->columns : p->rows, fast = by_rows ? p->rows : p->columns;
    const int64_t slow_step = by_rows ? p->column_step : p->row_step;
    const int64_t fast_step = by_rows ? p->row_step : p->column_step;
    const int64_t slow_ours = by_rows ? 1 : p->count, fast_ours = by_rows ? p->count : 1;
    if (type == GY_FLOAT && reads)
        GY_COPY(float, true);
    else if (type == GY_FLOAT)
        GY_COPY(float, false);
    else if (reads)
        GY_COPY(double, true);
    else
        GY_COPY(double, false);
}

/* Where index i of all axes but the last lies. */
static int64_t offset(const gy_theirs_axes *a, int64_t i)
{
    int64_t at = 0;
    for (int k = a->n - 2; k >= 0; k--) {
        at += i % a->extent[k] * a->stride[k];
        i /= a->extent[k];
    }
    return at;
}

/* Samples that follow each other along the last axis that counts them, all their elements. */
static void copy_row(const gy_theirs *a, bool reads, plane p, int64_t at)
{
    const gy_theirs_axes *own = &a->own;
    const int64_t columns = own->extent[own->n - 1];
    p.columns = columns;
    p.column_step = own->stride[own->n - 1];
    for (int64_t i = 0; i < a->count / columns; i++) {
        p.at = at + offset(own, i);
        copy(a->type, a->data, reads, &p);
        p.ours += columns;
    }
}

static void walk(const gy_theirs *a, bool reads, int64_t first, int64_t n, float *ours)
{
    const gy_theirs_axes *outer = &a->outer;
    const int64_t row = outer->extent[outer->n - 1], step = outer->stride[outer->n - 1];
    for (int64_t done = 0; done < n;) {
        const int64_t at = (first + done) % row, left = n - done;
        const plane p = {.rows = row - at < left ? row - at : left,
                         .row_step = step,
                         .ours = ours + done * a->count,
                         .count = a->count};
        copy_row(a, reads, p, offset(outer, (first + done) / row) + at * step);
        done += p.rows;
    }
}

void gy_theirs_read(const gy_theirs *a, int64_t first, int64_t n, float *out)
{
    walk(a, true, first, n, out);
}

void gy_theirs_write(const gy_theirs *a, int64_t first, int64_t n, const float *from)
{
    walk(a, false, first, n, (float *)(uintptr_t)from);
}
