/*
 * Winograd's minimal filtering as this room cuts it: planes, their tiles, and the transforms between
 * the two. Inside the kernel room only; the mathematics is in winograd.c.
 */
#ifndef GY_KERNEL_WINOGRAD_IMPL_H
#define GY_KERNEL_WINOGRAD_IMPL_H

#include "conv_impl.h"

enum { GY_POINTS = 36 };

/*
 * A convolution as it is computed: from [samples, depth, height, width, in] to [samples, out_depth,
 * out_height, out_width, out]. A plane of outputs is of `taps` planes of the input, dilation apart.
 */
typedef struct gy_plane {
    int64_t samples;
    int64_t depth, taps, dilation, front;
    int64_t height, width, in, top, left;
    int64_t out_depth, out_height, out_width, out;
    int64_t in_width, out_panels; /* rounded up to panels; in_width of one tap */
    int64_t in_rows;              /* of weights of one tap: filled up to pairs */
    int kernel;
    int64_t side;          /* outputs along an axis of a tile */
    int64_t rows, columns; /* tiles of a plane */
} gy_plane;

gy_plane gy_plane_forward(const gy_conv *c, int64_t samples);
gy_plane gy_plane_backward(const gy_conv *c, int64_t samples); /* dx from dz */

static inline int64_t gy_plane_tiles(const gy_plane *g)
{
    return g->samples * g->out_depth * g->rows * g->columns;
}

/* Floats of a tile at a point, of all taps. */
static inline int64_t gy_plane_in(const gy_plane *g)
{
    return g->taps * g->in_width;
}

/* Tiles [from, to), numbered through the planes. */
typedef struct gy_tiles {
    const gy_vector *vector;
    const gy_plane *plane;
    const float *zeros; /* [gy_tiles_zeros] what lies beyond the edges */
    int64_t from, to;
} gy_tiles;

int64_t gy_tiles_zeros(const gy_plane *g);

/*
 * Floats from point to point of n transformed tiles `width` wide. A power of two would put all points in
 * one set of the cache.
 */
static inline int64_t gy_tiles_step(int64_t n, int64_t width)
{
    return n * width + GY_PANEL;
}

/* v [36, step] = Bᵀ x B of every tap, tiles gy_plane_in() apart. */
void gy_tiles_input(const gy_tiles *t, const float *x, float *v, int64_t step);

/* d [36, step] = A dz Aᵀ of the filters [first, first + n), tiles out_panels apart. */
void gy_tiles_gradient(const gy_tiles *t, const float *dz, int64_t first, int64_t n, float *d,
                       int64_t step);

/* y = [max(0,] Aᵀ m A + bias [)]. */
void gy_tiles_output(const gy_tiles *t, const gy_conv_pass *p, const float *m, int64_t step,
                     float *y);

/*
 * u [36, out_panels / 16, taps, in_rows, 16] = G w Gᵀ of w [out, taps, kernel, kernel, in], packed
 * down; `flip`: w is [in, taps, kernel, kernel, out] and turned about. By all of the team.
 */
void gy_plane_weights(const gy_kernel *k, const gy_plane *g, const float *w, bool flip, float *u,
                      gy_member me);

/* The weight gradient: floats of its scratch; the pass. */
int64_t gy_winograd_weight_scratch(const gy_conv *c);
void gy_winograd_backward_weight(const gy_conv_pass *p);

#endif
