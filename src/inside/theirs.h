/** The caller's arrays, read and written by blocks of samples. Inside this room only. Local. */
#ifndef GY_INSIDE_THEIRS_H
#define GY_INSIDE_THEIRS_H

#include <gyre/network.h>

#include "base/shape.h"

enum { GY_THEIRS_AXES = GY_NETWORK_AXES + 1 };

/** Axes that lie end to end are one. */
typedef struct gy_theirs_axes {
    int n; /* ≥ 1 */
    int64_t extent[GY_THEIRS_AXES], stride[GY_THEIRS_AXES];
} gy_theirs_axes;

typedef struct gy_theirs {
    gy_real type;
    void *data;           /* NULL: there is none */
    int64_t n, count;     /* samples, elements of each */
    gy_theirs_axes outer; /* that count samples */
    gy_theirs_axes own;   /* of a sample */
} gy_theirs;

/** [n, count] one behind the other. */
gy_theirs gy_theirs_straight(const float *data, int64_t n, int64_t count);

/**
 * A view of samples of such a shape, whose axes of length 1 may be left out.
 * @param name    of the argument, for messages
 * @param wanted  false: NULL gives one without data
 * @return GY_OK; GY_E_SHAPE, GY_E_USAGE naming it
 */
gy_status gy_theirs_take(const char *name, const gy_view *view, bool wanted, const gy_shape *sample,
                         gy_theirs *out) GY_CHECKED;

/** Its samples from `first` on where they need not be copied to be one behind the other; else NULL. */
float *gy_theirs_at(const gy_theirs *a, int64_t first);
/** Copies n samples from `first` on into out [n, count], or back. */
void gy_theirs_read(const gy_theirs *a, int64_t first, int64_t n, float *out);
void gy_theirs_write(const gy_theirs *a, int64_t first, int64_t n, const float *from);

#endif
