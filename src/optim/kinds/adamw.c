/* AdamW (Loshchilov and Hutter 2019): weight decay apart from the gradient, w −= rate decay w. */
#include "../optim_impl.h"
#include "../optim_list.h"

static void update(const void *settings, const gy_kernel *k, const gy_update *u, int64_t n,
                   float *w, const float *g, float *const *slots)
{
    gy_moments m = gy_moments_of(settings, u);
    m.shrink = (float)(u->rate * u->weight_decay);
    gy_update_moments(k, n, &m, w, g, slots[0], slots[1]);
}

const gy_optim_kind gy_optim_adamw = {
    .kind = {.name = "adamw",
             .help = "adam with weight decay apart from the gradient",
             .settings = gy_moments_rows,
             .settings_size = sizeof(gy_moments_settings)},
    .slots = gy_moments_slots,
    .update = update,
};
