/* What sgd and lars have in common: a momentum that is asked for or not. */
#include "optim_impl.h"

const gy_slot_kind gy_momentum_slots[] = {{.name = "momentum"}, {.name = NULL}};

int gy_momentum_used(const void *settings)
{
    const gy_momentum_settings *s = settings;
    return s->momentum > 0.0 ? 1 : 0;
}

void gy_momentum_update(const gy_momentum_settings *s, const gy_kernel *k, double rate, double clip,
                        double decay, const gy_tensor_part *p)
{
    const float r = (float)rate, c = (float)clip, d = (float)decay;
    if (s->momentum > 0.0)
        gy_update_momentum(k, p->n, r, c, d, (float)s->momentum, s->nesterov, p->w, p->g,
                           p->slots[0]);
    else
        gy_update_plain(k, p->n, r, c, d, p->w, p->g);
}
