/** Source strings, `[SCHEME:]PATH[,PATH…][:/GROUP][?key=value&…]`. Inside data only. */
#ifndef GY_DATA_SOURCE_TEXT_H
#define GY_DATA_SOURCE_TEXT_H

#include "data.h"

/**
 * Parses a source string. `%41` in a key or value is the byte of that number.
 *
 * @param out  lives in the pool
 * @return GY_OK; GY_E_DATA naming the string; GY_E_NOMEM
 */
gy_status gy_source_text_parse(gy_pool *pool, const char *text, gy_source_text *out) GY_CHECKED;

/**
 * Fills the settings of a kind from its defaults and the query; the key `format` is left out.
 *
 * @return GY_OK; GY_E_DATA naming string and key; GY_E_NOMEM
 */
gy_status gy_source_text_settings(gy_pool *pool, const gy_source_text *text, const gy_kind *kind,
                                  void **settings) GY_CHECKED;

/** Rows [*from, *to) of "FROM:TO", either of which may be left out; NULL: all. GY_E_DATA naming `where`. */
gy_status gy_rows_parse(const char *where, const char *rows, int64_t *from, int64_t *to) GY_CHECKED;

/** The value of a key of the query, NULL without. */
const char *gy_source_text_find(const gy_source_text *text, const char *key);

#endif
