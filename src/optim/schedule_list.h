/** The schedules. To add one: schedules/NAME.c and a line here. */
#ifndef GY_OPTIM_SCHEDULE_LIST_H
#define GY_OPTIM_SCHEDULE_LIST_H

#include "optim.h"

#define GY_SCHEDULE_LIST(X)                                                                        \
    X(constant)                                                                                    \
    X(step)                                                                                        \
    X(exponential)                                                                                 \
    X(linear)                                                                                      \
    X(cosine)                                                                                      \
    X(one_cycle)                                                                                   \
    X(plateau)

#define GY_SCHEDULE_DECLARE(name) extern const gy_schedule_kind gy_schedule_##name;
GY_SCHEDULE_LIST(GY_SCHEDULE_DECLARE)
#undef GY_SCHEDULE_DECLARE

#endif
