/*
 * Invariants
 * 1. A rank is what its number in the present membership says; member[rank] is its number in MPI's
 *    communicators. message.c alone translates.
 * 2. A membership's generation is the number of its dead. Two that have a rank in common differ in it, since
 *    the set of the dead only grows: so tags of one are awaited by no other.
 * 3. After a death MPI is not asked to free or to end anything: it would wait for the dead.
 */
#include "members.h"

#include "comm_mpi.h"
#include "patience.h"

#include <string.h>

gy_status gy_comm_can_mend(const gy_comm *comm)
{
    int *most = NULL, known = 0;
    if (comm->ranks == 1) return GY_OK;
    GY_REQUIRE(gy_alive_ranks(comm) == comm->ranks, GY_E_CONFIG,
               "a rank's death cannot be survived" GY_AT "comm.survive" GY_WHY
               "nobody looks who is alive: in a group of a study, in a program that did not call "
               "gy_comm_watch(), and beyond 4096 ranks" GY_HINT "leave it out");
    GY_MPI(MPI_Comm_get_attr(comm->wire, MPI_TAG_UB, &most, &known));
    GY_REQUIRE(known && *most / GY_TAGS >= comm->ranks, GY_E_CONFIG,
               "a rank's death cannot be survived" GY_AT "comm.survive" GY_WHY
               "this MPI library has too few tags for %d ranks" GY_HINT
               "leave it out, or start fewer ranks",
               comm->ranks);
    return GY_OK;
}

/* Hosts are numbered by their first rank, as at the start. */
static void take(gy_comm *comm, int first)
{
    const int n = comm->ranks++;
    int same = 0;
    comm->member[n] = first;
    memcpy(comm->names[n], gy_alive_host_name(comm, first), sizeof comm->names[n]);
    while (same < n && gy_alive_host(comm, comm->member[same]) != gy_alive_host(comm, first))
        same++;
    comm->host_of[n] = same < n ? comm->host_of[same] : comm->hosts++;
    if (first == gy_alive_rank(comm)) comm->rank = n;
}

/* The communicator becomes that of those who are not dead. */
static void shrink(gy_comm *comm)
{
    const gy_topology before = comm->topology;
    comm->ranks = comm->hosts = 0;
    for (int first = 0; first < gy_alive_ranks(comm); first++)
        if (!gy_alive_is_dead(comm, first)) take(comm, first);
    gy_comm_find_place(comm);
    comm->sharing = comm->local_ranks;
    comm->generation = gy_alive_dead(comm);
    gy_topology_init(comm);
    if (comm->knows_topology) gy_comm_set_topology(comm, &before);
}

static int rank_of(const gy_comm *comm, int first)
{
    int r = 0;
    while (r < comm->ranks - 1 && comm->member[r] != first) r++;
    return r;
}

gy_status gy_comm_mend(gy_comm *comm, const int64_t words[GY_ALIVE_WORDS], gy_mended *out)
{
    const int before = comm->ranks, lowest = gy_mpi_rank(comm, 0);
    int lost = 0;
    gy_agreed agreed;
    GY_TRY(gy_alive_agree(comm, words, &agreed));
    while (lost < before - 1 && !gy_alive_is_dead(comm, gy_mpi_rank(comm, lost))) lost++;
    const int lost_rank = gy_mpi_rank(comm, lost);
    shrink(comm);
    *out = (gy_mended){.furthest = rank_of(comm, agreed.first[0]),
                       .lost = before - comm->ranks,
                       .lost_rank = lost_rank,
                       .lost_first = gy_alive_is_dead(comm, lowest)};
    memcpy(out->least, agreed.least, sizeof out->least);
    memcpy(out->most, agreed.most, sizeof out->most);
    return GY_OK;
}

int gy_comm_lost(const gy_comm *comm)
{
    return comm->generation;
}

int gy_comm_first_rank(const gy_comm *comm)
{
    return gy_mpi_rank(comm, comm->rank);
}
