/**
 * Convolution of grids, channels last: x [batch, depth, height, width, channels], w [filters, kernel
 * sizes, channels / groups], y [batch, windows, filters],
 *
 *     y[n, p, f] = Σ i c  w[f, i, c] x[n, p stride + i dilation − before, group(f) + c]
 *
 * p and i being of three axes each (windows.h), with zeros around x. Filters f·F/g … of a group use
 * the channels f·C/g …. All passes are local and spread over the kernel's threads.
 */
#ifndef GY_KERNEL_CONV_H
#define GY_KERNEL_CONV_H

#include "activation.h"
#include "form/form.h"
#include "windows.h"

/** X(name): the ways to compute it, a gy_conv_by_name each. */
#define GY_CONV_METHOD_LIST(X)                                                                     \
    X(direct)                                                                                      \
    X(winograd)                                                                                    \
    X(gemm)
/** And auto, which chooses by shape. */
#define GY_CONV_LIST(X) X(auto) GY_CONV_METHOD_LIST(X)
#define GY_CONV_ENUM(name) GY_CONV_##name,
typedef enum gy_conv_algorithm { GY_CONV_LIST(GY_CONV_ENUM) GY_CONV_COUNT } gy_conv_algorithm;
#undef GY_CONV_ENUM

extern const char *const gy_conv_names[GY_CONV_COUNT + 1]; /* NULL-terminated */

typedef struct gy_conv {
    gy_window axis[GY_AXES];
    int64_t channels, filters, groups;

    gy_conv_algorithm algorithm; /* never auto; this and what follows by gy_conv_plan() */
    int threads;
    int64_t scratch;    /* floats that a pass needs, whatever the batch, */
    int64_t per_sample; /* and for each sample of it */
} gy_conv;

/** Whether an algorithm can compute a convolution of this shape. */
bool gy_conv_can(const gy_conv *c, gy_conv_algorithm a);

/** Chooses the algorithm (`wanted` where it is not auto; it must be able) and fills the rest. */
void gy_conv_plan(gy_conv *c, gy_conv_algorithm wanted, int threads);
/**
 * Plans for forward passes of weights in a form, as it lies. Local.
 * @return false: floats are faster, or it cannot be; nothing is planned
 */
bool gy_conv_plan_form(gy_conv *c, const gy_form_kind *form, gy_simd level, int threads);

/** Floats of w as forward passes read it best, once planned; 0: as it is. */
int64_t gy_conv_packed(const gy_conv *c);
/** Makes them. Spread over the kernel's threads. */
void gy_conv_pack(const gy_kernel *k, const gy_conv *c, const float *w, float *packed);

/**
 * y = a(conv(x, w) + bias), bias [filters] or NULL.
 *
 * @param packed  what gy_conv_pack() made of w, which is then not read; NULL: there is none
 * @param z  as y, takes what goes into the activation; NULL where it is not kept. Must be given
 *           where gy_activation_reads_x(a) and a backward pass follows
 */
void gy_conv_forward(const gy_kernel *k, const gy_conv *c, int64_t batch, const float *x,
                     const float *w, const float *packed, const float *bias, gy_activation a,
                     float *z, float *y, float *scratch);

/** The same of w in a form, once planned for one; no z. */
void gy_conv_forward_form(const gy_kernel *k, const gy_conv *c, int64_t batch, const float *x,
                          const gy_form *w, const float *bias, gy_activation a, float *y,
                          float *scratch);

/** dx from dz [batch, windows, filters] (after the activation's backward). */
void gy_conv_backward_data(const gy_kernel *k, const gy_conv *c, int64_t batch, const float *w,
                           const float *dz, float *dx, float *scratch);

/** dw = beta dw + …; beta = 0 does not read dw. Each thread's part is added in order. */
void gy_conv_backward_weight(const gy_kernel *k, const gy_conv *c, int64_t batch, const float *x,
                             const float *dz, float beta, float *dw, float *scratch);

#endif
