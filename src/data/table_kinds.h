/** Which columns of a table are numbers and which are texts. Inside data only. */
#ifndef GY_DATA_TABLE_KINDS_H
#define GY_DATA_TABLE_KINDS_H

#include "table_rows.h"

/**
 * Reads through the rows: sets `is_text` of the columns that are not known and t->rows. Stands at
 * the first row again.
 *
 * @return GY_OK; GY_E_DATA naming line and cell of a column that is neither
 */
gy_status gy_table_find_kinds(gy_pool *pool, gy_table_rows *rows, const gy_table_settings *settings,
                              gy_table *t) GY_CHECKED;

#endif
