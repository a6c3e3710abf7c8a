/*
 * Denormal numbers taken as zeros, and none left, for a while, on this thread; by what was before. What is computed
 * meanwhile must be a function that is not inlined, for the compiler knows nothing of it.
 */
#ifndef GY_KERNEL_VECTOR_FLUSH_H
#define GY_KERNEL_VECTOR_FLUSH_H

#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

static inline unsigned flush_denormals(void)
{
#if defined(__SSE2__)
    enum { FLUSH_TO_ZERO = 0x8000, DENORMALS_ARE_ZERO = 0x40 };
    const unsigned before = _mm_getcsr();
    _mm_setcsr(before | FLUSH_TO_ZERO | DENORMALS_ARE_ZERO);
    return before;
#else
    return 0;
#endif
}

static inline void put_back_denormals(unsigned before)
{
#if defined(__SSE2__)
    _mm_setcsr(before);
#else
    (void)before;
#endif
}

#endif
