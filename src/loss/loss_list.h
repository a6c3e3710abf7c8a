/** The losses. To add one: kinds/NAME.c and a line here. */
#ifndef GY_LOSS_LOSS_LIST_H
#define GY_LOSS_LOSS_LIST_H

#include "loss.h"

#define GY_LOSS_LIST(X)                                                                            \
    X(cross_entropy)                                                                               \
    X(binary_cross_entropy)                                                                        \
    X(mse)                                                                                         \
    X(mae)                                                                                         \
    X(huber)                                                                                       \
    X(relative_l2)                                                                                 \
    X(gaussian_nll)                                                                                \
    X(quantile)

#define GY_LOSS_DECLARE(name) extern const gy_loss_kind gy_loss_##name;
GY_LOSS_LIST(GY_LOSS_DECLARE)
#undef GY_LOSS_DECLARE

#endif
