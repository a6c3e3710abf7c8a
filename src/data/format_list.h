/** The formats of data sources; where two are as sure of a file, the first has it. */
#ifndef GY_DATA_FORMAT_LIST_H
#define GY_DATA_FORMAT_LIST_H

#include "data.h"

#define GY_FORMAT_LIST(X)                                                                          \
    X(hdf5)                                                                                        \
    X(npy)                                                                                         \
    X(npz)                                                                                         \
    X(idx)                                                                                         \
    X(cifar)                                                                                       \
    X(csv)                                                                                         \
    X(series)                                                                                      \
    X(libsvm)                                                                                      \
    X(text)                                                                                        \
    X(synthetic)
#define GY_FORMAT_DECLARE(name) extern const gy_format_kind gy_format_##name;
GY_FORMAT_LIST(GY_FORMAT_DECLARE)
#undef GY_FORMAT_DECLARE

#endif
