/**
 * Columns of a CSV file in memory, as float32: numbers, or places in a sorted dictionary. Inside
 * data only. What a column is (number or text, its dictionary, its mean) comes from the training
 * file and is found again by the column's name, or by its number where there is no header.
 */
#ifndef GY_DATA_TABLE_H
#define GY_DATA_TABLE_H

#include "data.h"
#include "fit.h"

/** How a file is read; the query's common keys. */
typedef struct gy_table_settings {
    gy_strings target, columns;
    int64_t skip;
    int header;       /* 0 auto, 1 yes, 2 no */
    int separator;    /* 0 auto, 1 comma, 2 semicolon, 3 tab, 4 blank */
    const char *rows; /* "FROM:TO" */
} gy_table_settings;

/* clang-format off */
/** Setting rows of a gy_table_settings `field` of `owner`, to stand before a format's own. */
#define GY_TABLE_ROWS(owner, field)                                                                \
    {.key = "target", .type = GY_SETTING_STRINGS, .offset = offsetof(owner, field.target),         \
     .standard = "",                                                                               \
     .help = "columns that are predicted, by name or number (from 0; -1 = the last)"},             \
    {.key = "columns", .type = GY_SETTING_STRINGS, .offset = offsetof(owner, field.columns),       \
     .standard = "", .help = "columns that samples are made of; without: all others"},             \
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
extern const char *const gy_table_separators[];

typedef struct gy_column {
    const char *name; /* of the header, else "column 3" */
    int64_t index;    /* in the file */
    bool is_target;
    bool known; /* from the training file */
    bool is_text;
    const char *const *values; /* of text: [n_values], sorted */
    int64_t n_values;
    double mean; /* of numbers: stands for missing ones */
} gy_column;

typedef struct gy_table {
    gy_context *ctx;
    int64_t rows;
    int64_t n; /* columns: first those of x, then targets */
    int64_t targets;
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
