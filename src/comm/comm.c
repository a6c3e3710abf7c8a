/* Communicators: who takes part, and on which hosts. Everything runs on duplicates of the caller's
 * communicator that return errors. */
#include "comm_mpi.h"

#include <gyre/gyre.h>

#include "base/door.h"
#include "base/log.h"
#include "base/number.h"
#include "base/simd.h"
#include "host_memory_impl.h"
#include "watch_impl.h"

#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static gy_status duplicate(MPI_Comm from, MPI_Comm *out)
{
    GY_MPI(MPI_Comm_dup(from, out));
    GY_MPI(MPI_Comm_set_errhandler(*out, MPI_ERRORS_RETURN));
    return GY_OK;
}

static gy_status check_communicator(const MPI_Comm *from)
{
    GY_REQUIRE(gy_mpi_runs(), GY_E_COMM,
               "cannot make a communicator" GY_WHY "MPI does not run" GY_HINT
               "call it between MPI_Init_thread() or gy_comm_start() and the end of MPI");
    GY_REQUIRE(from == NULL || *from != MPI_COMM_NULL, GY_E_USAGE,
               "cannot make a communicator" GY_WHY "MPI_COMM_NULL has no ranks" GY_HINT
               "call it on the ranks of the communicator alone");
    return GY_OK;
}

/* The first words between ranks, the same in every version and by MPI's own calls, so that another one is
 * named: an older program on one host would misread what follows. The lowest rank that differs says so. */
static gy_status compare_versions(gy_comm *comm)
{
    enum { TEXT = 32 };
    struct {
        char version[TEXT], host[MPI_MAX_PROCESSOR_NAME];
    } odd = {"", ""};
    char first[TEXT] = "";
    int rank = INT_MAX, length = 0;
    (void)snprintf(first, sizeof first, "%s", gy_version());
    GY_MPI(MPI_Bcast(first, TEXT, MPI_CHAR, 0, comm->calls));
    int mine = strcmp(first, gy_version()) == 0 ? INT_MAX : comm->rank;
    GY_MPI(MPI_Allreduce(&mine, &rank, 1, MPI_INT, MPI_MIN, comm->calls));
    if (rank == INT_MAX) return GY_OK;
    (void)snprintf(odd.version, sizeof odd.version, "%s", gy_version());
    GY_MPI(MPI_Get_processor_name(odd.host, &length));
    GY_MPI(MPI_Bcast(&odd, (int)sizeof odd, MPI_CHAR, rank, comm->calls));
    return gy_raise(GY_E_USAGE,
                    "ranks of several versions" GY_AT "rank %d on %s" GY_WHY
                    "it runs gyre %s, rank 0 gyre %s" GY_HINT "install the same on every host",
                    rank, odd.host, odd.version, first);
}

/* Those who share memory. GYRE_HOST_RANKS=n, by rank 0's word, makes n of them a host each, to try
 * out several hosts on one. */
static gy_status find_neighbours(gy_comm *comm, MPI_Comm *out)
{
    const char *text = getenv("GYRE_HOST_RANKS");
    int64_t most = 0;
    if (comm->rank > 0 || text == NULL || !gy_number_int(text, &most)) most = 0;
    GY_TRY(gy_comm_broadcast(comm, &most, sizeof most, 0));
    GY_MPI(MPI_Comm_split_type(comm->calls, MPI_COMM_TYPE_SHARED, comm->rank, MPI_INFO_NULL, out));
    if (most < 1) return GY_OK;
    MPI_Comm all = *out;
    int rank;
    GY_MPI(MPI_Comm_rank(all, &rank));
    GY_MPI(MPI_Comm_split(all, (int)(rank / most), rank, out));
    GY_MPI(MPI_Comm_free(&all));
    return GY_OK;
}

/* The lowest rank of those who share memory with this one. */
static gy_status find_first(gy_comm *comm, int *out)
{
    const int zero = 0;
    MPI_Comm near;
    MPI_Group all, here;
    GY_TRY(find_neighbours(comm, &near));
    GY_MPI(MPI_Comm_group(comm->calls, &all));
    GY_MPI(MPI_Comm_group(near, &here));
    GY_MPI(MPI_Group_translate_ranks(here, 1, &zero, all, out));
    GY_MPI(MPI_Group_free(&here));
    GY_MPI(MPI_Group_free(&all));
    GY_MPI(MPI_Comm_free(&near));
    return GY_OK;
}

static gy_status find_names(gy_comm *comm)
{
    char name[MPI_MAX_PROCESSOR_NAME] = "";
    int length = 0;
    GY_MPI(MPI_Get_processor_name(name, &length));
    gy_host_name mine = "";
    (void)snprintf(mine, sizeof mine, "%.*s", GY_HOST_TEXT - 1, name);
    return gy_comm_all_gather(comm, mine, sizeof mine, comm->names);
}

void gy_comm_find_place(gy_comm *comm)
{
    comm->host = comm->host_of[comm->rank];
    comm->local_rank = comm->local_ranks = 0;
    for (int r = 0; r < comm->ranks; r++) {
        if (comm->host_of[r] != comm->host) continue;
        if (r < comm->rank) comm->local_rank++;
        comm->local_ranks++;
    }
}

/* Hosts are told apart by who shares memory, and numbered by their first rank. */
static gy_status find_hosts(gy_comm *comm)
{
    int first;
    GY_TRY(find_first(comm, &first));
    GY_TRY(gy_comm_all_gather(comm, &first, sizeof first, comm->host_of));
    for (int r = 0; r < comm->ranks; r++) /* a host's first rank comes before its others */
        comm->host_of[r] = comm->host_of[r] == r ? comm->hosts++ : comm->host_of[comm->host_of[r]];
    gy_comm_find_place(comm);
    return find_names(comm);
}

/* Instruction sets round otherwise: all ranks take the lowest, so that they keep the same numbers. */
static gy_status share_simd(gy_comm *comm)
{
    const int level = (int)gy_context_simd_level(comm->ctx);
    gy_record r = {.max = {-level, level}, .n_max = 2};
    GY_TRY(gy_comm_reduce(comm, &r));
    const int least = -(int)r.max[0], most = (int)r.max[1], low = r.max_rank[0],
              high = r.max_rank[1];
    gy_context_lower_simd(comm->ctx, (gy_simd)least);
    if (least < most && comm->rank == 0)
        gy_log(comm->ctx, GY_WARNING,
               "all ranks take the instruction set %s: rank %d on %s has no other, rank %d on %s "
               "has %s",
               gy_simd_names[least], low, comm->names[low], high, comm->names[high],
               gy_simd_names[most]);
    return GY_OK;
}

static gy_status allocate(gy_context *ctx, gy_comm *seed, gy_comm **out)
{
    GY_TRY(gy_new_array(ctx, seed->ranks, &seed->host_of));
    GY_TRY(gy_new_array(ctx, seed->ranks, &seed->names));
    GY_TRY(gy_new_array(ctx, seed->ranks, &seed->member));
    return gy_new(ctx, out);
}

static void clear(gy_comm *comm)
{
    MPI_Comm *const all[] = {&comm->wire, &comm->calls};
    const bool runs = gy_mpi_runs() && comm->generation == 0; /* what MPI made ends with it */
    for (size_t i = 0; i < sizeof all / sizeof *all && runs; i++)
        if (*all[i] != MPI_COMM_NULL) (void)MPI_Comm_free(all[i]);
    gy_free(comm->ctx, comm->words);
    gy_free(comm->ctx, comm->names);
    gy_free(comm->ctx, comm->host_of);
    gy_free(comm->ctx, comm->member);
}

/* Grows on the stack, so that a rank without memory can still say so to the others. */
gy_status gy_comm_create(gy_context *ctx, const void *mpi_comm, gy_comm **out)
{
    GY_DOOR;
    gy_status status;
    gy_comm *comm = NULL;
    GY_REQUIRE(ctx != NULL && out != NULL, GY_E_USAGE,
               "cannot make a communicator" GY_WHY "an argument is missing: context, or out");
    if (mpi_comm == NULL && !gy_mpi_has_world()) return gy_comm_alone(ctx, out);
    MPI_Comm from = mpi_comm == NULL ? MPI_COMM_WORLD : *(const MPI_Comm *)mpi_comm;
    gy_comm seed = {.ctx = ctx, .calls = MPI_COMM_NULL, .wire = MPI_COMM_NULL};
    GY_TRY_GOTO(fail, check_communicator(mpi_comm));
    GY_TRY_GOTO(fail, duplicate(from, &seed.calls));
    GY_MPI_GOTO(fail, MPI_Comm_rank(seed.calls, &seed.rank));
    GY_MPI_GOTO(fail, MPI_Comm_size(seed.calls, &seed.ranks));
    GY_TRY_GOTO(fail, compare_versions(&seed));
    GY_TRY_GOTO(fail, duplicate(seed.calls, &seed.wire));
    GY_TRY_GOTO(fail, gy_comm_agree(&seed, allocate(ctx, &seed, &comm)));
    GY_TRY_GOTO(fail, find_hosts(&seed));
    GY_TRY_GOTO(fail, share_simd(&seed));
    seed.sharing = seed.local_ranks;
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

gy_status gy_comm_create_f(gy_context *ctx, int mpi_comm, gy_comm **out)
{
    GY_DOOR;
    GY_TRY(check_communicator(NULL));
    const MPI_Comm from = MPI_Comm_f2c((MPI_Fint)mpi_comm);
    return gy_comm_create(ctx, &from, out);
}

void gy_comm_free(gy_comm *comm)
{
    if (comm == NULL) return;
    gy_watch_stop(comm);
    clear(comm);
    gy_free(comm->ctx, comm);
}

gy_status gy_comm_check(const gy_comm *comm)
{
    return gy_alive_news(comm) ? gy_raise(GY_E_COMM, "a rank is gone") : GY_OK;
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

int gy_comm_sharing_ranks(const gy_comm *comm)
{
    return comm->sharing;
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
    (void)sleep(GY_ABORT_S);
    _Exit(*(int *)exit_code);
}

void gy_comm_abort(gy_comm *comm, int exit_code)
{
    pthread_t thread;
    gy_watch_abort(comm);
    if (pthread_create(&thread, NULL, end_anyway, &exit_code) != 0) _Exit(exit_code);
    if (gy_mpi_runs()) (void)MPI_Abort(comm->calls, exit_code);
    _Exit(exit_code); /* where MPI_Abort came back */
}
