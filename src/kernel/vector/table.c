/* The table of one level. */
#include "vector.h"

#define ENTRY(result, name, arguments) .name = GY_OF_LEVEL(name),
const gy_vector GY_OF_LEVEL(vector) = {GY_VECTOR_LIST(ENTRY)};
