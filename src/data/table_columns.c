/* Which columns a table takes. A name goes before a number. */
#include "table_columns.h"

#include "base/log.h"
#include "base/number.h"

#include <string.h>

static gy_status no_column(const gy_table_head *head, const char *asked)
{
    if (head->names == NULL)
        return gy_raise(GY_E_DATA,
                        "no such column" GY_AT "%s, column %s" GY_WHY
                        "it has columns 0 to %lld and no header" GY_HINT
                        "say ?header=yes where the first line has names, ?skip=N where it is "
                        "further down%s",
                        head->path, asked, (long long)head->width - 1, head->hint);
    int n = head->width < 1024 ? (int)head->width : 1024;
    const char *nearest = gy_nearest(asked, head->names, n);
    if (nearest != NULL)
        return gy_raise(GY_E_DATA,
                        "no such column" GY_AT "%s, column %s" GY_WHY
                        "the header does not have it; did you mean %s?%s",
                        head->path, asked, nearest, head->hint);
    char names[GY_NAMES_TEXT];
    return gy_raise(GY_E_DATA,
                    "no such column" GY_AT "%s, column %s" GY_WHY
                    "the header does not have it; there are %s%s",
                    head->path, asked, gy_names_text(head->names, n, names), head->hint);
}

/* Place of a column asked for by name or number. */
static gy_status find_column(const gy_table_head *head, const char *asked, int64_t *out)
{
    int64_t n = gy_table_head_find(head, asked, out);
    GY_REQUIRE(n <= 1, GY_E_DATA,
               "no such column" GY_AT "%s, column %s" GY_WHY
               "the header has that name twice" GY_HINT "ask for it by its number, from 0",
               head->path, asked);
    if (n == 1) return GY_OK;
    if (!gy_number_int(asked, out)) return no_column(head, asked);
    if (*out < 0) *out += head->width;
    return *out >= 0 && *out < head->width ? GY_OK : no_column(head, asked);
}

static gy_status add_column(gy_pool *pool, const gy_table_head *head, int64_t index,
                            gy_column_use use, gy_table *t)
{
    gy_column *c = &t->columns[t->n];
    *c = (gy_column){.index = index, .use = use};
    for (int64_t i = 0; i < t->n; i++)
        GY_REQUIRE(t->columns[i].index != index, GY_E_DATA,
                   "a column is taken twice" GY_AT "%s, column %s", head->path, t->columns[i].name);
    t->n++;
    int64_t *counts[] = {&t->inputs, &t->targets, &t->weights, &t->groups};
    ++*counts[use];
    c->is_text = use == GY_COLUMN_GROUP; /* a name, whatever its cells */
    c->named = gy_table_head_named(head, index);
    if (c->named) {
        c->name = head->names[index];
        return GY_OK;
    }
    return gy_pool_format(pool, &c->name, "%lld", (long long)index);
}

static gy_status add_asked(gy_pool *pool, const gy_table_head *head, const gy_strings *asked,
                           gy_column_use use, gy_table *t)
{
    for (int i = 0; i < asked->n; i++) {
        int64_t index;
        GY_TRY(find_column(head, asked->v[i], &index));
        GY_REQUIRE(t->n < head->width, GY_E_DATA, "a column is taken twice" GY_AT "%s, column %s",
                   head->path, asked->v[i]);
        GY_TRY(add_column(pool, head, index, use, t));
    }
    return GY_OK;
}

/* All columns that are no targets, weights or groups; one without a name in the header is, as a rule, the row's number. */
static gy_status add_others(gy_pool *pool, const gy_table_head *head,
                            const gy_table_settings *settings, gy_table *t)
{
    const gy_strings *targets = &settings->target;
    bool *taken;
    int64_t index;
    GY_TRY(gy_pool_array(pool, head->width, &taken));
    for (int i = 0; i < targets->n; i++) {
        GY_TRY(find_column(head, targets->v[i], &index));
        taken[index] = true;
    }
    const char *const apart[] = {settings->weight, settings->group};
    for (int i = 0; i < 2; i++) {
        if (apart[i] == NULL) continue;
        GY_TRY(find_column(head, apart[i], &index));
        taken[index] = true;
    }
    for (int64_t i = 0; i < head->width; i++) {
        if (taken[i]) continue;
        if (head->names == NULL || gy_table_head_named(head, i))
            GY_TRY(add_column(pool, head, i, GY_COLUMN_INPUT, t));
        else
            gy_log(pool->ctx, GY_WARNING,
                   "%s: column %lld has no name and is left out; columns=%lld,… takes it",
                   head->path, (long long)i, (long long)i);
    }
    return GY_OK;
}

static bool is_taken(const gy_table *t, int64_t index)
{
    for (int64_t i = 0; i < t->n; i++)
        if (t->columns[i].index == index) return true;
    return false;
}

/* A column of the training file, found again by its name, where that stands twice by its number too,
 * or by its number where it has no name; −1: it is not there. */
static int64_t find_known(const gy_table_head *head, const gy_table *t, const char *name,
                          int64_t number)
{
    bool there = number >= 0 && number < head->width;
    bool named = name != NULL && head->names != NULL;
    if (named && there && strcmp(head->names[number], name) == 0 && !is_taken(t, number))
        return number;
    for (int64_t i = 0; i < head->width && named; i++)
        if (strcmp(head->names[i], name) == 0 && !is_taken(t, i)) return i;
    return there && !named ? number : -1;
}

static gy_status add_known(gy_pool *pool, const gy_table_head *head, const gy_node *known,
                           gy_table *t)
{
    const char *name = gy_fit_text(known, "name");
    gy_column_use use = gy_fit_int(known, "weight", 0) != 0   ? GY_COLUMN_WEIGHT
                        : gy_fit_int(known, "group", 0) != 0  ? GY_COLUMN_GROUP
                        : gy_fit_int(known, "target", 0) != 0 ? GY_COLUMN_TARGET
                                                              : GY_COLUMN_INPUT;
    int64_t index = find_known(head, t, name, gy_fit_int(known, "index", -1));
    if (index < 0 || t->n == head->width) {
        if (use != GY_COLUMN_INPUT) return GY_OK; /* to be predicted */
        if (name == NULL) name = gy_fit_text(known, "index");
        return no_column(head, name == NULL ? "?" : name);
    }
    gy_column *c = &t->columns[t->n];
    GY_TRY(add_column(pool, head, index, use, t));
    c->known = true;
    GY_TRY(gy_fit_strings(pool, known, "values", &c->values, &c->n_values));
    c->is_text = c->values != NULL;
    const char *mean = gy_fit_text(known, "mean");
    if (mean != NULL && !gy_number_float(mean, &c->mean)) c->mean = 0.0;
    return GY_OK;
}

static gy_status mark_texts(const gy_table_head *head, const gy_strings *texts, gy_table *t)
{
    for (int i = 0; i < texts->n; i++) {
        int64_t index;
        GY_TRY(find_column(head, texts->v[i], &index));
        for (int64_t j = 0; j < t->n; j++)
            if (t->columns[j].index == index) t->columns[j].is_text = true;
    }
    return GY_OK;
}

gy_status gy_table_choose(gy_pool *pool, const gy_table_head *head,
                          const gy_table_settings *settings, const gy_node *fit, gy_table *t)
{
    const gy_node *known = fit == NULL ? NULL : gy_node_find(fit, "columns");
    GY_TRY(gy_pool_array(pool, head->width, &t->columns));
    if (known != NULL && known->type == GY_NODE_LIST) {
        for (const gy_node *c = known->first; c != NULL; c = c->next)
            GY_TRY(add_known(pool, head, c, t));
        return GY_OK;
    }
    if (settings->columns.n > 0)
        GY_TRY(add_asked(pool, head, &settings->columns, GY_COLUMN_INPUT, t));
    else
        GY_TRY(add_others(pool, head, settings, t));
    GY_REQUIRE(t->n > 0, GY_E_DATA,
               "cannot read the data" GY_AT "%s" GY_WHY "no column is left besides the target",
               head->path);
    GY_TRY(add_asked(pool, head, &settings->target, GY_COLUMN_TARGET, t));
    const gy_strings weight = {&settings->weight, settings->weight != NULL};
    GY_TRY(add_asked(pool, head, &weight, GY_COLUMN_WEIGHT, t));
    const gy_strings group = {&settings->group, settings->group != NULL};
    GY_TRY(add_asked(pool, head, &group, GY_COLUMN_GROUP, t));
    return mark_texts(head, &settings->texts, t);
}
