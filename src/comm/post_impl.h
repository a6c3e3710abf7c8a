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

/** Takes what came, of n bytes; false where there is nothing more. */
bool gy_post_receive(gy_post *p, void *bytes, size_t n);

/** Where the datagram taken last came from: an address of IPv4. */
uint32_t gy_post_from(const gy_post *p);

/**
 * The next rank whose host said that nobody listens at its port; false where there is none. `host`: the
 * address that said so, which may be another machine's: a rank is written to by all of its addresses,
 * and a bridge of its host may be a bridge of ours.
 */
bool gy_post_refused(gy_post *p, int *rank, uint32_t *host);

/** Its socket, for poll(); −1: none. */
int gy_post_socket(const gy_post *p);

enum { GY_POST_BYTES = 1536 };

#endif
