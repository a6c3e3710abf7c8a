/*
 * Which columns are numbers and which are texts. A column most of whose cells are numbers, or are
 * meant as such, must have numbers alone, and so must a target that has one at all: texts among them
 * are mistakes of the file, or words for nothing, and only its owner knows which.
 */
#include "table_kinds.h"

#include <string.h>

/* What the cells of a column are. */
typedef struct found {
    int64_t numbers, almost, texts;
    int64_t line; /* of the first that is no number */
    const char *cell;
} found;

static gy_status add_cell(gy_pool *pool, const gy_cell_rule *rule, const gy_record *record,
                          const char *cell, found *f)
{
    double v;
    switch (gy_cell_read(rule, cell, &v)) {
    case GY_CELL_MISSING:
        return GY_OK;
    case GY_CELL_NUMBER:
        f->numbers++;
        return GY_OK;
    case GY_CELL_ALMOST:
        f->almost++;
        break;
    case GY_CELL_TEXT:
        f->texts++;
        break;
    }
    if (f->cell != NULL) return GY_OK;
    f->line = record->line;
    return gy_pool_string(pool, cell, &f->cell);
}

/* What can be done about a cell that is no number. */
static gy_status suggest(gy_pool *pool, const gy_cell_rule *rule, const gy_column *c,
                         const found *f, const char **out)
{
    bool point = rule->decimal == GY_DECIMAL_POINT;
    if (point && f->almost > 0 && strchr(f->cell, ',') != NULL)
        return gy_pool_string(pool,
                              "take it out where it parts thousands, or say ?decimal=comma where "
                              "it is the decimal point",
                              out);
    const bool target = c->use == GY_COLUMN_TARGET;
    return gy_pool_format(pool, out,
                          "clean it, or say ?missing=%s where it stands for nothing, %s%s where "
                          "all are %s",
                          f->cell, target ? "?classes=true" : "?texts=", target ? "" : c->name,
                          target ? "classes" : "texts");
}

static gy_status refuse(gy_pool *pool, const gy_table_rows *rows, const gy_cell_rule *rule,
                        const gy_column *c, const found *f)
{
    const char *hint;
    bool text = f->almost == 0; /* then there are numbers */
    GY_TRY(suggest(pool, rule, c, f, &hint));
    return gy_raise(GY_E_DATA,
                    "cannot read the data" GY_AT "%s:%lld, column %s" GY_WHY "'%.60s' %s%s" GY_HINT
                    "%s",
                    rows->head->path, (long long)f->line, c->name, f->cell,
                    gy_cell_fault(rule, f->cell), text ? ", the others are" : "", hint);
}

static gy_status judge(gy_pool *pool, const gy_table_rows *rows, const gy_table_settings *settings,
                       const found *f, gy_column *c)
{
    const int64_t odd = f->almost + f->texts, meant = f->numbers + f->almost;
    if (c->known || c->is_text || odd == 0) return GY_OK;
    const bool target = c->use == GY_COLUMN_TARGET;
    if (c->use == GY_COLUMN_WEIGHT || (target && settings->classes == GY_CLASSES_FALSE))
        return GY_OK;
    bool names = target && settings->classes == GY_CLASSES_TRUE;
    bool mixed = target ? meant > 0 : meant > f->texts;
    if (mixed && !names) return refuse(pool, rows, &settings->rule, c, f);
    c->is_text = true;
    return GY_OK;
}

gy_status gy_table_find_kinds(gy_pool *pool, gy_table_rows *rows, const gy_table_settings *settings,
                              gy_table *t)
{
    gy_record record;
    found *columns;
    GY_TRY(gy_pool_array(pool, t->n, &columns));
    for (;;) {
        GY_TRY(gy_table_rows_next(rows, &record));
        if (record.n == 0) break;
        t->rows++;
        for (int64_t j = 0; j < t->n; j++) {
            const gy_column *c = &t->columns[j];
            if (c->known || c->is_text) continue;
            GY_TRY(add_cell(pool, &settings->rule, &record, record.cells[c->index], &columns[j]));
        }
    }
    GY_REQUIRE(t->rows > 0, GY_E_DATA, "cannot read the data" GY_AT "%s" GY_WHY "it has no rows",
               rows->head->path);
    for (int64_t j = 0; j < t->n; j++)
        GY_TRY(judge(pool, rows, settings, &columns[j], &t->columns[j]));
    return gy_table_rows_rewind(rows);
}
