/** A kind and its settings in one word: `KIND:key=value,key=value`. Local. */
#ifndef GY_BASE_KIND_TEXT_H
#define GY_BASE_KIND_TEXT_H

#include "setting.h"

/**
 * The kind that a text names.
 *
 * @param option  that the text was given to, "--inject", and where help on it is: for messages
 * @param rest    out: what stands behind the colon, in the pool; NULL: nothing
 * @return GY_OK; GY_E_USAGE naming the nearest kind
 */
gy_status gy_kind_text_find(gy_pool *pool, const gy_registry *registry, const char *option,
                            const char *help, const char *text, const gy_kind **kind,
                            char **rest) GY_CHECKED;

/**
 * Sets what the rest of a text says, by the kind's rows; a first value without a key is of the first row.
 *
 * @param rest    is cut to pieces; NULL: nothing is set
 * @param values  the rows' struct
 */
gy_status gy_kind_text_assign(gy_pool *pool, const gy_registry *registry, const char *option,
                              const char *help, const char *text, const gy_kind *kind, char *rest,
                              void *values) GY_CHECKED;

#endif
