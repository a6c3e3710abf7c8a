/**
 * What a cell of a table says: nothing, a number, what people write for a number and is none here
 * (`1,5`, `10%`, `1.5D+02`, `inf`), or a text. Inside data only. Local.
 */
#ifndef GY_DATA_CELL_H
#define GY_DATA_CELL_H

#include "base/setting.h"

typedef enum gy_cell_kind {
    GY_CELL_MISSING,
    GY_CELL_NUMBER,
    GY_CELL_ALMOST, /* meant as a number */
    GY_CELL_TEXT
} gy_cell_kind;

typedef enum gy_decimal { GY_DECIMAL_POINT, GY_DECIMAL_COMMA } gy_decimal;

/** How cells of a file are read. */
typedef struct gy_cell_rule {
    gy_strings missing; /* words that stand for nothing, besides the usual ones */
    int decimal;        /* gy_decimal */
} gy_cell_rule;

/** @param number  out: of GY_CELL_NUMBER, finite as float32 too; else left alone */
gy_cell_kind gy_cell_read(const gy_cell_rule *rule, const char *cell, double *number);

/** Why a cell that is GY_CELL_ALMOST or a text is no number: "has a comma". */
const char *gy_cell_fault(const gy_cell_rule *rule, const char *cell);

/** Whether a cell holds nothing, where it stands in a column of texts: a `None` may be a name there. */
bool gy_cell_is_nothing(const gy_cell_rule *rule, const char *cell);

#endif
