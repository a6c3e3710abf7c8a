/** Which columns of a CSV file a table takes. Inside data only. */
#ifndef GY_DATA_TABLE_COLUMNS_H
#define GY_DATA_TABLE_COLUMNS_H

#include "cells.h"
#include "table.h"

/** The first lines of a file, looked at. */
typedef struct gy_table_head {
    const char *path;
    bool has_header;
    int64_t width;            /* cells of a line */
    const char *const *names; /* [width] where there is a header */
} gy_table_head;

/** Reads the head; the reader stands at the first record of data after it. */
gy_status gy_table_head_read(gy_pool *pool, gy_cells *cells, const char *path,
                             const gy_table_settings *settings, const gy_node *fit,
                             gy_table_head *out) GY_CHECKED;

/** Fills t->columns by the settings, else by the fit, else all. */
gy_status gy_table_choose(gy_pool *pool, const gy_table_head *head,
                          const gy_table_settings *settings, const gy_node *fit,
                          gy_table *t) GY_CHECKED;

/** Whether a cell holds nothing: empty, ?, NA, N/A, nan, null. */
bool gy_cell_is_missing(const char *cell);

#endif
