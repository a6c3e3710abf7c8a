/** Writes a network as ONNX. Local. */
#ifndef GY_EXCHANGE_KINDS_ONNX_WRITE_H
#define GY_EXCHANGE_KINDS_ONNX_WRITE_H

#include "../exchange.h"

gy_status gy_onnx_write(const gy_cargo *cargo, gy_output *out) GY_CHECKED;

#endif
