/** A table from names to numbers: a name is found in one step however many there are. Local. */
#ifndef GY_BASE_NAMES_H
#define GY_BASE_NAMES_H

#include "alloc.h"

#include <stdint.h>

typedef struct gy_names {
    struct gy_names_entry *v; /* [room], in the pool */
    int n, room;              /* room: 0 or a power of two, at least 2 n */
} gy_names;

/** Sets the number of a name, which must live as long as the table. */
gy_status gy_names_set(gy_pool *pool, gy_names *names, const char *name, int number) GY_CHECKED;

/** The number of a name; false, and nothing in `number`, where it is not there. */
bool gy_names_find(const gy_names *names, const char *name, int *number);

#endif
