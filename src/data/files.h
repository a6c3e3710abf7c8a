/** The files that a source names: a list, globs among it. Inside data only. Local. */
#ifndef GY_DATA_FILES_H
#define GY_DATA_FILES_H

#include "base/alloc.h"

/**
 * Files between commas; one that is not there and has * or [ stands for those that match, in the order
 * of their bytes.
 *
 * @param text  changed
 * @param out   [n] into the pool, n ≥ 1
 * @return GY_OK; GY_E_DATA naming a glob without a file; GY_E_NOMEM
 */
gy_status gy_files_list(gy_pool *pool, char *text, const char *const **out, int *n) GY_CHECKED;

#endif
