/** The rows of a CSV file that are asked for, one after another. Inside data only. */
#ifndef GY_DATA_TABLE_ROWS_H
#define GY_DATA_TABLE_ROWS_H

#include "table_head.h"

typedef struct gy_table_rows {
    gy_cells *cells; /* not owned */
    const gy_table_head *head;
    int64_t from, to; /* as asked for */
    int64_t row;      /* that comes next, of the file */
} gy_table_rows;

/** @param text  "100:200", "100:", ":200"; NULL: all. GY_E_DATA where it is none of these */
gy_status gy_table_rows_begin(gy_cells *cells, const gy_table_head *head, const char *text,
                              gy_table_rows *out) GY_CHECKED;

/** The next one, as wide as the head; n = 0 at the end. */
gy_status gy_table_rows_next(gy_table_rows *r, gy_record *out) GY_CHECKED;

/** To the first one again. */
gy_status gy_table_rows_rewind(gy_table_rows *r) GY_CHECKED;

#endif
