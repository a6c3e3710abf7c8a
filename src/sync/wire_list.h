/** What gradients may travel as, one line each; their files are in wires/. */
#ifndef GY_SYNC_WIRE_LIST_H
#define GY_SYNC_WIRE_LIST_H

#include "base/registry.h"
#include "comm/all_reduce.h"

typedef struct gy_wire_kind {
    gy_kind kind;
    const gy_wire *wire; /* NULL: float32 as it is */
} gy_wire_kind;

extern const gy_registry gy_wire_registry;

#define GY_WIRE_LIST(X) X(float32) X(bfloat16) X(float16)

#define GY_WIRE_DECLARE(name) extern const gy_wire_kind gy_wire_##name;
GY_WIRE_LIST(GY_WIRE_DECLARE)
#undef GY_WIRE_DECLARE

#endif
