/** Instruction-set levels of x86-64 and which one this process uses. */
#ifndef GY_BASE_SIMD_H
#define GY_BASE_SIMD_H

#include <gyre/context.h>

#include <stdbool.h>

/**
 * X(level): ordered, later is better. v4_bf16 is v4 with instructions for products of bfloat16 in pairs
 * (AVX512-BF16), v4_amx with those in tiles as well (AMX-BF16).
 */
#define GY_SIMD_LIST(X) X(baseline) X(v3) X(v4) X(v4_bf16) X(v4_amx)
#define GY_SIMD_ENUM(level) GY_SIMD_##level,
typedef enum gy_simd { GY_SIMD_LIST(GY_SIMD_ENUM) GY_SIMD_COUNT } gy_simd;
#undef GY_SIMD_ENUM

extern const char *const gy_simd_names[GY_SIMD_COUNT + 1]; /* NULL-terminated */

enum { GY_CPU_TEXT = 80 };

/** The processor, by its maker's name and by numbers that tell models apart. Local. */
void gy_cpu_name(char out[GY_CPU_TEXT]);

/** The best level this machine runs. Local. */
gy_simd gy_simd_best(void);

/**
 * Asks the system for tiles, which v4_amx needs before its first product of them; false: it refuses. Signals
 * take larger stacks in a process that has them, so nobody asks who does not use them. Local.
 */
bool gy_simd_ask_tiles(void);

/** Whether this machine has instructions for products of 8 bits beside a level's (AVX-VNNI, AVX-512 VNNI). Local. */
bool gy_simd_has_vnni(gy_simd level);

/** The level of a context: GYRE_SIMD where set, else the best. Local. */
gy_simd gy_context_simd_level(const gy_context *ctx);

/** Takes a level where it is below the context's. Local. */
void gy_context_lower_simd(gy_context *ctx, gy_simd level);

#endif
