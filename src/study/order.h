/** What rank 0 and the ranks that lead a group say to each other. Inside the room only. */
#ifndef GY_STUDY_ORDER_H
#define GY_STUDY_ORDER_H

#include "study.h"

/** Numbers of outcomes that are of no trial. */
enum { GY_OUTCOME_FREE = -1, GY_OUTCOME_LAST = -2 };

/** A trial on its way to a group; number −1: there are no more. Its texts are freed by gy_order_clear(). */
typedef struct gy_order {
    gy_trial trial;
    char *config, *from;
} gy_order;

/** From rank 0; texts are those of the trial. Local, as is the next one. */
gy_status gy_order_send(gy_study *s, const gy_trial *trial, int to) GY_CHECKED;
gy_status gy_order_receive(gy_study *s, gy_order *out) GY_CHECKED;
/** Gives the ranks of a group what the one that leads it has. Collective over the group. */
gy_status gy_order_spread(gy_study *s, gy_order *order) GY_CHECKED;
void gy_order_clear(gy_study *s, gy_order *order);

/** Whether a signal asks this rank to stop; takes care that signals are heard. Local. */
bool gy_study_is_asked_to_stop(const gy_study *s);

/** The part of all ranks but 0: trains what it is told until there is no more. Collective over the group. */
gy_status gy_study_follow(gy_study *s) GY_CHECKED;
/**
 * The part of rank 0. Collective over its group.
 * @param verdict  out: how the study ended, which the others do not know yet
 */
gy_status gy_study_lead(gy_study *s, const gy_study_plan *plan, gy_status *verdict) GY_CHECKED;

#endif
