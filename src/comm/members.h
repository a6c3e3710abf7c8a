/**
 * Who takes part: at first all ranks, later those that are left. Ranks are numbered anew then, in their old
 * order, and operations made before are void. No communicator of MPI's is made for it: messages go to *first
 * ranks*, under tags that nobody of an earlier membership awaits.
 *
 *     gy_comm_check() ── GY_E_COMM ──▶ gy_comm_mend() ──▶ what was made for other ranks is made anew
 */
#ifndef GY_COMM_MEMBERS_H
#define GY_COMM_MEMBERS_H

#include "alive.h"

/** What those that are left agreed on; ranks are the new ones. */
typedef struct gy_mended {
    int64_t least[GY_ALIVE_WORDS], most[GY_ALIVE_WORDS]; /* of their words */
    int furthest;                                        /* the lowest rank that has most[0] */
    int lost;        /* ranks that died since the membership before */
    int lost_rank;   /* the lowest first rank of these */
    bool lost_first; /* its rank 0 is one of them */
} gy_mended;

/** Whether ranks can be lost here. Local, alike on all. @return GY_OK; GY_E_CONFIG, saying why not */
gy_status gy_comm_can_mend(const gy_comm *comm) GY_CHECKED;

/**
 * Waits until all that are left stand still, and makes the communicator theirs. Collective of those.
 * May be called again where it, or what follows it, fails with GY_E_COMM, since more may have died.
 *
 * @param words  of this rank: gy_alive_agree()
 * @return GY_OK; GY_E_COMM: also where nobody died, and where too few are left
 */
gy_status gy_comm_mend(gy_comm *comm, const int64_t words[GY_ALIVE_WORDS],
                       gy_mended *out) GY_CHECKED;

/** This rank's number at the start. Local. */
int gy_comm_first_rank(const gy_comm *comm);

#endif
