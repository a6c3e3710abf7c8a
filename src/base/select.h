/** The k-th largest of many numbers, without sorting them. Local. */
#ifndef GY_BASE_SELECT_H
#define GY_BASE_SELECT_H

#include <stdint.h>

/**
 * The k-th largest of x [n], which is put out of order, larger ones before it (Hoare 1961, "Find").
 * 1 ≤ k ≤ n; none is NAN.
 */
float gy_kth_largest(float *x, int64_t n, int64_t k);

#endif
