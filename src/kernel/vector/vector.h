/** The loops that want wide vectors: one table of all for each level; see unit.h. */
#ifndef GY_KERNEL_VECTOR_VECTOR_H
#define GY_KERNEL_VECTOR_VECTOR_H

#include "activation.h"
#include "attention.h"
#include "cell.h"
#include "elementwise.h"
#include "exact.h"
#include "integer.h"
#include "loss.h"
#include "norm.h"
#include "operand.h"
#include "panel.h"
#include "pool.h"
#include "update.h"
#include "upsample.h"
#include "winograd.h"

/** X(result, name, (arguments)) */
#define GY_VECTOR_LIST(X)                                                                          \
    GY_VECTOR_ELEMENTWISE_LIST(X)                                                                  \
    GY_VECTOR_ACTIVATION_LIST(X)                                                                   \
    GY_VECTOR_LOSS_LIST(X)                                                                         \
    GY_VECTOR_NORM_LIST(X)                                                                         \
    GY_VECTOR_PANEL_LIST(X)                                                                        \
    GY_VECTOR_WINOGRAD_LIST(X)                                                                     \
    GY_VECTOR_POOL_LIST(X)                                                                         \
    GY_VECTOR_ATTENTION_LIST(X)                                                                    \
    GY_VECTOR_CELL_LIST(X)                                                                         \
    GY_VECTOR_INTEGER_LIST(X)                                                                      \
    GY_VECTOR_EXACT_LIST(X)                                                                        \
    GY_VECTOR_UPDATE_LIST(X)                                                                       \
    GY_VECTOR_UPSAMPLE_LIST(X)

#define GY_VECTOR_FIELD(result, name, arguments) result(*name) arguments;
typedef struct gy_vector {
    GY_VECTOR_LIST(GY_VECTOR_FIELD)
    const gy_operand *operand[GY_PRECISION_COUNT];
} gy_vector;
#undef GY_VECTOR_FIELD

extern const gy_vector gy_vector_baseline;
#if defined(__x86_64__)
extern const gy_vector gy_vector_v3, gy_vector_v4, gy_vector_v4_bf16, gy_vector_v4_amx;
#endif

#endif
