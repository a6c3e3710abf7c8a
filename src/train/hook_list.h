/**
 * What happens after a step, in this order: X(name), a file each in hooks/.
 *
 * The order is a law: nothing that is not finite is logged; an evaluation is known before it is
 * decided whether to stop or to save, and a checkpoint holds all that was decided before.
 */
#ifndef GY_TRAIN_HOOK_LIST_H
#define GY_TRAIN_HOOK_LIST_H

#include "train_impl.h"

#define GY_HOOK_LIST(X)                                                                            \
    X(guard)                                                                                       \
    X(verify)                                                                                      \
    X(sparsity)                                                                                    \
    X(progress)                                                                                    \
    X(epoch)                                                                                       \
    X(evaluate)                                                                                    \
    X(early_stop)                                                                                  \
    X(checkpoint)

#define GY_HOOK_DECLARE(name) extern const gy_hook gy_hook_##name;
GY_HOOK_LIST(GY_HOOK_DECLARE)
#undef GY_HOOK_DECLARE

#endif
