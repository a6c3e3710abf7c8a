#include "shape.h"

#include "number.h"

#include <inttypes.h>
#include <stdio.h>

int64_t gy_shape_count(const gy_shape *s)
{
    int64_t count = 1;
    for (int i = 0; i < s->n; i++)
        if (!gy_mul(count, s->d[i], &count)) return -1;
    return count;
}

bool gy_shape_equal(const gy_shape *a, const gy_shape *b)
{
    if (a->n != b->n) return false;
    for (int i = 0; i < a->n; i++)
        if (a->d[i] != b->d[i]) return false;
    return true;
}

bool gy_shape_alike(const gy_shape *a, const gy_shape *b)
{
    int i = 0, j = 0;
    for (;;) {
        while (i < a->n && a->d[i] == 1) i++;
        while (j < b->n && b->d[j] == 1) j++;
        if (i == a->n || j == b->n) return i == a->n && j == b->n;
        if (a->d[i++] != b->d[j++]) return false;
    }
}

const char *gy_shape_text(const gy_shape *s, char out[GY_SHAPE_TEXT])
{
    int at = snprintf(out, GY_SHAPE_TEXT, "[");
    for (int i = 0; i < s->n; i++)
        at += snprintf(out + at, (size_t)(GY_SHAPE_TEXT - at), "%s%" PRId64, i > 0 ? ", " : "",
                       s->d[i]);
    snprintf(out + at, (size_t)(GY_SHAPE_TEXT - at), "]");
    return out;
}
