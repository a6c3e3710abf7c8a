/** How parameters start: a table of initialisers (Glorot and Bengio 2010, He et al. 2015, …). */
#ifndef GY_LAYER_INIT_H
#define GY_LAYER_INIT_H

#include "base/param.h"
#include "base/rng.h"

/** X(name): in the order of the contract. */
#define GY_INIT_LIST(X)                                                                            \
    X(zeros)                                                                                       \
    X(ones)                                                                                        \
    X(constant)                                                                                    \
    X(normal)                                                                                      \
    X(uniform)                                                                                     \
    X(xavier_normal)                                                                               \
    X(xavier_uniform)                                                                              \
    X(he_normal)                                                                                   \
    X(he_uniform)                                                                                  \
    X(lecun_normal)                                                                                \
    X(orthogonal)                                                                                  \
    X(truncated_normal)
#define GY_INIT_ENUM(name) GY_INIT_##name,
typedef enum gy_init_kind { GY_INIT_LIST(GY_INIT_ENUM) GY_INIT_COUNT } gy_init_kind;
#undef GY_INIT_ENUM

extern const char *const gy_init_names[GY_INIT_COUNT + 1]; /* NULL-terminated */

/**
 * One initialiser. `scale` is the value of constant, the standard deviation of normal and
 * truncated_normal (cut at two of them), the bound of uniform, and a factor for the others.
 */
typedef struct gy_init {
    gy_init_kind kind;
    double scale;
} gy_init;

/**
 * Fills a parameter. A function of seed and name alone: it does not depend on other parameters.
 *
 * fan_out is the first length, fan_in the product of the others, times (both) the kernel's area for
 * convolutions [filters, …, C]: fan_in = kh kw C, fan_out = kh kw filters. orthogonal is of the
 * matrix [first length, rest] by Gram–Schmidt (with re-orthogonalisation) on normal draws.
 *
 * @param w  [shape] out
 */
gy_status gy_init_fill(gy_context *ctx, gy_init init, uint64_t seed, const char *name,
                       const gy_shape *shape, float *w) GY_CHECKED;

#endif
