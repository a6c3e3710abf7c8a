/**
 * Sums whose bits depend on no order are of two kinds: these, of long float vectors, take 13 bytes a
 * sum and up to GY_EXACT_TERMS terms, and lose what is far below the greatest term; those of limbs.h,
 * for a few doubles, take 224 bytes a sum and lose nothing.
 *
 * Sums of float vectors whose bits depend neither on the order of their terms nor on how the terms
 * were grouped: a term is cut into slices that float additions sum without rounding (Demmel and
 * Nguyen 2015, "Parallel reproducible summation").
 *
 * Bins. An element with bin b takes terms |x| ≤ 2^(W−1) q₁, q₁ = 2^(b−150). Bins are W apart, and an
 * element's is the lowest that takes all its terms. A term is cut at the quanta q₁, q₂ = q₁ 2^−W
 * and q₃ = q₂ 2^−W, each slice the multiple of its quantum nearest to what is left:
 *
 *     x ≈ s₁ q₁ + s₂ q₂ + s₃ q₃        |sᵢ| ≤ 2^(W−1)        plane i:  Σ sᵢ qᵢ  over the terms
 *
 * Why no order matters
 * - A plane holds whole multiples of its quantum. T terms and W − 1 + log₂ T ≤ 24 keep every partial
 *   sum, in any order and grouping, at most 2^24 quanta: a float holds it, no addition rounds.
 * - When a greater term lifts the bin by W, all terms so far are at most q₁/2 of the new bin: their
 *   first slice there is 0, their second and third are the first and second of before. So moving
 *   the planes down by one (and dropping the last) gives what the new bin would have had at once.
 * - The bin is a maximum. So bins and planes are functions of the set of terms alone.
 *
 * Accuracy. Only what is below q₃ is lost, ≤ q₃/2 a term; the greatest term is above q₁/2. So the sum
 * is off by at most T 2^−2W max|x|, which for T ≤ GY_EXACT_TERMS is no more than the bound
 * (T − 1) 2^−24 Σ|x| of float additions in a row; for T = 16 it is 2^−38 max|x|. Rounding to float
 * comes once, at the end.
 *
 * A term that is not finite, or too large for the highest bin (2^103, or more), makes the sum NaN.
 * All functions are local and give the same bits for any threads and level.
 */
#ifndef GY_KERNEL_EXACT_H
#define GY_KERNEL_EXACT_H

#include "kernel.h"

enum { GY_EXACT_PLANES = 3, GY_EXACT_TERMS = 4096, GY_EXACT_NAN = 255 };

/** n sums; the memory is the caller's. */
typedef struct gy_exact {
    int64_t n;
    int width;                      /* W, see gy_exact_width() */
    uint8_t *bins;                  /* [n] */
    float *planes[GY_EXACT_PLANES]; /* [n] each */
} gy_exact;

/** The width of bins for up to `terms` ≤ GY_EXACT_TERMS terms. */
int gy_exact_width(int64_t terms);

/** All sums are of no terms: lowest bin, planes 0. */
void gy_exact_clear(const gy_kernel *k, const gy_exact *e);

/** Adds a term to the sums [from, from + n). @param x  [n] */
void gy_exact_add(const gy_kernel *k, const gy_exact *e, int64_t from, int64_t n, const float *x);

/**
 * Lifts the sums to bins that others with the same bins can be added to, plane by plane, in floats,
 * in whatever order. @param bins  [e->n], of sums of the same width, none below e->bins
 */
void gy_exact_raise(const gy_kernel *k, const gy_exact *e, const uint8_t *bins);

/** y = the sums [from, from + n) rounded to float. @param y  [n] */
void gy_exact_take(const gy_kernel *k, const gy_exact *e, int64_t from, int64_t n, float *y);

#endif
