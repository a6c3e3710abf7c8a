/** What the kinds of losses and metrics share. Inside the loss room only. */
#ifndef GY_LOSS_LOSS_IMPL_H
#define GY_LOSS_LOSS_IMPL_H

#include "loss.h"

/** Targets that hold one value for each output, up to axes of length 1: count = the outputs. */
gy_status gy_loss_values_shape(const gy_loss_kind *loss, const gy_shape *out,
                               const gy_shape *target, int64_t *count) GY_CHECKED;

/** Length of the outputs' last axis, and how many such rows a batch has. */
int64_t gy_loss_classes(const gy_loss_batch *b);
int64_t gy_loss_rows(const gy_loss_batch *b);

/** The class of a row's target, −1 where it is none of the outputs'. */
int64_t gy_loss_label(const gy_loss_batch *b, int64_t row);

/** Index of the largest output of a row, the first of equals. */
int64_t gy_loss_top(const gy_loss_batch *b, int64_t row);

#endif
