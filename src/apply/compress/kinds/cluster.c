/*
 * The weights of a tensor take K values that they share, the means of the nearest (k-means on a line,
 * Lloyd 1982, from values spread evenly; Han et al. 2016). What is zero stays zero, besides.
 *
 * On a line a cluster is a run of the sorted values, so that a round is K searches in their running sums.
 */
#include "../compress_list.h"

#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 100 };

typedef struct cluster {
    int64_t values;
} cluster;

/* The values of a tensor in order; sums[i] of the first i. */
typedef struct line {
    float *sorted;
    double *sums, *centres;
    int64_t n, *starts; /* starts [K + 1]: of each cluster's run */
} line;

static int ascending(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* How many values lie below x. */
static int64_t below(const line *l, double x)
{
    int64_t from = 0, to = l->n;
    while (from < to) {
        const int64_t middle = from + (to - from) / 2;
        if ((double)l->sorted[middle] < x)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

static void set_starts(line *l, int64_t k)
{
    l->starts[0] = 0;
    l->starts[k] = l->n;
    for (int64_t i = 1; i < k; i++)
        l->starts[i] = below(l, (l->centres[i - 1] + l->centres[i]) / 2);
}

/* @return whether a centre moved; one without values stays */
static bool move_centres(line *l, int64_t k)
{
    bool moved = false;
    for (int64_t i = 0; i < k; i++) {
        const int64_t from = l->starts[i], to = l->starts[i + 1];
        if (from == to) continue;
        const double mean = (l->sums[to] - l->sums[from]) / (double)(to - from);
        moved = moved || mean != l->centres[i];
        l->centres[i] = mean;
    }
    return moved;
}

static void find_centres(line *l, int64_t k)
{
    const double low = (double)l->sorted[0], high = (double)l->sorted[l->n - 1];
    for (int64_t i = 0; i < l->n; i++) l->sums[i + 1] = l->sums[i] + (double)l->sorted[i];
    for (int64_t i = 0; i < k; i++)
        l->centres[i] = low + (high - low) * ((double)i + 0.5) / (double)k;
    set_starts(l, k);
    for (int round = 0; round < ROUNDS && move_centres(l, k); round++) set_starts(l, k);
}

static void put(const line *l, int64_t k, int64_t count, float *w)
{
    for (int64_t i = 0; i < count; i++) {
        if (w[i] == 0) continue;
        int64_t at = 0, to = k - 1;
        while (at < to) {
            const int64_t middle = (at + to) / 2;
            if ((double)w[i] < (l->centres[middle] + l->centres[middle + 1]) / 2)
                to = middle;
            else
                at = middle + 1;
        }
        w[i] = (float)l->centres[at];
    }
}

static gy_status run_one(gy_subject *s, const gy_param *p, int64_t k)
{
    gy_pool pool;
    float *w = gy_subject_values(s, p);
    line l = {.n = 0};
    gy_pool_init(&pool, s->ctx);
    gy_status status = gy_pool_array(&pool, p->count, &l.sorted);
    if (status == GY_OK) status = gy_pool_array(&pool, p->count + 1, &l.sums);
    if (status == GY_OK) status = gy_pool_array(&pool, k, &l.centres);
    if (status == GY_OK) status = gy_pool_array(&pool, k + 1, &l.starts);
    if (status == GY_OK) {
        for (int64_t i = 0; i < p->count; i++)
            if (w[i] != 0) l.sorted[l.n++] = w[i];
        qsort(l.sorted, (size_t)l.n, sizeof *l.sorted, ascending);
        if (l.n > 0) find_centres(&l, k);
        put(&l, k, p->count, w);
    }
    gy_pool_clear(&pool);
    return status;
}

static gy_status run(gy_subject *s, const void *settings)
{
    const cluster *c = settings;
    const gy_params *params = gy_subject_params(s);
    for (int i = 0; i < params->n; i++) {
        const gy_param *p = &params->v[i];
        if (!gy_role_decays(p->role) || !gy_subject_has(s, p)) continue;
        GY_TRY(run_one(s, p, c->values));
        s->holds[i] = GY_HOLD_CLUSTERS;
        s->changed++;
    }
    return GY_OK;
}

static const gy_setting rows[] = {
    {.key = "values",
     .type = GY_SETTING_INT,
     .offset = offsetof(cluster, values),
     .min = 1,
     .max = 65536,
     .help = "that a tensor's weights share, besides zero"},
    GY_SETTING_END,
};

const gy_compress_kind gy_compress_cluster = {
    .kind = {"cluster", "weights share few values, by k-means, and stay equal", rows,
             sizeof(cluster)},
    .run = run,
};
