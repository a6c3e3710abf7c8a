/** Order-free sums: see kernel/exact.h for the scheme. */
#ifndef GY_KERNEL_VECTOR_EXACT_H
#define GY_KERNEL_VECTOR_EXACT_H

#include "unit.h"

/* A bin is the exponent field of 1.5 · 2^23 q₁; that of plane 3 in the lowest bin is 1, so that q₃ is
 * there the least float above 0 and nothing at all is lost. */
static inline int gy_exact_lowest(int width)
{
    return 2 * width + 1;
}

/** p1, p2, p3 are the planes. */
#define GY_VECTOR_EXACT_LIST(X)                                                                    \
    X(void, exact_add,                                                                             \
      (int64_t n, int width, const float *x, uint8_t *bins, float *p1, float *p2, float *p3))      \
    X(void, exact_raise,                                                                           \
      (int64_t n, int width, const uint8_t *to, uint8_t *bins, float *p1, float *p2, float *p3))   \
    X(void, exact_take,                                                                            \
      (int64_t n, const uint8_t *bins, const float *p1, const float *p2, const float *p3,          \
       float *y))

GY_VECTOR_EXACT_LIST(GY_UNIT)

#endif
