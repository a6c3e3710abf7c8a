/** How far a training run is, in one line. */
#ifndef GY_CLI_PROGRESS_H
#define GY_CLI_PROGRESS_H

#include "cli.h"

typedef struct gy_progress {
    int64_t steps;     /* of the run */
    double first_time; /* of this job's first step, to tell what is left; −1: none yet */
    int64_t first_step;
    double shown_time; /* of what was shown last */
} gy_progress;

/**
 * The line for an event "progress".
 *
 * @param columns  what does not fit is left out, the least wanted first; 0: all fits
 * @param bar      whether it begins with a bar
 */
void gy_progress_format(const gy_progress *p, const gy_event *event, int columns, bool bar,
                        char *out, size_t room);

#endif
