/**
 * Failures made on purpose, to try out what follows from them: a test or `--inject` lets what the
 * system does for us fail at the k-th time.
 *
 * Counted on the context. Local; from any thread. Where nothing is armed it costs a load.
 */
#ifndef GY_BASE_FAULT_H
#define GY_BASE_FAULT_H

#include <gyre/context.h>

#include <stdbool.h>

typedef enum gy_fault {
    GY_FAULT_ALLOC,  /* an allocation */
    GY_FAULT_WRITE,  /* a write to a file: the disk is full */
    GY_FAULT_FLUSH,  /* a flush to disk */
    GY_FAULT_RENAME, /* a renaming */
    GY_FAULT_HANG,   /* a flush never ends */
    GY_FAULT_TEAR,   /* a file's second half is lost after all was well */
    GY_FAULTS
} gy_fault;

enum { GY_FAULT_ALWAYS = -1 };

/** Lets the k-th from now on fail (1 = the next); 0 = none; GY_FAULT_ALWAYS = all. */
void gy_fault_arm(gy_context *ctx, gy_fault fault, int64_t k);

/** How many are still to come until one fails; 0: it has, or none is to. */
int64_t gy_fault_left(gy_context *ctx, gy_fault fault);

/** Whether it fails now; counts it. */
bool gy_fault_strikes(gy_context *ctx, gy_fault fault);

#endif
