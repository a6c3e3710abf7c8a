/* The table of one level: what is not its own is its base's, and so every bit that comes of it. */
#include "vector.h"

#define DECLARE(precision)                                                                         \
    extern const gy_operand GY_OF_BASE(operand_##precision), GY_OF_LEVEL(operand_##precision);
GY_PRECISION_LIST(DECLARE)

#define ENTRY(result, name, arguments) .name = GY_OF_BASE(name),
#define OPERAND(precision)                                                                         \
    GY_PRECISION_##precision == GY_OPERAND ? &GY_OF_LEVEL(operand_##precision)                     \
                                           : &GY_OF_BASE(operand_##precision),
const gy_vector GY_OF_LEVEL(vector) = {
    GY_VECTOR_LIST(ENTRY).operand = {GY_PRECISION_LIST(OPERAND)}};
