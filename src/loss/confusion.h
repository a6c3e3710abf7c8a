/**
 * What is said where each class is met: a metric that is no number, but a table of its sums, for those who
 * ask for every class apart. It is in no list.
 */
#ifndef GY_LOSS_CONFUSION_H
#define GY_LOSS_CONFUSION_H

#include "loss.h"

/** The most classes that are told apart so. */
enum { GY_CONFUSION_CLASSES = 512 };

/**
 * Sums [classes, 3 + classes]: of each class Σ weights where it is said and met, said, met, and, of losses
 * of classes, where it is met and class j is said. Of yes and no: of the yes of each output.
 */
extern const gy_metric_kind gy_metric_confusion;

/** What the sums say of one class. Local. */
typedef struct gy_class_score {
    double precision, recall, f1; /* 0 where there is nothing of it */
    double met;                   /* Σ weights where it is the target */
    const double *said;           /* [classes] there, by what is said */
} gy_class_score;

gy_class_score gy_confusion_score(const double *sums, int64_t classes, int64_t class);

#endif
