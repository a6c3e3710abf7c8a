/** Which columns of a CSV file a table takes. Inside data only. */
#ifndef GY_DATA_TABLE_COLUMNS_H
#define GY_DATA_TABLE_COLUMNS_H

#include "table_head.h"

/** Fills t->columns by the settings, else by the fit, else all. */
gy_status gy_table_choose(gy_pool *pool, const gy_table_head *head,
                          const gy_table_settings *settings, const gy_node *fit,
                          gy_table *t) GY_CHECKED;

#endif
