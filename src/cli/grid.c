/* Tables whose columns are as wide as what stands in them, and that fit the terminal. */
#include "grid.h"

#include "page.h"

enum { GAP = 2, TITLES = -1 };

static const char *cell(const gy_grid *grid, int row, int column, char out[GY_TEXT])
{
    return row == TITLES ? grid->columns[column].title : grid->cell(grid->of, row, column, out);
}

/* Characters of a column; 0 where nothing stands in it. */
static int measure(const gy_grid *grid, int column)
{
    char text[GY_TEXT];
    int width = 0, title = gy_page_length(grid->columns[column].title);
    for (int row = 0; row < grid->rows; row++) {
        int length = gy_page_length(cell(grid, row, column, text));
        width = length > width ? length : width;
    }
    return width == 0 || width > title ? width : title;
}

/* The column that is given up next; −1: none. */
static int find_least(const gy_column *columns, const int *width)
{
    int least = -1;
    for (int i = 0; columns[i].title != NULL; i++)
        if (width[i] > 0 && columns[i].leaves > (least < 0 ? 0 : columns[least].leaves)) least = i;
    return least;
}

/* Width 0: the column is not shown. */
static void fit(const gy_grid *grid, int room, int width[GY_GRID_COLUMNS])
{
    int all = -GAP;
    for (int i = 0; grid->columns[i].title != NULL; i++) {
        width[i] = measure(grid, i);
        all += width[i] > 0 ? width[i] + GAP : 0;
    }
    for (int least; room > 0 && all > room && (least = find_least(grid->columns, width)) >= 0;) {
        all -= width[least] + GAP;
        width[least] = 0;
    }
}

/* No blanks at the end of a line. */
static void print_row(const gy_grid *grid, FILE *out, int row, const int *width)
{
    char buffer[GY_TEXT];
    int owed = 0;
    for (int i = 0; grid->columns[i].title != NULL; i++) {
        if (width[i] == 0) continue;
        const char *text = cell(grid, row, i, buffer);
        int blanks = width[i] - gy_page_length(text);
        int before = grid->columns[i].left ? 0 : blanks;
        if (*text != '\0') {
            (void)fprintf(out, "%*s%s", owed + before, "", text);
            owed = blanks - before;
        } else {
            owed += width[i];
        }
        owed += GAP;
    }
    (void)fputc('\n', out);
}

void gy_grid_print(const gy_grid *grid, FILE *out)
{
    int width[GY_GRID_COLUMNS] = {0};
    fit(grid, gy_page_columns(out), width);
    for (int row = TITLES; row < grid->rows; row++) {
        print_row(grid, out, row, width);
        if (row != TITLES && grid->below != NULL) grid->below(grid->of, row, out);
    }
}
