/* Open addressing with steps of one. */
#include "names.h"

#include "hash.h"

#include <string.h>

typedef struct gy_names_entry {
    const char *name; /* NULL: free */
    uint64_t hash;
    int number;
} entry;

/* The place of a name, or the free one where it would go. */
static entry *place(const gy_names *names, const char *name, uint64_t hash)
{
    const uint64_t mask = (uint64_t)names->room - 1;
    uint64_t at = hash & mask;
    while (names->v[at].name != NULL &&
           (names->v[at].hash != hash || strcmp(names->v[at].name, name) != 0))
        at = (at + 1) & mask;
    return &names->v[at];
}

static gy_status grow(gy_pool *pool, gy_names *names)
{
    gy_names bigger = {.n = names->n, .room = names->room == 0 ? 64 : 2 * names->room};
    GY_TRY(gy_pool_array(pool, bigger.room, &bigger.v));
    for (int i = 0; i < names->room; i++) {
        const entry *e = &names->v[i];
        if (e->name != NULL) *place(&bigger, e->name, e->hash) = *e;
    }
    *names = bigger;
    return GY_OK;
}

gy_status gy_names_set(gy_pool *pool, gy_names *names, const char *name, int number)
{
    const uint64_t hash = gy_hash(name, strlen(name));
    if (2 * (names->n + 1) > names->room) GY_TRY(grow(pool, names));
    entry *e = place(names, name, hash);
    names->n += e->name == NULL;
    *e = (entry){name, hash, number};
    return GY_OK;
}

bool gy_names_find(const gy_names *names, const char *name, int *number)
{
    if (names->room == 0) return false;
    const entry *e = place(names, name, gy_hash(name, strlen(name)));
    if (e->name == NULL) return false;
    *number = e->number;
    return true;
}
