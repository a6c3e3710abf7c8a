/*
 * LARS (You, Gitman and Ginsburg 2017): each tensor steps by rate trust ‖w‖ / (‖g‖ + decay ‖w‖)
 * along g + decay w, and the momentum sums these steps.
 */
#include "../optim_impl.h"
#include "../optim_list.h"

#include "kernel/elementwise.h"

#include <math.h>

typedef struct settings {
    gy_momentum_settings common;
    double trust;
} settings;

static const gy_setting rows[] = {
    GY_MOMENTUM_ROWS,
    GY_OPTIM_FLOAT(settings, trust, "0.001", 1e-300, GY_COUNT_MAX,
                   "length of a tensor's step against its own norm"),
    GY_SETTING_END,
};

static void add(const void *values, const gy_kernel *k, const gy_update *u, const gy_tensor_part *p,
                int round, double *sums)
{
    (void)values;
    (void)round;
    if (!u->scaled) return;
    sums[0] += gy_sum_squares(k, p->n, p->w);
    sums[1] += u->clip * u->clip * gy_sum_squares(k, p->n, p->g);
}

static void update(const void *values, const gy_kernel *k, const gy_update *u,
                   const gy_tensor_part *p)
{
    const settings *s = values;
    const double w = sqrt(u->sums[0]), g = sqrt(u->sums[1]);
    double ratio = 1.0;
    if (u->scaled && w > 0.0 && g > 0.0)
        ratio = s->trust * gy_trust_ratio(w, g + u->weight_decay * w);
    /* the rate goes into the gradient, since the momentum is of steps */
    const double rate = u->rate * ratio;
    gy_momentum_update(&s->common, k, 1.0, rate * u->clip, rate * u->weight_decay, p);
}

const gy_optim_kind gy_optim_lars = {
    .kind = {.name = "lars",
             .help = "sgd with steps in proportion to each tensor's norm, for large batches",
             .settings = rows,
             .settings_size = sizeof(settings)},
    .slots = gy_momentum_slots,
    .used = gy_momentum_used,
    .rounds = 1,
    .sums = gy_trust_sums,
    .add = add,
    .update = update,
};
