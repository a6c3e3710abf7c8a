/** Memory of a host, as operations see it. Inside comm only. */
#ifndef GY_COMM_HOST_MEMORY_IMPL_H
#define GY_COMM_HOST_MEMORY_IMPL_H

#include "host_memory.h"

#include <stdbool.h>

/** Finds out whether hosts can share memory: topology.host_memory, alike on all ranks. Collective. */
gy_status gy_host_memory_try(gy_comm *comm) GY_CHECKED;

/** Whether neighbours reach all its parts, or none has any; the same on every rank. Local. */
bool gy_host_memory_is_real(const gy_host_memory *s);

/** The part of a neighbour, by its local rank. Local. */
float *gy_host_memory_part(const gy_host_memory *s, int local);

/** The real one in which x [n] lies; NULL: none. Local. */
const gy_host_memory *gy_host_memory_find(const gy_comm *comm, const float *x, int64_t n);

#endif
