/** Time. Local. */
#ifndef GY_BASE_CLOCK_H
#define GY_BASE_CLOCK_H

/** Seconds of a clock that only goes forward. */
double gy_clock_s(void);
/** The same, also while the machine is suspended: for what others do meanwhile. */
double gy_clock_boot_s(void);
/** Seconds since 1970. */
double gy_clock_wall_s(void);

/** Writes the time of day as "2026-01-31T12:34:56Z". */
void gy_clock_utc(char out[21]);

#endif
