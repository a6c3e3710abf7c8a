/** The metrics. To add one: metrics/NAME.c and a line here. */
#ifndef GY_LOSS_METRIC_LIST_H
#define GY_LOSS_METRIC_LIST_H

#include "loss.h"

#define GY_METRIC_LIST(X)                                                                          \
    X(accuracy)                                                                                    \
    X(top5)                                                                                        \
    X(perplexity)                                                                                  \
    X(mae)                                                                                         \
    X(rmse)                                                                                        \
    X(nrmse)                                                                                       \
    X(relative_l2)                                                                                 \
    X(r2)                                                                                          \
    X(f1)                                                                                          \
    X(iou)

#define GY_METRIC_DECLARE(name) extern const gy_metric_kind gy_metric_##name;
GY_METRIC_LIST(GY_METRIC_DECLARE)
#undef GY_METRIC_DECLARE

#endif
