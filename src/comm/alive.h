/**
 * Who is dead: told from who is slow, at once, by the watch's thread (watch.c), whatever the main
 * thread does.
 *
 *     proven    its process has ended (pidfd, same host), or its port is closed (its host says so)
 *     silent    nothing was heard of its host for comm.silence_seconds: gone, cut off, or frozen
 *
 * A death ends the job at once, with one line and code 1; or, where the ranks survive, the others hear
 * of it and agree on who is left. Who is held for dead stays so: the set only grows.
 *
 * Ranks here are first ranks: those that the communicator had when gy_comm_watch() began. Local, but where
 * said. Without a watch, in a group (gy_comm_split) and beyond GY_SET_RANKS ranks nobody dies here.
 */
#ifndef GY_COMM_ALIVE_H
#define GY_COMM_ALIVE_H

#include "comm.h"

#include <stdbool.h>

/** How long a host may say nothing, from now on; 0: for ever. It begins with 3 s. */
void gy_alive_set_silence(gy_comm *comm, double seconds);

/**
 * What a death does from now on: true: it is news, and those that are left go on; false, as at first: it ends
 * the job. One rank with `false` is enough for that.
 */
void gy_alive_survive(gy_comm *comm, bool on);

/** Whether somebody is dead that this rank has not agreed on: for whoever waits. An atomic look. */
bool gy_alive_news(const gy_comm *comm);

enum { GY_ALIVE_WORDS = 2 };

/** What those that are left said of themselves. */
typedef struct gy_agreed {
    int64_t least[GY_ALIVE_WORDS], most[GY_ALIVE_WORDS];
    int32_t first[GY_ALIVE_WORDS]; /* the lowest rank that has `most` */
} gy_agreed;

/**
 * Stands still until all that are left do, for the same set of the dead: which is that of
 * gy_alive_is_dead() from then on, the same on all of them. Collective of those that are left.
 *
 * @param words  of this rank, such as the updates that it has done
 * @return GY_OK; GY_E_COMM where nobody died (20 s are waited for a sign), and where too few are left to
 *         be sure that no others go on. Who waits for one that never parks is the watchdog's
 */
gy_status gy_alive_agree(gy_comm *comm, const int64_t words[GY_ALIVE_WORDS],
                         gy_agreed *out) GY_CHECKED;

/** The set that was agreed on last; how many are in it. */
bool gy_alive_is_dead(const gy_comm *comm, int rank);
int gy_alive_dead(const gy_comm *comm);

/** What is known of first ranks: how many there are, 0 without a watch; this one's; their hosts. */
int gy_alive_ranks(const gy_comm *comm);
int gy_alive_rank(const gy_comm *comm);
int gy_alive_host(const gy_comm *comm, int rank);
const char *gy_alive_host_name(const gy_comm *comm, int rank);

#endif
