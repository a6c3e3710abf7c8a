/*
 * The weights as passes read them. A step of training takes their place in the arena, so that they are made anew:
 * by the first thread that passes afterwards, for which the others wait, and not at all where nobody does.
 *
 * Their place is there already, but for a step that found no memory for its samples: it gives back what there was.
 * A pass has no other way then, for by weights as they lie what a sample gives would depend on its neighbours.
 */
#include "inside_impl.h"

gy_status gy_packed_open(gy_network *net)
{
    gy_packed *p = &net->packed;
    atomic_init(&p->is_there, false);
    p->has_turn = pthread_mutex_init(&p->turn, NULL) == 0;
    GY_REQUIRE(p->has_turn, GY_E_NOMEM, "out of memory" GY_WHY "there is no room for a lock");
    return GY_OK;
}

void gy_packed_close(gy_network *net)
{
    gy_packed *p = &net->packed;
    if (p->has_turn) (void)pthread_mutex_destroy(&p->turn);
    p->has_turn = false;
}

void gy_packed_drop(gy_network *net)
{
    atomic_store_explicit(&net->packed.is_there, false, memory_order_relaxed);
}

static gy_status make(gy_network *net)
{
    if (atomic_load_explicit(&net->packed.is_there, memory_order_relaxed)) return GY_OK;
    GY_TRY(gy_model_pack(net->net->model, net->net->kernel));
    atomic_store_explicit(&net->packed.is_there, true, memory_order_release);
    return GY_OK;
}

gy_status gy_packed_need(gy_network *net)
{
    gy_packed *p = &net->packed;
    if (atomic_load_explicit(&p->is_there, memory_order_acquire)) return GY_OK;
    (void)pthread_mutex_lock(&p->turn);
    const gy_status status = make(net);
    (void)pthread_mutex_unlock(&p->turn);
    return status;
}
