/**
 * Runs a test at every instruction-set level that this machine has, with 1 and 3 threads, in a precision;
 * bfloat16, at the best level with 3, also as where there are instructions for it.
 */
#ifndef GY_TEST_LEVELS_H
#define GY_TEST_LEVELS_H

#include "gy_test.h"

#include "kernel/kernel.h"

/** Has products in bfloat16, Winograd's too, made as by instructions for pairs, or for tiles (emulated_*.c). */
void gy_test_emulate_pairs(gy_kernel *k);
void gy_test_emulate_tiles(gy_kernel *k);

/** Whether they are made by tiles, be these emulated or there: whose sums have bits of their own. */
bool gy_test_in_tiles(const gy_kernel *k);

static inline void gy_test_levels_in(gy_precision precision, void (*run)(const gy_kernel *k))
{
    for (int level = 0; level <= (int)gy_simd_best(); level++) {
        setenv("GYRE_SIMD", gy_simd_names[level], 1);
        gy_context *ctx = gy_test_context();
        CU_ASSERT_EQUAL((int)gy_context_simd_level(ctx), level);
        for (int threads = 1; threads <= 3; threads += 2) {
            gy_kernel *k = NULL;
            CU_ASSERT_EQUAL_FATAL(gy_kernel_create(ctx, threads, precision, &k), GY_OK);
            run(k);
            if (precision == GY_PRECISION_bfloat16 && level == (int)gy_simd_best() && threads > 1) {
                gy_test_emulate_pairs(k);
                run(k);
                gy_test_emulate_tiles(k);
                run(k);
            }
            gy_kernel_free(k);
        }
        gy_test_end(ctx);
        unsetenv("GYRE_SIMD");
    }
}

static inline void gy_test_levels(void (*run)(const gy_kernel *k))
{
    gy_test_levels_in(GY_PRECISION_float32, run);
}

/** Operands in bfloat16 have 8 bits: what four of them, one after the other, may be off by, both of a product. */
#define GY_TEST_ROUNDING 0x1p-6

/** Fills x with values between −range and range, the same at every call of a seed. */
static inline void gy_test_values(unsigned seed, int64_t n, double range, float *x)
{
    uint64_t state = seed * 2654435761u + 12345u;
    for (int64_t i = 0; i < n; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        x[i] = (float)(range * ((double)(state >> 33) * 0x1p-30 - 1.0));
    }
}

/** A whole number from least to most; `state` is any number to begin with, the same draws each time. */
static inline int64_t gy_test_draw(uint64_t *state, int64_t least, int64_t most)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return least + (int64_t)(*state >> 33) % (most - least + 1);
}

#endif
