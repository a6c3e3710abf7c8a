/** What the kinds of losses and metrics share. Inside the loss room only. */
#ifndef GY_LOSS_LOSS_IMPL_H
#define GY_LOSS_LOSS_IMPL_H

#include "loss.h"

#include <string.h>

/** Length of the outputs' last axis, and how many such rows a batch has. */
int64_t gy_loss_classes(const gy_loss_batch *b);
int64_t gy_loss_rows(const gy_loss_batch *b);

/** The weight of thing i, and whether it is looked at. */
static inline double gy_loss_weight(const gy_loss_batch *b, int64_t i)
{
    return b->weight == NULL ? 1.0 : (double)b->weight[i];
}

/** The rows class_weights and ignore_label of a loss whose settings have gy_class_settings at `member`. */
#define GY_LOSS_CLASS_ROWS(settings, member)                                                       \
    {.key = "class_weights",                                                                       \
     .type = GY_SETTING_FLOATS,                                                                    \
     .offset = offsetof(settings, member.weights),                                                 \
     .standard = "[]",                                                                             \
     .min = 0,                                                                                     \
     .max = 1e9,                                                                                   \
     .choices = gy_loss_balanced,                                                                  \
     .help =                                                                                       \
         "what each class counts, times the weights of the data; balanced: all classes alike"},    \
    {                                                                                              \
        .key = "ignore_label", .type = GY_SETTING_INT_OR_WORD,                                     \
        .offset = offsetof(settings, member.ignore), .standard = "none", .min = -16777216,         \
        .max = 16777216, .choices = gy_loss_no_label,                                              \
        .help =                                                                                    \
            "a class, or no class such as 255 or -1, that counts nothing where it is the target"   \
    }
extern const char *const gy_loss_balanced[], *const gy_loss_no_label[];

/** The class of a row's target, −1 where it is none of the outputs'. */
int64_t gy_loss_label(const gy_loss_batch *b, int64_t row);

/** gy_loss_top() of a row. */
int64_t gy_loss_answer(const gy_loss_batch *b, int64_t row);

#endif
