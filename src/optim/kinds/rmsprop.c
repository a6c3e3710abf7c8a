/* RMSprop (Hinton 2012): steps by the gradient over the root of a running mean of its square. */
#include "../optim_impl.h"
#include "../optim_list.h"

typedef struct settings {
    double decay, epsilon;
} settings;

static const gy_setting rows[] = {
    {.key = "decay",
     .type = GY_SETTING_FLOAT,
     .offset = offsetof(settings, decay),
     .standard = "0.99",
     .min = 0.0,
     .max = 0.9999999,
     .help = "decay of the mean of squared gradients"},
    {.key = "epsilon",
     .type = GY_SETTING_FLOAT,
     .offset = offsetof(settings, epsilon),
     .standard = "1.0e-8",
     .min = 0.0,
     .max = GY_COUNT_MAX,
     .help = "added to the root of the mean of squares"},
    GY_SETTING_END,
};

static const char *const slot_names[] = {"second_moment", NULL};

static void update(const void *values, const gy_kernel *k, const gy_update *u, int64_t n, float *w,
                   const float *g, float *const *slots)
{
    const settings *s = values;
    gy_update_squares(k, n, (float)u->rate, (float)u->clip, (float)u->weight_decay, (float)s->decay,
                      (float)(1.0 - s->decay), (float)s->epsilon, w, g, slots[0]);
}

const gy_optim_kind gy_optim_rmsprop = {
    .kind = {.name = "rmsprop",
             .help = "steps by the gradient over the root of its mean square",
             .settings = rows,
             .settings_size = sizeof(settings)},
    .slots = slot_names,
    .update = update,
};
