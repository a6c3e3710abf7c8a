/** What the numbers of a parameter are like. Local. */
#ifndef GY_APPLY_TENSOR_H
#define GY_APPLY_TENSOR_H

#include <gyre/model.h>

/** Fills the statistics of p: min, max, mean, deviation, norm, zeros, histogram. @param v [p->count] */
void gy_tensor_measure(gy_anatomy_param *p, const float *v);

/** Counts values by equal steps from least to greatest; the outer bins hold what lies beyond. */
void gy_tensor_count(const float *v, int64_t n, double least, double greatest, int64_t *bins,
                     int n_bins);

#endif
