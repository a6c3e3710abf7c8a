/**
 * What the units of this folder begin with. They are compiled once for each level, each time with
 * other machine flags and GY_LEVEL; a list X(result, name, (arguments)) in a header of its own says
 * what a unit has, GY_LIST(GY_UNIT) declares it there, and vector.h makes the table of all lists.
 *
 * The functions run on the calling thread. Outputs may lie exactly on inputs (y = x) unless said
 * otherwise, never shifted.
 */
#ifndef GY_KERNEL_VECTOR_UNIT_H
#define GY_KERNEL_VECTOR_UNIT_H

#include "base/count.h"

#include <stdbool.h>
#include <stdint.h>

#ifdef GY_LEVEL
#define GY_OF_LEVEL_2(name, level) gy_##name##_##level
#define GY_OF_LEVEL_1(name, level) GY_OF_LEVEL_2(name, level)
#define GY_OF_LEVEL(name) GY_OF_LEVEL_1(name, GY_LEVEL)
#define GY_UNIT(result, name, arguments) result GY_OF_LEVEL(name) arguments;
#define INLINE static inline __attribute__((always_inline))
#else
#define GY_UNIT(result, name, arguments)
#endif

#endif
