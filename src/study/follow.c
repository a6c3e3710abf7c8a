/*
 * A group that follows: free → order → trial → outcome → free …, until an order says that there are no more.
 * Its last word says so, and nothing of it is on its way then. A rank without a group waits for that order.
 */
#include "order.h"

#include "comm/patience.h"

#include <math.h>

bool gy_study_is_asked_to_stop(const gy_study *s)
{
    const gy_study_options *options = s->options;
    if (gy_study_is_late(s)) return true;
    if (options->requests == NULL) return false;
    return (options->requests(options->requests_user) & GY_REQUEST_STOP) != 0;
}

static gy_status say(gy_study *s, const gy_outcome *o)
{
    return gy_comm_send(s->comm, o, sizeof *o, 0);
}

/* Asleep; a signal is passed on once. */
static gy_status await_order(gy_study *s, gy_order *out)
{
    gy_patience patience = gy_patience_begin_idle(s->comm);
    bool here = false, said = false;
    while (!here) {
        int from = 0;
        if (!said && gy_study_is_asked_to_stop(s)) {
            said = true;
            GY_TRY(say(
                s, &(gy_outcome){.number = GY_OUTCOME_FREE, .status = GY_STOPPED, .best = NAN}));
        }
        GY_TRY(gy_comm_look(s->comm, &from, &here));
        if (!here) GY_TRY(gy_patience_pause(&patience));
    }
    return gy_order_receive(s, out);
}

/* One turn. @param ends  out: there are no more */
static gy_status follow(gy_study *s, gy_outcome *o, bool *ends)
{
    gy_order order = {.config = NULL};
    gy_status status = GY_OK;
    if (s->leads) status = say(s, o);
    if (status == GY_OK && (s->leads || s->group == NULL)) status = await_order(s, &order);
    if (status == GY_OK && s->group != NULL) status = gy_order_spread(s, &order);
    *ends = order.trial.number < 0;
    if (status == GY_OK && !*ends) status = gy_trial_run(s, &order.trial, o);
    gy_order_clear(s, &order);
    return status;
}

gy_status gy_study_follow(gy_study *s)
{
    gy_outcome o = {.number = GY_OUTCOME_FREE, .best = NAN};
    for (bool ends = false; !ends;) GY_TRY(follow(s, &o, &ends));
    if (!s->leads && s->group != NULL) return GY_OK;
    return say(s, &(gy_outcome){.number = GY_OUTCOME_LAST, .best = NAN});
}
