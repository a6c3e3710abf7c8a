/**
 * What is said and what is met, counted for each class, or of answers of yes or no the yes of each index
 * of the last axis: what f1, iou and tables of classes are made of. Inside the loss room only.
 */
#ifndef GY_LOSS_COUNTS_H
#define GY_LOSS_COUNTS_H

#include "loss.h"

/** Of one class, Σ weights of the positions where it is said and met, is said, is met. */
enum { GY_COUNT_BOTH, GY_COUNT_SAID, GY_COUNT_MET, GY_COUNT_EACH };

/** Doubles for so many classes: gy_metric_kind.sums. */
int gy_counts_sums(int64_t classes);

/** Adds a batch: gy_metric_kind.add. NaN says nothing, or of a yes or no the other than is met. */
void gy_counts_add(const gy_loss_batch *b, double *counts);

/** The mean of `of` over the classes that are said or met; 1 where there are none. */
double gy_counts_mean(const double *counts, int64_t classes, double (*of)(const double *count));

#endif
