/*
 * A CSV file in memory. Two passes: the first finds which columns are texts and counts the rows, the
 * second fills the cells. Dictionaries are sorted, so that they do not depend on the order of rows.
 */
#include "table.h"

#include "base/log.h"
#include "base/number.h"
#include "dictionary.h"
#include "table_columns.h"
#include "table_kinds.h"

#include <float.h>
#include <math.h>
#include <string.h>

enum { VALUES = 4096, CLASSES = 1 << 20 };

const char *const gy_table_headers[] = {"auto", "yes", "no", NULL};
const char *const gy_table_decimals[] = {"point", "comma", NULL};
const char *const gy_table_separators[] = {"auto",  "comma", "semicolon", "tab",
                                           "blank", "bar",   NULL};

/* Numbers of a column as they pass, for what float32 loses of them. */
typedef struct passed {
    bool any;
    double last, one, other; /* two that differ, and do not as float32 */
} passed;

/* A file being read. */
typedef struct reading {
    gy_context *ctx;
    gy_pool *pool;
    const gy_cell_rule *rule;
    gy_cells *cells;
    gy_table_head head;
    gy_table_rows rows;
    gy_table *table;
    gy_dictionary *dictionaries; /* [n] of text columns that are not known */
    passed *passed;              /* [n] */
} reading;

static gy_status drop_texts(reading *r, bool asked)
{
    gy_table *t = r->table;
    int64_t n = 0;
    for (int64_t j = 0; j < t->n; j++) {
        GY_REQUIRE(!t->columns[j].is_text || !asked, GY_E_DATA,
                   "cannot read the data" GY_AT "%s, column %s" GY_WHY
                   "it holds texts, not numbers",
                   r->head.path, t->columns[j].name);
        if (!t->columns[j].is_text) t->columns[n++] = t->columns[j];
    }
    t->n = t->inputs = n;
    GY_REQUIRE(n > 0, GY_E_DATA, "cannot read the data" GY_AT "%s" GY_WHY "no column has numbers",
               r->head.path);
    return GY_OK;
}

static gy_status bad_cell(const reading *r, const gy_record *record, const gy_column *c,
                          const char *why)
{
    return gy_raise(GY_E_DATA,
                    "cannot read the data" GY_AT "%s:%lld, column %s" GY_WHY "'%.60s' %s",
                    r->head.path, (long long)record->line, c->name, record->cells[c->index], why);
}

/* A target may be missing where its weight may be 0; whether it is, is looked at when it is read. */
static bool may_miss(const gy_table *t, const gy_column *c)
{
    return c->use == GY_COLUMN_INPUT || (c->use == GY_COLUMN_TARGET && t->weights > 0);
}

static gy_status text_cell(reading *r, const gy_record *record, int64_t j, float *out)
{
    const gy_column *c = &r->table->columns[j];
    const char *cell = record->cells[c->index];
    int64_t number;
    *out = -1.0f;
    if (gy_cell_is_nothing(r->rule, cell))
        return may_miss(r->table, c)
                   ? GY_OK
                   : bad_cell(r, record, c,
                              c->use == GY_COLUMN_GROUP ? "tells no group" : "is no class");
    if (c->known) {
        number = gy_sorted_find(c->values, c->n_values, cell);
        *out = (float)number;
        return number < 0 && c->use == GY_COLUMN_TARGET
                   ? bad_cell(r, record, c, "is a class that the training data do not have")
                   : GY_OK;
    }
    gy_dictionary *d = &r->dictionaries[j];
    GY_TRY(gy_dictionary_add(d, cell, strlen(cell), &number));
    *out = (float)number;
    GY_REQUIRE(d->n <= (c->use == GY_COLUMN_INPUT ? VALUES : CLASSES), GY_E_DATA,
               "cannot read the data" GY_AT "%s:%lld, column %s" GY_WHY
               "it holds more than %lld different texts" GY_HINT
               "leave it out: name the others with columns=…",
               r->head.path, (long long)record->line, c->name, (long long)d->n - 1);
    return GY_OK;
}

static gy_status number_cell(const reading *r, const gy_record *record, int64_t j, float *out)
{
    gy_column *c = &r->table->columns[j];
    passed *p = &r->passed[j];
    const char *cell = record->cells[c->index];
    double v = 0.0;
    gy_cell_kind kind = gy_cell_read(r->rule, cell, &v);
    *out = NAN;
    if (kind == GY_CELL_MISSING && may_miss(r->table, c)) return GY_OK;
    if (kind != GY_CELL_NUMBER) return bad_cell(r, record, c, gy_cell_fault(r->rule, cell));
    *out = (float)v;
    if (p->any && v != p->last && (float)p->last == *out) {
        p->one = p->last;
        p->other = v;
    }
    c->least = !p->any || v < c->least ? v : c->least;
    c->largest = !p->any || v > c->largest ? v : c->largest;
    p->last = v;
    p->any = true;
    return GY_OK;
}

/* Where a column's whole range is a few steps of float32, its differences are lost. */
static void warn_of_losses(const reading *r)
{
    enum { STEPS = 4096 };
    for (int64_t j = 0; j < r->table->n; j++) {
        const gy_column *c = &r->table->columns[j];
        const passed *p = &r->passed[j];
        double step = (double)FLT_EPSILON * fmax(fabs(c->least), fabs(c->largest));
        if (c->known || p->one == p->other || c->largest - c->least > STEPS * step) continue;
        gy_log(r->ctx, GY_WARNING,
               "%s, column %s: %.17g and %.17g are the same number as float32; take off what all "
               "have in common",
               r->head.path, c->name, p->one, p->other);
    }
}

/* Second pass. */
static gy_status fill(reading *r)
{
    gy_table *t = r->table;
    gy_record record;
    for (int64_t i = 0; i < t->rows; i++) {
        GY_TRY(gy_table_rows_next(&r->rows, &record));
        GY_REQUIRE(record.n > 0, GY_E_DATA,
                   "cannot read the data" GY_AT "%s" GY_WHY "the file changed while it was read",
                   r->head.path);
        for (int64_t j = 0; j < t->n; j++) {
            gy_column *c = &t->columns[j];
            float *out = &t->cells[i * t->n + j];
            GY_TRY(c->is_text ? text_cell(r, &record, j, out) : number_cell(r, &record, j, out));
            c->missing +=
                isnan(*out) || (c->is_text && gy_cell_is_nothing(r->rule, record.cells[c->index]));
        }
    }
    warn_of_losses(r);
    return GY_OK;
}

/* Numbers of texts in the order they came → places in the sorted dictionary. */
static gy_status sort_values(reading *r)
{
    gy_table *t = r->table;
    for (int64_t j = 0; j < t->n; j++) {
        gy_column *c = &t->columns[j];
        const gy_dictionary *d = &r->dictionaries[j];
        int64_t *places;
        if (!c->is_text || c->known) continue;
        GY_TRY(gy_dictionary_sort(d, r->pool, &c->values, &places));
        c->n_values = d->n;
        for (int64_t i = 0; i < t->rows; i++) {
            float *v = &t->cells[i * t->n + j];
            if (*v >= 0.0f) *v = (float)places[(int64_t)*v];
        }
        gy_free(r->ctx, places);
    }
    return GY_OK;
}

static char separator_of(const gy_table_settings *settings)
{
    static const char separators[] = {0, ',', ';', '\t', ' ', '|'};
    return separators[settings->separator];
}

static gy_status read_all(reading *r, const gy_table_settings *settings, const gy_node *fit,
                          bool numbers)
{
    gy_table *t = r->table;
    const char *path = r->head.path;
    GY_TRY(gy_cells_open(r->ctx, path, separator_of(settings), settings->skip, &r->cells));
    GY_TRY(gy_table_head_read(r->pool, r->cells, path, settings, fit, &r->head));
    GY_TRY(gy_table_rows_begin(r->cells, &r->head, settings->rows, &r->rows));
    GY_TRY(gy_table_choose(r->pool, &r->head, settings, fit, t));
    GY_TRY(gy_table_find_kinds(r->pool, &r->rows, settings, t));
    if (numbers) GY_TRY(drop_texts(r, settings->columns.n > 0));
    GY_TRY(gy_pool_array(r->pool, t->n, &r->passed));
    GY_TRY(gy_pool_array(r->pool, t->n, &r->dictionaries));
    for (int64_t j = 0; j < t->n; j++) gy_dictionary_init(&r->dictionaries[j], r->ctx);
    int64_t cells;
    GY_REQUIRE(gy_mul(t->rows, t->n, &cells), GY_E_NOMEM, "the table is too large");
    GY_TRY(gy_new_array(r->ctx, cells, &t->cells));
    GY_TRY(fill(r));
    GY_TRY(sort_values(r));
    gy_table_learn(t, NULL);
    return GY_OK;
}

gy_status gy_table_read(gy_context *ctx, gy_pool *pool, const char *path,
                        const gy_table_settings *settings, const gy_node *fit, bool numbers,
                        gy_table *out)
{
    *out = (gy_table){.ctx = ctx};
    reading r = {
        .ctx = ctx, .pool = pool, .rule = &settings->rule, .head.path = path, .table = out};
    gy_status status = read_all(&r, settings, fit, numbers);
    for (int64_t j = 0; j < out->n && r.dictionaries != NULL; j++)
        gy_dictionary_clear(&r.dictionaries[j]);
    gy_cells_close(r.cells);
    if (status != GY_OK) gy_table_clear(out);
    return status;
}

void gy_table_clear(gy_table *t)
{
    gy_free(t->ctx, t->cells);
    t->cells = NULL;
}

void gy_table_learn(gy_table *t, const gy_split *split)
{
    gy_split all = gy_split_all(t->rows);
    if (split == NULL) split = &all;
    for (int64_t j = 0; j < t->n; j++) {
        gy_column *c = &t->columns[j];
        if (c->known || c->is_text) continue;
        double sum = 0.0;
        int64_t n = 0;
        for (int64_t i = 0; i < split->samples; i++) {
            float v = t->cells[gy_split_at(split, i) * t->n + j];
            if (isnan(v)) continue;
            sum += (double)v;
            n++;
        }
        c->mean = n == 0 ? 0.0 : sum / (double)n;
    }
}

void gy_table_fit(const gy_table *t, gy_buffer *json)
{
    gy_json_begin(json, "columns", '[');
    for (int64_t j = 0; j < t->n; j++) {
        const gy_column *c = &t->columns[j];
        gy_json_begin(json, NULL, '{');
        if (c->named) gy_json_string(json, "name", c->name);
        gy_json_int(json, "index", c->index);
        gy_json_int(json, "target", c->use == GY_COLUMN_TARGET);
        if (c->use == GY_COLUMN_WEIGHT) gy_json_int(json, "weight", 1);
        if (c->use == GY_COLUMN_GROUP) gy_json_int(json, "group", 1);
        if (c->is_text)
            gy_fit_print_strings(json, "values", c->values, c->n_values);
        else
            gy_json_float(json, "mean", c->mean);
        gy_json_end(json, '}');
    }
    gy_json_end(json, ']');
}
