/*
 * Whether OpenBLAS will find the memory that it works in. It takes a buffer for each thread at its first
 * product, and where a limit on the address space (ulimit -v, a batch system's h_vmem) leaves none it
 * tries again for ever. So it is tried before, with as much.
 */
#include "kernel_impl.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

/* BUFFER_SIZE of OpenBLAS on 64-bit machines, with what it takes to align it. */
static const size_t buffer_bytes = ((size_t)32 << 22) + ((size_t)4 << 20);

gy_status gy_kernel_check_space(const gy_kernel *k)
{
    struct rlimit limit;
    if (strncmp(gy_blas_name(), "OpenBLAS", 8) != 0 || getrlimit(RLIMIT_AS, &limit) != 0)
        return GY_OK;
    if (limit.rlim_cur == RLIM_INFINITY) return GY_OK;
    const size_t bytes = (size_t)k->threads * buffer_bytes;
    void *space = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    GY_REQUIRE(
        space != MAP_FAILED, GY_E_NOMEM,
        "address space is limited" GY_AT "ulimit -v %llu" GY_WHY
        "the BLAS needs %zu MiB more for %d threads, and would wait for them for ever" GY_HINT
        "raise the limit (h_vmem of a batch system), or set fewer threads",
        (unsigned long long)(limit.rlim_cur >> 10), bytes >> 20, k->threads);
    (void)munmap(space, bytes);
    return GY_OK;
}
