/* Updates: cut into blocks and spread over threads; the loops are in vector/update.c. */
#include "update.h"

#include "kernel_impl.h"

enum { COST = 2 };

double gy_penalize(const gy_kernel *k, int64_t n, float l1, float l2, const float *w, float *g)
{
    GY_SUM_OF_BLOCKS(COST, k->vector->penalize(m, l1, l2, w + i, g + i));
}

void gy_update_plain(const gy_kernel *k, int64_t n, float rate, float clip, float decay, float *w,
                     const float *g)
{
    GY_SPREAD(gy_team(k, n, COST), i, n, GY_BLOCK,
              k->vector->update_plain(gy_block(n, i), rate, clip, decay, w + i, g + i));
}

void gy_update_momentum(const gy_kernel *k, int64_t n, float rate, float clip, float decay,
                        float momentum, bool nesterov, float *w, const float *g, float *v)
{
    GY_SPREAD(gy_team(k, n, COST), i, n, GY_BLOCK,
              k->vector->update_momentum(gy_block(n, i), rate, clip, decay, momentum, nesterov,
                                         w + i, g + i, v + i));
}

void gy_update_squares(const gy_kernel *k, int64_t n, float rate, float clip, float decay,
                       float keep, float share, float epsilon, float *w, const float *g, float *v)
{
    GY_SPREAD(gy_team(k, n, COST), i, n, GY_BLOCK,
              k->vector->update_squares(gy_block(n, i), rate, clip, decay, keep, share, epsilon,
                                        w + i, g + i, v + i));
}

void gy_update_moments(const gy_kernel *k, int64_t n, const gy_moments *u, float *w, const float *g,
                       float *m, float *v)
{
    GY_SPREAD(gy_team(k, n, COST), i, n, GY_BLOCK,
              k->vector->update_moments(gy_block(n, i), u, w + i, g + i, m + i, v + i));
}

double gy_moments_squares(const gy_kernel *k, int64_t n, const gy_moments *u, const float *w,
                          const float *g, const float *first, const float *second)
{
    GY_SUM_OF_BLOCKS(COST, k->vector->moments_squares(m, u, w + i, g + i, first + i, second + i));
}
