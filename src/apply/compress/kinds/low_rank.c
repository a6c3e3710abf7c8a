/*
 * A weight as a matrix [outputs, all else] becomes the product of two factors by its singular values (Eckart and
 * Young 1936): as many as keep a share of the energy Σ σ², or a number. A layer for which that takes more
 * than its weight stays as it is, so does one whose parameters others share. In a loop all turns have the rank
 * of the one that needs the most.
 *
 *     W = U σ Vᵀ    up = U √σ [outputs, r]    down = √σ Vᵀ [r, n]
 *
 * A dense layer takes them as they are (its setting `rank`). A convolution becomes two (Jaderberg et al. 2014):
 * NAME_down of r filters with its windows, without bias, then NAME of windows of one position.
 */
#include "../compress_list.h"

#include "base/count.h"
#include "kernel/svd.h"

#include <math.h>
#include <string.h>

typedef struct low_rank {
    double energy;
    int64_t rank;
} low_rank;

/* The factors that are made, and the layers that have them. */
typedef struct work {
    gy_subject *s;
    const low_rank *settings;
    gy_made *made;
    int n;
    gy_layer_specs layers;
    gy_shared shared;
} work;

/* A weight taken apart: [out, in], n = the lesser of both. */
typedef struct parts {
    int64_t out, in, n;
    float *u, *sigma, *v; /* [out, n], [n], [n, in] */
} parts;

static int64_t choose_rank(const low_rank *settings, int64_t n, const float *sigma)
{
    double all = 0, kept = 0;
    if (settings->rank > 0) return settings->rank < n ? settings->rank : n;
    for (int64_t i = 0; i < n; i++) all += (double)sigma[i] * (double)sigma[i];
    for (int64_t i = 0; i < n; i++) {
        if (kept >= settings->energy * all) return i > 0 ? i : 1;
        kept += (double)sigma[i] * (double)sigma[i];
    }
    return n;
}

static gy_status add(work *w, const char *path, const char *name, float *values)
{
    gy_made *m = &w->made[w->n++];
    m->values = values;
    return gy_pool_format(&w->s->pool, &m->name, "%s%s", path, name);
}

static gy_status decompose(gy_pool *pool, gy_subject *s, const gy_param *p, parts *out)
{
    const int64_t rows = p->shape.d[0], columns = p->count / rows, n = gy_least(rows, columns);
    *out = (parts){.out = rows, .in = columns, .n = n};
    GY_TRY(gy_pool_array(pool, rows * n, &out->u));
    GY_TRY(gy_pool_array(pool, n, &out->sigma));
    GY_TRY(gy_pool_array(pool, n * columns, &out->v));
    return gy_svd(s->ctx, rows, columns, gy_subject_values(s, p), out->u, out->sigma, out->v);
}

/* up [out, r] and down [r, in] under their names */
static gy_status factor(work *w, const parts *p, int64_t r, const char *path, const char *up_name,
                        const char *down_name)
{
    float *up, *down;
    GY_TRY(gy_pool_array(&w->s->pool, p->out * r, &up));
    GY_TRY(gy_pool_array(&w->s->pool, r * p->in, &down));
    for (int64_t i = 0; i < r; i++) {
        const float root = sqrtf(p->sigma[i]);
        for (int64_t j = 0; j < p->out; j++) up[j * r + i] = p->u[j * p->n + i] * root;
        for (int64_t j = 0; j < p->in; j++) down[i * p->in + j] = p->v[i * p->in + j] * root;
    }
    GY_TRY(add(w, path, up_name, up));
    return add(w, path, down_name, down);
}

/* The convolution at hand becomes two. */
static gy_status split(work *w, const gy_spec_at *at, int64_t r)
{
    gy_pool *pool = &w->s->pool;
    gy_layer_spec *v, *down, *up;
    const int n = at->list->n;
    GY_TRY(gy_pool_array(pool, n + 1, &v));
    memcpy(v, at->list->v, (size_t)(at->index + 1) * sizeof *v);
    memcpy(v + at->index + 1, at->list->v + at->index, (size_t)(n - at->index) * sizeof *v);
    down = v + at->index;
    up = down + 1;
    GY_TRY(gy_layer_spec_make(pool, down, down->kind->kind.name, down->common.name, up));
    up->common.trainable = down->common.trainable;
    GY_TRY(gy_layer_spec_set(pool, up, "kernel", "1"));
    static const char *const kept[] = {"filters", "activation", "bias"};
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        const gy_setting *row = gy_setting_find(up->kind->kind.settings, kept[i]);
        const size_t size = row->type == GY_SETTING_INT    ? sizeof(int64_t)
                            : row->type == GY_SETTING_BOOL ? sizeof(bool)
                                                           : sizeof(int);
        memcpy(gy_spec_setting(up, kept[i]), gy_spec_setting(down, kept[i]), size);
    }
    GY_TRY(gy_pool_format(pool, &down->common.name, "%s_down", up->common.name));
    *(int64_t *)gy_spec_setting(down, "filters") = r;
    *(int *)gy_spec_setting(down, "activation") = GY_ACTIVATION_none;
    *(bool *)gy_spec_setting(down, "bias") = false;
    *at->list = (gy_layer_specs){v, n + 1};
    return GY_OK;
}

/* Of all turns by one rank. */
static gy_status replace(work *w, const gy_spec_at *at, const parts *turns)
{
    int64_t r = 0;
    int64_t *rank = gy_spec_setting(&at->list->v[at->index], "rank");
    for (int i = 0; i < at->n_paths; i++)
        r = gy_most(r, choose_rank(w->settings, turns[i].n, turns[i].sigma));
    if (r * (turns->in + turns->out) >= turns->in * turns->out) return GY_OK;
    for (int i = 0; i < at->n_paths; i++)
        GY_TRY(rank != NULL ? factor(w, &turns[i], r, at->paths[i], "/up", "/down")
                            : factor(w, &turns[i], r, at->paths[i], "/weight", "_down/weight"));
    if (rank == NULL) return split(w, at, r);
    *rank = r;
    return GY_OK;
}

/* Whether its weight is a matrix that a product of two may take the place of. */
static bool can(const work *w, const gy_layer_spec *spec)
{
    const int64_t *rank = gy_spec_setting(spec, "rank"), *groups = gy_spec_setting(spec, "groups");
    if (gy_shared_has(&w->shared, spec)) return false;
    return rank != NULL ? *rank == 0 : groups != NULL && *groups == 1;
}

static gy_status visit(void *user, const gy_spec_at *at)
{
    work *w = user;
    gy_pool pool;
    parts *turns;
    if (!can(w, &at->list->v[at->index])) return GY_OK;
    gy_pool_init(&pool, w->s->ctx);
    gy_status status = gy_pool_array(&pool, at->n_paths, &turns);
    bool all = true;
    for (int i = 0; i < at->n_paths && status == GY_OK && all; i++) {
        const gy_param *p = gy_subject_param(w->s, at->paths[i], "weight");
        all = p != NULL && gy_subject_has(w->s, p);
        if (all) status = decompose(&pool, w->s, p, &turns[i]);
    }
    if (status == GY_OK && all) status = replace(w, at, turns);
    gy_pool_clear(&pool);
    return status;
}

static gy_status run(gy_subject *s, const void *settings)
{
    work w = {.s = s, .settings = settings};
    s->why =
        "two factors would take more than each weight, or others share it, or it is inside a layer "
        "that makes its own";
    GY_TRY(gy_pool_array(&s->pool, 2 * gy_subject_params(s)->n, &w.made));
    GY_TRY(gy_specs_copy(&s->pool, &s->config->model.layers, &w.layers));
    GY_TRY(gy_specs_shared(&s->pool, &w.layers, &w.shared));
    GY_TRY(gy_specs_walk(&s->pool, &w.layers, visit, &w));
    return w.n == 0 ? GY_OK : gy_subject_rebuild(s, w.layers, w.made, w.n);
}

static const gy_setting rows[] = {
    {.key = "energy",
     .type = GY_SETTING_FLOAT,
     .offset = offsetof(low_rank, energy),
     .standard = "0.95",
     .min = 0,
     .max = 1,
     .help = "share of the sum of squared singular values that is kept"},
    {.key = "rank",
     .type = GY_SETTING_INT,
     .offset = offsetof(low_rank, rank),
     .standard = "0",
     .min = 0,
     .max = GY_COUNT_MAX,
     .help = "above 0: so many singular values of each, whatever their energy"},
    GY_SETTING_END,
};

const gy_compress_kind gy_compress_low_rank = {
    .kind = {"low_rank", "weights of dense layers and convolutions become products of two factors",
             rows, sizeof(low_rank)},
    .run = run,
};
