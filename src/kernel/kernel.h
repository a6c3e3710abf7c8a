/**
 * The handle of the kernels: threads, instruction-set level, and what to do now and then in a long
 * loop. Arithmetic itself is in the room's other headers; all of it is local, works on float32 in
 * row-major order, and gives the same bits for the same threads, level and precision.
 */
#ifndef GY_KERNEL_KERNEL_H
#define GY_KERNEL_KERNEL_H

#include "base/alloc.h"
#include "base/simd.h"
#include "precision.h"

#include <stdint.h>

typedef struct gy_kernel gy_kernel;

/**
 * @param threads  OpenMP threads of every kernel; 0 = the cores this process is bound to
 * @param precision  of the operands of products
 * @param out      free with gy_kernel_free()
 * @return GY_OK; GY_E_NOMEM; GY_E_USAGE where the level's products of that precision are made in tiles, which
 *         the system refuses: ranks that agreed on a level are never at two
 */
gy_status gy_kernel_create(gy_context *ctx, int threads, gy_precision precision,
                           gy_kernel **out) GY_CHECKED;
void gy_kernel_free(gy_kernel *k);

/**
 * Whether products by panels are as fast as the BLAS at the context's level: then evaluation has its weights
 * packed, and what a sample gives depends on the sample alone.
 */
bool gy_kernel_packs(const gy_context *ctx);

/** What makes products of a precision at the context's level: "instructions for float32", or instructions by their name. */
const char *gy_kernel_products(const gy_context *ctx, gy_precision precision);

/**
 * The precision of products in Winograd's algorithm, which is float32 at first: see winograd.c. GY_OK;
 * GY_E_USAGE as gy_kernel_create().
 */
gy_status gy_kernel_set_winograd(gy_kernel *k, gy_precision precision) GY_CHECKED;

int gy_kernel_threads(const gy_kernel *k);
/** Goes on with fewer threads than it was made with. */
void gy_kernel_use(gy_kernel *k, int threads);

/** Cores that this process is bound to; what OMP_NUM_THREADS says, 0: nothing. */
int gy_kernel_cores(void);
int gy_kernel_omp_threads(void);

/** Called on the calling thread between blocks of long kernels, to drive communication. */
void gy_kernel_on_poll(gy_kernel *k, void (*poll)(void *user), void *user);
void gy_kernel_poll(const gy_kernel *k);

/** Name and version of the BLAS in use. */
const char *gy_blas_name(void);

/** GY_E_NOMEM where a limit on the address space leaves the BLAS too little for so many threads. */
gy_status gy_kernel_check_space(const gy_kernel *k) GY_CHECKED;

/** GFLOP/s of the BLAS's sgemm (n³, n = 1024) on the kernel's threads, the best of a few, now. */
gy_status gy_kernel_peak(gy_kernel *k, double *gflops) GY_CHECKED;

#endif
