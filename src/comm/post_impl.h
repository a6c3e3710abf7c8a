/**
 * Post: datagrams (UDP) between the ranks, beside MPI and from any thread. They may get lost, and
 * come at any time. Inside the room only.
 *
 * Each carries a key that rank 0 drew; what comes from elsewhere is dropped. Where there are no
 * sockets nothing is sent and nothing comes.
 */
#ifndef GY_COMM_POST_IMPL_H
#define GY_COMM_POST_IMPL_H

#include "comm.h"

#include <stdbool.h>

typedef struct gy_post gy_post;

/** Collective; the same status on every rank. */
gy_status gy_post_open(gy_comm *comm, gy_post **out) GY_CHECKED;
/** Local; NULL is allowed. */
void gy_post_close(gy_post *p);

/** Sends a datagram of at most GY_POST_BYTES to a rank, oneself too. */
void gy_post_send(gy_post *p, int rank, const void *bytes, size_t n);

/** Waits until something may have come, `seconds` at most. */
void gy_post_wait(gy_post *p, double seconds);

/** Takes what came, of n bytes; false where there is nothing more. */
bool gy_post_receive(gy_post *p, void *bytes, size_t n);

enum { GY_POST_BYTES = 256 };

#endif
