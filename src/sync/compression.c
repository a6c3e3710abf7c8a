/* What the buckets of a compression have in common: residuals, what else is remembered, bytes. */
#include "compression_list.h"
#include "sync_impl.h"
#include "wire_list.h"

#include <string.h>

#define ENTRY(name) &gy_compression_##name.kind,
GY_REGISTRY(gy_compression_registry, "compression", ENTRY, GY_COMPRESSION_LIST)
#undef ENTRY

/* A bucket [start, end) with the tensors that begin in it. */
static gy_compression_place place_of(const gy_sync_settings *settings, const gy_params *params,
                                     int64_t start, int64_t end)
{
    gy_compression_place place = {
        .settings = settings->compression.settings, .start = start, .n = end - start};
    int first = 0, behind;
    if (params == NULL) return place;
    while (first < params->n && params->v[first].offset < start) first++;
    for (behind = first; behind < params->n && params->v[behind].offset < end;) behind++;
    place.tensors = params->v + first;
    place.n_tensors = behind - first;
    return place;
}

float *gy_compression_add(const gy_compression_place *place)
{
    const float *before = place->residual[*place->turn];
    float *v = place->residual[1 - *place->turn];
    for (int64_t i = 0; i < place->n; i++) v[i] = before[i] + place->g[i];
    return v;
}

static const gy_kind *operation_kind(void)
{
    return gy_registry_find(&gy_all_reduce_registry, "direct");
}

gy_status gy_compression_operation(const gy_compression_place *place, const gy_reduction *r,
                                   gy_all_reduce **out)
{
    gy_reduction in_room = *r;
    in_room.room = place->room;
    return gy_all_reduce_create(place->comm, operation_kind(), &in_room, out);
}

gy_status gy_sync_pack(gy_sync *s, const gy_sync_settings *settings, int i,
                       const gy_sync_vector *vector)
{
    gy_bucket *b = &s->buckets[i];
    gy_compression_place place = place_of(settings, vector->params, b->start, b->start + b->n);
    place.comm = s->comm;
    place.tags[0] = i;
    place.tags[1] = s->n_buckets + i; /* as of a spread, which is home by then */
    place.room = s->rooms[i % GY_SYNC_AHEAD];
    place.seed = vector->seed;
    place.g = vector->g + b->start;
    for (int t = 0; t < 2; t++) place.residual[t] = s->residual[t] + b->start;
    place.turn = &s->turn;
    return s->compression->create(&place, &b->packed);
}

void gy_sync_add_packed_size(const gy_comm *comm, const gy_sync_settings *settings,
                             const gy_params *params, int64_t start, int64_t end,
                             gy_room_size *size)
{
    const gy_compression_kind *kind = (const gy_compression_kind *)settings->compression.kind;
    const gy_compression_place place = place_of(settings, params, start, end);
    const gy_reduction r = {.n = gy_comm_ranks(comm) * kind->floats(&place)}; /* of all, at most */
    gy_all_reduce_add_size(comm, operation_kind(), &r, size);
}

int64_t gy_sync_bytes(const gy_sync_settings *settings, const gy_params *params)
{
    const gy_compression_kind *kind = (const gy_compression_kind *)settings->compression.kind;
    const gy_wire *wire = ((const gy_wire_kind *)settings->wire.kind)->wire;
    const gy_sync_vector vector = {.n = params->trainable, .params = params};
    int64_t floats = 0;
    if (kind->create == NULL)
        return vector.n * (int64_t)(wire != NULL ? wire->bytes : sizeof(float));
    for (int64_t end = vector.n, start; end > 0; end = start) {
        start = gy_sync_bucket_start(settings, &vector, end);
        const gy_compression_place place = place_of(settings, params, start, end);
        floats += kind->floats(&place);
    }
    return floats * (int64_t)sizeof(float);
}

int64_t gy_sync_residual_bytes(const gy_sync_settings *settings, int64_t n)
{
    const gy_compression_kind *kind = (const gy_compression_kind *)settings->compression.kind;
    return kind->create == NULL ? 0 : 2 * n * (int64_t)sizeof(float);
}

void gy_sync_commit(gy_sync *s)
{
    s->turn = 1 - s->turn;
}

float *gy_sync_residual(gy_sync *s)
{
    return s->residual[s->turn];
}

const char *gy_sync_memory_name(const gy_sync *s)
{
    return s->residual[0] == NULL ? NULL : s->compression->memory;
}

/* The residual after a step is nobody's until the step begins. */
float *gy_sync_memory_room(gy_sync *s)
{
    return s->residual[1 - s->turn];
}

float *gy_sync_memory_keep(gy_sync *s)
{
    float *v = gy_sync_memory_room(s);
    memset(v, 0, (size_t)s->n * sizeof *v);
    for (int i = 0; i < s->n_buckets; i++)
        s->compression->keep(s->buckets[i].packed, v + s->buckets[i].start);
    return v;
}

void gy_sync_memory_take(gy_sync *s)
{
    const float *v = gy_sync_memory_room(s);
    for (int i = 0; i < s->n_buckets; i++)
        s->compression->take(s->buckets[i].packed, v + s->buckets[i].start);
}
