/** A set of ranks, as bits. Inside the room only. */
#ifndef GY_COMM_RANK_SET_H
#define GY_COMM_RANK_SET_H

#include <stdbool.h>
#include <stdint.h>

enum { GY_SET_RANKS = 4096, GY_SET_WORDS = GY_SET_RANKS / 64 };

typedef struct gy_rank_set {
    uint64_t words[GY_SET_WORDS];
} gy_rank_set;

static inline bool gy_rank_set_has(const gy_rank_set *s, int rank)
{
    return (s->words[rank / 64] >> (rank % 64) & 1) != 0;
}

static inline void gy_rank_set_put(gy_rank_set *s, int rank)
{
    s->words[rank / 64] |= (uint64_t)1 << (rank % 64);
}

static inline bool gy_rank_set_equals(const gy_rank_set *a, const gy_rank_set *b)
{
    for (int i = 0; i < GY_SET_WORDS; i++)
        if (a->words[i] != b->words[i]) return false;
    return true;
}

#endif
