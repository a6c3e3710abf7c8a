/* The rows of a CSV file that are asked for. */
#include "table_rows.h"

#include "base/number.h"

#include <stdlib.h>
#include <string.h>

gy_status gy_table_rows_begin(gy_cells *cells, const gy_table_head *head, const char *text,
                              gy_table_rows *out)
{
    *out = (gy_table_rows){.cells = cells, .head = head, .to = INT64_MAX};
    if (text == NULL) return GY_OK;
    char *end = NULL;
    bool ok = true;
    const char *colon = strchr(text, ':');
    if (colon != text) {
        out->from = strtoll(text, &end, 10);
        ok = end == colon;
    }
    ok = ok && colon != NULL;
    if (ok && colon[1] != '\0') ok = gy_number_int(colon + 1, &out->to);
    GY_REQUIRE(ok && out->from >= 0 && out->to > out->from, GY_E_DATA,
               "not a valid value" GY_AT "%s, key rows" GY_WHY "it is '%s'" GY_HINT
               "write FROM:TO, rows from 0",
               head->path, text);
    return GY_OK;
}

/* The first line is the odd one where the next one differs from it already. */
static gy_status bad_width(const gy_table_rows *r, const gy_record *record)
{
    const char *hint = r->row == 0 ? "; lines above a table are left out by ?skip=N" : "";
    return gy_raise(GY_E_DATA,
                    "cannot read the data" GY_AT "%s:%lld" GY_WHY
                    "it has %lld cells, the first line has %lld%s%s",
                    r->head->path, (long long)record->line, (long long)record->n,
                    (long long)r->head->width, hint, r->head->hint);
}

gy_status gy_table_rows_next(gy_table_rows *r, gy_record *out)
{
    do {
        GY_TRY(gy_cells_next(r->cells, out));
        if (out->n == 0) return GY_OK;
        if (out->n != r->head->width) return bad_width(r, out);
    } while (r->row++ < r->from);
    if (r->row > r->to) out->n = 0;
    return GY_OK;
}

gy_status gy_table_rows_rewind(gy_table_rows *r)
{
    gy_record header;
    r->row = 0;
    GY_TRY(gy_cells_rewind(r->cells));
    return r->head->has_header ? gy_cells_next(r->cells, &header) : GY_OK;
}
