/* Adagrad (Duchi, Hazan and Singer 2011): steps by the gradient over the root of the sum of squares. */
#include "../optim_impl.h"
#include "../optim_list.h"

typedef struct settings {
    double epsilon;
} settings;

static const gy_setting rows[] = {
    GY_OPTIM_EPSILON(settings, "1.0e-8", "added to the root of the sum of squares"),
    GY_SETTING_END,
};

static void update(const void *values, const gy_kernel *k, const gy_update *u,
                   const gy_tensor_part *p)
{
    const settings *s = values;
    gy_update_squares(k, p->n, (float)u->rate, (float)u->clip, (float)u->weight_decay, 1.0f, 1.0f,
                      (float)s->epsilon, p->w, p->g, p->slots[0]);
}

const gy_optim_kind gy_optim_adagrad = {
    .kind = {.name = "adagrad",
             .help = "steps by the gradient over the root of the sum of its squares",
             .settings = rows,
             .settings_size = sizeof(settings)},
    .slots = gy_second_moment_slots,
    .update = update,
};
