/** The optimizers. To add one: kinds/NAME.c and a line here. */
#ifndef GY_OPTIM_OPTIM_LIST_H
#define GY_OPTIM_OPTIM_LIST_H

#include "optim.h"

#define GY_OPTIM_LIST(X)                                                                           \
    X(sgd)                                                                                         \
    X(rmsprop)                                                                                     \
    X(adagrad)                                                                                     \
    X(adam)                                                                                        \
    X(adamw)                                                                                       \
    X(lars)                                                                                        \
    X(lamb)                                                                                        \
    X(adafactor)

#define GY_OPTIM_DECLARE(name) extern const gy_optim_kind gy_optim_##name;
GY_OPTIM_LIST(GY_OPTIM_DECLARE)
#undef GY_OPTIM_DECLARE

#endif
