/* Facts: rank 0's go to all, each rank looks for a difference, and all agree on the first. */
#include "compare.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

gy_fact *gy_fact_new(gy_facts *facts, const char *what, ...)
{
    va_list args;
    assert(facts->n < GY_FACTS);
    gy_fact *fact = &facts->v[facts->n++];
    va_start(args, what);
    (void)vsnprintf(fact->what, sizeof fact->what, what, args);
    va_end(args);
    return fact;
}

void gy_fact_put(gy_fact *fact, const char *found, ...)
{
    va_list args;
    va_start(args, found);
    (void)vsnprintf(fact->found, sizeof fact->found, found, args);
    va_end(args);
}

gy_status gy_comm_compare(gy_comm *comm, const gy_facts *facts, gy_status status, const char *hint)
{
    gy_facts first = *facts;
    gy_status result = GY_OK;
    const int rank = gy_comm_rank(comm);
    GY_TRY(gy_comm_broadcast(comm, &first, sizeof first, 0));
    for (int i = 0; i < facts->n && result == GY_OK; i++) {
        const gy_fact *mine = &facts->v[i], *other = &first.v[i];
        if (strcmp(mine->what, other->what) == 0 && strcmp(mine->found, other->found) == 0)
            continue;
        result =
            gy_raise(status,
                     "ranks differ in %s" GY_AT "rank %d on %s" GY_WHY
                     "it has %s, rank 0 has %s" GY_HINT "%s",
                     mine->what, rank, gy_comm_host(comm, rank), mine->found, other->found, hint);
    }
    return gy_comm_agree(comm, result);
}
