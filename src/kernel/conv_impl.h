/* What the algorithms of convolution share. One file each: conv_gemm.c, conv_direct.c, winograd.c. */
#ifndef GY_KERNEL_CONV_IMPL_H
#define GY_KERNEL_CONV_IMPL_H

#include "conv.h"
#include "kernel_impl.h"

/* One pass over a batch. */
typedef struct gy_conv_pass {
    const gy_kernel *kernel;
    const gy_conv *c;
    int64_t batch;
    const float *x, *w, *bias; /* bias NULL: none */
    const float *packed;       /* forward: what pack() made of w; NULL: there is none */
    const gy_form *form;       /* instead of w, where planned for one */
    bool relu;                 /* forward: y = max(x ∗ w + bias, 0) */
    const float *dz;
    float *y, *dx, *dw, beta;
    float *scratch;
} gy_conv_pass;

typedef struct gy_conv_method {
    bool (*can)(const gy_conv *c);
    int64_t (*scratch)(const gy_conv *c); /* floats */
    int64_t (*packed)(const gy_conv *c);  /* floats of w as forward() reads it; 0: as it is */
    void (*pack)(const gy_conv_pass *p, float *packed);
    void (*forward)(const gy_conv_pass *p);
    void (*backward_data)(const gy_conv_pass *p);
    void (*backward_weight)(const gy_conv_pass *p);
} gy_conv_method;

#define GY_CONV_METHOD(name) extern const gy_conv_method gy_conv_by_##name;
GY_CONV_METHOD_LIST(GY_CONV_METHOD)
#undef GY_CONV_METHOD

/* Of weights in int8: conv_int8.c. Floats of scratch that a sample takes. */
bool gy_conv_int8_can(const gy_conv *c);
int64_t gy_conv_int8_scratch(const gy_conv *c);
void gy_conv_int8_forward(const gy_conv_pass *p);

/* How many sums of dw, each of so many floats, the threads make: the largest divisor of them with which all are 16 MiB at most. */
static inline int64_t gy_conv_sums(const gy_conv *c, int64_t floats)
{
    int64_t sums = 1;
    for (int64_t n = 2; n <= c->threads && n * floats <= 1 << 22; n++)
        if (c->threads % n == 0) sums = n;
    return sums;
}

/* Elements of w. */
static inline int64_t gy_conv_weights(const gy_conv *c)
{
    return c->filters * gy_windows_size(c->axis) * (c->channels / c->groups);
}

/* An axis along which y is x with other channels. */
static inline bool gy_window_is_pointwise(const gy_window *w)
{
    return w->size == 1 && w->before == 0 && w->out == w->in;
}

/* A convolution of size 1 that skips nothing is a product as it stands. */
static inline bool gy_conv_is_product(const gy_conv *c)
{
    return gy_window_is_pointwise(&c->axis[GY_DEPTH]) &&
           gy_window_is_pointwise(&c->axis[GY_HEIGHT]) &&
           gy_window_is_pointwise(&c->axis[GY_WIDTH]) && c->groups == 1;
}

/* y = [max(0,] y + bias [)] for `rows` rows of filters. */
void gy_conv_finish(const gy_conv_pass *p, int64_t rows, float *y);

/* dw = beta dw + Σ parts[t], t in order; parts [threads, n]. To be called by all of the team. */
void gy_conv_combine(const gy_conv_pass *p, const float *parts, int64_t n, gy_member me);

/* Threads that a pass uses. */
int gy_conv_threads(const gy_conv_pass *p);

#endif
