/* Facts: rank 0's go to all, each rank looks for a difference, and all agree on the first. */
#include "compare.h"

#include "base/hash.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { WHOLE = 16 * 1024 }; /* of a text: three paths as long as a system takes them */

/* What is cut goes on as its length and its checksum, so that texts that differ behind the cut still do. */
static void put(char text[GY_FACT_TEXT], const char *format, va_list args)
{
    char whole[WHOLE], rest[64];
    const int n = vsnprintf(whole, sizeof whole, format, args);
    if (n < GY_FACT_TEXT) {
        memcpy(text, whole, strlen(whole) + 1);
        return;
    }
    const unsigned long long hash = gy_hash(whole, strlen(whole));
    const int end = snprintf(rest, sizeof rest, "... (%d bytes, checksum %016llx)", n, hash);
    (void)snprintf(text, GY_FACT_TEXT, "%.*s%s", GY_FACT_TEXT - 1 - end, whole, rest);
}

gy_fact *gy_fact_new(gy_facts *facts, const char *what, ...)
{
    va_list args;
    assert(facts->n < GY_FACTS);
    gy_fact *fact = &facts->v[facts->n++];
    va_start(args, what);
    put(fact->what, what, args);
    va_end(args);
    return fact;
}

void gy_fact_put(gy_fact *fact, const char *found, ...)
{
    va_list args;
    va_start(args, found);
    put(fact->found, found, args);
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
