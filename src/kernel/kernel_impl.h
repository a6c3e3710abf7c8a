/** What the handle holds, and how loops are cut into blocks. Inside the kernel room only. */
#ifndef GY_KERNEL_KERNEL_IMPL_H
#define GY_KERNEL_KERNEL_IMPL_H

#include "base/count.h"
#include "base/rng.h"
#include "kernel.h"
#include "team_impl.h"
#include "vector/vector.h"

struct gy_kernel {
    gy_context *ctx;
    int threads;
    const gy_vector *vector;    /* the loops of this machine's level */
    const gy_int8_unit *int8;   /* its products of 8 bits, or those by VNNI */
    const gy_operand *operand;  /* of products, in the handle's precision */
    const gy_operand *winograd; /* of those of Winograd's algorithm, in their own */
    bool packs;                 /* the level's panels are as fast as a BLAS */
    bool fetches;               /* gy_gemm_fetches() */
    float *work; /* [threads, gy_gemm_packed_work], whose pages are taken where a pass wants them */
    void (*poll)(void *user);
    void *user;
};

enum {
    GY_BLOCK = 8192,      /* floats a thread takes at once: 32 KiB, half of a first-level cache */
    GY_TEAM_WORK = 65536, /* simple operations below which a team costs more than it saves */
    GY_PARTIALS = 256     /* the most blocks of a sum */
};

/** What the draws of dropout in one step come from; see `dropout` in vector/vector.h. */
typedef struct gy_drop {
    uint32_t key[2], limit;
    float scale;
} gy_drop;

gy_drop gy_drop_of(gy_rng key, int64_t step, float rate);

/** Threads for a loop over n elements of `cost` simple operations each. */
static inline int gy_team(const gy_kernel *k, int64_t n, int64_t cost)
{
    return n * cost < GY_TEAM_WORK ? 1 : k->threads;
}

/** Length of the block at i of n. */
static inline int64_t gy_block(int64_t n, int64_t i)
{
    return gy_least(GY_BLOCK, n - i);
}

/** Rows of `columns` that make about a block. */
static inline int64_t gy_block_rows(int64_t columns)
{
    return columns >= GY_BLOCK ? 1 : GY_BLOCK / columns;
}

/** Length of a sum's blocks: a function of n alone, so that sums do not depend on threads. */
static inline int64_t gy_sum_block(int64_t n)
{
    return gy_most(GY_BLOCK, gy_round_up(gy_pieces(n, GY_PARTIALS), 16));
}

/** Returns the sum over blocks [i, i + m) of [0, n) of `call`, added in order. Ends a function. */
#define GY_SUM_OF_BLOCKS(cost, call)                                                               \
    double partial[GY_PARTIALS];                                                                   \
    const int64_t block = gy_sum_block(n), blocks = gy_pieces(n, block);                           \
    GY_SPREAD(gy_team(k, n, cost), b, blocks, 1, {                                                 \
        const int64_t i = b * block, m = gy_least(block, n - i);                                   \
        partial[b] = call;                                                                         \
    });                                                                                            \
    return gy_in_order(blocks, partial)

/** The sum of x, from the first to the last. */
static inline double gy_in_order(int64_t n, const double *x)
{
    double s = 0.0;
    for (int64_t i = 0; i < n; i++) s += x[i];
    return s;
}

#endif
