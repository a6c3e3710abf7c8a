/** The only door to MPI: what the files of this room share. Plain MPI 3.1. */
#ifndef GY_COMM_COMM_MPI_H
#define GY_COMM_COMM_MPI_H

#include "comm.h"
#include "topology.h"

#include <mpi.h>
#include <stdbool.h>

enum { GY_HOST_TEXT = 64 };

typedef char gy_host_name[GY_HOST_TEXT];

/** What ranks agree on: the worst status, and the lowest rank that has it. */
typedef struct gy_worst {
    int status, rank;
} gy_worst;

struct gy_comm {
    gy_context *ctx;
    MPI_Comm calls; /* duplicate: blocking calls; errors return */
    MPI_Comm wire;  /* duplicate: all-reduces, so that their messages meet no others */
    int rank, ranks;
    int local_rank, local_ranks;
    int hosts;
    int host;       /* this rank's, 0 … hosts − 1, in the order of their first ranks */
    int *host_of;   /* [ranks] */
    int *member;    /* [ranks] their ranks in `calls` and `wire`, once some were lost: members.h */
    int generation; /* of the membership: ranks that were lost */
    gy_host_name *names;   /* [ranks] */
    bool crowded;          /* on some host: the same on every rank */
    bool in_crowd;         /* so is the one that it is a part of */
    int sharing;           /* ranks of this host that its cores are for, those beside it, too */
    double fold_room[512]; /* what comes from another rank in a fold; part of the struct, so that
                              ranks can agree on having no memory */
    gy_topology topology;
    bool knows_topology;
    struct gy_host_memory *host_memories; /* the newest; host_memory.c */
    int64_t sent;                         /* bytes that all-reduces of this rank gave to MPI */
    unsigned long long agreed;            /* serial of the last error that all ranks have */
    char **words;                         /* words.c; NULL: none */
    struct gy_watch *watch;               /* NULL: none */
    int dies_at; /* this process is killed instead of its so-manieth message from now on; 0: it is not */
    double dropped_s; /* when a message was given up, the first of some in a row */
};

/** Passes a failed MPI call up as GY_E_COMM, by the call's name and MPI's own text. */
#define GY_MPI(call) GY_TRY(gy_mpi_status((call), #call))
#define GY_MPI_GOTO(label, call) GY_TRY_GOTO(label, gy_mpi_status((call), #call))

/** GY_OK where code is MPI_SUCCESS, else raises. @param call  text that begins with the call's name */
gy_status gy_mpi_status(int code, const char *call) GY_CHECKED;

/** MPI counts in int: what may be longer goes in pieces, cut alike at both ends. */
enum { GY_PIECE = 1 << 30 };

/** Bytes of the piece at `at` of n. */
int gy_mpi_piece(int64_t n, int64_t at);

/** GY_E_COMM once a rank of the communicator is gone: what every wait asks (patience.h). Local. */
gy_status gy_comm_check(const gy_comm *comm) GY_CHECKED;

/* message.c: the messages of this room, and no others */

/** What messages on `calls` are of. Those of all-reduces, on `wire`, have tags of their operations. */
typedef enum gy_tag {
    GY_TAG_MESSAGE, /* gy_comm_send() */
    GY_TAG_TRANSFER,
    GY_TAG_FOLD,
    GY_TAG_BROADCAST,
    GY_TAG_GATHER,
    GY_TAG_BARRIER,
    GY_TAG_SHIFT
} gy_tag;

enum { GY_TAGS = 1 << 15 }; /* of a membership */

/** A message of n bytes sets out; is awaited. @param on  comm->calls or comm->wire */
gy_status gy_mpi_begin_send(gy_comm *comm, MPI_Comm on, const void *bytes, int n, int to, int tag,
                            MPI_Request *request) GY_CHECKED;
gy_status gy_mpi_begin_receive(const gy_comm *comm, MPI_Comm on, void *bytes, int n, int from,
                               int tag, MPI_Request *request) GY_CHECKED;

/** Whether all have completed; looks in their order and never waits. (MPI_Testall without statuses
 * makes gcc warn with MPICH.) */
gy_status gy_mpi_test(MPI_Request *requests, int n, bool *done) GY_CHECKED;

/** Waits for one, patiently (patience.h); where that fails it is dropped. MPI_REQUEST_NULL: none */
gy_status gy_mpi_await(gy_comm *comm, MPI_Request *request, bool receives) GY_CHECKED;

/** Gives one up, so that its memory may be used again. MPI_REQUEST_NULL: none */
void gy_mpi_drop(gy_comm *comm, MPI_Request *request, bool receives);

/** A message on `calls` under a tag, and waiting until it is gone, or here. */
gy_status gy_mpi_send(gy_comm *comm, const void *bytes, int n, int to, int tag) GY_CHECKED;
gy_status gy_mpi_receive(gy_comm *comm, void *bytes, int n, int from, int tag) GY_CHECKED;
/** Both at once, of as many bytes. */
gy_status gy_mpi_exchange(gy_comm *comm, const void *out, int to, void *in, int from, int n,
                          int tag) GY_CHECKED;

/** Whether one is here, to be received. @param from  < 0: anybody's; out: whose */
gy_status gy_mpi_look(gy_comm *comm, int *from, int tag, bool *here) GY_CHECKED;

/** Whether MPI can be called: it has begun and not ended. */
bool gy_mpi_runs(void);

/** Whether there may be other processes: not so in a build without MPI (no_mpi/). */
bool gy_mpi_has_world(void);

/** The worst over all ranks; collective. */
gy_status gy_comm_find_worst(gy_comm *comm, gy_worst *w) GY_CHECKED;

/** The rank that MPI knows it by. */
static inline int gy_mpi_rank(const gy_comm *comm, int rank)
{
    return comm->generation == 0 ? rank : comm->member[rank];
}

/** Where this rank is, by host_of of all. */
void gy_comm_find_place(gy_comm *comm);

/** Usual numbers, once the hosts are known. */
void gy_topology_init(gy_comm *comm);

/** Spreads the last error of rank `from`, who failed with `status`, to all. @return status */
gy_status gy_comm_spread_error(gy_comm *comm, gy_status status, int from) GY_CHECKED;

#endif
