/*
 * Windows that slide over bands of a grid: the geometry of direct convolution. Inside the kernel
 * room only.
 *
 * A *slide* is a convolution as it is computed: y itself, or a *phase* of dx, which at stride s is sᵈ
 * convolutions of stride 1, each for every s-th pixel with every s-th weight. It is passed a *band*
 * at a time: what is under some rows of one plane of outputs, of one group of channels, copied into a
 * frame of zeros.
 */
#ifndef GY_KERNEL_CONV_DIRECT_IMPL_H
#define GY_KERNEL_CONV_DIRECT_IMPL_H

#include "conv_impl.h"

/* One axis. */
typedef struct gy_axis {
    int64_t in, out;     /* lengths */
    int64_t taps, apart; /* weights along the axis, and pixels from one to the next */
    int64_t stride, before;
    int64_t first, skip;   /* outputs are at first, first + skip, … of their image */
    int64_t tap, tap_step; /* and weights at tap, tap + tap_step, … of theirs */
} gy_axis;

typedef struct gy_slide {
    gy_axis d, v, h;                /* from plane to plane, vertical, horizontal */
    int64_t in_channels, channels;  /* of the whole input and output */
    int64_t groups, in, out, panel; /* channels of a group; `out` rounded up to panels */
    int64_t inner;                  /* inputs that an output sees at a pixel: in, 1 if diagonal */
    int64_t wide, units, depth; /* places of a pixel's inputs in a band, packed, and of `inner` */
    int64_t out_depth, out_height, out_width; /* of the grid that outputs lie in */
    int64_t rows;                             /* outputs of a band */
    bool flip;     /* weights are [in, …, out] and not [out, …, in] */
    bool few;      /* fewer outputs than a panel is worth: conv_direct_few.c */
    bool diagonal; /* one channel a group: 16 of them are taken as one group of a panel */
    bool plain;    /* float32 in every precision: packing would take as long as the product */
} gy_slide;

/* Of operands as `o` packs them. */
gy_slide gy_slide_forward(const gy_conv *c, const gy_operand *o);

/* Phases of dx, along all axes: the strides, or fewer where the grid is smaller. */
int64_t gy_slide_phases(const gy_conv *c);

/* Phase i of dx, of every s-th pixel along an axis of stride s; it may have no taps. */
gy_slide gy_slide_backward(const gy_conv *c, const gy_operand *o, int64_t i);

/* Input pixels under n outputs. */
static inline int64_t gy_axis_span(const gy_axis *a, int64_t n)
{
    return (n - 1) * a->stride + (a->taps - 1) * a->apart + 1;
}

static inline int64_t gy_slide_taps(const gy_slide *s)
{
    return s->d.taps * s->v.taps * s->h.taps;
}

/* Pixels of a line and of a plane of a band under `rows` rows of outputs. */
static inline int64_t gy_slide_line(const gy_slide *s)
{
    return gy_axis_span(&s->h, s->h.out);
}

static inline int64_t gy_slide_plane(const gy_slide *s, int64_t rows)
{
    return gy_axis_span(&s->v, rows) * gy_slide_line(s);
}

/* Operands as floats. */
static inline const gy_operand *gy_slide_floats(const gy_kernel *k)
{
    return k->vector->operand[GY_PRECISION_float32];
}

/* How the products of a slide have their operands. */
static inline const gy_operand *gy_slide_operand(const gy_kernel *k, const gy_slide *s)
{
    return s->plain ? gy_slide_floats(k) : k->operand;
}

/* The product of a slide, of packed operands; one channel a group has them as they are. */
static inline void gy_slide_multiply(const gy_kernel *k, const gy_slide *s,
                                     const gy_panel_product *product)
{
    if (s->diagonal)
        k->vector->panel_diagonal(product);
    else
        gy_slide_operand(k, s)->product(product);
}

/* The columns of a line lie side by side and are walked as one. */
static inline bool gy_slide_is_merged(const gy_slide *s)
{
    return !s->diagonal && (s->h.apart == 1 || s->h.taps == 1);
}

/* Floats of a sample of inputs, and of outputs. */
static inline int64_t gy_slide_inputs(const gy_slide *s)
{
    return s->d.in * s->v.in * s->h.in * s->in_channels;
}

static inline int64_t gy_slide_outputs(const gy_slide *s)
{
    return s->out_depth * s->out_height * s->out_width * s->channels;
}

/* Floats of a band, and of all weights in panels. */
int64_t gy_slide_band(const gy_slide *s);
int64_t gy_slide_packed(const gy_slide *s);

/* Weights of a slide: [groups, panel / 16, taps, depth, 16]. To be called by all of the team. */
void gy_slide_pack(const gy_conv_pass *p, const gy_slide *s, float *packed, gy_member me);

/* Where weights of tap t begin in w, and floats of a filter. */
int64_t gy_slide_tap(const gy_conv *c, const gy_slide *s, int64_t t);

static inline int64_t gy_slide_filter(const gy_conv *c)
{
    return gy_windows_size(c->axis) * (c->channels / c->groups);
}

/* Where the first of a line of outputs lies in its image. */
static inline int64_t gy_slide_line_at(const gy_slide *s, int64_t plane, int64_t row)
{
    int64_t line = (s->d.first + plane * s->d.skip) * s->out_height + s->v.first + row * s->v.skip;
    return (line * s->out_width + s->h.first) * s->channels;
}

/* Rows [row, row + rows) of plane `plane` of a sample's outputs. */
typedef struct gy_band {
    int64_t plane, row, rows;
} gy_band;

/* Bands of a sample, and the one of number i. */
int64_t gy_slide_bands(const gy_slide *s);
gy_band gy_slide_band_at(const gy_slide *s, int64_t i);

/* Places of a pixel in a band whose inputs lie as `o` packs them. */
static inline int64_t gy_slide_place(const gy_slide *s, const gy_operand *o)
{
    return o->group > 1 ? s->units : s->wide;
}

/* The pixels under a band's outputs, as `o` packs them: [planes that taps meet, span, span, place]. */
void gy_slide_copy(const gy_slide *s, const gy_operand *o, const float *image, int64_t group,
                   const gy_band *at, float *band);

/* Whether a slide has few outputs and can do them so; floats of a thread's scratch. */
bool gy_few_can(const gy_slide *s);
int64_t gy_few_floats(const gy_slide *s);
/* Its weights, [groups, taps, out, units]: no more than in panels. By all of the team. */
void gy_few_pack(const gy_conv_pass *p, const gy_slide *s, float *packed, gy_member me);
/* The outputs of a band of a group. */
void gy_few_band(const gy_conv_pass *p, const gy_slide *s, const float *packed, int64_t group,
                 const gy_band *at, const float *band, float *own, float *image);

/* The weight gradient: floats of its scratch; the pass. */
int64_t gy_direct_weight_scratch(const gy_conv *c);
void gy_direct_backward_weight(const gy_conv_pass *p);

#endif
