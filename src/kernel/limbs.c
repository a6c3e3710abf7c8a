/* Sums in limbs, by the bits of their terms: m 2^(e − 1075) with m < 2^53. */
#include "limbs.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

enum { BITS = 24, LOWEST = -384, FRACTION = 52, SMALLEST = -1075, MASK = (1 << BITS) - 1 };

void gy_limbs_add(double limbs[GY_LIMBS], double x)
{
    uint64_t bits;
    if (!(x >= 0 && x < 0x1p288)) {
        limbs[0] = NAN;
        return;
    }
    memcpy(&bits, &x, sizeof bits);
    uint64_t m = (bits & ((UINT64_C(1) << FRACTION) - 1)) | UINT64_C(1) << FRACTION;
    int at = (int)(bits >> FRACTION & 0x7ff) + SMALLEST - LOWEST; /* of the lowest bit of m */
    if (at < 0) {
        m = at > -64 ? m >> -at : 0;
        at = 0;
    }
    double *limb = limbs + at / BITS;
    *limb++ += (double)(int)(m << at % BITS & MASK);
    for (m >>= BITS - at % BITS; m > 0; m >>= BITS) *limb++ += (double)(int)(m & MASK);
}

double gy_limbs_value(const double limbs[GY_LIMBS])
{
    double sum = 0;
    for (int i = GY_LIMBS - 1; i >= 0; i--) sum += ldexp(limbs[i], BITS * i + LOWEST);
    return sum;
}
