/* Communicators: who takes part, and on which hosts. Everything runs on duplicates of the caller's
 * communicator that return errors. */
#include "comm_mpi.h"

#include "base/number.h"
#include "host_memory_impl.h"
#include "watchdog.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ABORT_S = 10 };

static gy_status duplicate(MPI_Comm from, MPI_Comm *out)
{
    GY_MPI(MPI_Comm_dup(from, out));
    GY_MPI(MPI_Comm_set_errhandler(*out, MPI_ERRORS_RETURN));
    return GY_OK;
}

/* Those who share memory. GYRE_HOST_RANKS=n makes n of them a host each, to try out several hosts on
 * one; it must be the same on every rank. */
static gy_status find_neighbours(gy_comm *comm)
{
    const char *text = getenv("GYRE_HOST_RANKS");
    int64_t most = 0;
    GY_MPI(MPI_Comm_split_type(comm->calls, MPI_COMM_TYPE_SHARED, comm->rank, MPI_INFO_NULL,
                               &comm->local));
    if (text == NULL || !gy_number_int(text, &most) || most < 1) return GY_OK;
    MPI_Comm all = comm->local;
    int rank;
    GY_MPI(MPI_Comm_rank(all, &rank));
    GY_MPI(MPI_Comm_split(all, (int)(rank / most), rank, &comm->local));
    GY_MPI(MPI_Comm_free(&all));
    return GY_OK;
}

/* Hosts are told apart by who shares memory, and numbered by their first rank. */
static gy_status find_hosts(gy_comm *comm)
{
    GY_TRY(find_neighbours(comm));
    GY_MPI(MPI_Comm_set_errhandler(comm->local, MPI_ERRORS_RETURN));
    GY_MPI(MPI_Comm_rank(comm->local, &comm->local_rank));
    GY_MPI(MPI_Comm_size(comm->local, &comm->local_ranks));

    int first = comm->rank;
    GY_MPI(MPI_Bcast(&first, 1, MPI_INT, 0, comm->local));
    GY_MPI(MPI_Allgather(&first, 1, MPI_INT, comm->host_of, 1, MPI_INT, comm->calls));
    for (int r = 0; r < comm->ranks; r++) /* a host's first rank comes before its others */
        comm->host_of[r] = comm->host_of[r] == r ? comm->hosts++ : comm->host_of[comm->host_of[r]];
    comm->host = comm->host_of[comm->rank];

    char name[MPI_MAX_PROCESSOR_NAME] = "";
    int length = 0;
    GY_MPI(MPI_Get_processor_name(name, &length));
    gy_host_name mine = "";
    (void)snprintf(mine, sizeof mine, "%.*s", GY_HOST_TEXT - 1, name);
    GY_MPI(MPI_Allgather(mine, GY_HOST_TEXT, MPI_CHAR, comm->names, GY_HOST_TEXT, MPI_CHAR,
                         comm->calls));
    return GY_OK;
}

static gy_status allocate(gy_context *ctx, gy_comm *seed, gy_comm **out)
{
    GY_TRY(gy_new_array(ctx, seed->ranks, &seed->host_of));
    GY_TRY(gy_new_array(ctx, seed->ranks, &seed->names));
    return gy_new(ctx, out);
}

static void clear(gy_comm *comm)
{
    MPI_Comm *const all[] = {&comm->local, &comm->wire, &comm->calls};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (*all[i] != MPI_COMM_NULL) (void)MPI_Comm_free(all[i]);
    gy_free(comm->ctx, comm->names);
    gy_free(comm->ctx, comm->host_of);
}

/* Grows on the stack, so that a rank without memory can still say so to the others. */
gy_status gy_comm_create(gy_context *ctx, const void *mpi_comm, gy_comm **out)
{
    gy_status status;
    gy_comm *comm = NULL;
    MPI_Comm from = mpi_comm == NULL ? MPI_COMM_WORLD : *(const MPI_Comm *)mpi_comm;
    gy_comm seed = {
        .ctx = ctx, .calls = MPI_COMM_NULL, .wire = MPI_COMM_NULL, .local = MPI_COMM_NULL};
    GY_TRY_GOTO(fail, duplicate(from, &seed.calls));
    GY_TRY_GOTO(fail, duplicate(seed.calls, &seed.wire));
    GY_MPI_GOTO(fail, MPI_Comm_rank(seed.calls, &seed.rank));
    GY_MPI_GOTO(fail, MPI_Comm_size(seed.calls, &seed.ranks));
    GY_TRY_GOTO(fail, gy_comm_agree(&seed, allocate(ctx, &seed, &comm)));
    GY_TRY_GOTO(fail, find_hosts(&seed));
    gy_topology_init(&seed);
    GY_TRY_GOTO(fail, gy_comm_tell_threads(&seed, 1));
    GY_TRY_GOTO(fail, gy_host_memory_try(&seed));
    *comm = seed;
    *out = comm;
    return GY_OK;
fail:
    clear(&seed);
    gy_free(ctx, comm);
    return status;
}

void gy_comm_free(gy_comm *comm)
{
    if (comm == NULL) return;
    gy_watchdog_stop(comm);
    clear(comm);
    gy_free(comm->ctx, comm);
}

gy_context *gy_comm_context(const gy_comm *comm)
{
    return comm->ctx;
}

int gy_comm_rank(const gy_comm *comm)
{
    return comm->rank;
}

int gy_comm_ranks(const gy_comm *comm)
{
    return comm->ranks;
}

int gy_comm_hosts(const gy_comm *comm)
{
    return comm->hosts;
}

int gy_comm_local_ranks(const gy_comm *comm)
{
    return comm->local_ranks;
}

const char *gy_comm_host(const gy_comm *comm, int rank)
{
    return comm->names[rank];
}

/* Where MPI_Abort does not come to an end: a launcher that waits for a host that is gone. */
static void *end_anyway(void *exit_code)
{
    (void)sleep(ABORT_S);
    _Exit(*(int *)exit_code);
}

void gy_comm_abort(gy_comm *comm, int exit_code)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, end_anyway, &exit_code) != 0) _Exit(exit_code);
    (void)MPI_Abort(comm->calls, exit_code);
    _Exit(exit_code); /* where MPI_Abort came back */
}
