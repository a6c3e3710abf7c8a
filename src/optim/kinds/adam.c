/* Adam (Kingma and Ba 2015); weight decay is added to the gradient. */
#include "../optim_impl.h"
#include "../optim_list.h"

static void update(const void *settings, const gy_kernel *k, const gy_update *u,
                   const gy_tensor_part *p)
{
    gy_moments m = gy_moments_of(settings, u);
    m.decay = (float)u->weight_decay;
    gy_update_moments(k, p->n, &m, p->w, p->g, p->slots[0], p->slots[1]);
}

const gy_optim_kind gy_optim_adam = {
    .kind = {.name = "adam",
             .help = "steps by the mean gradient over the root of its mean square",
             .settings = gy_moments_rows,
             .settings_size = sizeof(gy_moments_settings)},
    .slots = gy_moments_slots,
    .update = update,
};
