/*
 * Time series: rows of a CSV file in time order. A sample is `window` rows, its target the `horizon`
 * rows after them. A missing number is the one before it. With `standardize`, columns have mean 0
 * and deviation 1 over the rows that train, in x and y alike.
 */
#include "../data.h"

#include "../fit.h"
#include "../table.h"

#include "base/number.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

typedef struct series_settings {
    gy_table_settings table;
    int64_t window, horizon;
    bool standardize;
} series_settings;

typedef struct series {
    const series_settings *settings;
    const char *path;
    gy_table table; /* all columns that x or y take */
    int64_t *x, *y; /* [nx], [ny]: columns of the table */
    int64_t nx, ny;
    double *mean, *deviation; /* [table.n] */
} series;

/* Finds the columns asked for within the table; without any, all. */
static gy_status find_columns(const series *s, gy_pool *pool, const gy_strings *asked,
                              int64_t **out, int64_t *n)
{
    const gy_table *t = &s->table;
    *n = asked->n > 0 ? asked->n : t->n;
    GY_TRY(gy_pool_array(pool, *n, out));
    for (int64_t i = 0; i < *n; i++) {
        (*out)[i] = i;
        if (asked->n == 0) continue;
        int64_t number = -1, found = -1;
        if (!gy_number_int(asked->v[i], &number)) number = -1;
        for (int64_t j = 0; j < t->n && found < 0; j++)
            if (strcmp(t->columns[j].name, asked->v[i]) == 0) found = j;
        for (int64_t j = 0; j < t->n && found < 0; j++)
            if (t->columns[j].index == number) found = j;
        GY_REQUIRE(found >= 0, GY_E_DATA,
                   "no such column" GY_AT "%s, column %s" GY_WHY
                   "no column of numbers has that name",
                   s->path, asked->v[i]);
        (*out)[i] = found;
    }
    return GY_OK;
}

/* The columns that are read: those of x and those of y. */
static gy_status unite(gy_pool *pool, const gy_table_settings *set, gy_table_settings *out)
{
    *out = *set;
    out->target = (gy_strings){NULL, 0};
    if (set->columns.n == 0) return GY_OK;
    const char **v;
    int n = 0;
    GY_TRY(gy_pool_array(pool, set->columns.n + set->target.n, &v));
    for (int i = 0; i < set->columns.n; i++) v[n++] = set->columns.v[i];
    for (int i = 0; i < set->target.n; i++) {
        bool there = false;
        for (int j = 0; j < n; j++) there = there || strcmp(v[j], set->target.v[i]) == 0;
        if (!there) v[n++] = set->target.v[i];
    }
    out->columns = (gy_strings){v, n};
    return GY_OK;
}

static gy_status fill_gaps(const series *s)
{
    const gy_table *t = &s->table;
    for (int64_t j = 0; j < t->n; j++) {
        float *v = t->cells + j;
        int64_t first = 0;
        while (first < t->rows && isnan(v[first * t->n])) first++;
        GY_REQUIRE(first < t->rows, GY_E_DATA,
                   "cannot read the data" GY_AT "%s, column %s" GY_WHY "it holds no number",
                   s->path, t->columns[j].name);
        for (int64_t i = 0; i < first; i++) v[i * t->n] = v[first * t->n];
        for (int64_t i = first + 1; i < t->rows; i++)
            if (isnan(v[i * t->n])) v[i * t->n] = v[(i - 1) * t->n];
    }
    return GY_OK;
}

static void learn_rows(series *s, int64_t from, int64_t to)
{
    const gy_table *t = &s->table;
    for (int64_t j = 0; j < t->n; j++) {
        double sum = 0.0, squares = 0.0, n = (double)(to - from);
        for (int64_t i = from; i < to; i++) sum += (double)t->cells[i * t->n + j];
        for (int64_t i = from; i < to; i++) {
            double v = (double)t->cells[i * t->n + j] - sum / n;
            squares += v * v;
        }
        double deviation = sqrt(squares / n);
        s->mean[j] = sum / n;
        s->deviation[j] = deviation > 0.0 ? deviation : 1.0;
    }
}

/* Columns of x or of y as the training source had them. */
static gy_status known_columns(const series *s, gy_pool *pool, const gy_node *fit, const char *key,
                               int64_t **out, int64_t *n)
{
    double *v;
    GY_TRY(gy_fit_numbers(pool, fit, key, &v, n));
    GY_TRY(gy_pool_array(pool, *n, out));
    bool good = *n > 0;
    for (int64_t i = 0; i < *n && good; i++) {
        good = v[i] >= 0.0 && v[i] < (double)s->table.n;
        (*out)[i] = good ? (int64_t)v[i] : 0;
    }
    GY_REQUIRE(good, GY_E_DATA,
               "cannot read the data" GY_AT "%s" GY_WHY "the training data were no series",
               s->path);
    return GY_OK;
}

static gy_status take_known(series *s, gy_pool *pool, const gy_node *fit)
{
    double *mean, *deviation;
    int64_t n, m;
    GY_TRY(gy_fit_numbers(pool, fit, "means", &mean, &n));
    GY_TRY(gy_fit_numbers(pool, fit, "deviations", &deviation, &m));
    GY_REQUIRE(n == s->table.n && m == n, GY_E_DATA,
               "cannot read the data" GY_AT "%s" GY_WHY "the training data were no series",
               s->path);
    s->mean = mean;
    s->deviation = deviation;
    GY_TRY(known_columns(s, pool, fit, "x_columns", &s->x, &s->nx));
    return known_columns(s, pool, fit, "y_columns", &s->y, &s->ny);
}

/* As the query says: without columns all, without a target those of x. */
static gy_status choose_columns(series *s, gy_pool *pool)
{
    const gy_table_settings *set = &s->settings->table;
    GY_TRY(find_columns(s, pool, &set->columns, &s->x, &s->nx));
    GY_TRY(find_columns(s, pool, set->target.n > 0 ? &set->target : &set->columns, &s->y, &s->ny));
    GY_TRY(gy_pool_array(pool, s->table.n, &s->mean));
    GY_TRY(gy_pool_array(pool, s->table.n, &s->deviation));
    learn_rows(s, 0, s->table.rows);
    return GY_OK;
}

static gy_status describe(const series *s, gy_source_info *info)
{
    int64_t window = s->settings->window, horizon = s->settings->horizon;
    GY_REQUIRE(s->table.rows >= window + horizon, GY_E_DATA,
               "cannot read the data" GY_AT "%s" GY_WHY
               "it has %lld rows, a window of %lld and a horizon of %lld take more",
               s->path, (long long)s->table.rows, (long long)window, (long long)horizon);
    info->samples = s->table.rows - window - horizon + 1;
    info->x = (gy_shape){2, {window, s->nx}};
    info->y = (gy_shape){2, {horizon, s->ny}};
    if (s->ny == 1) info->y = (gy_shape){1, {horizon}};
    info->supervised = true;
    info->x_type = "float32";
    info->ordered = true;
    info->columns = s->table.columns;
    info->n_columns = s->table.n;
    info->overlap = horizon - 1;
    return GY_OK;
}

static gy_status open(gy_context *ctx, gy_pool *pool, const gy_source_text *text,
                      const void *settings, const gy_source_options *options, void **state,
                      gy_source_info *info)
{
    const gy_node *fit;
    gy_table_settings read;
    series *s;
    GY_TRY(gy_pool_new(pool, &s));
    s->settings = settings;
    s->path = text->path;
    s->table.ctx = ctx;
    *state = s;
    GY_TRY(gy_fit_parse(pool, options, &fit));
    GY_TRY(unite(pool, &s->settings->table, &read));
    GY_TRY(gy_table_read(ctx, pool, text->path, &read, fit, true, &s->table));
    GY_TRY(fill_gaps(s));
    if (fit != NULL)
        GY_TRY(take_known(s, pool, fit));
    else
        GY_TRY(choose_columns(s, pool));
    return describe(s, info);
}

static void copy_rows(const series *s, int64_t row, int64_t rows, const int64_t *columns, int64_t n,
                      float *out)
{
    const gy_table *t = &s->table;
    for (int64_t i = row; i < row + rows; i++) {
        const float *cells = t->cells + i * t->n;
        for (int64_t k = 0; k < n; k++) {
            int64_t j = columns[k];
            float v = cells[j];
            if (s->settings->standardize) v = (float)(((double)v - s->mean[j]) / s->deviation[j]);
            *out++ = v;
        }
    }
}

static gy_status read(void *state, const int64_t *index, int64_t n, float *x, float *y)
{
    const series *s = state;
    int64_t window = s->settings->window, horizon = s->settings->horizon;
    for (int64_t i = 0; i < n; i++) {
        copy_rows(s, index[i], window, s->x, s->nx, x + i * window * s->nx);
        if (y != NULL)
            copy_rows(s, index[i] + window, horizon, s->y, s->ny, y + i * horizon * s->ny);
    }
    return GY_OK;
}

static gy_status learn(void *state, const gy_split *split)
{
    series *s = state;
    int64_t rows = split->samples + s->settings->window + s->settings->horizon - 1;
    if (!split->permuted && split->samples > 0) learn_rows(s, split->first, split->first + rows);
    return GY_OK;
}

static void print_numbers(gy_buffer *json, const char *key, const double *v, int64_t n)
{
    gy_json_begin(json, key, '[');
    for (int64_t i = 0; i < n; i++) gy_json_float(json, NULL, v[i]);
    gy_json_end(json, ']');
}

static void print_columns(gy_buffer *json, const char *key, const int64_t *v, int64_t n)
{
    gy_json_begin(json, key, '[');
    for (int64_t i = 0; i < n; i++) gy_json_int(json, NULL, v[i]);
    gy_json_end(json, ']');
}

static void fit(const void *state, gy_buffer *json)
{
    const series *s = state;
    gy_table_fit(&s->table, json);
    print_numbers(json, "means", s->mean, s->table.n);
    print_numbers(json, "deviations", s->deviation, s->table.n);
    print_columns(json, "x_columns", s->x, s->nx);
    print_columns(json, "y_columns", s->y, s->ny);
}

static void close(void *state)
{
    series *s = state;
    gy_table_clear(&s->table);
}

#define AT(field) .offset = offsetof(series_settings, field)

static const gy_setting rows[] = {
    GY_TABLE_ROWS(series_settings, table),
    {.key = "window",
     .type = GY_SETTING_INT,
     AT(window),
     .standard = "96",
     .min = 1,
     .max = 1 << 24,
     .help = "rows of a sample"},
    {.key = "horizon",
     .type = GY_SETTING_INT,
     AT(horizon),
     .standard = "24",
     .min = 1,
     .max = 1 << 24,
     .help = "rows after them that are predicted"},
    {.key = "standardize",
     .type = GY_SETTING_BOOL,
     AT(standardize),
     .standard = "false",
     .help = "columns to mean 0 and deviation 1 over the rows that train, in x and y"},
    GY_SETTING_END,
};

const gy_format_kind gy_format_series = {
    .kind = {"series", "time series: windows over the rows of a CSV file", rows,
             sizeof(series_settings)},
    .example = "series:ETTh1.csv?window=96&horizon=24&target=OT",
    .scheme = "series",
    .open = open,
    .read = read,
    .learn = learn,
    .fit = fit,
    .close = close,
};
