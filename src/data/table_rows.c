/* The rows of a CSV file that are asked for. */
#include "table_rows.h"

#include "source_text.h"

gy_status gy_table_rows_begin(gy_cells *cells, const gy_table_head *head, const char *text,
                              gy_table_rows *out)
{
    *out = (gy_table_rows){.cells = cells, .head = head};
    return gy_rows_parse(head->path, text, &out->from, &out->to);
}

/* The first line is the odd one where the next one differs from it already. */
static gy_status bad_width(const gy_table_rows *r, const gy_record *record)
{
    const bool second = r->row == !r->head->has_header;
    const char *hint = second ? "; lines above a table are left out by ?skip=N, what is no "
                                "table is read by ?format=text"
                              : "";
    return gy_raise(GY_E_DATA,
                    "cannot read the data" GY_AT "%s:%lld" GY_WHY
                    "it has %lld cell%s, the first line has %lld%s%s",
                    r->head->path, (long long)record->line, (long long)record->n,
                    record->n == 1 ? "" : "s", (long long)r->head->width, hint, r->head->hint);
}

gy_status gy_table_rows_next(gy_table_rows *r, gy_record *out)
{
    out->n = 0; /* what stands below the rows is not looked at */
    if (r->row >= r->to) return GY_OK;
    do {
        GY_TRY(gy_cells_next(r->cells, out));
        if (out->n == 0) return GY_OK;
        if (out->n != r->head->width) return bad_width(r, out);
    } while (r->row++ < r->from);
    return GY_OK;
}

gy_status gy_table_rows_rewind(gy_table_rows *r)
{
    gy_record header;
    r->row = 0;
    GY_TRY(gy_cells_rewind(r->cells));
    return r->head->has_header ? gy_cells_next(r->cells, &header) : GY_OK;
}
