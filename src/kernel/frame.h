/**
 * A grid in a frame of what its border says: the input that windows see where what stands beyond the
 * edges is not zeros. Local, spread over the kernel's threads by lines.
 */
#ifndef GY_KERNEL_FRAME_H
#define GY_KERNEL_FRAME_H

#include "kernel.h"
#include "windows.h"

/**
 * X(name): zeros; circular: the other side; reflect: the mirror image without the edge; replicate: the
 * edge. Axis by axis, so that a corner is the border of the border.
 */
#define GY_BORDER_LIST(X)                                                                          \
    X(zeros)                                                                                       \
    X(circular)                                                                                    \
    X(reflect)                                                                                     \
    X(replicate)
#define GY_BORDER_ENUM(name) GY_BORDER_##name,
typedef enum gy_border { GY_BORDER_LIST(GY_BORDER_ENUM) GY_BORDER_COUNT } gy_border;
#undef GY_BORDER_ENUM

extern const char *const gy_border_names[GY_BORDER_COUNT + 1]; /* NULL-terminated */

/** The most that a border can give on a side of an axis of n; −1: any amount. */
int64_t gy_border_most(gy_border border, int64_t n);

typedef struct gy_frame {
    gy_border border; /* not zeros */
    int64_t channels;
    int64_t in[GY_AXES];     /* lengths of the grid */
    int64_t before[GY_AXES]; /* what is put before it */
    int64_t out[GY_AXES];    /* lengths with the frame; less than before + in: the end is cut */
} gy_frame;

/** Floats of a sample with its frame. */
int64_t gy_frame_floats(const gy_frame *f);

/** y [batch, out, channels] from x [batch, in, channels]. */
void gy_frame_put(const gy_kernel *k, const gy_frame *f, int64_t batch, const float *x, float *y);

/** dx from dy: what was read more than once adds up. */
void gy_frame_fold(const gy_kernel *k, const gy_frame *f, int64_t batch, const float *dy,
                   float *dx);

#endif
