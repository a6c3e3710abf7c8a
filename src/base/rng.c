/* Philox by Random123, and what is made of its words. */
#include "rng.h"

#include <Random123/philox.h>
#include <math.h>

void gy_rng_words(gy_rng key, uint64_t a, uint64_t b, uint32_t out[4])
{
    /* the key takes 64 bits, the place 128: fold use and stream into the key by one more Philox */
    philox4x32_key_t seed = {{(uint32_t)key.seed, (uint32_t)(key.seed >> 32)}};
    philox4x32_ctr_t purpose = {{key.use, key.stream, 0x67797265u, 0}};
    philox4x32_ctr_t folded = philox4x32(purpose, seed);
    philox4x32_key_t mixed = {{folded.v[0], folded.v[1]}};
    philox4x32_ctr_t place = {{(uint32_t)a, (uint32_t)(a >> 32), (uint32_t)b, (uint32_t)(b >> 32)}};
    philox4x32_ctr_t words = philox4x32(place, mixed);
    for (int i = 0; i < 4; i++) out[i] = words.v[i];
}

uint64_t gy_rng_word(gy_rng key, uint64_t a, uint64_t b)
{
    uint32_t w[4];
    gy_rng_words(key, a, b, w);
    return (uint64_t)w[1] << 32 | w[0];
}

static double unit(uint32_t high, uint32_t low)
{
    return (double)(((uint64_t)high << 32 | low) >> 11) * 0x1p-53;
}

double gy_rng_uniform(gy_rng key, uint64_t a, uint64_t b)
{
    uint32_t w[4];
    gy_rng_words(key, a, b, w);
    return unit(w[0], w[1]);
}

double gy_rng_normal(gy_rng key, uint64_t a, uint64_t b)
{
    const double two_pi = 6.283185307179586;
    uint32_t w[4];
    gy_rng_words(key, a, b, w);
    double u = 1.0 - unit(w[0], w[1]); /* (0, 1] */
    return sqrt(-2.0 * log(u)) * cos(two_pi * unit(w[2], w[3]));
}

int64_t gy_rng_permute(gy_rng key, int64_t i, int64_t n)
{
    enum { ROUNDS = 4 };
    unsigned half = 1;
    while (half < 31 && ((int64_t)1 << (2 * half)) < n) half++;
    const uint64_t mask = ((uint64_t)1 << half) - 1;
    uint64_t x = (uint64_t)i;
    do { /* cycle walking: the network permutes 0 … 4^half − 1, of which n are wanted */
        uint64_t left = x >> half, right = x & mask;
        for (uint64_t round = 0; round < ROUNDS; round++) {
            uint64_t next = left ^ (gy_rng_word(key, right, round) & mask);
            left = right;
            right = next;
        }
        x = left << half | right;
    } while (x >= (uint64_t)n);
    return (int64_t)x;
}
