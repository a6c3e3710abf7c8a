/*
 * Which columns a table takes. A name goes before a number; a header is there where the first line
 * holds no number and either names a column that is asked for, or stands over a line that has one.
 */
#include "table_columns.h"

#include "base/number.h"

#include <string.h>
#include <strings.h>

bool gy_cell_is_missing(const char *cell)
{
    static const char *const words[] = {"", "?", "na", "n/a", "nan", "null"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcasecmp(cell, words[i]) == 0) return true;
    return false;
}

static bool has_number(const gy_record *r)
{
    double v;
    for (int64_t i = 0; i < r->n; i++)
        if (gy_number_float(r->cells[i], &v)) return true;
    return false;
}

static int64_t find_name(const gy_table_head *head, const char *name)
{
    for (int64_t i = 0; i < head->width && head->names != NULL; i++)
        if (strcmp(head->names[i], name) == 0) return i;
    return -1;
}

static bool names_any(const gy_table_head *head, const gy_strings *asked)
{
    for (int i = 0; i < asked->n; i++)
        if (find_name(head, asked->v[i]) >= 0) return true;
    return false;
}

static bool names_any_of_fit(const gy_table_head *head, const gy_node *fit)
{
    const gy_node *list = fit == NULL ? NULL : gy_node_find(fit, "columns");
    for (const gy_node *c = list == NULL ? NULL : list->first; c != NULL; c = c->next) {
        const char *name = gy_fit_text(c, "name");
        if (name != NULL && find_name(head, name) >= 0) return true;
    }
    return false;
}

static gy_status copy_names(gy_pool *pool, const gy_record *r, const char *const **out)
{
    const char **names;
    GY_TRY(gy_pool_array(pool, r->n, &names));
    for (int64_t i = 0; i < r->n; i++) GY_TRY(gy_pool_string(pool, r->cells[i], &names[i]));
    *out = names;
    return GY_OK;
}

gy_status gy_table_head_read(gy_pool *pool, gy_cells *cells, const char *path,
                             const gy_table_settings *settings, const gy_node *fit,
                             gy_table_head *out)
{
    gy_record first, second;
    GY_TRY(gy_cells_next(cells, &first));
    GY_REQUIRE(first.n > 0, GY_E_DATA, "cannot read the data" GY_AT "%s" GY_WHY "the file is empty",
               path);
    *out = (gy_table_head){.path = path, .width = first.n};
    GY_TRY(copy_names(pool, &first, &out->names));
    bool numbers = has_number(&first);
    bool named = names_any(out, &settings->target) || names_any(out, &settings->columns) ||
                 names_any_of_fit(out, fit);
    GY_TRY(gy_cells_next(cells, &second));
    out->has_header = settings->header == 1 ||
                      (settings->header == 0 && !numbers && (named || has_number(&second)));
    if (!out->has_header) out->names = NULL;
    GY_TRY(gy_cells_rewind(cells));
    return out->has_header ? gy_cells_next(cells, &first) : GY_OK;
}

/* Place of a column asked for by name or number, −1 if it is not there. */
static int64_t find_column(const gy_table_head *head, const char *asked)
{
    int64_t i = find_name(head, asked);
    if (i >= 0) return i;
    if (!gy_number_int(asked, &i)) return -1;
    if (i < 0) i += head->width;
    return i >= 0 && i < head->width ? i : -1;
}

static gy_status no_column(const gy_table_head *head, const char *asked)
{
    if (head->names == NULL)
        return gy_raise(GY_E_DATA,
                        "no such column" GY_AT "%s, column %s" GY_WHY
                        "it has columns 0 to %lld and no header" GY_HINT
                        "say ?header=yes where the first line has names",
                        head->path, asked, (long long)head->width - 1);
    int n = head->width < 1024 ? (int)head->width : 1024;
    const char *nearest = gy_nearest(asked, head->names, n);
    return gy_raise(GY_E_DATA,
                    "no such column" GY_AT "%s, column %s" GY_WHY
                    "the header does not have it%s%s%s",
                    head->path, asked, nearest == NULL ? "" : "; did you mean ",
                    nearest == NULL ? "" : nearest, nearest == NULL ? "" : "?");
}

static gy_status add_column(gy_pool *pool, const gy_table_head *head, int64_t index, bool is_target,
                            gy_table *t)
{
    gy_column *c = &t->columns[t->n];
    *c = (gy_column){.index = index, .is_target = is_target};
    for (int64_t i = 0; i < t->n; i++)
        GY_REQUIRE(t->columns[i].index != index, GY_E_DATA,
                   "a column is taken twice" GY_AT "%s, column %s", head->path, t->columns[i].name);
    t->n++;
    t->targets += is_target;
    if (head->names != NULL && head->names[index][0] != '\0') {
        c->name = head->names[index];
        return GY_OK;
    }
    return gy_pool_format(pool, &c->name, "%lld", (long long)index);
}

static gy_status add_asked(gy_pool *pool, const gy_table_head *head, const gy_strings *asked,
                           bool is_target, gy_table *t)
{
    for (int i = 0; i < asked->n; i++) {
        int64_t index = find_column(head, asked->v[i]);
        if (index < 0) return no_column(head, asked->v[i]);
        GY_REQUIRE(t->n < head->width, GY_E_DATA, "a column is taken twice" GY_AT "%s, column %s",
                   head->path, asked->v[i]);
        GY_TRY(add_column(pool, head, index, is_target, t));
    }
    return GY_OK;
}

/* All columns that are no targets. */
static gy_status add_others(gy_pool *pool, const gy_table_head *head, const gy_strings *targets,
                            gy_table *t)
{
    bool *taken;
    GY_TRY(gy_pool_array(pool, head->width, &taken));
    for (int i = 0; i < targets->n; i++) {
        int64_t index = find_column(head, targets->v[i]);
        if (index < 0) return no_column(head, targets->v[i]);
        taken[index] = true;
    }
    for (int64_t i = 0; i < head->width; i++)
        if (!taken[i]) GY_TRY(add_column(pool, head, i, false, t));
    return GY_OK;
}

/* A column of the training file, found again by its name, or by its number where it has none. */
static gy_status add_known(gy_pool *pool, const gy_table_head *head, const gy_node *known,
                           gy_table *t)
{
    const char *name = gy_fit_text(known, "name");
    bool is_target = gy_fit_int(known, "target", 0) != 0;
    int64_t index = name == NULL ? -1 : find_name(head, name);
    int64_t number = gy_fit_int(known, "index", -1);
    bool is_column = number >= 0 && number < head->width;
    if (index < 0 && is_column && (head->names == NULL || head->names[number][0] == '\0'))
        index = number;
    if (index < 0 || index >= head->width || t->n == head->width) {
        if (is_target) return GY_OK; /* to be predicted */
        return no_column(head, name == NULL ? "?" : name);
    }
    gy_column *c = &t->columns[t->n];
    GY_TRY(add_column(pool, head, index, is_target, t));
    c->known = true;
    GY_TRY(gy_fit_strings(pool, known, "values", &c->values, &c->n_values));
    c->is_text = c->values != NULL;
    const char *mean = gy_fit_text(known, "mean");
    if (mean != NULL && !gy_number_float(mean, &c->mean)) c->mean = 0.0;
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
        GY_TRY(add_asked(pool, head, &settings->columns, false, t));
    else
        GY_TRY(add_others(pool, head, &settings->target, t));
    GY_REQUIRE(t->n > 0, GY_E_DATA,
               "cannot read the data" GY_AT "%s" GY_WHY "no column is left besides the target",
               head->path);
    return add_asked(pool, head, &settings->target, true, t);
}
