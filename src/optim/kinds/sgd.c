/*
 * Gradient descent, with momentum (no dampening) and Nesterov's form of it; weight decay is added
 * to the gradient. Without momentum there is no state.
 */
#include "../optim_impl.h"
#include "../optim_list.h"

static const gy_setting rows[] = {
    GY_MOMENTUM_ROWS,
    GY_SETTING_END,
};

static void update(const void *settings, const gy_kernel *k, const gy_update *u,
                   const gy_tensor_part *p)
{
    gy_momentum_update(settings, k, u->rate, u->clip, u->weight_decay, p);
}

const gy_optim_kind gy_optim_sgd = {
    .kind = {.name = "sgd",
             .help = "gradient descent, with momentum if wanted",
             .settings = rows,
             .settings_size = sizeof(gy_momentum_settings)},
    .slots = gy_momentum_slots,
    .used = gy_momentum_used,
    .update = update,
};
