/* Which x86-64 level this machine runs; elsewhere the baseline is all there is. */
#include "simd.h"

#include "context_impl.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

#define NAME(level) #level,
const char *const gy_simd_names[GY_SIMD_COUNT + 1] = {GY_SIMD_LIST(NAME) NULL};

gy_simd gy_simd_best(void)
{
#if defined(__x86_64__)
    __builtin_cpu_init();
    bool v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
              __builtin_cpu_supports("bmi2");
    bool v4 = v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
              __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
              __builtin_cpu_supports("avx512vl");
    if (v4 && __builtin_cpu_supports("avx512bf16")) return GY_SIMD_v4_bf16;
    return v4 ? GY_SIMD_v4 : v3 ? GY_SIMD_v3 : GY_SIMD_baseline;
#else
    return GY_SIMD_baseline;
#endif
}

bool gy_simd_has_vnni(gy_simd level)
{
#if defined(__x86_64__)
    enum { FEATURES = 7, MORE = 1, AVX_VNNI = 1 << 4 }; /* gcc 12 has no name for it */
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
