/** Messages between two ranks that are on their way while other things are done. Local. */
#ifndef GY_COMM_TRANSFER_H
#define GY_COMM_TRANSFER_H

#include "comm.h"

#include <stdbool.h>

/** One message at a time, used again; its bytes stay where they are until it is done. */
typedef struct gy_transfer gy_transfer;

gy_status gy_transfer_create(gy_comm *comm, gy_transfer **out) GY_CHECKED;
/** Takes back what is under way: only where the job is about to end. NULL is allowed. */
void gy_transfer_free(gy_transfer *t);

/** Begins; messages of two ranks arrive in the order they were begun. @param n  at most 1 GiB */
gy_status gy_transfer_send(gy_transfer *t, const void *bytes, int64_t n, int to) GY_CHECKED;
gy_status gy_transfer_receive(gy_transfer *t, void *bytes, int64_t n, int from) GY_CHECKED;

/** Whether it is done, or none is under way; never waits. */
gy_status gy_transfer_test(gy_transfer *t, bool *done) GY_CHECKED;

#endif
