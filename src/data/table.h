/**
 * Columns of a CSV file in memory, as float32: numbers, or places in a sorted dictionary. Inside
 * data only. What a column is (number or text, its dictionary, its mean) comes from the training
 * file and is found again by the column's name, or by its number where there is no header.
 */
#ifndef GY_DATA_TABLE_H
#define GY_DATA_TABLE_H

#include "cell.h"
#include "data.h"
#include "fit.h"

enum { GY_HEADER_AUTO, GY_HEADER_YES, GY_HEADER_NO };
enum { GY_CLASSES_AUTO, GY_CLASSES_TRUE, GY_CLASSES_FALSE };

/** How a file is read; the query's common keys. */
typedef struct gy_table_settings {
    gy_strings target, columns;
    const char *weight; /* column of weights; NULL: none */
    const char *group;  /* column that tells samples' groups; NULL: none */
    gy_strings texts;   /* columns of texts, whatever their cells */
    gy_cell_rule rule;
    int classes; /* whether a target is: GY_CLASSES_…; auto: where it has no number */
    int64_t skip;
    int header;       /* GY_HEADER_… */
    int separator;    /* 0 auto, else a place in gy_table_separators */
    const char *rows; /* "FROM:TO" */
} gy_table_settings;

/* clang-format off */
/** Setting rows of a gy_table_settings `field` of `owner`, to stand before a format's own. */
#define GY_TABLE_ROWS(owner, field)                                                                \
    {.key = "target", .type = GY_SETTING_STRINGS, .offset = offsetof(owner, field.target),         \
     .standard = "",                                                                               \
     .help = "columns that are predicted, by name or number (from 0; -1 = the last)"},             \
    {.key = "columns", .type = GY_SETTING_STRINGS, .offset = offsetof(owner, field.columns),       \
     .standard = "", .help = "columns that samples are made of; without: all others with a name"}, \
    {.key = "texts", .type = GY_SETTING_STRINGS, .offset = offsetof(owner, field.texts),           \
     .standard = "", .help = "columns of texts, though most of their cells are numbers"},          \
    {.key = "missing", .type = GY_SETTING_STRINGS, .offset = offsetof(owner, field.rule.missing),  \
     .standard = "", .help = "what stands for nothing, besides an empty cell, ?, NA, nan, null"},  \
    {.key = "decimal", .type = GY_SETTING_CHOICE, .offset = offsetof(owner, field.rule.decimal),   \
     .standard = "point", .choices = gy_table_decimals,                                            \
     .help = "what stands before the fraction of a number"},                                       \
    {.key = "skip", .type = GY_SETTING_INT, .offset = offsetof(owner, field.skip),                 \
     .standard = "0", .min = 0, .max = GY_COUNT_MAX, .help = "lines left out at the start"},       \
    {.key = "header", .type = GY_SETTING_CHOICE, .offset = offsetof(owner, field.header),          \
     .standard = "auto", .choices = gy_table_headers,                                              \
     .help = "whether the first line names the columns"},                                          \
    {.key = "separator", .type = GY_SETTING_CHOICE, .offset = offsetof(owner, field.separator),    \
     .standard = "auto", .choices = gy_table_separators, .help = "what stands between cells"},     \
    {.key = "rows", .type = GY_SETTING_STRING, .offset = offsetof(owner, field.rows),              \
     .standard = "", .help = "FROM:TO, rows from 0, TO not included; either may be left out"}
/* clang-format on */

extern const char *const gy_table_headers[];
extern const char *const gy_table_decimals[];
extern const char *const gy_table_separators[];

typedef struct gy_table {
    gy_context *ctx;
    int64_t rows;
    int64_t n; /* columns: inputs, then targets, then weights, then groups */
    int64_t inputs, targets, weights, groups;
    gy_column *columns; /* [n] */
    float *cells;       /* [rows, n]; NAN is missing, −1 a text missing or unknown */
} gy_table;

/**
 * Reads a file.
 *
 * @param fit      of the training file, NULL for that itself
 * @param numbers  whether texts are no use: then text columns are left out, unless asked for
 * @return GY_OK; GY_E_DATA naming file, line and column; GY_E_NOMEM. Free with gy_table_clear()
 */
gy_status gy_table_read(gy_context *ctx, gy_pool *pool, const char *path,
                        const gy_table_settings *settings, const gy_node *fit, bool numbers,
                        gy_table *out) GY_CHECKED;
void gy_table_clear(gy_table *t);

/** Sets the means of columns that are not known, from the rows of a split; NULL: all. */
void gy_table_learn(gy_table *t, const gy_split *split);

/** Appends the columns, for gy_table_read. */
void gy_table_fit(const gy_table *t, gy_buffer *json);

#endif
