/* Which x86-64 level this machine runs; elsewhere the baseline is all there is. */
#include "simd.h"

#include "context_impl.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>
#if defined(__x86_64__)
#include <cpuid.h>
#endif
#if defined(__x86_64__) && defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

#define NAME(level) #level,
const char *const gy_simd_names[GY_SIMD_COUNT + 1] = {GY_SIMD_LIST(NAME) NULL};

#if defined(__x86_64__)
enum { FEATURES = 7 }; /* a leaf of cpuid */
#endif

/* Whether the processor has tiles and products of them, and the system saves them. */
static bool has_tiles(void)
{
#if defined(__x86_64__) && defined(__linux__)
    enum { SYSTEM_SAVES = 1 << 27, AMX_BF16 = 1 << 22, AMX_TILE = 1 << 24, STATES = 3 << 17 };
    unsigned a, b, c, d, saved, upper;
    if (!__get_cpuid(1, &a, &b, &c, &d) || (c & SYSTEM_SAVES) == 0) return false;
    if (!__get_cpuid_count(FEATURES, 0, &a, &b, &c, &d)) return false;
    if ((d & AMX_BF16) == 0 || (d & AMX_TILE) == 0) return false;
    __asm__("xgetbv" : "=a"(saved), "=d"(upper) : "c"(0));
    return (saved & STATES) == STATES;
#else
    return false;
#endif
}

bool gy_simd_ask_tiles(void)
{
#if defined(__x86_64__) && defined(__linux__)
    enum { ASK = 0x1023, TILE_DATA = 18 }; /* ARCH_REQ_XCOMP_PERM, for a state by its number */
    return syscall(SYS_arch_prctl, ASK, TILE_DATA) == 0;
#else
    return false;
#endif
}

gy_simd gy_simd_best(void)
{
#if defined(__x86_64__)
    __builtin_cpu_init();
    bool v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
              __builtin_cpu_supports("bmi2");
    bool v4 = v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
              __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
              __builtin_cpu_supports("avx512vl");
    if (v4 && __builtin_cpu_supports("avx512bf16"))
        return has_tiles() ? GY_SIMD_v4_amx : GY_SIMD_v4_bf16;
    return v4 ? GY_SIMD_v4 : v3 ? GY_SIMD_v3 : GY_SIMD_baseline;
#else
    return GY_SIMD_baseline;
#endif
}

bool gy_simd_has_vnni(gy_simd level)
{
#if defined(__x86_64__)
    enum { MORE = 1, AVX_VNNI = 1 << 4 }; /* gcc 12 has no name for it */
    unsigned a = 0, b, c, d;
    if (level >= GY_SIMD_v4) return __builtin_cpu_supports("avx512vnni");
    if (level == GY_SIMD_v3 && __get_cpuid_count(FEATURES, MORE, &a, &b, &c, &d))
        return (a & AVX_VNNI) != 0;
#endif
    (void)level;
    return false;
}

void gy_cpu_name(char out[GY_CPU_TEXT])
{
#if defined(__x86_64__)
    enum { BRAND = 0x80000002, LEAVES = 3, SIGNATURE = 1 };
    unsigned r[4] = {0};
    char name[LEAVES * sizeof r + 1] = "";
    for (unsigned i = 0; i < LEAVES; i++)
        if (__get_cpuid(BRAND + i, &r[0], &r[1], &r[2], &r[3]))
            memcpy(name + i * sizeof r, r, sizeof r);
    for (size_t n = strlen(name); n > 0 && name[n - 1] == ' '; n--) name[n - 1] = '\0';
    r[0] = 0;
    (void)__get_cpuid(SIGNATURE, &r[0], &r[1], &r[2], &r[3]);
    (void)snprintf(out, GY_CPU_TEXT, "%s (%x)", name, r[0]);
#else
    (void)snprintf(out, GY_CPU_TEXT, "unknown processor");
#endif
}
