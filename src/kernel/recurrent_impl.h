/*
 * The parameters of a recurrent cell in panels of 16 units, for a pass or for many. Inside the kernel room
 * only.
 */
#ifndef GY_KERNEL_RECURRENT_IMPL_H
#define GY_KERNEL_RECURRENT_IMPL_H

#include "gemm_impl.h"
#include "recurrent.h"

static inline int64_t gy_cell_blocks(const gy_recurrent *r)
{
    return gy_pieces(r->units, GY_PANEL);
}

/* Floats of R, and of the biases. */
int64_t gy_panels_of_r(const gy_recurrent *r);
int64_t gy_panels_of_bias(const gy_recurrent *r);

/* The three by all of the team: [block, gate, k, 16] of R[gate][unit, k], what a step forward multiplies h with, */
void gy_pack_forward(const gy_kernel *k, const gy_recurrent *r, const float *const *recurrent,
                     float *to, gy_member me);
/* of R[gate][k, unit], what a step backward multiplies dz with, k in units of the kernel's operand, */
void gy_pack_backward(const gy_kernel *k, const gy_recurrent *r, const float *const *recurrent,
                      float *to, gy_member me);
/* and [block, slot, 16] of the biases. */
void gy_pack_bias(const gy_recurrent *r, const float *const *bias, float *to, gy_member me);

/* W of a gate in what gy_recurrent_pack() made; those of all lie end to end if no gate's last panel is cut. */
const float *gy_packed_inputs(const gy_kernel *k, const gy_recurrent *r, const float *packed,
                              int64_t gate);

#endif
