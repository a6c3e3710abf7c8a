/** What products over packed operands share. Inside the kernel room only. */
#ifndef GY_KERNEL_PACKED_IMPL_H
#define GY_KERNEL_PACKED_IMPL_H

#include "kernel_impl.h"

enum { GY_TILE_ROWS = 192 }; /* rows of A that a panel meets at once; a multiple of every level's */

/** gy_pack on the calling thread. */
void gy_pack_panels(const gy_kernel *k, bool transpose, int64_t n, int64_t inner, float alpha,
                    const float *b, int64_t ldb, float *packed);

/** One panel's product, of whose columns `width` exist in C (and start). */
void gy_panel_multiply(const gy_kernel *k, const gy_panel_product *p, int64_t width);

#endif
