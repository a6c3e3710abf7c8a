/* Messages on their way: one request each, on the communicator of calls under a tag of their own. */
#include "transfer.h"

#include "comm_mpi.h"

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
    gy_mpi_drop(t->comm, &t->request, t->receives);
    gy_free(t->comm->ctx, t);
}

gy_status gy_transfer_send(gy_transfer *t, const void *bytes, int64_t n, int to)
{
    t->receives = false;
    return gy_mpi_begin_send(t->comm, t->comm->calls, bytes, (int)n, to, GY_TAG_TRANSFER,
                             &t->request);
}

gy_status gy_transfer_receive(gy_transfer *t, void *bytes, int64_t n, int from)
{
    t->receives = true;
    return gy_mpi_begin_receive(t->comm, t->comm->calls, bytes, (int)n, from, GY_TAG_TRANSFER,
                                &t->request);
}

gy_status gy_transfer_test(gy_transfer *t, bool *done)
{
    return gy_mpi_test(&t->request, 1, done);
}
