/** Means and deviations of samples that come by and by, none of which is kept. */
#ifndef GY_DATA_MOMENTS_H
#define GY_DATA_MOMENTS_H

#include "data.h"

typedef struct gy_moments {
    int64_t n;       /* elements of mean and deviation; 0: nothing is learned */
    double count;    /* values of each so far */
    double *mean;    /* [n] */
    double *squares; /* [n] sums of squared differences from it */
    double *part;    /* [n] mean of the samples that come */
    double *sums;    /* [n + 1] of them */
} gy_moments;

/** @param out  free with gy_moments_clear(), after a failure too */
gy_status gy_moments_init(gy_context *ctx, int64_t n, gy_moments *out) GY_CHECKED;
void gy_moments_clear(gy_context *ctx, gy_moments *m);

/**
 * Adds values x [count], those of element j being x[j], x[j + n], …
 *
 * @param sum  adds doubles over ranks; NULL: there is one. Collective where it is
 */
gy_status gy_moments_add(gy_moments *m, int64_t count, const float *x,
                         gy_status (*sum)(void *user, double *values, int n),
                         void *user) GY_CHECKED;

/** What is known so far, into out->mean and deviation [n]. Local. */
void gy_moments_give(const gy_moments *m, gy_normalizer *out);

#endif
