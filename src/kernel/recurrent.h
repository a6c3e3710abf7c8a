/**
 * A recurrent cell over a sequence, in one direction.
 *
 *     rnn   h' = tanh(W x + R h + b)
 *     gru   r, z = σ(W x + R h + b)   n = tanh(W x + b + r (R h + b'))   h' = (1 − z) n + z h
 *     lstm  i, f, o = σ(W x + R h + b)   g = tanh(W x + R h + b)   c' = f c + i g   h' = o tanh(c')
 *
 * In PyTorch's sense (Cho et al. 2014 with the reset gate after the product; Hochreiter and
 * Schmidhuber 1997 with the forget gate of Gers et al. 2000). A unit keeps so many numbers a step,
 * its *slots*, in this order:
 *
 *              slots        W of    R of    b of
 *     rnn      h            h       h       h
 *     gru      n r z q      n r z   r z q   n r z q     q = R h + b', the recurrent part of n
 *     lstm     i f g o      all     all     all
 *
 * so that both W and R are of neighbours: one product serves them all where the tensors lie side by
 * side. T time, B batch, n inputs, H units. Sequences are [T, B, …] here, see gy_swap_axes().
 */
#ifndef GY_KERNEL_RECURRENT_H
#define GY_KERNEL_RECURRENT_H

#include "form/form.h"
#include "kernel.h"
#include "vector/cell.h"

typedef struct gy_recurrent {
    gy_cell cell;
    int64_t time, in, units;
    bool reverse; /* from the last position to the first */
} gy_recurrent;

int gy_cell_gates(gy_cell cell);
int gy_cell_slots(gy_cell cell);
bool gy_cell_has_state(gy_cell cell); /* c */

/**
 * Floats kept from forward to backward, multiples of a cache line's: `fixed` + batch · `per_sample`; forward writes all
 * of them. With `brief` those of a forward pass that no backward one follows, of some positions at a time: where
 * that is more than without, as in short sequences, it takes so many as without.
 */
void gy_recurrent_keep(const gy_recurrent *r, bool brief, int64_t *fixed, int64_t *per_sample);

/** Floats of scratch that one call wants: `fixed` + batch · `per_sample`. */
void gy_recurrent_scratch(const gy_recurrent *r, int64_t *fixed, int64_t *per_sample);

/**
 * The parameters as forward passes read them best: floats of them; makes them. `weight`, `recurrent`
 * and `bias` as in gy_recurrent_forward_args.
 */
int64_t gy_recurrent_packed(const gy_recurrent *r);
void gy_recurrent_pack(const gy_kernel *k, const gy_recurrent *r, const float *const *weight,
                       const float *const *recurrent, const float *const *bias, float *packed);

typedef struct gy_recurrent_forward_args {
    const float *x;             /* [T, B, n] */
    const float *const *weight; /* [gates], each [H, n]: of the first slots; NULL ones are forms */
    const gy_form *const *form; /* [gates] what stands there instead */
    const float *const *recurrent;  /* [gates], each [H, H]: of the last slots */
    const float *const *bias;       /* [slots], each [H] */
    const float *packed;            /* of all three, which are then not read; NULL: there is none */
    const float *h_start, *c_start; /* [B, H]; NULL: zeros */
    float *h_end, *c_end;           /* [B, H]; NULL: not wanted */
    float *y;                       /* h of position t of sample b: y[b y_sample + t y_time] */
    int64_t y_sample, y_time;
    bool last;  /* h of the last step alone, at y[b y_sample] */
    bool brief; /* no backward pass follows */
    float *keep, *scratch;
} gy_recurrent_forward_args;

void gy_recurrent_forward(const gy_kernel *k, const gy_recurrent *r, int64_t batch,
                          const gy_recurrent_forward_args *a);

typedef struct gy_recurrent_backward_args {
    const float *x;                /* [T, B, n] */
    const float *const *recurrent; /* as forward */
    const float *dy;               /* laid out as y */
    int64_t y_sample, y_time;
    bool last;
    float *const *d_weight, *const *d_recurrent,
                                *const *d_bias; /* as the weights; dw = beta dw + … */
    float beta;
    float *keep; /* from forward; gy_recurrent_backward_input() alone can use it afterwards */
    float *scratch;
} gy_recurrent_backward_args;

/**
 * The gradients of the parameters, after a forward pass that began with zeros. d_weight[0] NULL:
 * not wanted.
 */
void gy_recurrent_backward(const gy_kernel *k, const gy_recurrent *r, int64_t batch,
                           const gy_recurrent_backward_args *a);

/** dx [T, B, n] = beta dx + …, after gy_recurrent_backward(); dx may lie where x was. */
void gy_recurrent_backward_input(const gy_kernel *k, const gy_recurrent *r, int64_t batch,
                                 const float *const *weight, float *keep, float beta, float *dx);

#endif
