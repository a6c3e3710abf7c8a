/*
 * Compressed rows by x: rows of x are turned into panels of 16, so that each element that is not zero takes its
 * column of all of them at once.
 *
 * Work: x turned [panels, columns, 16] | sums [panels, 16]
 */
#include "../product_list.h"

#include "../gemm_impl.h"
#include "form/sparse.h"

enum { MOST_PANELS = 4 };

/* Floats of the work that panels take. */
static int64_t room(int64_t panels, int64_t columns)
{
    return panels * GY_PANEL * (columns + 1);
}

static bool can(const gy_form *w)
{
    return room(1, w->columns) <= gy_gemm_packed_work;
}

/* Four where rows and work are enough, else two, else one. */
static int64_t choose_panels(int64_t rows, int64_t columns)
{
    int64_t panels = MOST_PANELS;
    while (panels > 1 &&
           (room(panels, columns) > gy_gemm_packed_work || rows <= panels / 2 * GY_PANEL))
        panels /= 2;
    return panels;
}

static void turn(const gy_form_product *p, int64_t at, int64_t panels, float *turned)
{
    const int64_t columns = p->w->columns;
    for (int64_t i = 0; i < panels; i++) {
        const int64_t row = at + i * GY_PANEL;
        p->k->vector->panel_turn(gy_least(GY_PANEL, gy_most(p->rows - row, 0)), columns,
                                 p->x + row * p->x_row, p->x_row, turned + i * columns * GY_PANEL);
    }
}

static gy_sparse_row row_of(const gy_form *w, int64_t row)
{
    const int32_t *starts = GY_FORM_V(w, GY_SPARSE_STARTS, int32_t);
    const int64_t at = starts[row];
    const bool narrow = w->parts[GY_SPARSE_COLUMNS].type == GY_ELEMENT_int16;
    const bool coded = w->parts[GY_SPARSE_SCALES].count > 0;
    return (gy_sparse_row){.n = starts[row + 1] - at,
                           .narrow = narrow ? GY_FORM_V(w, GY_SPARSE_COLUMNS, int16_t) + at : NULL,
                           .wide = narrow ? NULL : GY_FORM_V(w, GY_SPARSE_COLUMNS, int32_t) + at,
                           .values = coded ? NULL : GY_FORM_V(w, GY_SPARSE_VALUES, float) + at,
                           .codes = coded ? GY_FORM_V(w, GY_SPARSE_VALUES, int8_t) + at : NULL,
                           .scale = coded ? GY_FORM_V(w, GY_SPARSE_SCALES, float)[row] : 1};
}

static void run(const gy_form_product *p)
{
    const int64_t columns = p->w->columns, panels = choose_panels(p->rows, columns);
    float *turned = p->work, *sums = turned + panels * columns * GY_PANEL;
    for (int64_t at = 0; at < p->rows; at += panels * GY_PANEL) {
        const int64_t rows = gy_least(panels * GY_PANEL, p->rows - at);
        turn(p, at, panels, turned);
        for (int64_t j = 0; j < p->n; j++) {
            gy_sparse_row row = row_of(p->w, p->from + j);
            row.x = turned;
            row.panels = panels;
            row.columns = columns;
            row.y = sums;
            p->k->vector->sparse_row(&row);
            for (int64_t l = 0; l < rows; l++) p->y[(at + l) * p->y_row + j] = sums[l];
        }
    }
}

const gy_product_kind gy_product_sparse = {.form = &gy_form_sparse, .can = can, .run = run};
