/*
 * What asks a run to stop or to save: signals, through the caller, and the clock. Each rank knows
 * its own wishes; the record of a step makes them everybody's (DESIGN: no rank ever decides alone).
 */
#include "train_impl.h"

#include "base/clock.h"
#include "base/number.h"

#include <stdlib.h>
#include <time.h>

enum { SPARE_S = 60 }; /* kept for the last checkpoint and the way out of a batch job */

/* Seconds until the batch system ends this job; < 0 where none will. */
static double batch_job_seconds(void)
{
    int64_t end = 0;
    const char *text = getenv("SLURM_JOB_END_TIME");
    if (text == NULL || !gy_number_int(text, &end)) return -1;
    double left = difftime((time_t)end, time(NULL)) - SPARE_S;
    return left > 0 ? left : 0;
}

void gy_run_set_deadline(gy_run *run)
{
    double minutes = run->config->train.time_limit_minutes;
    double left = minutes > 0 ? 60 * minutes : batch_job_seconds();
    run->deadline_s = left < 0 ? 0 : run->started_s + left;
}

int gy_run_requests(gy_run *run)
{
    const gy_train_options *options = run->options;
    return options->requests == NULL ? 0 : options->requests(options->requests_user);
}

/* In time: as much as twice the last checkpoint took is left for the next. */
bool gy_run_time_is_up(const gy_run *run)
{
    return run->deadline_s > 0 && gy_clock_s() + 2 * run->saving_s >= run->deadline_s;
}
