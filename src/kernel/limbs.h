/**
 * Sums of numbers ≥ 0 whose bits depend neither on the order of their terms nor on how the terms were
 * grouped (of long vectors: exact.h): fixed-point numbers of limbs (Kulisch's long accumulator), each a double that holds a whole
 * number.
 *
 *     sum = Σ limbs[i] 2^(24 i − 384)          of a term, each limb is below 2^24
 *
 * A limb is exact up to 2^53: so 2^29 terms may be added one by one, or limb by limb as sums of some of
 * them, in any order. What a term has below 2^−384 is cut off. A term that is not finite, negative or
 * ≥ 2^288 makes the sum NaN. All functions are local.
 */
#ifndef GY_KERNEL_LIMBS_H
#define GY_KERNEL_LIMBS_H

enum { GY_LIMBS = 28 };

/** Adds a term; begin with zeros. */
void gy_limbs_add(double limbs[GY_LIMBS], double x);

/** The sum, off by some units in the last place. */
double gy_limbs_value(const double limbs[GY_LIMBS]);

#endif
