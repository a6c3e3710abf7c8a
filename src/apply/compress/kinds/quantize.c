/* Weights become numbers of fewer bits: the forms int8, int4, float16, bfloat16. */
#include "../compress_list.h"

#include "form/form_list.h"

enum { INT8, INT4, FLOAT16, BFLOAT16 };
static const char *const names[] = {"int8", "int4", "float16", "bfloat16", NULL};
static const gy_form_kind *const forms[] = {&gy_form_int8, &gy_form_int4, &gy_form_float16,
                                            &gy_form_bfloat16};

typedef struct quantize {
    int as;
    bool affine;
} quantize;

static gy_status run(gy_subject *s, const void *settings)
{
    const quantize *q = settings;
    const gy_params *params = gy_subject_params(s);
    const gy_form_kind *form = forms[q->as];
    GY_REQUIRE(!q->affine || q->as == INT8, GY_E_USAGE,
               "no offsets" GY_AT "--affine" GY_WHY "%s has none" GY_HINT "use --quantize int8",
               names[q->as]);
    for (int i = 0; i < params->n; i++) {
        const gy_param *p = &params->v[i];
        if (!gy_role_decays(p->role) || !gy_subject_has(s, p)) continue;
        GY_TRY(gy_subject_form(s, i, form, q->as == INT8 ? &q->affine : NULL));
        if (s->holds[i] == GY_HOLD_CLUSTERS) s->holds[i] = GY_HOLD_ZEROS; /* scales differ by row */
    }
    return GY_OK;
}

static const gy_setting rows[] = {
    {.key = "as",
     .type = GY_SETTING_CHOICE,
     .offset = offsetof(quantize, as),
     .choices = names,
     .help = "what a number becomes"},
    {.key = "affine",
     .type = GY_SETTING_BOOL,
     .offset = offsetof(quantize, affine),
     .standard = "false",
     .help = "int8: from the least weight of a row to its greatest, not around zero"},
    GY_SETTING_END,
};

const gy_compress_kind gy_compress_quantize = {
    .kind = {"quantize", "weights become numbers of fewer bits", rows, sizeof(quantize)},
    .forms = true,
    .run = run,
};
