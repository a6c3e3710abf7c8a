/**
 * Communication between the ranks of a job. Gyre works on a duplicate of the communicator it is
 * given, so that another MPI program can train in process. The MPI library stays behind this header.
 */
#ifndef GYRE_COMM_H
#define GYRE_COMM_H

#include <gyre/context.h>

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gy_comm gy_comm;

/**
 * Starts MPI unless it runs already; for programs without MPI of their own. Collective over all
 * processes.
 *
 * One thread at a time calls MPI (level SERIALIZED), and with comm.progress: thread not always the
 * same one; a program that starts MPI itself and allows less gets no such thread. Runs in several
 * threads at once, each with a context and a communicator of its own, need MPI_THREAD_MULTIPLE.
 */
GY_API gy_status gy_comm_start(gy_context *ctx) GY_CHECKED;

/** Ends MPI where gy_comm_start() started it; all communicators must be freed. Collective. */
GY_API void gy_comm_stop(gy_context *ctx);

/**
 * Makes a communicator. Collective over the processes of `mpi_comm`.
 *
 * The ranks take the lowest instruction set that any of them has, which the context keeps.
 *
 * @param mpi_comm  address of an MPI_Comm, duplicated; NULL: MPI_COMM_WORLD
 * @param out       free with gy_comm_free() (collective; without effect on MPI once that has ended)
 * @return the same on every rank: GY_OK; GY_E_USAGE where a rank runs another version of gyre; GY_E_NOMEM.
 *         Local, before the others are asked, so that all must be wrong alike: GY_E_USAGE for MPI_COMM_NULL and
 *         where an argument is missing; GY_E_COMM where MPI does not run
 */
GY_API gy_status gy_comm_create(gy_context *ctx, const void *mpi_comm, gy_comm **out) GY_CHECKED;
GY_API void gy_comm_free(gy_comm *comm);

/** The same of a handle as Fortran has it: the integer of `use mpi`, %MPI_VAL of `use mpi_f08`. */
GY_API gy_status gy_comm_create_f(gy_context *ctx, int mpi_comm, gy_comm **out) GY_CHECKED;

/**
 * Ends the process, when a rank is dead, or has waited or done one thing for too long: takes the error line,
 * WHAT (WHERE): WHY; HINT, on the one rank that tells it, NULL on the others. Called from another
 * thread while the main one may hang; must not return.
 */
typedef void gy_stalled(void *user, const char *line);

/**
 * Has a thread of each rank look on, so that no rank waits for ever: a rank that dies, or whose host falls
 * silent, is named at once; for whom the others wait too long, after some time. Collective. Without it nothing
 * is watched; gy_comm_free() ends it, and a process that ends before is a death.
 *
 * @param seconds  that a rank may wait from now on, 0: as long as it likes; whatever has a
 *                 configuration (training, evaluation, …) takes comm.watchdog_seconds, and rests after it
 * @return the same on every rank: GY_OK; GY_E_NOMEM; GY_E_COMM
 */
GY_API gy_status gy_comm_watch(gy_comm *comm, double seconds, gy_stalled *stalled,
                               void *user) GY_CHECKED;

/** This process's rank, the number of ranks, and on how many hosts they run. Local. */
GY_API int gy_comm_rank(const gy_comm *comm);
GY_API int gy_comm_ranks(const gy_comm *comm);
GY_API int gy_comm_hosts(const gy_comm *comm);

/**
 * Ranks that died while others went on (comm.survive): the ranks above are of those that are left. Where it is not
 * 0, end the process by _exit(): MPI_Finalize() would wait for the dead. Local.
 */
GY_API int gy_comm_lost(const gy_comm *comm);

/** The name of a rank's host, for messages; the communicator's. Local. */
GY_API const char *gy_comm_host(const gy_comm *comm, int rank);

/**
 * Makes all ranks end a phase alike: the worst status wins, and every rank's last error becomes
 * that of the lowest rank that has it. Collective.
 *
 * @return the same status on every rank
 */
GY_API gy_status gy_comm_agree(gy_comm *comm, gy_status status) GY_CHECKED;

/**
 * Takes rank 0's list of texts, such as its command line, in the place of this rank's. Collective.
 *
 * @param words  [n] in: this rank's, out: rank 0's with a NULL behind them, until the next call or
 *               gy_comm_free()
 * @return the same on every rank: GY_OK; GY_E_NOMEM; GY_E_COMM
 */
GY_API gy_status gy_comm_take_words(gy_comm *comm, int *n, char *const **words) GY_CHECKED;

/**
 * Whether this thread's last error is one that all ranks agreed on, so that all come to an end; else
 * this rank failed alone, and the others wait for it in vain. Local.
 */
GY_API bool gy_comm_agreed(const gy_comm *comm);

/** Ends all processes of the job at once with an exit code. Local; does not return. */
GY_API void gy_comm_abort(gy_comm *comm, int exit_code);

/** Name and version of the MPI library; works without a communicator. Local. */
GY_API const char *gy_comm_library(void);

#ifdef __cplusplus
}
#endif
#endif
