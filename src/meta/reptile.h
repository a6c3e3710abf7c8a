/**
 * Reptile (Nichol, Achiam, Schulman 2018, "On first-order meta-learning algorithms"): a network trained on
 * a task for some steps, and what that says of where it should have begun; a network fitted to new tasks
 * and measured there.
 */
#ifndef GY_META_REPTILE_H
#define GY_META_REPTILE_H

#include "feed/feed.h"

typedef struct gy_reptile gy_reptile;

/**
 * @param feed, network  loaded by tasks (gy_feed_load_tasks), the network planned to train; they outlive it
 * @param use            what for
 * @param out            free with gy_reptile_free()
 */
gy_status gy_reptile_create(gy_feed *feed, gy_net *network, gy_model_use use,
                            gy_reptile **out) GY_CHECKED;
void gy_reptile_free(gy_reptile *r);

/**
 * Trains on the samples of one task: meta.inner_steps steps of the optimizer, which begins anew, each on
 * meta.shots samples. The model's values are afterwards as before; its gradients are
 * (before − after) / meta.tasks, so that those of all tasks of a step add up to what goes from their mean
 * to the start; its buffers are what the task made of them. Local; allocates nothing.
 *
 * @param pass   as of the task's pass in an ordinary step
 * @param tally  takes what is measured of every batch before its update
 * @param loss   out: the sum of the losses, by weights
 */
gy_status gy_reptile_train(gy_reptile *r, const gy_piece *piece, const gy_model_run *pass,
                           double *tally, double *loss) GY_CHECKED;

/** Tasks of a part. Local. */
int64_t gy_reptile_tasks(const gy_reptile *r, gy_part part);

/**
 * Fits the network, from its values, to meta.shots samples of every task of a part, by meta.adapt_steps
 * steps, and measures it on meta.queries others. Values and buffers are afterwards as before. Ranks take
 * tasks in turn; the same bits on any number of them. Collective.
 *
 * @param step   for the watchdog: updates done
 * @param curve  whether it is measured before every step, too
 * @param tally  out: [task.sums], or with `curve` [adapt_steps + 1, task.sums]
 */
gy_status gy_reptile_evaluate(gy_reptile *r, gy_part part, int64_t step, bool curve,
                              double *tally) GY_CHECKED;

#endif
