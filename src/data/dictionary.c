/* A set of texts, by open addressing at most half full. */
#include "dictionary.h"

#include "base/hash.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_ROOM = 64 };

void gy_dictionary_init(gy_dictionary *d, gy_context *ctx)
{
    *d = (gy_dictionary){.ctx = ctx};
    gy_pool_init(&d->pool, ctx);
}

void gy_dictionary_clear(gy_dictionary *d)
{
    if (d->ctx == NULL) return;
    gy_pool_clear(&d->pool);
    gy_free(d->ctx, d->texts);
    gy_free(d->ctx, d->hashes);
    gy_free(d->ctx, d->slots);
    gy_dictionary_init(d, d->ctx);
}

/* The slot that has the text, or the empty one where it belongs. */
static int64_t find_slot(const gy_dictionary *d, uint64_t hash, const char *text, size_t n)
{
    const uint64_t mask = (uint64_t)(2 * d->room) - 1;
    for (uint64_t at = hash & mask;; at = (at + 1) & mask) {
        int64_t i = d->slots[at] - 1;
        if (i < 0) return (int64_t)at;
        if (d->hashes[i] == hash && strncmp(d->texts[i], text, n) == 0 && d->texts[i][n] == '\0')
            return (int64_t)at;
    }
}

static gy_status grow(gy_dictionary *d)
{
    if (d->n < d->room) return GY_OK;
    gy_dictionary bigger = {.ctx = d->ctx, .n = d->n};
    gy_status status;
    bigger.room = d->room == 0 ? FIRST_ROOM : 2 * d->room;
    GY_TRY_GOTO(fail, gy_new_array(d->ctx, bigger.room, &bigger.texts));
    GY_TRY_GOTO(fail, gy_new_array(d->ctx, bigger.room, &bigger.hashes));
    GY_TRY_GOTO(fail, gy_new_array(d->ctx, 2 * bigger.room, &bigger.slots));
    const uint64_t mask = (uint64_t)(2 * bigger.room) - 1;
    for (int64_t i = 0; i < d->n; i++) {
        bigger.texts[i] = d->texts[i];
        bigger.hashes[i] = d->hashes[i];
        uint64_t at = d->hashes[i] & mask;
        while (bigger.slots[at] != 0) at = (at + 1) & mask;
        bigger.slots[at] = (int32_t)(i + 1);
    }
    gy_free(d->ctx, d->texts);
    gy_free(d->ctx, d->hashes);
    gy_free(d->ctx, d->slots);
    bigger.pool = d->pool;
    *d = bigger;
    return GY_OK;
fail:
    gy_free(d->ctx, bigger.texts);
    gy_free(d->ctx, bigger.hashes);
    gy_free(d->ctx, bigger.slots);
    return status;
}

int64_t gy_dictionary_find(const gy_dictionary *d, const char *text, size_t n)
{
    if (d->n == 0) return -1;
    return d->slots[find_slot(d, gy_hash(text, n), text, n)] - 1;
}

gy_status gy_dictionary_add(gy_dictionary *d, const char *text, size_t n, int64_t *out)
{
    GY_TRY(grow(d));
    uint64_t hash = gy_hash(text, n);
    int64_t slot = find_slot(d, hash, text, n);
    if (d->slots[slot] == 0) {
        char *copy;
        GY_TRY(gy_pool_alloc(&d->pool, n + 1, (void **)&copy));
        memcpy(copy, text, n);
        d->texts[d->n] = copy;
        d->hashes[d->n] = hash;
        d->slots[slot] = (int32_t)++d->n;
    }
    *out = d->slots[slot] - 1;
    return GY_OK;
}

typedef struct entry {
    const char *text;
    int64_t number;
} entry;

static int compare(const void *a, const void *b)
{
    return strcmp(((const entry *)a)->text, ((const entry *)b)->text);
}

gy_status gy_dictionary_sort(const gy_dictionary *d, gy_pool *pool, const char *const **sorted,
                             int64_t **places)
{
    gy_status status;
    entry *entries = NULL;
    const char **texts;
    int64_t *to = NULL;
    GY_TRY_GOTO(fail, gy_new_array(d->ctx, d->n, &entries));
    GY_TRY_GOTO(fail, gy_new_array(d->ctx, d->n, &to));
    GY_TRY_GOTO(fail, gy_pool_array(pool, d->n + 1, &texts));
    for (int64_t i = 0; i < d->n; i++) entries[i] = (entry){d->texts[i], i};
    qsort(entries, (size_t)d->n, sizeof *entries, compare);
    for (int64_t i = 0; i < d->n; i++) {
        to[entries[i].number] = i;
        GY_TRY_GOTO(fail, gy_pool_string(pool, entries[i].text, &texts[i]));
    }
    gy_free(d->ctx, entries);
    *sorted = texts;
    *places = to;
    return GY_OK;
fail:
    gy_free(d->ctx, entries);
    gy_free(d->ctx, to);
    return status;
}

int64_t gy_sorted_find(const char *const *sorted, int64_t n, const char *text)
{
    int64_t from = 0, to = n;
    while (from < to) {
        int64_t middle = from + (to - from) / 2;
        int order = strcmp(sorted[middle], text);
        if (order == 0) return middle;
        if (order < 0)
            from = middle + 1;
        else
            to = middle;
    }
    return -1;
}
