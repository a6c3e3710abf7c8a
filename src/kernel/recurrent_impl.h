/*
 * What the files of recurrent cells share: a pass; the parameters in panels of 16 units, for a pass or for
 * many. Inside the kernel room only.
 */
#ifndef GY_KERNEL_RECURRENT_IMPL_H
#define GY_KERNEL_RECURRENT_IMPL_H

#include "gemm_impl.h"
#include "recurrent.h"

static inline int64_t gy_cell_blocks(const gy_recurrent *r)
{
    return gy_pieces(r->units, GY_PANEL);
}

/* One pass: where everything lies. */
typedef struct gy_recurrent_pass {
    const gy_kernel *kernel;
    const gy_recurrent *r;
    int64_t batch, gates, n_slots, blocks;
    int64_t slots_row, row;      /* floats from row to row of slots; of h, c, d_state */
    float *slots, *h, *c;        /* keep */
    int64_t span, states;        /* positions whose slots, and whose h and c, are there at once */
    int64_t from;                /* the first whose slots are there */
    const float *packed, *bias;  /* R and the biases in panels: scratch, or made before */
    float *d_state;              /* scratch */
    float *last;                 /* scratch: [2, B, last_row], what is multiplied, packed */
    int64_t depth, last_row;     /* units of h */
    const float *const *weights; /* R */
} gy_recurrent_pass;

/* Floats of R, and of the biases. */
int64_t gy_panels_of_r(const gy_recurrent *r);
int64_t gy_panels_of_bias(const gy_recurrent *r);

/* recurrent_layout.c; scratch NULL: a pass that only reads what is kept. */
gy_recurrent_pass gy_recurrent_lay_out(const gy_kernel *k, const gy_recurrent *r, int64_t batch,
                                       const float *const *recurrent, bool brief, float *keep,
                                       float *scratch);

static inline void gy_recurrent_use_packed(gy_recurrent_pass *p, const float *packed)
{
    p->packed = packed;
    p->bias = packed + gy_panels_of_r(p->r);
}

/* recurrent_gradients.c */
void gy_recurrent_gradients(const gy_recurrent_pass *p, const gy_recurrent_backward_args *a);

/* How many of n tensors of `count` floats one product can take: all where they lie side by side. */
static inline int gy_gates_together(const float *const *v, int64_t n, int64_t count)
{
    for (int64_t i = 1; i < n; i++)
        if (v[i] != v[0] + i * count) return 1;
    return (int)n;
}

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
