/** The kinds of files that go in and out, in the order of help: X(name), a file each in kinds/. */
#ifndef GY_EXCHANGE_EXCHANGE_LIST_H
#define GY_EXCHANGE_EXCHANGE_LIST_H

#include "exchange.h"

#define GY_EXCHANGE_LIST(X)                                                                        \
    X(safetensors)                                                                                 \
    X(hdf5)                                                                                        \
    X(onnx)                                                                                        \
    X(huggingface)                                                                                 \
    X(keras)

#define GY_EXCHANGE_DECLARE(name) extern const gy_exchange_kind gy_exchange_##name;
GY_EXCHANGE_LIST(GY_EXCHANGE_DECLARE)
#undef GY_EXCHANGE_DECLARE

#endif
