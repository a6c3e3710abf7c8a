/*
 * Small tensors lie in index.h5 themselves: to map one costs HDF5 more than to write it, and models of
 * thousands of layers have thousands. Rank 0 keeps their numbers as they pass on their way to the shards;
 * those that do not come by whole, as another rank writes them, are mapped like large ones.
 */
#include "checkpoint_impl.h"

#include "store/hdf5.h"

#include <stdlib.h>
#include <string.h>

static int by_offset(const void *a, const void *b)
{
    const gy_small *x = a, *y = b;
    return (x->offset > y->offset) - (x->offset < y->offset);
}

static bool is_small(int k, const gy_param *p)
{
    return p->count > 0 && p->count <= GY_H5_SMALL && (k == 0 || p->trainable);
}

static gy_status prepare(gy_writer *w, int k, gy_smalls *out)
{
    const gy_params *table = gy_vector_table(w, k);
    float *room;
    int64_t floats = 0;
    for (int i = 0; i < table->n; i++) {
        out->n += is_small(k, &table->v[i]);
        floats += is_small(k, &table->v[i]) ? table->v[i].count : 0;
    }
    GY_TRY(gy_pool_array(&w->pool, out->n, &out->v));
    GY_TRY(gy_pool_array(&w->pool, floats, &room));
    gy_small *s = out->v;
    for (int i = 0; i < table->n; i++) {
        const gy_param *p = &table->v[i];
        if (!is_small(k, p)) continue;
        *s++ = (gy_small){.offset = p->offset, .count = p->count, .x = room};
        room += p->count;
    }
    qsort(out->v, (size_t)out->n, sizeof *out->v, by_offset);
    return GY_OK;
}

gy_status gy_smalls_prepare(gy_writer *w)
{
    if (w->rank != 0) return GY_OK;
    for (int k = 0; k < w->n_vectors; k++) GY_TRY(prepare(w, k, &w->smalls[k]));
    return GY_OK;
}

/* The first that does not begin before `at`. */
static int find(const gy_smalls *list, int64_t at)
{
    int from = 0, to = list->n;
    while (from < to) {
        int middle = from + (to - from) / 2;
        if (list->v[middle].offset < at)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

void gy_smalls_take(gy_writer *w, int k, const float *x, int64_t at, int64_t n)
{
    gy_smalls *list = &w->smalls[k];
    for (int i = find(list, at - GY_H5_SMALL); i < list->n && list->v[i].offset < at + n; i++) {
        gy_small *s = &list->v[i];
        int64_t from = s->offset > at ? s->offset : at;
        int64_t end = s->offset + s->count, to = end < at + n ? end : at + n;
        if (from >= to) continue;
        memcpy(s->x + (from - s->offset), x + (from - at), (size_t)(to - from) * sizeof *x);
        s->seen += to - from;
    }
}

const float *gy_smalls_find(const gy_writer *w, int k, int64_t offset, int64_t count)
{
    const gy_smalls *list = &w->smalls[k];
    int i = find(list, offset);
    if (i == list->n || list->v[i].offset != offset || list->v[i].count != count) return NULL;
    return list->v[i].seen == count ? list->v[i].x : NULL;
}
