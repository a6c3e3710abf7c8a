/**
 * Gradients by differences: derivatives of a function of a vector along directions, by central
 * differences at two steps and Richardson's extrapolation.
 */
#ifndef GY_TEST_GRADIENT_H
#define GY_TEST_GRADIENT_H

#include <stdbool.h>
#include <stdint.h>

typedef struct gy_gradient_check {
    double (*loss)(void *user);
    void *user;
    double step;      /* length of the larger step; 0: 0.02 */
    double tolerance; /* of a derivative, against the gradient's norm; 0: 0.01 */
    double floor;     /* absolute error that is always allowed; 0: 2e-4 */
    int directions;   /* 0: 6 */
} gy_gradient_check;

typedef struct gy_gradient_result {
    int used, failed; /* directions; where the two steps disagree (a kink) one is not used */
    double worst;     /* error of a derivative, relative to the norm */
    double norm;      /* of the gradient */
} gy_gradient_result;

/** Compares gradient g [n] with the loss's dependence on x [n], which is changed and put back. */
gy_gradient_result gy_gradient_compare(const gy_gradient_check *check, int64_t n, float *x,
                                       const float *g, uint64_t seed);

#endif
