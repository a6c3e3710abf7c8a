/* Tensors of a file and of a model, paired by name and shape; what does not fit is said by name. */
#include "checkpoint_impl.h"

#include <stdlib.h>
#include <string.h>

void gy_misfits_init(gy_misfits *m, gy_context *ctx, int named)
{
    *m = (gy_misfits){.named = named};
    for (int i = 0; i < GY_MISFITS; i++) gy_buffer_init(&m->names[i], ctx);
}

void gy_misfits_clear(gy_misfits *m)
{
    for (int i = 0; i < GY_MISFITS; i++) gy_buffer_clear(&m->names[i]);
}

/* @return whether it is among those that are named */
static bool note(gy_misfits *m, gy_misfit as, const char *prefix, const char *name)
{
    if (m->n[as]++ >= m->named) return false;
    gy_buffer_format(&m->names[as], "%s%s%.80s", m->n[as] > 1 ? ", " : "", prefix, name);
    return true;
}

/* Names in order, to be found in: models may have thousands. */
typedef struct ordered {
    const char *name;
    int at;
} ordered;

static int by_name(const void *a, const void *b)
{
    return strcmp(((const ordered *)a)->name, ((const ordered *)b)->name);
}

static int find(const ordered *v, int n, const char *name)
{
    const ordered *found =
        n == 0 ? NULL : bsearch(&(ordered){.name = name}, v, (size_t)n, sizeof *v, by_name);
    return found == NULL ? -1 : found->at;
}

static gy_status order(gy_pool *pool, const gy_entries *entries, const gy_params *model,
                       ordered **there, ordered **here)
{
    const int all = model->n + model->formed; /* what is in forms is there, too */
    GY_TRY(gy_pool_array(pool, entries->n, there));
    GY_TRY(gy_pool_array(pool, all, here));
    for (int i = 0; i < entries->n; i++) (*there)[i] = (ordered){entries->v[i].name, i};
    for (int i = 0; i < all; i++) (*here)[i] = (ordered){model->v[i].name, i};
    qsort(*there, (size_t)entries->n, sizeof **there, by_name);
    qsort(*here, (size_t)all, sizeof **here, by_name);
    return GY_OK;
}

static void note_shapes(gy_misfits *m, const char *prefix, const gy_entry *e, const gy_param *p)
{
    char there[GY_SHAPE_TEXT], here[GY_SHAPE_TEXT];
    if (note(m, GY_IS_MISSHAPEN, prefix, p->name))
        gy_buffer_format(&m->names[GY_IS_MISSHAPEN], " is %s, in the model %s",
                         gy_shape_text(&e->shape, there), gy_shape_text(&p->shape, here));
}

gy_status gy_match_names(gy_pool *pool, const gy_entries *entries, const gy_params *model,
                         const char *prefix, bool trainable, gy_misfit missing, gy_misfits *m,
                         gy_pair_found **pairs, int *n)
{
    ordered *there, *here;
    GY_TRY(gy_pool_array(pool, model->n, pairs));
    GY_TRY(order(pool, entries, model, &there, &here));
    *n = 0;
    for (int i = 0; i < model->n; i++) {
        const gy_param *p = &model->v[i];
        if (trainable && !p->trainable) continue;
        int at = find(there, entries->n, p->name);
        if (at < 0)
            (void)note(m, missing, prefix, p->name);
        else if (!gy_shape_equal(&entries->v[at].shape, &p->shape))
            note_shapes(m, prefix, &entries->v[at], p);
        else
            (*pairs)[(*n)++] = (gy_pair_found){.entry = at, .param = i};
    }
    for (int i = 0; i < entries->n && !trainable; i++)
        if (find(here, model->n + model->formed, entries->v[i].name) < 0)
            (void)note(m, GY_IS_ADDITIONAL, prefix, entries->v[i].name);
    m->n_found += *n;
    return GY_OK;
}

void gy_misfits_list(const gy_misfits *m, gy_misfit as, const char *word, gy_buffer *out)
{
    if (m->n[as] == 0) return;
    gy_buffer_format(out, "%s%s%s", out->bytes > 0 ? "; " : "", word,
                     gy_buffer_text(&m->names[as]));
    if (m->n[as] > m->named) gy_buffer_format(out, " and %d more", m->n[as] - m->named);
}

static gy_status check_all(const gy_misfits *m, const char *path, const char *hint)
{
    gy_buffer all;
    if (m->n[GY_IS_MISSING] + m->n[GY_IS_ADDITIONAL] + m->n[GY_IS_MISSHAPEN] == 0) return GY_OK;
    gy_buffer_init(&all, m->names[0].ctx);
    gy_misfits_list(m, GY_IS_MISSING, "missing: ", &all);
    gy_misfits_list(m, GY_IS_ADDITIONAL, "additional: ", &all);
    gy_misfits_list(m, GY_IS_MISSHAPEN, "of another shape: ", &all);
    gy_status status = all.status;
    if (status == GY_OK)
        status = gy_raise(GY_E_CONFIG,
                          "the tensors do not fit the model" GY_AT "%s" GY_WHY "%s" GY_HINT "%s",
                          path, gy_buffer_text(&all), hint);
    gy_buffer_clear(&all);
    return status;
}

gy_status gy_misfits_check(const gy_misfits *m, const char *path, gy_match match)
{
    for (int i = 0; i < GY_MISFITS; i++) GY_TRY(m->names[i].status);
    switch (match) {
    case GY_MATCH_ALL:
        return check_all(m, path, "go on with the model and optimizer it was written with");
    case GY_MATCH_PARAMS:
        return check_all(m, path,
                         "give the model it was written for; train --init-partial takes what fits");
    case GY_MATCH_PARTIAL:
        GY_REQUIRE(m->n_found > 0, GY_E_CONFIG,
                   "nothing fits the model" GY_AT "%s" GY_WHY
                   "no name and shape of it is the model's",
                   path);
    }
    return GY_OK;
}
