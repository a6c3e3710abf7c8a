/* Rooms of operations. */
#include "room.h"

#include "comm_mpi.h"

struct gy_room {
    gy_comm *comm;
    char *bytes;
    gy_host_memory *memory;
};

static gy_status furnish(gy_comm *comm, const gy_room_size *size, gy_room **out)
{
    GY_TRY(gy_new(comm->ctx, out));
    (*out)->comm = comm;
    return gy_new_array(comm->ctx, size->bytes, &(*out)->bytes);
}

gy_status gy_room_create(gy_comm *comm, const gy_room_size *size, gy_room **out)
{
    gy_room *room = NULL;
    gy_status status = gy_comm_agree(comm, furnish(comm, size, &room));
    if (status == GY_OK && size->floats > 0)
        status = gy_host_memory_create(comm, size->floats, &room->memory);
    if (status != GY_OK) {
        gy_room_free(room);
        return status;
    }
    *out = room;
    return GY_OK;
}

void gy_room_free(gy_room *room)
{
    if (room == NULL) return;
    gy_host_memory_free(room->memory);
    gy_free(room->comm->ctx, room->bytes);
    gy_free(room->comm->ctx, room);
}

char *gy_room_bytes(const gy_room *room)
{
    return room->bytes;
}

gy_host_memory *gy_room_memory(const gy_room *room)
{
    return room->memory;
}
