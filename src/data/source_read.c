/*
 * Every value of a source is read through here and checked, so that no format has to. A format whose x is
 * stored as integers cannot hold what is not finite.
 */
#include "source_impl.h"

#include "base/count.h"
#include "base/pulse.h"

#include <math.h>
#include <string.h>

/* The first value that is not finite, −1 if all are. */
static int64_t find_not_finite(const float *v, int64_t n)
{
    for (int64_t from = 0; from < n; from += 4096) {
        int64_t to = from + 4096 < n ? from + 4096 : n;
        uint32_t bad = 0; /* all ones in the exponent; without a branch, many at once */
        for (int64_t i = from; i < to; i++) {
            uint32_t bits;
            memcpy(&bits, &v[i], sizeof bits);
            bad |= (bits & UINT32_C(0x7F800000)) == UINT32_C(0x7F800000);
        }
        if (bad == 0) continue;
        for (int64_t i = from; i < to; i++)
            if (!isfinite(v[i])) return i;
    }
    return -1;
}

static int64_t find_no_class(const gy_source_info *info, const float *y, int64_t n)
{
    const float end = info->classes > 0 ? (float)info->classes : 16777216.0f;
    for (int64_t i = 0; i < n; i++)
        if (!(y[i] >= 0.0f && y[i] < end && truncf(y[i]) == y[i])) return i;
    return -1;
}

/* The first value of y that is looked at and not finite, or no class; −1: none. */
static int64_t find_wrong(const gy_source *s, int64_t n, const float *y, const float *w,
                          int64_t (*find)(const gy_source_info *info, const float *y, int64_t n))
{
    if (w == NULL && !s->ignores) return find(&s->info, y, n * s->y_count);
    const int64_t each = w == NULL ? 1 : s->y_count / s->w_count;
    for (int64_t i = 0; i < n * s->y_count; i++) {
        const bool counts = w == NULL || w[i / each] > 0.0f;
        if (counts && !(s->ignores && y[i] == s->ignored) && find(&s->info, y + i, 1) == 0)
            return i;
    }
    return -1;
}

static int64_t find_infinite(const gy_source_info *info, const float *y, int64_t n)
{
    (void)info;
    return find_not_finite(y, n);
}

static gy_status check_y(const gy_source *s, const int64_t *index, int64_t n, const float *y,
                         const float *w)
{
    int64_t at = find_wrong(s, n, y, w, find_infinite);
    GY_REQUIRE(at < 0, GY_E_DATA,
               "a target is not finite" GY_AT "%s, sample %lld" GY_WHY "value %lld is %g" GY_HINT
               "clean the data, or leave the sample out",
               s->text.text, (long long)index[at / s->y_count], (long long)(at % s->y_count),
               (double)y[at]);
    if (!s->info.y_is_class) return GY_OK;
    at = find_wrong(s, n, y, w, find_no_class);
    if (at < 0) return GY_OK;
    long long sample = (long long)index[at / s->y_count];
    if (s->info.classes > 0)
        return gy_raise(GY_E_DATA,
                        "a class is out of range" GY_AT "%s, sample %lld" GY_WHY
                        "it is %g, and there are classes 0 to %lld",
                        s->text.text, sample, (double)y[at], (long long)s->info.classes - 1);
    return gy_raise(GY_E_DATA,
                    "a class is out of range" GY_AT "%s, sample %lld" GY_WHY
                    "it is %g; classes are whole numbers from 0",
                    s->text.text, sample, (double)y[at]);
}

static gy_status check_w(const gy_source *s, const int64_t *index, int64_t n, const float *w)
{
    for (int64_t i = 0; i < n * s->w_count; i++)
        GY_REQUIRE(w[i] >= 0.0f && isfinite(w[i]), GY_E_DATA,
                   "not a weight" GY_AT "%s, sample %lld" GY_WHY "it is %g" GY_HINT
                   "weights are finite and not below 0",
                   s->text.text, (long long)index[i / s->w_count], (double)w[i]);
    return GY_OK;
}

gy_status gy_source_read(gy_source *s, const int64_t *index, int64_t n, float *x, float *y)
{
    return gy_source_read_weighted(s, index, n, x, y, NULL);
}

/* Reads and checks a block of samples. */
static gy_status read_block(gy_source *s, const int64_t *index, int64_t n, float *x, float *y,
                            float *w)
{
    GY_TRY(s->kind->read(s->state, index, n, x, y));
    if (w != NULL) GY_TRY(s->kind->weigh(s->state, index, n, w));
    gy_pulse_beat(s->ctx);
    int64_t at = s->check_x ? find_not_finite(x, n * s->x_count) : -1;
    GY_REQUIRE(at < 0, GY_E_DATA,
               "a value is not finite" GY_AT "%s, sample %lld" GY_WHY
               "value %lld of x is %g" GY_HINT "clean the data, or leave the sample out",
               s->text.text, (long long)index[at / s->x_count], (long long)(at % s->x_count),
               (double)x[at]);
    if (w != NULL) GY_TRY(check_w(s, index, n, w));
    if (y == NULL || (s->info.weighted && w == NULL)) return GY_OK;
    return check_y(s, index, n, y, w);
}

gy_status gy_source_groups(gy_source *s, const int64_t *index, int64_t n, int64_t *group)
{
    return s->kind->belong(s->state, index, n, group);
}

/* In blocks that are still near the processor when they are checked; of packed files, as it comes. */
gy_status gy_source_read_weighted(gy_source *s, const int64_t *index, int64_t n, float *x, float *y,
                                  float *w)
{
    enum { BLOCK_FLOATS = 1 << 17 };
    if (!s->info.supervised) y = NULL;
    if (!s->info.weighted) w = NULL;
    for (int64_t i = 0; i < n; i++)
        GY_REQUIRE(index[i] >= 0 && index[i] < s->info.samples, GY_E_DATA,
                   "no such sample" GY_AT "%s, sample %lld" GY_WHY "it holds %lld", s->text.text,
                   (long long)index[i], (long long)s->info.samples);
    const int64_t block = s->info.chunk.packed ? n : gy_most(BLOCK_FLOATS / s->x_count, 1);
    for (int64_t some, i = 0; i < n; i += some) {
        some = gy_least(block, n - i);
        GY_TRY(read_block(s, index + i, some, x + i * s->x_count,
                          y == NULL ? NULL : y + i * s->y_count,
                          w == NULL ? NULL : w + i * s->w_count));
    }
    return GY_OK;
}
