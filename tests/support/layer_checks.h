/** Checks of layers at work (layer_trial.h): of a sample, of all samples of all kinds, in every precision. */
#ifndef GY_TEST_LAYER_CHECKS_H
#define GY_TEST_LAYER_CHECKS_H

#include "layer_trial.h"

/** Runs a check on a sample whose passes have been looked at: `mixes` and `random` are known. */
void gy_check_sample(const gy_layer_sample *sample, gy_precision precision,
                     void (*check)(gy_trial *));

/** On every sample of every kind in the list, with products in a precision, or in all. */
void gy_check_samples_in(gy_precision precision, void (*check)(gy_trial *));
void gy_check_samples(void (*check)(gy_trial *));

/** A check that says which sample it was. */
void gy_trial_expect(const gy_trial *t, bool ok, const char *what, double value);

/**
 * What may differ, relative to all, where numbers are added in another order: `off`, float32's rounding, by which
 * an operand in bfloat16 may come to its other neighbour.
 */
double gy_trial_reordered(const gy_trial *t, double off);

/** x, for as long as the trial lives. */
float *gy_trial_copy(gy_trial *t, int64_t n, const float *x);

/** The root of the sum of squares, of x and of a − b; and whether all bits are alike. */
double gy_test_norm(int64_t n, const float *x);
double gy_test_difference(int64_t n, const float *a, const float *b);
bool gy_test_same(int64_t n, const float *a, const float *b);

#endif
