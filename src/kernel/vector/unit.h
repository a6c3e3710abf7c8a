/**
 * What the units of this folder begin with. They are compiled once for each level, each time with
 * other machine flags and GY_LEVEL; a list X(result, name, (arguments)) in a header of its own says
 * what a unit has, GY_LIST(GY_UNIT) declares it there, and vector.h makes the table of all lists.
 * A level may be another one, GY_BASE, but for one operand of products, GY_OPERAND (operand.h): of
 * that level this operand's unit and the table alone are compiled.
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
#if !defined(GY_BASE)
#define GY_BASE GY_LEVEL
#define GY_OPERAND GY_PRECISION_COUNT
#endif
#define GY_OF_BASE(name) GY_OF_LEVEL_1(name, GY_BASE)
#define GY_UNIT(result, name, arguments) result GY_OF_BASE(name) arguments;
#if !defined(INLINE) /* else what is compiled need not be fast */
#define INLINE static inline __attribute__((always_inline))
#endif
#else
#define GY_UNIT(result, name, arguments)
#endif

#endif
