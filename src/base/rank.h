/** How numbers go together, by their places. Of some thousands at most: n² steps. Local. */
#ifndef GY_BASE_RANK_H
#define GY_BASE_RANK_H

#include <stdint.h>

/** Where each of x [n] stands, from 1; equal ones share the mean of their places. @param out  [n], not x */
void gy_rank(const double *x, int64_t n, double *out);

/** Pearson's correlation of a and b [n], −1 to 1; of ranks it is Spearman's. 0 where one of them is constant. */
double gy_correlation(const double *a, const double *b, int64_t n);

/**
 * The correlation ratio, 0 to 1: the root of the share of y's spread that lies between groups of equal x [n],
 * whose values have no order. 0 where y is constant.
 */
double gy_correlation_ratio(const double *x, const double *y, int64_t n);

#endif
