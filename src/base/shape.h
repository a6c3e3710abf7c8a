/** Shapes: of a sample, a parameter, a data set. Row-major, channels last. Local. */
#ifndef GY_BASE_SHAPE_H
#define GY_BASE_SHAPE_H

#include "buffer.h"

#include <stdbool.h>
#include <stdint.h>

enum { GY_DIMS = 6, GY_SHAPE_TEXT = 132 };

typedef struct gy_shape {
    int n;              /* axes, 0 … GY_DIMS; 0: one number */
    int64_t d[GY_DIMS]; /* lengths, ≥ 1 */
} gy_shape;

/** Elements: the product of the lengths; 1 where there are no axes; −1 where it overflows. */
int64_t gy_shape_count(const gy_shape *s);

bool gy_shape_equal(const gy_shape *a, const gy_shape *b);

/** Equal but for axes of length 1: [28, 28] and [28, 28, 1]. */
bool gy_shape_alike(const gy_shape *a, const gy_shape *b);

/** A shape's rows and columns: the product of all axes but the last, and the last. */
static inline int64_t gy_shape_last(const gy_shape *s)
{
    return s->n == 0 ? 1 : s->d[s->n - 1];
}
static inline int64_t gy_shape_rows(const gy_shape *s)
{
    return gy_shape_count(s) / gy_shape_last(s);
}

/** Writes "[28, 28, 1]" and returns out. */
const char *gy_shape_text(const gy_shape *s, char out[GY_SHAPE_TEXT]);

#endif
