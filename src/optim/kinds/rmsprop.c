/* RMSprop (Hinton 2012): steps by the gradient over the root of a running mean of its square. */
#include "../optim_impl.h"
#include "../optim_list.h"

typedef struct settings {
    double decay, epsilon;
} settings;

static const gy_setting rows[] = {
    GY_OPTIM_DECAY(settings, decay, "0.99", "decay of the mean of squared gradients"),
    GY_OPTIM_EPSILON(settings, "1.0e-8", "added to the root of the mean of squares"),
    GY_SETTING_END,
};

static void update(const void *values, const gy_kernel *k, const gy_update *u,
                   const gy_tensor_part *p)
{
    const settings *s = values;
    gy_update_squares(k, p->n, (float)u->rate, (float)u->clip, (float)u->weight_decay,
                      (float)s->decay, (float)(1.0 - s->decay), (float)s->epsilon, p->w, p->g,
                      p->slots[0]);
}

const gy_optim_kind gy_optim_rmsprop = {
    .kind = {.name = "rmsprop",
             .help = "steps by the gradient over the root of its mean square",
             .settings = rows,
             .settings_size = sizeof(settings)},
    .slots = gy_second_moment_slots,
    .update = update,
};
