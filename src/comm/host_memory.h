/**
 * Vectors in memory that the ranks of a host share: every rank has a part of its own, which its
 * neighbours read and write too. An all-reduce of a vector that lies in one needs no copies of it.
 */
#ifndef GY_COMM_HOST_MEMORY_H
#define GY_COMM_HOST_MEMORY_H

#include "comm.h"

typedef struct gy_host_memory gy_host_memory;

/**
 * Makes one; the same status on every rank. Where no host has several ranks, or these cannot share
 * memory, each rank's part is memory of its own: nobody need care. Collective.
 *
 * Shared memory has no name, takes no room in /dev/shm, and is gone with the last process that has it.
 *
 * @param n    floats of a part, the same on every rank; they are 0
 * @param out  free with gy_host_memory_free(), after the operations on it
 * @return GY_OK; GY_E_NOMEM
 */
gy_status gy_host_memory_create(gy_comm *comm, int64_t n, gy_host_memory **out) GY_CHECKED;
void gy_host_memory_free(gy_host_memory *s); /* local; NULL is allowed */

/** This rank's part [n], aligned to GY_ALIGN. Local. */
float *gy_host_memory_values(const gy_host_memory *s);

#endif
