/*
 * Weights as evaluation reads them, made by their kinds (gy_layer_kind.pack) once for many passes. They lie
 * in the arena, behind what the plans that do not train place there:
 *
 *     arena   | storages | those of the first unit that has some | of the second | …
 *
 * so that training has the memory for its activations; they are made again when evaluation is planned. A model
 * that borrows another's vectors reads what the lender has made. Units that say the same, such as those of
 * a tied repetition, share.
 */
#include "model_impl.h"

#include <string.h>

/* The first user of a unit's weights, where it is another that packs the same of them; else NULL. */
static const gy_unit *find_alike(const gy_model *m, const gy_unit *u)
{
    const gy_unit *first = m->units[m->owners[u->params[0]]];
    const bool alike =
        first->index < u->index && first->layer.kind == u->layer.kind &&
        first->layer.settings == u->layer.settings && first->n_params == u->n_params &&
        gy_shape_equal(&first->layer.in[0], &u->layer.in[0]) &&
        memcmp(first->params, u->params, (size_t)u->n_params * sizeof *u->params) == 0;
    return alike ? first : NULL;
}

void gy_pack_place(gy_model *m)
{
    if (!gy_kernel_packs(m->ctx)) return;
    for (int i = 0; i < m->n_units; i++) {
        gy_unit *u = m->units[i];
        u->packs = u->layer.memory.packed > 0 && !u->layer.formed;
        if (!u->packs) continue;
        m->joined_most = gy_most(m->joined_most, u->joined);
        const gy_unit *alike = find_alike(m, u);
        u->packed_at = alike != NULL ? alike->packed_at : m->packed_floats;
        if (alike == NULL) m->packed_floats += gy_align_floats(u->layer.memory.packed);
    }
}

int64_t gy_pack_floats(const gy_model *m)
{
    const int64_t plan =
        gy_most(m->plans[GY_USE_EVALUATION].floats, m->plans[GY_USE_MEASURING].floats);
    return m->lender != NULL ? plan : gy_most(plan, m->joined_most) + m->packed_floats;
}

/* Of the weights as the layer sees them: what is made of several for a call is made at the arena's start. */
static void pack(const gy_model *m, const gy_unit *u, const gy_kernel *k)
{
    gy_pass p = {.kernel = k, .w = u->w, .dw = u->dw, .beta = u->beta};
    gy_joint_gather(m, u, u->joined > 0 ? m->arena : NULL, &p);
    u->layer.kind->pack(&u->layer, k, p.w, m->packed + u->packed_at);
}

gy_status gy_model_pack(gy_model *m, const gy_kernel *k)
{
    const int64_t floats = gy_pack_floats(m);
    const gy_plan *plan = m->plan;
    if (m->lender != NULL || m->packed_floats == 0) return GY_OK;
    GY_TRY(gy_model_make_arena(m, floats));
    m->plan = plan;
    m->packed = m->arena + floats - m->packed_floats;
    for (int i = 0; i < m->n_units; i++)
        if (m->units[i]->packs && find_alike(m, m->units[i]) == NULL) pack(m, m->units[i], k);
    return GY_OK;
}

const float *gy_pack_of(const gy_model *m, const gy_unit *u)
{
    const gy_model *owner = m->lender != NULL ? m->lender : m;
    if (!u->packs || owner->packed == NULL || owner->n_units != m->n_units) return NULL;
    const gy_unit *packer = owner->units[u->index];
    const bool alike = packer->packs && packer->layer.memory.packed == u->layer.memory.packed &&
                       packer->layer.report.method == u->layer.report.method;
    return alike ? owner->packed + packer->packed_at : NULL;
}
