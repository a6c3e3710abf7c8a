/**
 * Losses at growing learning rates, and which rate they speak for (Smith 2017, "Cyclical learning rates
 * for training neural networks"). Inside train only; local.
 */
#ifndef GY_TRAIN_RAMP_H
#define GY_TRAIN_RAMP_H

#include "base/alloc.h"

#include <stdbool.h>

enum { GY_RAMP_POINTS = 160 };
extern const double gy_ramp_low, gy_ramp_high; /* rates of the first and last point */

typedef struct gy_ramp {
    int n;                       /* points so far */
    double first;                /* loss before any update */
    double rate[GY_RAMP_POINTS]; /* of an update */
    double loss[GY_RAMP_POINTS]; /* of the next batch after it */
    double fit[GY_RAMP_POINTS]; /* a line through it and its neighbours, there: gy_ramp_suggest() */
    double follow, weight;      /* what gy_ramp_add() remembers: a mean that forgets, its weight */
    double least_follow;
} gy_ramp;

typedef struct gy_suggestion {
    double rate;  /* where the fitted loss falls fastest; NAN: nowhere enough */
    double least; /* where it is least; NAN with rate */
    double grows; /* the last rate, where the ramp ended there for its loss; else NAN */
    char reason[160];
} gy_suggestion;

/** The rate of point i. */
double gy_ramp_rate(int i);

/** Adds the loss after an update at the next rate. @return whether the ramp has seen enough */
bool gy_ramp_add(gy_ramp *r, double loss);

/** Fills r->fit and *out. */
void gy_ramp_suggest(gy_ramp *r, gy_suggestion *out);

#endif
