/** Where the numbers of a tensor of ours lie in one of theirs. Local. */
#ifndef GY_EXCHANGE_VIEW_H
#define GY_EXCHANGE_VIEW_H

#include "base/param.h"

/** How tensors lie in other programs' files. */
typedef enum gy_layout {
    GY_LAYOUT_OURS,           /* [out, …, in] */
    GY_LAYOUT_CHANNELS_FIRST, /* [out, in, …]; images, once flat, channel by channel */
    GY_LAYOUT_IN_OUT          /* […, in, out] */
} gy_layout;

enum { GY_VIEW_AXES = 2 * GY_DIMS };

/** Element (i, j, …) of ours, row-major over d, is at start + Σ i stride of theirs. */
typedef struct gy_tensor_view {
    int n;
    int64_t d[GY_VIEW_AXES], stride[GY_VIEW_AXES], start;
    const char *how; /* for people; "": as it is */
} gy_tensor_view;

/** What a view is made for. */
typedef struct gy_tensor_view_spec {
    gy_layout layout;
    gy_role role;
    bool is_buffer;
    bool transposed;  /* a transposed convolution's: the axes of inputs and outputs change places */
    gy_shape shape;   /* ours */
    gy_shape in, out; /* of what the inputs and outputs are the flat form; n = 0: of nothing */
    int64_t before, total; /* outputs of theirs before ours, and all of them */
} gy_tensor_view_spec;

/** The view, and the shape of theirs. */
void gy_tensor_view_make(const gy_tensor_view_spec *spec, gy_tensor_view *view, gy_shape *theirs);

/** ours [elements] = theirs, or added to it; and the other way. */
void gy_tensor_view_read(const gy_tensor_view *v, const float *theirs, bool add, float *ours);
void gy_tensor_view_write(const gy_tensor_view *v, const float *ours, float *theirs);

#endif
