/* Messages on their way: one request each, on the communicator of calls under a tag of their own. */
#include "transfer.h"

#include "comm_mpi.h"

enum { TAG = 1 };

struct gy_transfer {
    gy_comm *comm;
    MPI_Request request;
    bool receives;
};

gy_status gy_transfer_create(gy_comm *comm, gy_transfer **out)
{
    GY_TRY(gy_new(comm->ctx, out));
    (*out)->comm = comm;
    (*out)->request = MPI_REQUEST_NULL;
    return GY_OK;
}

void gy_transfer_free(gy_transfer *t)
{
    if (t == NULL) return;
    if (t->request != MPI_REQUEST_NULL && t->receives) {
        (void)MPI_Cancel(&t->request);
        (void)MPI_Wait(&t->request, MPI_STATUS_IGNORE);
    }
    if (t->request != MPI_REQUEST_NULL) (void)MPI_Request_free(&t->request);
    gy_free(t->comm->ctx, t);
}

gy_status gy_transfer_send(gy_transfer *t, const void *bytes, int64_t n, int to)
{
    t->receives = false;
    GY_MPI(MPI_Isend(bytes, (int)n, MPI_BYTE, to, TAG, t->comm->calls, &t->request));
    return GY_OK;
}

gy_status gy_transfer_receive(gy_transfer *t, void *bytes, int64_t n, int from)
{
    t->receives = true;
    GY_MPI(MPI_Irecv(bytes, (int)n, MPI_BYTE, from, TAG, t->comm->calls, &t->request));
    return GY_OK;
}

gy_status gy_transfer_test(gy_transfer *t, bool *done)
{
    return gy_mpi_test(&t->request, 1, done);
}
