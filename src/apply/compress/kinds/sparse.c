/*
 * Weights that are mostly zero are kept as compressed rows; what was quantized to int8 before, as compressed
 * rows of such numbers. Where that takes more than what they are now, they stay as they are.
 */
#include "../compress_list.h"

#include "form/form_list.h"

static gy_status run(gy_subject *s, const void *settings)
{
    const gy_params *params = gy_subject_params(s);
    (void)settings;
    s->why = "compressed rows would take more than the weights do";
    for (int i = 0; i < params->n; i++) {
        const gy_param *p = &params->v[i];
        if (!gy_role_is_weight(p->role) || !gy_subject_has(s, p)) continue;
        const bool int8 = s->forms[i].kind == &gy_form_int8;
        if (s->forms[i].kind != NULL && !int8) continue;
        gy_form now;
        GY_TRY(gy_form_pack(&s->pool, &gy_form_sparse, &int8, &p->shape, gy_subject_values(s, p),
                            &now));
        const int64_t before =
            int8 ? gy_form_bytes(&s->forms[i]) : p->count * (int64_t)sizeof(float);
        if (now.kind == NULL || gy_form_bytes(&now) >= before) continue;
        s->forms[i] = now;
        s->changed++;
        gy_form_expand(&now, gy_subject_values(s, p));
        if (s->holds[i] == GY_HOLD_NOTHING) s->holds[i] = GY_HOLD_ZEROS;
    }
    return GY_OK;
}

const gy_compress_kind gy_compress_sparse = {
    .kind = {"sparse", "weights that are mostly zero are kept as compressed rows", NULL, 0},
    .forms = true,
    .run = run,
};
