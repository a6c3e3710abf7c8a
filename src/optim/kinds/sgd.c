/*
 * Gradient descent, with momentum (no dampening) and Nesterov's form of it; weight decay is added
 * to the gradient. Without momentum there is no state.
 */
#include "../optim_impl.h"
#include "../optim_list.h"

typedef struct settings {
    double momentum;
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
    GY_SETTING_END,
};

static const char *const slot_names[] = {"momentum", NULL};

static int used(const void *values)
{
    const settings *s = values;
    return s->momentum > 0.0 ? 1 : 0;
}

static void update(const void *values, const gy_kernel *k, const gy_update *u, int64_t n, float *w,
                   const float *g, float *const *slots)
{
    const settings *s = values;
    const float rate = (float)u->rate, clip = (float)u->clip, decay = (float)u->weight_decay;
    if (s->momentum > 0.0)
        gy_update_momentum(k, n, rate, clip, decay, (float)s->momentum, s->nesterov, w, g,
                           slots[0]);
    else
        gy_update_plain(k, n, rate, clip, decay, w, g);
}

const gy_optim_kind gy_optim_sgd = {
    .kind = {.name = "sgd",
             .help = "gradient descent, with momentum if wanted",
             .settings = rows,
             .settings_size = sizeof(settings)},
    .slots = slot_names,
    .used = used,
    .update = update,
};
