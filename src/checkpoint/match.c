/* Tensors of a file and of a model, paired by name and shape; what does not fit is said by name. */
#include "checkpoint_impl.h"

#include <stdlib.h>
#include <string.h>

enum { NAMED = 3 }; /* names of each sort in a message */

void gy_misfits_init(gy_misfits *m, gy_context *ctx)
{
    *m = (gy_misfits){.n_found = 0};
    gy_buffer_init(&m->missing, ctx);
    gy_buffer_init(&m->additional, ctx);
    gy_buffer_init(&m->wrong, ctx);
}

void gy_misfits_clear(gy_misfits *m)
{
    gy_buffer_clear(&m->missing);
    gy_buffer_clear(&m->additional);
    gy_buffer_clear(&m->wrong);
}

static void name_it(gy_buffer *b, int *n, const char *prefix, const char *name)
{
    if ((*n)++ < NAMED) gy_buffer_format(b, "%s%s%.80s", *n > 1 ? ", " : "", prefix, name);
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
    GY_TRY(gy_pool_array(pool, entries->n, there));
    GY_TRY(gy_pool_array(pool, model->n, here));
    for (int i = 0; i < entries->n; i++) (*there)[i] = (ordered){entries->v[i].name, i};
    for (int i = 0; i < model->n; i++) (*here)[i] = (ordered){model->v[i].name, i};
    qsort(*there, (size_t)entries->n, sizeof **there, by_name);
    qsort(*here, (size_t)model->n, sizeof **here, by_name);
    return GY_OK;
}

static void name_wrong(gy_misfits *m, const char *prefix, const gy_entry *e, const gy_param *p)
{
    char there[GY_SHAPE_TEXT], here[GY_SHAPE_TEXT];
    bool named = m->n_wrong < NAMED;
    name_it(&m->wrong, &m->n_wrong, prefix, p->name);
    if (named)
        gy_buffer_format(&m->wrong, " is %s, in the model %s", gy_shape_text(&e->shape, there),
                         gy_shape_text(&p->shape, here));
}

gy_status gy_match_names(gy_pool *pool, const gy_entries *entries, const gy_params *model,
                         const char *prefix, bool trainable, gy_misfits *m, gy_pair_found **pairs,
                         int *n)
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
            name_it(&m->missing, &m->n_missing, prefix, p->name);
        else if (!gy_shape_equal(&entries->v[at].shape, &p->shape))
            name_wrong(m, prefix, &entries->v[at], p);
        else
            (*pairs)[(*n)++] = (gy_pair_found){.entry = at, .param = i};
    }
    for (int i = 0; i < entries->n && !trainable; i++)
        if (find(here, model->n, entries->v[i].name) < 0)
            name_it(&m->additional, &m->n_additional, prefix, entries->v[i].name);
    m->n_found += *n;
    return GY_OK;
}

static void list(gy_buffer *out, const char *word, const gy_buffer *names, int n)
{
    if (n == 0) return;
    gy_buffer_format(out, "%s%s %s", out->bytes > 0 ? "; " : "", word, gy_buffer_text(names));
    if (n > NAMED) gy_buffer_format(out, " and %d more", n - NAMED);
}

gy_status gy_misfits_check(const gy_misfits *m, const char *path, gy_match match)
{
    gy_buffer all;
    GY_TRY(m->missing.status);
    GY_TRY(m->additional.status);
    GY_TRY(m->wrong.status);
    if (match == GY_MATCH_PARTIAL) {
        GY_REQUIRE(m->n_found > 0, GY_E_CONFIG,
                   "nothing fits the model" GY_AT "%s" GY_WHY
                   "no name and shape of it is the model's",
                   path);
        return GY_OK;
    }
    if (m->n_missing + m->n_additional + m->n_wrong == 0) return GY_OK;
    gy_buffer_init(&all, m->missing.ctx);
    list(&all, "missing:", &m->missing, m->n_missing);
    list(&all, "additional:", &m->additional, m->n_additional);
    list(&all, "of another shape:", &m->wrong, m->n_wrong);
    gy_status status = all.status;
    if (status == GY_OK && match == GY_MATCH_PARAMS)
        status = gy_raise(GY_E_CONFIG,
                          "the tensors do not fit the model" GY_AT "%s" GY_WHY "%s" GY_HINT
                          "give the model it was written for; train --init-partial takes what fits",
                          path, gy_buffer_text(&all));
    else if (status == GY_OK)
        status = gy_raise(GY_E_CONFIG,
                          "the tensors do not fit the model" GY_AT "%s" GY_WHY "%s" GY_HINT
                          "go on with the model and optimizer it was written with",
                          path, gy_buffer_text(&all));
    gy_buffer_clear(&all);
    return status;
}
