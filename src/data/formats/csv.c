/*
 * CSV: parsed once into memory. Numbers stay numbers, a text column becomes as many values as its
 * dictionary has texts (one-hot; all zero where the text is missing or new), a text target becomes
 * classes. A number target whose values are 0, 1, … without a gap is classes too.
 */
#include "../data.h"

#include "../cells.h"
#include "../table.h"

#include "base/log.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { WHOLE_CLASSES = 1 << 16 };

typedef struct csv_settings {
    gy_table_settings table;
} csv_settings;

typedef struct csv {
    gy_context *ctx;
    gy_table table;
    int64_t features; /* of x, one-hot columns unfolded */
    int64_t classes;  /* of a number target that is classes; 0: it is values */
} csv;

enum { PERHAPS = 5, LIKELY = 40 };

/* Whether a line has a cell that is a number. */
static bool has_number(const char *line, size_t n, char separator)
{
    const gy_cell_rule rule = {.decimal = GY_DECIMAL_POINT};
    for (size_t at = 0; at < n;) {
        char cell[32];
        const char *end = memchr(line + at, separator, n - at);
        size_t length = end == NULL ? n - at : (size_t)(end - line) - at;
        double v;
        bool fits = length < sizeof cell;
        (void)snprintf(cell, sizeof cell, "%.*s", fits ? (int)length : 0, line + at);
        cell[strcspn(cell, "\r")] = '\0';
        if (gy_cell_read(&rule, cell + strspn(cell, " \""), &v) == GY_CELL_NUMBER) return true;
        at += length + 1;
    }
    return false;
}

static bool is_called_csv(const char *path)
{
    static const char *const endings[] = {".csv", ".csv.gz", ".tsv", ".tsv.gz"};
    const size_t n = strlen(path);
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        const size_t m = strlen(endings[i]);
        if (n > m && strcasecmp(path + n - m, endings[i]) == 0) return true;
    }
    return false;
}

/*
 * Likely where lines agree on a number of separators and have numbers, or many cells: lines of verse
 * may agree, too; and where the file is called so: else a line above the table makes a text of it.
 * Other text may be CSV if the query says so.
 */
static int probe(const char *path, const void *head, size_t n)
{
    enum { MANY = 4 };
    const char *text = head;
    if (n == 0 || memchr(head, 0, n) != NULL) return 0;
    if (is_called_csv(path)) return LIKELY;
    char separator = gy_cells_separator(text, n);
    if (separator == 0 || separator == ' ') return PERHAPS;
    int64_t lines = 0, first = 0, count = 0;
    bool quoted = false, numbers = false;
    for (size_t i = 0, begin = 0; i < n; i++) {
        if (text[i] == '"') quoted = !quoted;
        if (quoted) continue;
        count += text[i] == separator;
        if (text[i] != '\n') continue;
        if (lines++ == 0) first = count;
        if (count != first && count != 0) return PERHAPS;
        numbers = numbers || has_number(text + begin, i - begin, separator);
        count = 0;
        begin = i + 1;
    }
    return lines >= 2 && (numbers || first >= MANY) ? LIKELY : PERHAPS;
}

/* How many classes there are if values are 0, 1, … without a gap, or with some where `gaps`; else 0. */
static gy_status count_classes(const csv *s, bool gaps, int64_t *out)
{
    const gy_table *t = &s->table;
    bool *seen;
    int64_t largest = -1, distinct = 0;
    *out = 0;
    GY_TRY(gy_new_array(s->ctx, WHOLE_CLASSES, &seen));
    for (int64_t i = 0; i < t->rows; i++) {
        float v = t->cells[i * t->n + t->inputs];
        if (!(v >= 0.0f && v < (float)WHOLE_CLASSES && v == truncf(v))) {
            largest = WHOLE_CLASSES;
            break;
        }
        if (!seen[(int64_t)v]) distinct++;
        seen[(int64_t)v] = true;
        if ((int64_t)v > largest) largest = (int64_t)v;
    }
    gy_free(s->ctx, seen);
    bool all = largest + 1 == distinct && distinct > 1;
    if (largest < WHOLE_CLASSES && (all || gaps)) *out = largest + 1;
    return GY_OK;
}

/* Whether numbers are classes: as the query says, else where none is left out. */
static gy_status number_classes(csv *s, const csv_settings *set, const char *text)
{
    const int said = set->table.classes;
    if (said == GY_CLASSES_FALSE) return GY_OK;
    GY_TRY(count_classes(s, said == GY_CLASSES_TRUE, &s->classes));
    GY_REQUIRE(said == GY_CLASSES_AUTO || s->classes > 0, GY_E_DATA,
               "targets are no classes" GY_AT "%s" GY_WHY
               "they are not whole numbers from 0" GY_HINT
               "?texts=%s takes them for names of classes",
               text, s->table.columns[s->table.inputs].name);
    return GY_OK;
}

static gy_status describe_target(csv *s, const csv_settings *set, const char *text,
                                 const gy_node *fit, gy_source_info *info)
{
    const gy_table *t = &s->table;
    const gy_column *first = &t->columns[t->inputs];
    info->weighted = t->weights > 0;
    info->grouped = t->groups > 0;
    info->supervised = t->targets > 0;
    if (!info->supervised) return GY_OK;
    for (int64_t j = t->inputs; j < t->inputs + t->targets && t->targets > 1; j++)
        GY_REQUIRE(!t->columns[j].is_text, GY_E_DATA,
                   "cannot read the data" GY_AT "%s, column %s" GY_WHY
                   "several targets must be numbers",
                   text, t->columns[j].name);
    if (t->targets > 1) {
        info->y = (gy_shape){1, {t->targets}};
    } else if (first->is_text) {
        info->y_is_class = true;
        info->classes = first->n_values;
        info->class_names = first->values;
    } else {
        s->classes = gy_fit_int(fit, "classes", -1);
        if (s->classes < 0) {
            s->classes = 0;
            GY_TRY(number_classes(s, set, text));
        }
        info->y_is_class = s->classes > 0;
        info->classes = s->classes;
    }
    return GY_OK;
}

/* Dates and names of rows are a column of x each, and say nothing of other rows. */
static void warn_of_texts(const csv *s, const char *text)
{
    enum { MANY = 100, FEW_ROWS = 5 };
    for (int64_t j = 0; j < s->table.inputs; j++) {
        const gy_column *c = &s->table.columns[j];
        if (!c->is_text || c->known || c->n_values < MANY) continue;
        if (c->n_values > s->table.rows / FEW_ROWS)
            gy_log(s->ctx, GY_WARNING,
                   "%s, column %s: %lld texts in %lld rows become as many columns of 0 and 1; name "
                   "the others with columns=… to leave it out",
                   text, c->name, (long long)c->n_values, (long long)s->table.rows);
    }
}

static gy_status open(gy_context *ctx, gy_pool *pool, const gy_source_text *text,
                      const void *settings, const gy_source_options *options, void **state,
                      gy_source_info *info)
{
    const csv_settings *set = settings;
    const gy_node *fit;
    csv *s;
    GY_REQUIRE(text->n_files == 1, GY_E_DATA,
               "cannot read the source" GY_AT "%s" GY_WHY "CSV takes one file", text->text);
    GY_TRY(gy_pool_new(pool, &s));
    s->ctx = s->table.ctx = ctx;
    *state = s;
    GY_TRY(gy_fit_parse(pool, options, &fit));
    GY_TRY(gy_table_read(ctx, pool, text->path, &set->table, fit, false, &s->table));
    const gy_table *t = &s->table;
    for (int64_t j = 0; j < t->inputs; j++)
        s->features += t->columns[j].is_text ? t->columns[j].n_values : 1;
    info->samples = t->rows;
    info->x = (gy_shape){1, {s->features}};
    info->x_type = "float32";
    warn_of_texts(s, text->text);
    info->columns = t->columns;
    info->n_columns = t->n;
    return describe_target(s, set, text->text, fit, info);
}

static void read_x(const csv *s, const float *cells, float *x)
{
    const gy_table *t = &s->table;
    for (int64_t j = 0; j < t->inputs; j++) {
        const gy_column *c = &t->columns[j];
        if (!c->is_text) {
            *x++ = isnan(cells[j]) ? (float)c->mean : cells[j];
            continue;
        }
        memset(x, 0, (size_t)c->n_values * sizeof *x);
        if (cells[j] >= 0.0f) x[(int64_t)cells[j]] = 1.0f;
        x += c->n_values;
    }
}

static gy_status read(void *state, const int64_t *index, int64_t n, float *x, float *y)
{
    const csv *s = state;
    const gy_table *t = &s->table;
    for (int64_t i = 0; i < n; i++) {
        const float *cells = t->cells + index[i] * t->n;
        read_x(s, cells, x + i * s->features);
        if (y != NULL)
            memcpy(y + i * t->targets, cells + t->inputs, (size_t)t->targets * sizeof *y);
    }
    return GY_OK;
}

static gy_status weigh(void *state, const int64_t *index, int64_t n, float *w)
{
    const gy_table *t = &((const csv *)state)->table;
    for (int64_t i = 0; i < n; i++) w[i] = t->cells[index[i] * t->n + t->inputs + t->targets];
    return GY_OK;
}

static gy_status belong(void *state, const int64_t *index, int64_t n, int64_t *group)
{
    const gy_table *t = &((const csv *)state)->table;
    for (int64_t i = 0; i < n; i++) group[i] = (int64_t)t->cells[index[i] * t->n + t->n - 1];
    return GY_OK;
}

static gy_status learn(void *state, const gy_split *split)
{
    csv *s = state;
    gy_table_learn(&s->table, split);
    return GY_OK;
}

static void fit(const void *state, gy_buffer *json)
{
    const csv *s = state;
    gy_table_fit(&s->table, json);
    gy_json_int(json, "classes", s->classes);
}

static void close(void *state)
{
    csv *s = state;
    gy_table_clear(&s->table);
}

static const char *const classes_choices[] = {"auto", "true", "false", NULL};

static const gy_setting rows[] = {
    GY_TABLE_ROWS(csv_settings, table),
    {.key = "weight",
     .type = GY_SETTING_STRING,
     .offset = offsetof(csv_settings, table.weight),
     .standard = "",
     .help = "column of weights, by name or number"},
    {.key = "group",
     .type = GY_SETTING_STRING,
     .offset = offsetof(csv_settings, table.group),
     .standard = "",
     .help =
         "column that tells which samples belong together (a patient's): a fold has all or none"},
    {.key = "classes",
     .type = GY_SETTING_CHOICE,
     .offset = offsetof(csv_settings, table.classes),
     .standard = "auto",
     .choices = classes_choices,
     .help = "whether the target is classes; auto: where it has texts alone, or 0, 1, … in full"},
    GY_SETTING_END,
};

const gy_format_kind gy_format_csv = {
    .kind = {"csv", "CSV, plain or gzip, read into memory as float32", rows, sizeof(csv_settings)},
    .example = "housing.csv?target=median_house_value",
    .probe = probe,
    .open = open,
    .read = read,
    .weigh = weigh,
    .belong = belong,
    .learn = learn,
    .fit = fit,
    .close = close,
};
