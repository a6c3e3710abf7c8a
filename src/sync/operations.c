/* What buckets are summed and spread by: operations, and the rooms that they have by turns. Sums are of
 * gradients, packed where there is a compression, none where others sum them; spreads, with
 * shard_optimizer, of parameters, by the kind of the sums, since it says who owns what. */
#include "sync_impl.h"
#include "wire_list.h"

/* The sum of bucket i's gradients. */
static gy_reduction sum_of(const gy_sync_settings *settings, const gy_sync_vector *vector, int i,
                           const gy_bucket *b)
{
    return (gy_reduction){.x = vector->g + b->start,
                          .n = b->n,
                          .tag = i,
                          .half = settings->shard_optimizer ? GY_SCATTER : GY_WHOLE,
                          .wire = ((const gy_wire_kind *)settings->wire.kind)->wire,
                          .by_messages = settings->survive};
}

/* The spread of its parameters. */
static gy_reduction spread_of(const gy_sync *s, const gy_sync_vector *vector, int i,
                              const gy_bucket *b)
{
    return (gy_reduction){
        .x = vector->w + b->start, .n = b->n, .tag = s->n_buckets + i, .half = GY_GATHER};
}

static bool sums(const gy_sync *s, const gy_sync_vector *vector)
{
    return vector->g != NULL && s->residual[0] == NULL;
}

/* The kind of spreads: of the sums, where there are some. */
static const gy_kind *spread_kind(const gy_sync *s, const gy_sync_settings *settings,
                                  const gy_sync_vector *vector, int i, const gy_bucket *b)
{
    if (!sums(s, vector)) return settings->all_reduce.kind;
    const gy_reduction r = sum_of(settings, vector, i, b);
    return gy_all_reduce_choose(s->comm, settings->all_reduce.kind, &r);
}

static void add_sizes(const gy_sync *s, const gy_sync_settings *settings,
                      const gy_sync_vector *vector, int i, gy_room_size *size)
{
    const gy_bucket *b = &s->buckets[i];
    if (sums(s, vector)) {
        const gy_reduction r = sum_of(settings, vector, i, b);
        gy_all_reduce_add_size(s->comm, settings->all_reduce.kind, &r, size);
    } else if (vector->g != NULL) {
        gy_sync_add_packed_size(s->comm, settings, vector->params, b->start, b->start + b->n, size);
    }
    if (settings->shard_optimizer) {
        const gy_reduction r = spread_of(s, vector, i, b);
        gy_all_reduce_add_size(s->comm, spread_kind(s, settings, vector, i, b), &r, size);
    }
}

/* As many rooms as buckets are under way at once, each for the largest. */
static gy_status make_rooms(gy_sync *s, const gy_sync_settings *settings,
                            const gy_sync_vector *vector)
{
    gy_room_size size = {.floats = 0};
    for (int i = 0; i < s->n_buckets; i++) add_sizes(s, settings, vector, i, &size);
    for (int i = 0; i < GY_SYNC_AHEAD && i < s->n_buckets; i++) {
        GY_TRY(gy_room_create(s->comm, &size, &s->rooms[i]));
        s->room_bytes += size.bytes + size.floats * (int64_t)sizeof(float);
    }
    return GY_OK;
}

static gy_status make_operations(gy_sync *s, const gy_sync_settings *settings, int i,
                                 const gy_sync_vector *vector)
{
    gy_bucket *b = &s->buckets[i];
    if (sums(s, vector)) {
        gy_reduction r = sum_of(settings, vector, i, b);
        r.room = s->rooms[i % GY_SYNC_AHEAD];
        GY_TRY(gy_all_reduce_create(s->comm, settings->all_reduce.kind, &r, &b->sum));
    } else if (vector->g != NULL) {
        GY_TRY(gy_sync_pack(s, settings, i, vector));
    }
    if (!settings->shard_optimizer) return GY_OK;
    gy_reduction r = spread_of(s, vector, i, b);
    r.room = s->rooms[i % GY_SYNC_AHEAD];
    return gy_all_reduce_create(s->comm, spread_kind(s, settings, vector, i, b), &r, &b->spread);
}

gy_status gy_sync_furnish(gy_sync *s, const gy_sync_settings *settings,
                          const gy_sync_vector *vector)
{
    GY_TRY(make_rooms(s, settings, vector));
    for (int i = 0; i < s->n_buckets; i++) GY_TRY(make_operations(s, settings, i, vector));
    return GY_OK;
}
