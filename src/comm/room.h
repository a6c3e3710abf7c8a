/**
 * The room of an operation: what it needs while it is under way, and no longer. Operations that are
 * never under way together may have the same, where all ranks begin them in the same order, each when
 * the one before is done there.
 */
#ifndef GY_COMM_ROOM_H
#define GY_COMM_ROOM_H

#include "host_memory.h"

/** What is needed: bytes of this rank's own, and floats of host memory; the floats alike on all ranks. */
typedef struct gy_room_size {
    int64_t bytes, floats;
} gy_room_size;

typedef struct gy_room gy_room;

/** Collective; the same status on every rank. Free with gy_room_free(). */
gy_status gy_room_create(gy_comm *comm, const gy_room_size *size, gy_room **out) GY_CHECKED;
void gy_room_free(gy_room *room); /* local; NULL is allowed */

/** Its bytes, at a multiple of GY_ALIGN; its host memory, NULL: none. Local. */
char *gy_room_bytes(const gy_room *room);
gy_host_memory *gy_room_memory(const gy_room *room);

#endif
