/** The first lines of a CSV file: names of columns, or not. Inside data only. */
#ifndef GY_DATA_TABLE_HEAD_H
#define GY_DATA_TABLE_HEAD_H

#include "cells.h"
#include "table.h"

typedef struct gy_table_head {
    const char *path;
    bool has_header;
    int64_t width;            /* cells of a line */
    const char *const *names; /* [width] where there is a header */
    const char *hint;         /* what may be the matter where the file is not as was thought */
} gy_table_head;

/**
 * Reads the head; the reader stands at the first record of data after it. A header that is guessed
 * though it holds numbers is warned of.
 */
gy_status gy_table_head_read(gy_pool *pool, gy_cells *cells, const char *path,
                             const gy_table_settings *settings, const gy_node *fit,
                             gy_table_head *out) GY_CHECKED;

/** How many columns have a name; the first of them into *index. */
int64_t gy_table_head_find(const gy_table_head *head, const char *name, int64_t *index);

/** Whether a column has a name in the header. */
bool gy_table_head_named(const gy_table_head *head, int64_t index);

#endif
