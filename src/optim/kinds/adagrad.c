/* Adagrad (Duchi, Hazan and Singer 2011): steps by the gradient over the root of the sum of squares. */
#include "../optim_impl.h"
#include "../optim_list.h"

typedef struct settings {
    double epsilon;
} settings;

static const gy_setting rows[] = {
    {.key = "epsilon",
     .type = GY_SETTING_FLOAT,
     .offset = offsetof(settings, epsilon),
     .standard = "1.0e-8",
     .min = 0.0,
     .max = GY_COUNT_MAX,
     .help = "added to the root of the sum of squares"},
    GY_SETTING_END,
};

static const char *const slot_names[] = {"second_moment", NULL};

static void update(const void *values, const gy_kernel *k, const gy_update *u, int64_t n, float *w,
                   const float *g, float *const *slots)
{
    const settings *s = values;
    gy_update_squares(k, n, (float)u->rate, (float)u->clip, (float)u->weight_decay, 1.0f, 1.0f,
                      (float)s->epsilon, w, g, slots[0]);
}

const gy_optim_kind gy_optim_adagrad = {
    .kind = {.name = "adagrad",
             .help = "steps by the gradient over the root of the sum of its squares",
             .settings = rows,
             .settings_size = sizeof(settings)},
    .slots = slot_names,
    .update = update,
};
