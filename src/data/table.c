/*
 * A CSV file in memory. Two passes: the first finds which columns are texts and counts the rows, the
 * second fills the cells. Dictionaries are sorted, so that they do not depend on the order of rows.
 */
#include "table.h"

#include "base/number.h"
#include "dictionary.h"
#include "table_columns.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { VALUES = 4096, CLASSES = 1 << 20 };

const char *const gy_table_headers[] = {"auto", "yes", "no", NULL};
const char *const gy_table_separators[] = {"auto", "comma", "semicolon", "tab", "blank", NULL};

/* A file being read. */
typedef struct reading {
    gy_context *ctx;
    gy_pool *pool;
    gy_cells *cells;
    gy_table_head head;
    gy_table *table;
    gy_dictionary *dictionaries; /* [n] of text columns that are not known */
    int64_t from, to;            /* rows wanted */
} reading;

/* "100:200", "100:", ":200" */
static gy_status parse_rows(const char *text, reading *r)
{
    r->from = 0;
    r->to = INT64_MAX;
    if (text == NULL) return GY_OK;
    char *end = NULL;
    bool ok = true;
    const char *colon = strchr(text, ':');
    if (colon != text) {
        r->from = strtoll(text, &end, 10);
        ok = end == colon;
    }
    ok = ok && colon != NULL;
    if (ok && colon[1] != '\0') ok = gy_number_int(colon + 1, &r->to);
    GY_REQUIRE(ok && r->from >= 0 && r->to > r->from, GY_E_DATA,
               "not a valid value" GY_AT "%s, key rows" GY_WHY "it is '%s'" GY_HINT
               "write FROM:TO, rows from 0",
               r->head.path, text);
    return GY_OK;
}

/* The next record of the wanted rows; n = 0 at the end. @param row in and out: rows passed */
static gy_status next(reading *r, int64_t *row, gy_record *out)
{
    do {
        GY_TRY(gy_cells_next(r->cells, out));
        if (out->n == 0) return GY_OK;
        GY_REQUIRE(out->n == r->head.width, GY_E_DATA,
                   "cannot read the data" GY_AT "%s:%lld" GY_WHY
                   "it has %lld cells, the first line has %lld",
                   r->head.path, (long long)out->line, (long long)out->n, (long long)r->head.width);
    } while ((*row)++ < r->from);
    if (*row > r->to) out->n = 0;
    return GY_OK;
}

/* First pass. */
static gy_status look(reading *r)
{
    gy_table *t = r->table;
    gy_record record;
    int64_t row = 0;
    double v;
    for (;;) {
        GY_TRY(next(r, &row, &record));
        if (record.n == 0) break;
        t->rows++;
        for (int64_t j = 0; j < t->n; j++) {
            gy_column *c = &t->columns[j];
            const char *cell = record.cells[c->index];
            if (c->known || c->is_text || gy_number_float(cell, &v)) continue;
            c->is_text = !gy_cell_is_missing(cell);
        }
    }
    GY_REQUIRE(t->rows > 0, GY_E_DATA, "cannot read the data" GY_AT "%s" GY_WHY "it has no rows",
               r->head.path);
    GY_TRY(gy_cells_rewind(r->cells));
    return r->head.has_header ? gy_cells_next(r->cells, &record) : GY_OK;
}

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
    t->n = n;
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

static gy_status text_cell(reading *r, const gy_record *record, int64_t j, float *out)
{
    const gy_column *c = &r->table->columns[j];
    const char *cell = record->cells[c->index];
    int64_t number;
    *out = -1.0f;
    if (gy_cell_is_missing(cell)) {
        return c->is_target ? bad_cell(r, record, c, "is no class") : GY_OK;
    }
    if (c->known) {
        number = gy_sorted_find(c->values, c->n_values, cell);
        *out = (float)number;
        return number < 0 && c->is_target
                   ? bad_cell(r, record, c, "is a class that the training data do not have")
                   : GY_OK;
    }
    gy_dictionary *d = &r->dictionaries[j];
    GY_TRY(gy_dictionary_add(d, cell, strlen(cell), &number));
    *out = (float)number;
    GY_REQUIRE(d->n <= (c->is_target ? CLASSES : VALUES), GY_E_DATA,
               "cannot read the data" GY_AT "%s:%lld, column %s" GY_WHY
               "it holds more than %lld different texts" GY_HINT
               "leave it out: name the others with columns=…",
               r->head.path, (long long)record->line, c->name, (long long)d->n - 1);
    return GY_OK;
}

static gy_status number_cell(const reading *r, const gy_record *record, const gy_column *c,
                             float *out)
{
    const char *cell = record->cells[c->index];
    double v;
    if (gy_number_float(cell, &v) && isfinite((float)v)) {
        *out = (float)v;
        return GY_OK;
    }
    *out = NAN;
    bool fine = gy_cell_is_missing(cell) && !c->is_target;
    return fine ? GY_OK : bad_cell(r, record, c, "is no number");
}

/* Second pass. */
static gy_status fill(reading *r)
{
    gy_table *t = r->table;
    gy_record record;
    int64_t row = 0;
    for (int64_t i = 0; i < t->rows; i++) {
        GY_TRY(next(r, &row, &record));
        GY_REQUIRE(record.n > 0, GY_E_DATA,
                   "cannot read the data" GY_AT "%s" GY_WHY "the file changed while it was read",
                   r->head.path);
        for (int64_t j = 0; j < t->n; j++) {
            const gy_column *c = &t->columns[j];
            float *out = &t->cells[i * t->n + j];
            GY_TRY(c->is_text ? text_cell(r, &record, j, out) : number_cell(r, &record, c, out));
        }
    }
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
    static const char separators[] = {0, ',', ';', '\t', ' '};
    return separators[settings->separator];
}

static gy_status read_all(reading *r, const gy_table_settings *settings, const gy_node *fit,
                          bool numbers)
{
    gy_table *t = r->table;
    const char *path = r->head.path;
    GY_TRY(gy_cells_open(r->ctx, path, separator_of(settings), settings->skip, &r->cells));
    GY_TRY(gy_table_head_read(r->pool, r->cells, path, settings, fit, &r->head));
    GY_TRY(parse_rows(settings->rows, r));
    GY_TRY(gy_table_choose(r->pool, &r->head, settings, fit, t));
    GY_TRY(look(r));
    if (numbers) GY_TRY(drop_texts(r, settings->columns.n > 0));
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
    reading r = {.ctx = ctx, .pool = pool, .head.path = path, .table = out};
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
        gy_json_string(json, "name", c->name);
        gy_json_int(json, "index", c->index);
        gy_json_int(json, "target", c->is_target);
        if (c->is_text)
            gy_fit_print_strings(json, "values", c->values, c->n_values);
        else
            gy_json_float(json, "mean", c->mean);
        gy_json_end(json, '}');
    }
    gy_json_end(json, ']');
}
