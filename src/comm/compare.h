/**
 * What each rank finds for itself, and must find like the others: told as texts, and compared.
 *
 *     gy_facts facts = {.n = 0};
 *     gy_fact_put(gy_fact_new(&facts, "the data %s", path), "%lld samples", n);
 *     GY_TRY(gy_comm_compare(comm, &facts, GY_E_DATA, "give every host the same files"));
 */
#ifndef GY_COMM_COMPARE_H
#define GY_COMM_COMPARE_H

#include "comm.h"

enum { GY_FACTS = 12, GY_FACT_TEXT = 160 };

typedef struct gy_fact {
    char what[GY_FACT_TEXT], found[GY_FACT_TEXT];
} gy_fact;

typedef struct gy_facts {
    int n;
    gy_fact v[GY_FACTS];
} gy_facts;

/** One fact more: what it is about, and what this rank found; of a long text the end is told by its checksum. Local. */
gy_fact *gy_fact_new(gy_facts *facts, const char *what, ...) GY_FORMAT(2, 3);
void gy_fact_put(gy_fact *fact, const char *found, ...) GY_FORMAT(2, 3);

/**
 * Compares all ranks' facts with rank 0's. Collective.
 *
 * @return the same on every rank: GY_OK; `status`, naming the lowest rank that differs, its host, what
 *         it found and what rank 0 found
 */
gy_status gy_comm_compare(gy_comm *comm, const gy_facts *facts, gy_status status,
                          const char *hint) GY_CHECKED;

#endif
