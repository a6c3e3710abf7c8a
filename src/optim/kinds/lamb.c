/*
 * LAMB (You et al. 2020, algorithm 2, φ(z) = z): d = m̂ / (√v̂ + ε) + decay w, and each tensor
 * steps by rate ‖w‖ / ‖d‖ along d. ‖d‖ is found by a first pass that changes nothing.
 */
#include "../optim_impl.h"
#include "../optim_list.h"

#include "kernel/elementwise.h"

#include <math.h>

/** Constants of a step along d of length `rate`. */
static gy_moments along(const void *settings, const gy_update *u, double rate)
{
    gy_moments m = gy_moments_of(settings, u);
    m.rate = (float)rate;
    m.shrink = (float)(rate * u->weight_decay);
    return m;
}

static void add(const void *settings, const gy_kernel *k, const gy_update *u,
                const gy_tensor_part *p, int round, double *sums)
{
    const gy_moments m = along(settings, u, 1.0);
    (void)round;
    if (!u->scaled) return;
    sums[0] += gy_sum_squares(k, p->n, p->w);
    sums[1] += gy_moments_squares(k, p->n, &m, p->w, p->g, p->slots[0], p->slots[1]);
}

static void update(const void *settings, const gy_kernel *k, const gy_update *u,
                   const gy_tensor_part *p)
{
    const double ratio = gy_trust_ratio(sqrt(u->sums[0]), sqrt(u->sums[1])); /* 1 if not scaled */
    const gy_moments m = along(settings, u, u->rate * ratio);
    gy_update_moments(k, p->n, &m, p->w, p->g, p->slots[0], p->slots[1]);
}

const gy_optim_kind gy_optim_lamb = {
    .kind = {.name = "lamb",
             .help = "adam with steps in proportion to each tensor's norm, for large batches",
             .settings = gy_moments_rows,
             .settings_size = sizeof(gy_moments_settings)},
    .slots = gy_moments_slots,
    .rounds = 1,
    .sums = gy_trust_sums,
    .add = add,
    .update = update,
};
