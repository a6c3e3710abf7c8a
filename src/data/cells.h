/**
 * Records of cells: CSV by RFC 4180 with other separators too. Cells without quotes are trimmed,
 * empty lines passed over. Inside data only. Failures are GY_E_DATA naming file and line.
 */
#ifndef GY_DATA_CELLS_H
#define GY_DATA_CELLS_H

#include "base/alloc.h"

#include <stdint.h>

typedef struct gy_cells gy_cells;

typedef struct gy_record {
    int64_t line; /* of the file, from 1, where the record begins */
    int64_t n;
    const char *const *cells; /* [n], closed by zeros; until the next call */
} gy_record;

/**
 * @param separator  ',', ';', '\t', '|', ' ' (any run of blanks), or 0: by the first line
 * @param skip       lines to leave out at the start
 */
gy_status gy_cells_open(gy_context *ctx, const char *path, char separator, int64_t skip,
                        gy_cells **out) GY_CHECKED;
void gy_cells_close(gy_cells *r);

/** The next record; n = 0 at the end. */
gy_status gy_cells_next(gy_cells *r, gy_record *out) GY_CHECKED;

/** To the first record again. */
gy_status gy_cells_rewind(gy_cells *r) GY_CHECKED;

/** The separator found commonest outside quotes in a line of n bytes; 0 if there is none. */
char gy_cells_separator(const char *line, size_t n);

#endif
