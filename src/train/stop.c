/*
 * What asks a run to stop or to save: signals, through the caller, and the clock. Each rank knows
 * its own wishes; the record of a step makes them everybody's (DESIGN: no rank ever decides alone).
 */
#include "train_impl.h"

#include "base/clock.h"

#include <math.h>

void gy_run_set_deadline(gy_run *run)
{
    double minutes = run->config->train.time_limit_minutes;
    run->deadline_s = minutes > 0 ? run->started_s + 60 * minutes : INFINITY;
    const bool knows = run->job.ctx != NULL; /* rank 0 is another once the first is lost */
    if (run->rank == 0 && minutes <= 0 && !knows) gy_job_begin(&run->job, run->ctx);
}

int gy_run_requests(gy_run *run)
{
    const gy_train_options *options = run->options;
    return options->requests == NULL ? 0 : options->requests(options->requests_user);
}

/* In time: left are as much as the longest step so far took, with what follows a step, since the next
 * look comes as much later, and twice what the last checkpoint took. */
bool gy_run_time_is_up(gy_run *run)
{
    double now = gy_clock_s(), deadline = run->deadline_s, ends = gy_job_deadline(&run->job);
    if (run->looked_s > 0 && now - run->looked_s > run->at.longest_s)
        run->at.longest_s = now - run->looked_s;
    run->looked_s = now;
    if (ends < deadline) deadline = ends;
    return now + run->at.longest_s + 2 * run->at.saving_s >= deadline;
}
