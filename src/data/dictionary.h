/** A set of texts, numbered as they come and then sorted. Inside data only. Local. */
#ifndef GY_DATA_DICTIONARY_H
#define GY_DATA_DICTIONARY_H

#include "base/alloc.h"

#include <stdint.h>

typedef struct gy_dictionary {
    gy_context *ctx;
    gy_pool pool;       /* the texts */
    const char **texts; /* [room], n used, closed by zeros */
    uint64_t *hashes;   /* [room] */
    int64_t n, room;
    int32_t *slots; /* open addressing, [2 room]; number + 1, 0 = empty */
} gy_dictionary;

void gy_dictionary_init(gy_dictionary *d, gy_context *ctx);
void gy_dictionary_clear(gy_dictionary *d);

/** The number of a text of n bytes, −1 if it is not there. */
int64_t gy_dictionary_find(const gy_dictionary *d, const char *text, size_t n);

/** The number of a text, added where it is new. */
gy_status gy_dictionary_add(gy_dictionary *d, const char *text, size_t n, int64_t *out) GY_CHECKED;

/**
 * Sorts the texts by their bytes.
 *
 * @param sorted  out: [n] the texts, copied into `pool`
 * @param places  out: [n] where the text of each number is now; free with gy_free()
 */
gy_status gy_dictionary_sort(const gy_dictionary *d, gy_pool *pool, const char *const **sorted,
                             int64_t **places) GY_CHECKED;

/** Place of a text in a sorted list, −1 if it is not there. */
int64_t gy_sorted_find(const char *const *sorted, int64_t n, const char *text);

#endif
