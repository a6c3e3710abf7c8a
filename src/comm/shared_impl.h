/** Memory of a host, as operations see it. Inside comm only. */
#ifndef GY_COMM_SHARED_IMPL_H
#define GY_COMM_SHARED_IMPL_H

#include "shared.h"

#include <stdbool.h>

/** Finds out whether hosts can share memory: topology.shares, alike on all ranks. Collective. */
gy_status gy_shared_try(gy_comm *comm) GY_CHECKED;

/** Whether neighbours reach all its parts, or none has any; the same on every rank. Local. */
bool gy_shared_is_real(const gy_shared *s);

/** The part of a neighbour, by its local rank. Local. */
float *gy_shared_part(const gy_shared *s, int local);

/** The real one in which x [n] lies; NULL: none. Local. */
const gy_shared *gy_shared_find(const gy_comm *comm, const float *x, int64_t n);

#endif
