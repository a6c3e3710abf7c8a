/** Checksums: XXH3, 64 bits (xxhash). Local. */
#ifndef GY_BASE_HASH_H
#define GY_BASE_HASH_H

#include "alloc.h"

#include <stdint.h>

uint64_t gy_hash(const void *bytes, size_t n);

typedef struct gy_hasher gy_hasher;

/** The same hash in pieces. */
gy_status gy_hasher_create(gy_context *ctx, gy_hasher **out) GY_CHECKED;
void gy_hasher_free(gy_hasher *h);
void gy_hasher_reset(gy_hasher *h);
void gy_hasher_add(gy_hasher *h, const void *bytes, size_t n);
uint64_t gy_hasher_value(const gy_hasher *h);

#endif
