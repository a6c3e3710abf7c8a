/* Messages: the room's only door to MPI's sends and receives, beside kind `mpi`. Who waits for one waits
 * patiently, and no longer once a rank is gone (patience.h). */
#include "comm_mpi.h"

#include "base/clock.h"
#include "patience.h"

#include <signal.h>

static const double DROP_S = 0.1, IN_A_ROW_S = 1;

/* A tag, as MPI has it: members.h. */
static int stamp(const gy_comm *comm, int tag)
{
    return tag + comm->generation * GY_TAGS;
}

gy_status gy_mpi_begin_send(gy_comm *comm, MPI_Comm on, const void *bytes, int n, int to, int tag,
                            MPI_Request *request)
{
    if (comm->dies_at > 0 && --comm->dies_at == 0) (void)raise(SIGKILL);
    GY_MPI(MPI_Isend(bytes, n, MPI_BYTE, gy_mpi_rank(comm, to), stamp(comm, tag), on, request));
    return GY_OK;
}

void gy_comm_die_after(gy_comm *comm, int messages)
{
    comm->dies_at = messages + 1;
}

gy_status gy_mpi_begin_receive(const gy_comm *comm, MPI_Comm on, void *bytes, int n, int from,
                               int tag, MPI_Request *request)
{
    GY_MPI(MPI_Irecv(bytes, n, MPI_BYTE, gy_mpi_rank(comm, from), stamp(comm, tag), on, request));
    return GY_OK;
}

gy_status gy_mpi_test(MPI_Request *requests, int n, bool *done)
{
    *done = false;
    for (int i = 0; i < n; i++) {
        int flag = 0; /* MPI_REQUEST_NULL counts as completed */
        GY_MPI(MPI_Test(&requests[i], &flag, MPI_STATUS_IGNORE));
        if (!flag) return GY_OK;
    }
    *done = true;
    return GY_OK;
}

/* What is just coming from a rank that lives comes to its end soon; what a dead one had begun never does,
 * and is left to MPI. All that are dropped in a row have the same moment for it. */
void gy_mpi_drop(gy_comm *comm, MPI_Request *request, bool receives)
{
    int done = *request == MPI_REQUEST_NULL;
    if (done) return;
    if (receives) (void)MPI_Cancel(request);
    double now = gy_clock_s();
    if (now - comm->dropped_s > IN_A_ROW_S) comm->dropped_s = now;
    do
        if (MPI_Test(request, &done, MPI_STATUS_IGNORE) != MPI_SUCCESS) break;
    while (!done && gy_clock_s() - comm->dropped_s < DROP_S);
    *request = MPI_REQUEST_NULL; /* not freed: that could end it later, over memory used again */
}

gy_status gy_mpi_await(gy_comm *comm, MPI_Request *request, bool receives)
{
    bool done = false;
    gy_status status = gy_mpi_test(request, 1, &done);
    gy_patience patience = gy_patience_begin(comm);
    while (status == GY_OK && !done) {
        status = gy_patience_pause(&patience);
        if (status == GY_OK) status = gy_mpi_test(request, 1, &done);
    }
    if (status != GY_OK) gy_mpi_drop(comm, request, receives);
    return status;
}

gy_status gy_mpi_send(gy_comm *comm, const void *bytes, int n, int to, int tag)
{
    MPI_Request request;
    GY_TRY(gy_mpi_begin_send(comm, comm->calls, bytes, n, to, tag, &request));
    return gy_mpi_await(comm, &request, false);
}

gy_status gy_mpi_receive(gy_comm *comm, void *bytes, int n, int from, int tag)
{
    MPI_Request request;
    GY_TRY(gy_mpi_begin_receive(comm, comm->calls, bytes, n, from, tag, &request));
    return gy_mpi_await(comm, &request, true);
}

gy_status gy_mpi_exchange(gy_comm *comm, const void *out, int to, void *in, int from, int n,
                          int tag)
{
    MPI_Request sent = MPI_REQUEST_NULL, received;
    GY_TRY(gy_mpi_begin_receive(comm, comm->calls, in, n, from, tag, &received));
    gy_status status = gy_mpi_begin_send(comm, comm->calls, out, n, to, tag, &sent);
    if (status == GY_OK) status = gy_mpi_await(comm, &received, true);
    if (status == GY_OK) return gy_mpi_await(comm, &sent, false);
    gy_mpi_drop(comm, &received, true);
    gy_mpi_drop(comm, &sent, false);
    return status;
}

gy_status gy_mpi_look(gy_comm *comm, int *from, int tag, bool *here)
{
    int found = 0;
    MPI_Status status;
    const int source = *from < 0 ? MPI_ANY_SOURCE : gy_mpi_rank(comm, *from);
    GY_MPI(MPI_Iprobe(source, stamp(comm, tag), comm->calls, &found, &status));
    *here = found != 0;
    for (int r = 0; r < comm->ranks && found; r++)
        if (gy_mpi_rank(comm, r) == status.MPI_SOURCE) *from = r;
    return GY_OK;
}
