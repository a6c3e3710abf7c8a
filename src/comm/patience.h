/**
 * How a rank waits: it looks again and again, offers its core to others meanwhile, and where ranks
 * crowd the cores it sleeps between looks, longer and longer, so that those it waits for can work.
 *
 *     gy_patience patience = gy_patience_begin(comm);
 *     while (!done) {
 *         GY_TRY(gy_patience_pause(&patience));
 *         look
 *     }
 *
 * There is no other way to wait for ranks, and so no wait that would go on for one that is gone.
 * On cores of their own ranks never sleep: messages need their looks.
 */
#ifndef GY_COMM_PATIENCE_H
#define GY_COMM_PATIENCE_H

#include "comm.h"

typedef struct gy_patience {
    const gy_comm *comm;
    bool sleeps;
    int looks;        /* so far, in vain */
    int64_t pause_ns; /* the next */
} gy_patience;

/** The begin of a wait. Local. */
gy_patience gy_patience_begin(const gy_comm *comm);

/** The same of a rank that has nothing to do, while others may need its core: it sleeps. Local. */
gy_patience gy_patience_begin_idle(const gy_comm *comm);

/** After a look in vain. Local. @return GY_OK; GY_E_COMM: a rank of the communicator is gone */
gy_status gy_patience_pause(gy_patience *p) GY_CHECKED;

#endif
