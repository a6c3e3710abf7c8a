/* What all ranks know alike. How a phase ended: the worst status wins, and with it the error of the
 * lowest rank that has it; no rank ever decides alone. That there is memory, on all or on none. And a
 * text. */
#include "comm_mpi.h"

#include "base/door.h"
#include "base/serial.h"

#include <stdio.h>
#include <string.h>

gy_status gy_comm_spread_error(gy_comm *comm, gy_status status, int from)
{
    gy_error error = *gy_error_last();
    if (error.status != status) { /* returned without a word, or the word is another failure's */
        error.status = status;
        (void)snprintf(error.text, sizeof error.text, "%s", gy_status_text(status));
    }
    GY_TRY(gy_comm_broadcast(comm, &error, sizeof error, from));
    comm->agreed = error.serial = gy_serial_take(comm->ctx);
    return gy_error_restore(&error);
}

bool gy_comm_agreed(const gy_comm *comm)
{
    const gy_error *last = gy_error_last();
    return last->serial != 0 && last->serial == comm->agreed;
}

gy_status gy_comm_agree(gy_comm *comm, gy_status status)
{
    GY_DOOR;
    gy_worst worst = {(int)status, comm->rank};
    GY_TRY(gy_comm_find_worst(comm, &worst));
    if (worst.status == GY_OK) return GY_OK;
    return gy_comm_spread_error(comm, (gy_status)worst.status, worst.rank);
}

gy_status gy_comm_alloc_array(gy_comm *comm, int64_t n, size_t size, void **out)
{
    void *memory = NULL;
    gy_status status = gy_comm_agree(comm, gy_alloc_array(comm->ctx, n, size, &memory));
    if (status == GY_OK)
        *out = memory;
    else
        gy_free(comm->ctx, memory);
    return status;
}

gy_status gy_comm_broadcast_text(gy_comm *comm, char **text)
{
    const bool from = comm->rank == 0;
    int64_t bytes = from && *text != NULL ? (int64_t)strlen(*text) + 1 : 0;
    char *copy = NULL;
    GY_TRY(gy_comm_broadcast(comm, &bytes, sizeof bytes, 0));
    if (bytes > 0) {
        GY_TRY(gy_comm_new_array(comm, from ? 0 : bytes, &copy));
        gy_status status = gy_comm_broadcast(comm, from ? *text : copy, bytes, 0);
        if (from || status != GY_OK) {
            gy_free(comm->ctx, copy);
            return status;
        }
    }
    if (!from) {
        gy_free(comm->ctx, *text);
        *text = copy;
    }
    return GY_OK;
}
