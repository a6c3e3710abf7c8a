/**
 * Random numbers by counter: Philox 4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy
 * as 1, 2, 3"; Random123). A draw depends on its key alone, never on ranks, threads or order.
 * All functions are local and pure.
 */
#ifndef GY_BASE_RNG_H
#define GY_BASE_RNG_H

#include <stdint.h>

/** What a stream of draws is for; never renumber. */
typedef enum gy_rng_use {
    GY_RNG_INIT = 1,
    GY_RNG_SHUFFLE,
    GY_RNG_SPLIT,
    GY_RNG_DROPOUT,
    GY_RNG_AUGMENT,
    GY_RNG_SYNTHETIC,
    GY_RNG_GENERATE,
    GY_RNG_SEARCH,
    GY_RNG_COMPRESS,
    GY_RNG_SPARSE,
    GY_RNG_TASK,
    GY_RNG_CHUNK
} gy_rng_use;

/** A key: the run's seed and what is drawn for. */
typedef struct gy_rng {
    uint64_t seed;
    uint32_t use;    /* gy_rng_use */
    uint32_t stream; /* e.g. the number of the layer */
} gy_rng;

/** Four uniform 32-bit words at a place (a, b): e.g. (sample, block). */
void gy_rng_words(gy_rng key, uint64_t a, uint64_t b, uint32_t out[4]);

/** One uniform 64-bit word at a place. */
uint64_t gy_rng_word(gy_rng key, uint64_t a, uint64_t b);

/** Uniform in [0, 1) with 53 bits. */
double gy_rng_uniform(gy_rng key, uint64_t a, uint64_t b);

/** Standard normal (Box–Muller). */
double gy_rng_normal(gy_rng key, uint64_t a, uint64_t b);

/**
 * Place i of a permutation of 0 … n−1 keyed by `key`, in constant memory: a Feistel network on
 * the next even power of two, walked until it falls below n (Black and Rogaway 2002).
 * 0 ≤ i < n. Expected cost: under 4 rounds of 4 draws.
 */
int64_t gy_rng_permute(gy_rng key, int64_t i, int64_t n);

#endif
