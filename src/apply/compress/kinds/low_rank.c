/*
 * The weight of a dense layer becomes the product of two factors by its singular values (Eckart and
 * Young 1936): as many as keep a share of the energy Σ σ², or a number. A layer for which that takes more
 * than its weight stays as it is.
 *
 *     W = U σ Vᵀ    up = U √σ [units, r]    down = √σ Vᵀ [r, n]
 */
#include "../compress_list.h"

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
} work;

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
    return gy_pool_format(&w->s->pool, &m->name, "%s/%s", path, name);
}

/* up [out, r], down [r, in] of u [out, n], sigma [n], v [n, in] */
static gy_status factor(work *w, const char *path, const gy_param *p, int64_t r, const float *u,
                        const float *sigma, const float *v)
{
    float *up, *down;
    const int64_t out = p->shape.d[0], in = p->shape.d[1], n = out < in ? out : in;
    GY_TRY(gy_pool_array(&w->s->pool, out * r, &up));
    GY_TRY(gy_pool_array(&w->s->pool, r * in, &down));
    for (int64_t i = 0; i < r; i++) {
        const float root = sqrtf(sigma[i]);
        for (int64_t j = 0; j < out; j++) up[j * r + i] = u[j * n + i] * root;
        for (int64_t j = 0; j < in; j++) down[i * in + j] = v[i * in + j] * root;
    }
    GY_TRY(add(w, path, "up", up));
    return add(w, path, "down", down);
}

static gy_status decompose(work *w, const gy_spec_at *at, const gy_param *p, float *room)
{
    const int64_t out = p->shape.d[0], in = p->shape.d[1], n = out < in ? out : in;
    float *u = room, *v = u + out * n, *sigma = v + n * in;
    GY_TRY(gy_svd(w->s->ctx, out, in, gy_subject_values(w->s, p), u, sigma, v));
    const int64_t r = choose_rank(w->settings, n, sigma);
    if (r * (in + out) >= in * out) return GY_OK;
    int64_t *rank = gy_spec_setting(&at->list->v[at->index], "rank");
    *rank = r;
    return factor(w, at->path, p, r, u, sigma, v);
}

static gy_status visit(void *user, const gy_spec_at *at)
{
    work *w = user;
    float *room;
    const gy_layer_spec *spec = &at->list->v[at->index];
    const int64_t *rank = gy_spec_setting(spec, "rank");
    if (at->path == NULL || rank == NULL || *rank > 0 || spec->common.share != NULL) return GY_OK;
    const gy_param *p = gy_subject_param(w->s, at->path, "weight");
    if (p == NULL || p->shape.n != 2 || !gy_subject_has(w->s, p)) return GY_OK;
    const int64_t out = p->shape.d[0], in = p->shape.d[1], n = out < in ? out : in;
    GY_TRY(gy_new_array(w->s->ctx, (out + in + 1) * n, &room));
    gy_status status = decompose(w, at, p, room);
    gy_free(w->s->ctx, room);
    return status;
}

static gy_status run(gy_subject *s, const void *settings)
{
    work w = {.s = s, .settings = settings};
    GY_TRY(gy_pool_array(&s->pool, 2 * gy_subject_params(s)->n, &w.made));
    GY_TRY(gy_specs_copy(&s->pool, &s->config->model.layers, &w.layers));
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
    .kind = {"low_rank", "weights of dense layers become products of two factors", rows,
             sizeof(low_rank)},
    .run = run,
};
