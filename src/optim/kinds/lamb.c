/*
 * LAMB (You et al. 2020, algorithm 2, φ(z) = z): d = m̂ / (√v̂ + ε) + decay w, and each tensor
 * steps by rate ‖w‖ / ‖d‖ along d. ‖d‖ is found by a first pass that changes nothing.
 */
#include "../optim_impl.h"
#include "../optim_list.h"

#include "kernel/elementwise.h"

/** Constants of a step along d of length `rate`. */
static gy_moments along(const void *settings, const gy_update *u, double rate)
{
    gy_moments m = gy_moments_of(settings, u);
    m.rate = (float)rate;
    m.shrink = (float)(rate * u->weight_decay);
    return m;
}

static void squares(const void *settings, const gy_kernel *k, const gy_update *u, int64_t n,
                    int64_t each, const float *w, const float *g, float *const *slots, double *out)
{
    const gy_moments m = along(settings, u, 1.0);
    for (int64_t i = 0; i < n; i += each, out += 2) {
        const int64_t few = n - i < each ? n - i : each;
        out[0] += gy_sum_squares(k, few, w + i);
        out[1] += gy_moments_squares(k, few, &m, w + i, g + i, slots[0] + i, slots[1] + i);
    }
}

static void update(const void *settings, const gy_kernel *k, const gy_update *u, int64_t n,
                   float *w, const float *g, float *const *slots)
{
    const gy_moments m = along(settings, u, u->rate * gy_trust_ratio(u, u->norms[1]));
    gy_update_moments(k, n, &m, w, g, slots[0], slots[1]);
}

const gy_optim_kind gy_optim_lamb = {
    .kind = {.name = "lamb",
             .help = "adam with steps in proportion to each tensor's norm, for large batches",
             .settings = gy_moments_rows,
             .settings_size = sizeof(gy_moments_settings)},
    .slots = gy_moments_slots,
    .squares = squares,
    .update = update,
};
