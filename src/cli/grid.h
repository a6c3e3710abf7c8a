/** Tables whose columns are as wide as what stands in them, and that fit the terminal. */
#ifndef GY_CLI_GRID_H
#define GY_CLI_GRID_H

#include "cli.h"

#include <stdio.h>

typedef struct gy_column {
    const char *title; /* NULL closes the columns, of which there are GY_GRID_COLUMNS at most */
    bool left;         /* words stand to the left, numbers to the right */
    int leaves;        /* where the terminal is narrow the highest goes first; 0: it stays */
} gy_column;

enum { GY_GRID_COLUMNS = 16 };

typedef struct gy_grid {
    const gy_column *columns;
    int rows;
    /** What stands there: a text of its own, or written to `out`. A column of nothing is left out. */
    const char *(*cell)(const void *of, int row, int column, char out[GY_TEXT]);
    /** What is shown below a row; may be NULL. */
    void (*below)(const void *of, int row, FILE *out);
    const void *of;
} gy_grid;

/** Shows a table. Local. */
void gy_grid_print(const gy_grid *grid, FILE *out);

#endif
