/** Seconds spent in the system's calls that change the disk, counted on the context. From any thread. */
#ifndef GY_BASE_SPENT_H
#define GY_BASE_SPENT_H

#include <gyre/context.h>

typedef enum gy_spent { GY_SPENT_WRITE, GY_SPENT_FLUSH, GY_SPENT_RENAME, GY_SPENTS } gy_spent;

/** Adds the time since `start_s`, as by gy_clock_s(). */
void gy_spent_since(gy_context *ctx, gy_spent what, double start_s);

/** All so far. */
double gy_spent_s(const gy_context *ctx, gy_spent what);

#endif
