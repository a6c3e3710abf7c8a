/** Bins of order-free sums; see kernel/exact.h for the scheme. Inside the kernel room. */
#ifndef GY_KERNEL_VECTOR_EXACT_H
#define GY_KERNEL_VECTOR_EXACT_H

/* A bin is the exponent field of 1.5 · 2^23 q₁; that of plane 3 in the lowest bin is 1, so that q₃ is
 * there the least float above 0 and nothing at all is lost. */
static inline int gy_exact_lowest(int width)
{
    return 2 * width + 1;
}

#endif
