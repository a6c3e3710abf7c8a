/**
 * The table of parameters: how the named tensors of a model lie in one flat float32 vector.
 *
 * Gradients and every optimizer slot are laid out alike, so that a slice [from, to) of the vector is
 * a bucket of the all-reduce, a shard of the optimizer and a shard of a checkpoint, with no packing:
 *
 *     | trainable, in the order of the forward pass        | frozen            |
 *     0                                           trainable                floats
 *
 * Each tensor begins at a multiple of GY_PARAM_ALIGN floats; the gaps are zero and stay zero.
 */
#ifndef GY_BASE_PARAM_H
#define GY_BASE_PARAM_H

#include "names.h"
#include "shape.h"

enum { GY_PARAM_ALIGN = 16 }; /* floats: 64 bytes */

/** X(role, text): what a parameter is, for the anatomy; `weight` roles decay, the others do not. */
#define GY_ROLE_LIST(X)                                                                            \
    X(WEIGHT, "weight")                                                                            \
    X(KERNEL, "kernel")                                                                            \
    X(RECURRENT, "recurrent")                                                                      \
    X(EMBEDDING, "embedding")                                                                      \
    X(BIAS, "bias")                                                                                \
    X(NORM, "norm")
#define GY_ROLE_ENUM(role, text) GY_ROLE_##role,
typedef enum gy_role { GY_ROLE_LIST(GY_ROLE_ENUM) GY_ROLE_COUNT } gy_role;
#undef GY_ROLE_ENUM

extern const char *const gy_role_names[GY_ROLE_COUNT];

/** Whether weight decay, l1 and l2 act on it without decay_all: all but biases and norms. */
bool gy_role_decays(gy_role role);

/** Whether it is a weight that products read: those are what is worth leaving out, or making smaller. */
bool gy_role_is_weight(gy_role role);

/** X(hold, text): what training keeps of a tensor that was made smaller; text: of checkpoints. */
#define GY_HOLD_LIST(X)                                                                            \
    X(NOTHING, "nothing")                                                                          \
    X(ZEROS, "zeros")       /* what is zero stays zero */                                          \
    X(CLUSTERS, "clusters") /* so, and what is equal stays equal */
#define GY_HOLD_ENUM(hold, text) GY_HOLD_##hold,
typedef enum gy_hold { GY_HOLD_LIST(GY_HOLD_ENUM) GY_HOLD_COUNT } gy_hold;
#undef GY_HOLD_ENUM

extern const char *const gy_hold_names[GY_HOLD_COUNT];

typedef struct gy_param {
    const char *name; /* "<layer path>/<parameter>"; owned by the model */
    gy_shape shape;
    gy_role role;
    bool trainable;
    int64_t offset;             /* floats from the start of the vector */
    int64_t count;              /* elements */
    const struct gy_form *form; /* what it is instead of floats of the vector; NULL: those */
} gy_param;

typedef struct gy_params {
    const gy_param *v; /* [n], ascending offsets; behind them [formed] in forms of their own */
    int n, formed;
    int64_t floats;    /* length of the vector, gaps included; a multiple of GY_PARAM_ALIGN */
    int64_t trainable; /* length of its trainable beginning, likewise */
    int64_t elements;  /* without gaps: the count that users see */
    gy_names names;    /* → index; empty: there is no such table, gy_params_find looks at all */
} gy_params;

/** A slice [from, to) of the vector, at multiples of GY_PARAM_ALIGN. */
typedef struct gy_range {
    int64_t from, to;
} gy_range;

/** Some slices, ascending and apart: what a rank owns. What belongs to them lies *packed*, one slice
 * behind the other. */
typedef struct gy_ranges {
    const gy_range *v; /* [n] */
    int n;
} gy_ranges;

/** Elements of all slices. Local. */
int64_t gy_ranges_count(const gy_ranges *ranges);

/** Copies a packed vector into a whole one, or out of it. Local. */
void gy_ranges_unpack(const gy_ranges *ranges, const float *packed, float *whole);
void gy_ranges_pack(const gy_ranges *ranges, const float *whole, float *packed);

/** Index of the parameter of that name, −1 if there is none. Local. */
int gy_params_find(const gy_params *table, const char *name);

#endif
