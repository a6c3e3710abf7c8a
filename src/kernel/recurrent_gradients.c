/*
 * What follows the steps of a backward pass: the gradients of parameters and inputs, of all steps at once, from
 * the dz that lie where the slots did.
 */
#include "recurrent_impl.h"

#include "elementwise.h"

/* dW = dzᵀ x, dR = dzᵀ h of the step before, db = Σ dz */
void gy_recurrent_gradients(const gy_recurrent_pass *p, const gy_recurrent_backward_args *a)
{
    const gy_recurrent *r = p->r;
    const int64_t rows = r->time * p->batch, h = r->units, gates = p->gates;
    const float *const *dw = (const float *const *)a->d_weight;
    const float *const *dr = (const float *const *)a->d_recurrent;
    const float *const *db = (const float *const *)a->d_bias;
    int run = gy_gates_together(dw, gates, h * r->in);
    if (gy_gates_together(db, p->n_slots, h) < p->n_slots) run = 1;
    for (int64_t g = 0; g < gates; g += run)
        gy_linear_gradients(p->kernel, rows, r->in, run * h, a->x, r->in, p->slots + g * h,
                            p->slots_row, a->d_weight[g], a->beta, a->d_bias[g], a->beta);
    for (int64_t s = gates; s < p->n_slots; s++) /* of slots that no input goes to */
        gy_column_sum_strided(p->kernel, rows, h, p->slots_row, p->slots + s * h, a->beta,
                              a->d_bias[s]);
    /* all steps but the first, which began with zeros, and the h of all but the last */
    const float *dz = p->slots + (p->n_slots - gates) * h, *before = p->h;
    *(r->reverse ? &before : &dz) += p->batch * (r->reverse ? p->row : p->slots_row);
    run = gy_gates_together(dr, gates, h * h);
    for (int64_t g = 0; g < gates; g += run)
        gy_gemm(p->kernel, true, false, run * h, h, rows - p->batch, 1.0f, dz + g * h, p->slots_row,
                before, p->row, a->beta, a->d_recurrent[g], h);
}

void gy_recurrent_backward_input(const gy_kernel *k, const gy_recurrent *r, int64_t batch,
                                 const float *const *weight, float *keep, float beta, float *dx)
{
    const gy_recurrent_pass p = gy_recurrent_lay_out(k, r, batch, NULL, false, keep, NULL);
    const int64_t rows = r->time * batch, h = r->units;
    const int run = gy_gates_together(weight, p.gates, h * r->in);
    for (int64_t g = 0; g < p.gates; g += run) /* dx = dz W */
        gy_gemm(k, false, false, rows, r->in, run * h, 1.0f, p.slots + g * h, p.slots_row,
                weight[g], r->in, g > 0 ? 1.0f : beta, dx, r->in);
}
