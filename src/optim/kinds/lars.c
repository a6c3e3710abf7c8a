/*
 * LARS (You, Gitman and Ginsburg 2017): each tensor steps by rate trust ‖w‖ / (‖g‖ + decay ‖w‖)
 * along g + decay w, and the momentum sums these steps.
 */
#include "../optim_impl.h"
#include "../optim_list.h"

#include "kernel/elementwise.h"

typedef struct settings {
    double momentum, trust;
    bool nesterov;
} settings;

static const gy_setting rows[] = {
    {.key = "momentum",
     .type = GY_SETTING_FLOAT,
     .offset = offsetof(settings, momentum),
     .standard = "0.0",
     .min = 0.0,
     .max = 0.9999999,
     .help = "share of the last step that goes into the next"},
    {.key = "nesterov",
     .type = GY_SETTING_BOOL,
     .offset = offsetof(settings, nesterov),
     .standard = "false",
     .help = "look ahead along the momentum"},
    {.key = "trust",
     .type = GY_SETTING_FLOAT,
     .offset = offsetof(settings, trust),
     .standard = "0.001",
     .min = 1e-300,
     .max = GY_COUNT_MAX,
     .help = "length of a tensor's step against its own norm"},
    GY_SETTING_END,
};

static const char *const slot_names[] = {"momentum", NULL};

static int used(const void *values)
{
    const settings *s = values;
    return s->momentum > 0.0 ? 1 : 0;
}

static void squares(const void *values, const gy_kernel *k, const gy_update *u, int64_t n,
                    int64_t each, const float *w, const float *g, float *const *slots, double *out)
{
    (void)values;
    (void)slots;
    for (int64_t i = 0; i < n; i += each, out += 2) {
        const int64_t few = n - i < each ? n - i : each;
        out[0] += gy_sum_squares(k, few, w + i);
        out[1] += u->clip * u->clip * gy_sum_squares(k, few, g + i);
    }
}

static void update(const void *values, const gy_kernel *k, const gy_update *u, int64_t n, float *w,
                   const float *g, float *const *slots)
{
    const settings *s = values;
    double ratio = 1.0;
    if (u->scaled && u->norms[0] > 0.0 && u->norms[1] > 0.0)
        ratio = s->trust * gy_trust_ratio(u, u->norms[1] + u->weight_decay * u->norms[0]);
    /* the rate goes into the gradient, since the momentum is of steps */
    const double rate = u->rate * ratio;
    const float clip = (float)(rate * u->clip), decay = (float)(rate * u->weight_decay);
    if (s->momentum > 0.0)
        gy_update_momentum(k, n, 1.0f, clip, decay, (float)s->momentum, s->nesterov, w, g,
                           slots[0]);
    else
        gy_update_plain(k, n, 1.0f, clip, decay, w, g);
}

const gy_optim_kind gy_optim_lars = {
    .kind = {.name = "lars",
             .help = "sgd with steps in proportion to each tensor's norm, for large batches",
             .settings = rows,
             .settings_size = sizeof(settings)},
    .slots = slot_names,
    .used = used,
    .squares = squares,
    .update = update,
};
