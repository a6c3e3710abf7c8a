/* The table of one level. */
#include "vector.h"

#define DECLARE(precision) extern const gy_operand GY_OF_LEVEL(operand_##precision);
GY_PRECISION_LIST(DECLARE)

#define ENTRY(result, name, arguments) .name = GY_OF_LEVEL(name),
#define OPERAND(precision) &GY_OF_LEVEL(operand_##precision),
const gy_vector GY_OF_LEVEL(vector) = {
    GY_VECTOR_LIST(ENTRY).operand = {GY_PRECISION_LIST(OPERAND)}};
