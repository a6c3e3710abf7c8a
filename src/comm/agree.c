/* What all ranks know alike. How a phase ended: the worst status wins, and with it the error of the
 * lowest rank that has it; no rank ever decides alone. And a text. */
#include "comm_mpi.h"

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
    comm->agreed = error;
    return gy_error_restore(&error);
}

bool gy_comm_agreed(const gy_comm *comm)
{
    const gy_error *last = gy_error_last();
    return last->status == comm->agreed.status && strcmp(last->text, comm->agreed.text) == 0;
}

gy_status gy_comm_agree(gy_comm *comm, gy_status status)
{
    gy_worst worst = {(int)status, comm->rank};
    GY_TRY(gy_comm_find_worst(comm, &worst));
    if (worst.status == GY_OK) return GY_OK;
    return gy_comm_spread_error(comm, (gy_status)worst.status, worst.rank);
}

gy_status gy_comm_broadcast_text(gy_comm *comm, char **text)
{
    int64_t bytes = comm->rank == 0 && *text != NULL ? (int64_t)strlen(*text) + 1 : 0;
    GY_TRY(gy_comm_broadcast(comm, &bytes, sizeof bytes, 0));
    gy_status status = GY_OK;
    char *copy = NULL;
    if (comm->rank != 0 && bytes > 0) status = gy_new_array(comm->ctx, bytes, &copy);
    status = gy_comm_agree(comm, status); /* a rank without memory must not leave the others */
    if (status == GY_OK) status = gy_comm_broadcast(comm, comm->rank == 0 ? *text : copy, bytes, 0);
    if (status != GY_OK) {
        gy_free(comm->ctx, copy);
        return status;
    }
    if (comm->rank != 0) {
        gy_free(comm->ctx, *text);
        *text = copy;
    }
    return GY_OK;
}
