/** The ways to make a network smaller. To add one: kinds/NAME.c and a line here. */
#ifndef GY_APPLY_COMPRESS_COMPRESS_LIST_H
#define GY_APPLY_COMPRESS_COMPRESS_LIST_H

#include "subject.h"

typedef struct gy_compress_kind {
    gy_kind kind; /* its first setting is the one whose key need not be said */
    bool forms;   /* what it makes is a form: others must come before */
    /** Does it. Local, and alike on all ranks. */
    gy_status (*run)(gy_subject *s, const void *settings);
} gy_compress_kind;

#define GY_COMPRESS_LIST(X)                                                                        \
    X(prune)                                                                                       \
    X(low_rank)                                                                                    \
    X(cluster)                                                                                     \
    X(merge)                                                                                       \
    X(quantize)                                                                                    \
    X(sparse)

#define GY_COMPRESS_DECLARE(name) extern const gy_compress_kind gy_compress_##name;
GY_COMPRESS_LIST(GY_COMPRESS_DECLARE)
#undef GY_COMPRESS_DECLARE

#endif
