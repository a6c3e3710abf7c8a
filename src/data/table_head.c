/*
 * Whether the first line names the columns. It does where
 *
 * - it holds a name that is asked for, or that the training file had (a number is no name then),
 * - it counts 0, 1, 2, … over lines that do not: what pandas makes of columns without names,
 * - its first cell is empty over 0, 1: a column of row numbers, as pandas and R write it,
 * - it has a word over a number, and no number but whole ones (2019, 2020, …),
 * - or it holds no number and the next line does.
 */
#include "table_head.h"

#include "base/log.h"
#include "base/number.h"

#include <ctype.h>
#include <string.h>

/* The first line, and the one below it. */
typedef struct lines {
    const gy_cell_rule *rule;
    const char *const *first;
    int64_t width;
    gy_record second;
} lines;

static bool is_number(const gy_cell_rule *rule, const char *cell)
{
    double v;
    gy_cell_kind kind = gy_cell_read(rule, cell, &v);
    return kind == GY_CELL_NUMBER || kind == GY_CELL_ALMOST;
}

static bool has_number(const gy_cell_rule *rule, const char *const *cells, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        if (is_number(rule, cells[i])) return true;
    return false;
}

int64_t gy_table_head_find(const gy_table_head *head, const char *name, int64_t *index)
{
    int64_t n = 0;
    for (int64_t i = 0; i < head->width && head->names != NULL; i++) {
        if (strcmp(head->names[i], name) != 0) continue;
        if (n++ == 0) *index = i;
    }
    return n;
}

bool gy_table_head_named(const gy_table_head *head, int64_t index)
{
    return head->names != NULL && head->names[index][0] != '\0';
}

/* A number may be a column's number as well as its name. */
static bool has_name(const gy_table_head *head, const char *name)
{
    int64_t index, number;
    return name[0] != '\0' && !gy_number_int(name, &number) &&
           gy_table_head_find(head, name, &index) > 0;
}

static bool has_asked(const gy_table_head *head, const gy_strings *asked)
{
    for (int i = 0; i < asked->n; i++)
        if (has_name(head, asked->v[i])) return true;
    return false;
}

static bool has_known(const gy_table_head *head, const gy_node *fit)
{
    const gy_node *list = fit == NULL ? NULL : gy_node_find(fit, "columns");
    for (const gy_node *c = list == NULL ? NULL : list->first; c != NULL; c = c->next) {
        const char *name = gy_fit_text(c, "name");
        if (name != NULL && has_name(head, name)) return true;
    }
    return false;
}

/* 0, 1, 2, … after an empty cell or not. */
static bool counts(const char *const *cells, int64_t n)
{
    const int64_t from = n > 0 && cells[0][0] == '\0';
    int64_t v;
    for (int64_t i = from; i < n; i++)
        if (!gy_number_int(cells[i], &v) || v != i - from) return false;
    return n >= 3; /* 0, 1 alone may well be a sample */
}

static bool is_word(const gy_cell_rule *rule, const char *cell)
{
    double v;
    unsigned char c = (unsigned char)cell[0];
    return (isalpha(c) || c == '_' || c >= 0x80) && gy_cell_read(rule, cell, &v) == GY_CELL_TEXT;
}

static bool has_word_over_number(const lines *l)
{
    bool found = false;
    for (int64_t i = 0; i < l->width; i++) {
        const char *cell = l->first[i];
        bool whole = cell[strspn(cell, "0123456789")] == '\0';
        if (is_number(l->rule, cell) && !whole) return false;
        if (i < l->second.n && is_word(l->rule, cell))
            found = found || is_number(l->rule, l->second.cells[i]);
    }
    return found;
}

/* By what the lines look like. @param l  its second record is gone afterwards */
static gy_status guess(gy_cells *cells, const lines *l, bool numbers, bool *out)
{
    const gy_record *second = &l->second;
    bool counted = counts(l->first, l->width) && !counts(second->cells, second->n);
    *out = counted || has_word_over_number(l) ||
           (!numbers && has_number(l->rule, second->cells, second->n));
    if (*out || second->n == 0 || l->first[0][0] != '\0' || strcmp(second->cells[0], "0") != 0)
        return GY_OK;
    gy_record third;
    GY_TRY(gy_cells_next(cells, &third));
    *out = third.n == 0 || strcmp(third.cells[0], "1") == 0;
    return GY_OK;
}

static gy_status copy_names(gy_pool *pool, const gy_record *r, const char *const **out)
{
    const char **names;
    GY_TRY(gy_pool_array(pool, r->n, &names));
    for (int64_t i = 0; i < r->n; i++) GY_TRY(gy_pool_string(pool, r->cells[i], &names[i]));
    *out = names;
    return GY_OK;
}

/* Whether the first line has names. */
static gy_status decide(gy_pool *pool, gy_cells *cells, const gy_table_settings *settings,
                        const gy_node *fit, gy_table_head *head)
{
    lines l = {.rule = &settings->rule, .first = head->names, .width = head->width};
    GY_TRY(gy_cells_next(cells, &l.second));
    head->has_header = settings->header == GY_HEADER_YES;
    if (settings->header != GY_HEADER_AUTO) return GY_OK;
    head->has_header = has_asked(head, &settings->target) || has_asked(head, &settings->columns) ||
                       has_known(head, fit);
    if (head->has_header) return GY_OK;
    bool numbers = has_number(l.rule, l.first, l.width);
    GY_TRY(guess(cells, &l, numbers, &head->has_header));
    if (head->has_header && numbers && fit == NULL)
        gy_log(pool->ctx, GY_WARNING,
               "%s: the first line is taken for names of columns; say ?header=yes, or ?header=no",
               head->path);
    return GY_OK;
}

gy_status gy_table_head_read(gy_pool *pool, gy_cells *cells, const char *path,
                             const gy_table_settings *settings, const gy_node *fit,
                             gy_table_head *out)
{
    gy_record first;
    GY_TRY(gy_cells_next(cells, &first));
    GY_REQUIRE(first.n > 0, GY_E_DATA, "cannot read the data" GY_AT "%s" GY_WHY "the file is empty",
               path);
    *out = (gy_table_head){.path = path, .width = first.n, .hint = ""};
    if (first.cells[0][0] == '#')
        out->hint = "; the first is a comment";
    else if (first.n == 1)
        out->hint = "; say ?separator=… where it is another one than , ; tab | blank";
    GY_TRY(copy_names(pool, &first, &out->names));
    GY_TRY(decide(pool, cells, settings, fit, out));
    if (!out->has_header) out->names = NULL;
    GY_TRY(gy_cells_rewind(cells));
    return out->has_header ? gy_cells_next(cells, &first) : GY_OK;
}
