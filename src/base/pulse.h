/**
 * The pulse of a process: what takes long, but goes on, says so piece by piece (a block read, a block
 * written), so that a watchdog can tell it from what stands still. From any thread; costs an addition.
 */
#ifndef GY_BASE_PULSE_H
#define GY_BASE_PULSE_H

#include <gyre/context.h>

/** One piece of work more is done. */
void gy_pulse_beat(gy_context *ctx);

/** Pieces so far. */
unsigned long long gy_pulse_count(const gy_context *ctx);

#endif
