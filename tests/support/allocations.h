/** Counts every allocation of the program, its libraries' included, where the C library lets one. */
#ifndef GY_TEST_ALLOCATIONS_H
#define GY_TEST_ALLOCATIONS_H

#include <malloc.h>
#include <stdbool.h>
#include <stdint.h>

static int64_t gy_test_allocations;

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define GY_TEST_COUNTS true
extern void *__libc_malloc(size_t bytes);
extern void *__libc_memalign(size_t align, size_t bytes);

/* In the place of the C library's, for all that this program links; OpenMP takes the second. */
__attribute__((visibility("default"))) void *malloc(size_t bytes)
{
    gy_test_allocations++;
    return __libc_malloc(bytes);
}
__attribute__((visibility("default"))) void *memalign(size_t align, size_t bytes)
{
    gy_test_allocations++;
    return __libc_memalign(align, bytes);
}
#else
#define GY_TEST_COUNTS false
#endif

#endif
