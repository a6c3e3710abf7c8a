/* AdamW (Loshchilov and Hutter 2019): weight decay apart from the gradient, w −= rate decay w. */
#include "../optim_impl.h"
#include "../optim_list.h"

static void update(const void *settings, const gy_kernel *k, const gy_update *u,
                   const gy_tensor_part *p)
{
    gy_moments m = gy_moments_of(settings, u);
    m.shrink = (float)(u->rate * u->weight_decay);
    gy_update_moments(k, p->n, &m, p->w, p->g, p->slots[0], p->slots[1]);
}

const gy_optim_kind gy_optim_adamw = {
    .kind = {.name = "adamw",
             .help = "adam with weight decay apart from the gradient",
             .settings = gy_moments_rows,
             .settings_size = sizeof(gy_moments_settings)},
    .slots = gy_moments_slots,
    .update = update,
};
