/* Time. */
#include "clock.h"

#include <time.h>

#ifndef CLOCK_BOOTTIME
#define CLOCK_BOOTTIME CLOCK_MONOTONIC
#endif

static double read_clock(clockid_t clock)
{
    struct timespec t;
    (void)clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

double gy_clock_s(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

double gy_clock_boot_s(void)
{
    return read_clock(CLOCK_BOOTTIME);
}

double gy_clock_wall_s(void)
{
    return read_clock(CLOCK_REALTIME);
}

void gy_clock_utc(char out[21])
{
    time_t now = time(NULL);
    struct tm utc;
    (void)gmtime_r(&now, &utc);
    (void)strftime(out, 21, "%Y-%m-%dT%H:%M:%SZ", &utc);
}
