/** What the kinds of losses and metrics share. Inside the loss room only. */
#ifndef GY_LOSS_LOSS_IMPL_H
#define GY_LOSS_LOSS_IMPL_H

#include "loss.h"

/** Length of the outputs' last axis, and how many such rows a batch has. */
int64_t gy_loss_classes(const gy_loss_batch *b);
int64_t gy_loss_rows(const gy_loss_batch *b);

/** The class of a row's target, −1 where it is none of the outputs'. */
int64_t gy_loss_label(const gy_loss_batch *b, int64_t row);

/** gy_loss_top() of a row. */
int64_t gy_loss_answer(const gy_loss_batch *b, int64_t row);

#endif
