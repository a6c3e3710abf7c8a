/* Which x86-64 level this machine runs; elsewhere the baseline is all there is. */
#include "simd.h"

#include "context_impl.h"

#include <stdbool.h>
#include <stddef.h>

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
    return v4 ? GY_SIMD_v4 : v3 ? GY_SIMD_v3 : GY_SIMD_baseline;
#else
    return GY_SIMD_baseline;
#endif
}
