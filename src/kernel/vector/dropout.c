/*
 * Dropout's mask: Philox 4x32 with 7 rounds (Salmon et al. 2011; 7 pass all of BigCrush), written
 * out so that it vectorises over counters. Counter (i, 0, sample) gives the 32 bits of elements
 * i, i + LANES, i + 2 LANES, i + 3 LANES of its group of 4 LANES.
 */
#include "elementwise.h"

enum { LANES = 64, GROUP = 4 * LANES, ROUNDS = 7 };

/** The GROUP words of one group of a sample. */
static void draw(const uint32_t key[2], uint64_t sample, uint64_t group, uint32_t words[GROUP])
{
    uint32_t a[LANES], b[LANES], c[LANES], d[LANES];
    for (uint32_t i = 0; i < LANES; i++) {
        uint64_t counter = group * LANES + i;
        a[i] = (uint32_t)counter;
        b[i] = (uint32_t)(counter >> 32);
        c[i] = (uint32_t)sample;
        d[i] = (uint32_t)(sample >> 32);
    }
    uint32_t k0 = key[0], k1 = key[1];
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < LANES; i++) {
            uint64_t p = (uint64_t)a[i] * 0xD2511F53u, q = (uint64_t)c[i] * 0xCD9E8D57u;
            a[i] = (uint32_t)(q >> 32) ^ b[i] ^ k0;
            b[i] = (uint32_t)q;
            c[i] = (uint32_t)(p >> 32) ^ d[i] ^ k1;
            d[i] = (uint32_t)p;
        }
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    for (int i = 0; i < LANES; i++) {
        words[i] = a[i];
        words[LANES + i] = b[i];
        words[2 * LANES + i] = c[i];
        words[3 * LANES + i] = d[i];
    }
}

void GY_OF_LEVEL(dropout)(const uint32_t key[2], uint64_t sample, int64_t from, int64_t n,
                          uint32_t limit, float scale, const float *x, float *y)
{
    uint32_t words[GROUP];
    for (int64_t i = 0; i < n;) {
        int64_t within = (from + i) % GROUP;
        int64_t now = GROUP - within < n - i ? GROUP - within : n - i;
        draw(key, sample, (uint64_t)((from + i) / GROUP), words);
#pragma omp simd
        for (int64_t j = 0; j < now; j++)
            y[i + j] = words[within + j] < limit ? x[i + j] * scale : 0.0f;
        i += now;
    }
}
