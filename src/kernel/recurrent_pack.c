/*
 * The parameters of a recurrent cell in panels.
 *
 *     packed   R [H / 16, gates, H, 16] | biases [H / 16, slots, 16] | W of each gate
 */
#include "recurrent_impl.h"

#include <string.h>

enum { WIDE = GY_PANEL };

/* Of any precision: numbers in pairs at most. */
int64_t gy_panels_of_r(const gy_recurrent *r)
{
    return gy_cell_blocks(r) * WIDE * gy_cell_gates(r->cell) * gy_round_up(r->units, GY_UNIT_MOST);
}

int64_t gy_panels_of_bias(const gy_recurrent *r)
{
    return gy_cell_blocks(r) * WIDE * gy_cell_slots(r->cell);
}

void gy_pack_forward(const gy_kernel *k, const gy_recurrent *r, const float *const *recurrent,
                     float *packed, gy_member me)
{
    const int64_t h = r->units, depth = gy_units(k->operand, h), gates = gy_cell_gates(r->cell);
    GY_SHARE(me, i, gy_cell_blocks(r) * gates) {
        const int64_t unit = i / gates * WIDE;
        k->operand->turn(gy_least(WIDE, h - unit), h, recurrent[i % gates] + unit * h, h,
                         packed + i * depth * WIDE);
    }
}

void gy_pack_backward(const gy_kernel *k, const gy_recurrent *r, const float *const *recurrent,
                      float *packed, gy_member me)
{
    const int64_t h = r->units, depth = gy_units(k->operand, h), gates = gy_cell_gates(r->cell);
    GY_SHARE(me, i, gy_cell_blocks(r) * gates) {
        const int64_t unit = i / gates * WIDE, n = gy_least(WIDE, h - unit);
        float *to = packed + i * depth * WIDE;
        if (n < WIDE) memset(to, 0, sizeof *to * (size_t)(depth * WIDE));
        k->operand->down(h, n, recurrent[i % gates] + unit, h, to, WIDE);
    }
}

void gy_pack_bias(const gy_recurrent *r, const float *const *bias, float *packed, gy_member me)
{
    const int64_t slots = gy_cell_slots(r->cell);
    GY_SHARE(me, i, gy_cell_blocks(r) * slots) {
        const int64_t unit = i / slots * WIDE, n = gy_least(WIDE, r->units - unit);
        float *to = packed + i * WIDE;
        memcpy(to, bias[i % slots] + unit, sizeof *to * (size_t)n);
        memset(to + n, 0, sizeof *to * (size_t)(WIDE - n));
    }
}

int64_t gy_recurrent_packed(const gy_recurrent *r)
{
    return gy_panels_of_r(r) + gy_panels_of_bias(r) +
           gy_cell_gates(r->cell) * gy_linear_packed(r->in, r->units);
}

const float *gy_packed_inputs(const gy_kernel *k, const gy_recurrent *r, const float *packed,
                              int64_t gate)
{
    return packed + gy_panels_of_r(r) + gy_panels_of_bias(r) +
           gate * gy_cell_blocks(r) * WIDE * gy_units(k->operand, r->in);
}

void gy_recurrent_pack(const gy_kernel *k, const gy_recurrent *r, const float *const *weight,
                       const float *const *recurrent, const float *const *bias, float *packed)
{
    const gy_member me = {0, 1};
    float *to = packed;
    gy_pack_forward(k, r, recurrent, to, me);
    to += gy_panels_of_r(r);
    gy_pack_bias(r, bias, to, me);
    to += gy_panels_of_bias(r);
    for (int64_t g = 0; g < gy_cell_gates(r->cell); g++) {
        gy_linear_pack(k, r->in, r->units, weight[g], to);
        to += gy_cell_blocks(r) * WIDE * gy_units(k->operand, r->in);
    }
}
