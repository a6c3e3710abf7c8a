/* XXH3 by xxhash. */
#include "hash.h"

#include <xxhash.h>

struct gy_hasher {
    gy_context *ctx;
    XXH3_state_t *state;
};

uint64_t gy_hash(const void *bytes, size_t n)
{
    return XXH3_64bits(bytes, n);
}

gy_status gy_hasher_create(gy_context *ctx, gy_hasher **out)
{
    gy_hasher *h;
    GY_TRY(gy_new(ctx, &h));
    h->ctx = ctx;
    h->state = XXH3_createState();
    if (h->state == NULL) {
        gy_hasher_free(h);
        return gy_raise(GY_E_NOMEM, "out of memory" GY_WHY "no room for a checksum");
    }
    gy_hasher_reset(h);
    *out = h;
    return GY_OK;
}

void gy_hasher_free(gy_hasher *h)
{
    if (h == NULL) return;
    (void)XXH3_freeState(h->state);
    gy_free(h->ctx, h);
}

void gy_hasher_reset(gy_hasher *h)
{
    (void)XXH3_64bits_reset(h->state);
}

void gy_hasher_add(gy_hasher *h, const void *bytes, size_t n)
{
    (void)XXH3_64bits_update(h->state, bytes, n);
}

uint64_t gy_hasher_value(const gy_hasher *h)
{
    return XXH3_64bits_digest(h->state);
}
