/*
 * The units of 8 bits of a level: its own, and the one with VNNI where its processors may have that.
 *
 * Without VNNI pairs are added in 16 bits (which never overflows: 2 · 127 · 127), then in 32.
 */
#include "int8.h"

#if defined(__AVX2__)
#include <immintrin.h>
#endif

#define UNIT_TABLE_2(level) gy_int8_##level
#define UNIT_TABLE_1(level) UNIT_TABLE_2(level)

#if defined(__AVX512BW__)

#define LANES 16
#define TILE_ROWS 6
#define TILE_PANELS 4
#define ints __m512i
#define INTS_ZERO _mm512_setzero_si512()
#define bytes_at(p) _mm512_loadu_si512(p)
#define ints_store(p, v) _mm512_storeu_si512(p, v)

INLINE ints bytes_spread(const void *p)
{
    int32_t four;
    __builtin_memcpy(&four, p, sizeof four);
    return _mm512_set1_epi32(four);
}

INLINE ints DOT_PLAIN(ints sum, ints q, ints w)
{
    const ints pairs = _mm512_maddubs_epi16(q, w);
    return _mm512_add_epi32(sum, _mm512_madd_epi16(pairs, _mm512_set1_epi16(1)));
}

#define DOT_VNNI(sum, q, w) _mm512_dpbusd_epi32(sum, q, w)
#define TARGET_VNNI __attribute__((target("avx512vnni")))

#elif defined(__AVX2__)

#define LANES 8
#define TILE_ROWS 4
#define TILE_PANELS 1
#define ints __m256i
#define INTS_ZERO _mm256_setzero_si256()
#define bytes_at(p) _mm256_loadu_si256((const __m256i *)(const void *)(p))
#define ints_store(p, v) _mm256_storeu_si256((__m256i *)(void *)(p), v)

INLINE ints bytes_spread(const void *p)
{
    int32_t four;
    __builtin_memcpy(&four, p, sizeof four);
    return _mm256_set1_epi32(four);
}

INLINE ints DOT_PLAIN(ints sum, ints q, ints w)
{
    const ints pairs = _mm256_maddubs_epi16(q, w);
    return _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}

#define DOT_VNNI(sum, q, w) _mm256_dpbusd_avx_epi32(sum, q, w)
#define TARGET_VNNI __attribute__((target("avxvnni")))

#else

#define LANES 16
#define TILE_ROWS 4
#define TILE_PANELS 1
#include "int8_emulated.h"
#define DOT_PLAIN dot_emulated

#endif

#define UNIT plain
#define TARGET
#define DOT DOT_PLAIN
#include "int8_loops.h"
const gy_int8_unit UNIT_TABLE_1(GY_LEVEL) = {.dots = dots_plain, .panels = panels_plain};

#if defined(TARGET_VNNI)

#undef UNIT
#undef TARGET
#undef DOT
#define UNIT vnni
#define TARGET TARGET_VNNI
#define DOT DOT_VNNI
#include "int8_loops.h"

#define VNNI_TABLE_2(level) gy_int8_##level##_vnni
#define VNNI_TABLE_1(level) VNNI_TABLE_2(level)
const gy_int8_unit VNNI_TABLE_1(GY_LEVEL) = {.dots = dots_vnni, .panels = panels_vnni};

#endif
