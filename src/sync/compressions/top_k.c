/* The largest numbers alone, with their places (Lin et al. 2018, "Deep gradient compression").
 *
 *     v = residual + g      the k largest |v| of a bucket are sent, the others are the new residual
 *
 * Every rank sends to all, one block each of the gathered vector, and all add the blocks in the order
 * of ranks: the same bits everywhere.
 *
 *     block of a rank:   | k values | k places, as bits of floats |
 *
 * Largest is told by the bits of exponent and 4 of the mantissa; of those that are alike the first
 * are taken. What is not finite is largest of all, so that it arrives. */
#include "../compression_list.h"

#include "base/alloc.h"
#include "base/count.h"
#include "base/param.h"
#include "base/setting.h"

#include <math.h>
#include <string.h>

enum { SHIFT = 19, BINS = 1 << (31 - SHIFT) };

typedef struct settings {
    double fraction;
} settings;

static const gy_setting rows[] = {
    {.key = "top_k_fraction",
     .type = GY_SETTING_FLOAT,
     .offset = offsetof(settings, fraction),
     .standard = "0.01",
     .min = 1e-6,
     .max = 1.0,
     .help = "fraction of a bucket's gradients that is sent"},
    GY_SETTING_END,
};

typedef struct state {
    gy_context *ctx;
    gy_compression_place place;
    int64_t k;     /* blocks are aligned */
    float *blocks; /* [ranks, 2 k] */
    gy_all_reduce *gather;
} state;

static void destroy(void *memory)
{
    state *s = memory;
    if (s == NULL) return;
    gy_all_reduce_free(s->gather);
    gy_free(s->ctx, s->blocks);
    gy_free(s->ctx, s);
}

/* A multiple of 8. */
static int64_t count(const gy_compression_place *place)
{
    const int64_t half = GY_PARAM_ALIGN / 2;
    const settings *wanted = place->settings;
    return gy_round_up((int64_t)ceil(wanted->fraction * (double)place->n), half);
}

static int64_t floats(const gy_compression_place *place)
{
    return 2 * count(place);
}

static gy_status prepare(const gy_compression_place *place, state **out)
{
    gy_context *ctx = gy_comm_context(place->comm);
    state *s = NULL;
    GY_TRY(gy_new(ctx, &s));
    *out = s;
    s->ctx = ctx;
    s->place = *place;
    s->k = count(place);
    return gy_new_array(ctx, gy_comm_ranks(place->comm) * 2 * s->k, &s->blocks);
}

static gy_status create(const gy_compression_place *place, void **out)
{
    gy_status status;
    state *s = NULL;
    GY_TRY_GOTO(fail, gy_comm_agree(place->comm, prepare(place, &s)));
    gy_reduction r = {.x = s->blocks,
                      .n = gy_comm_ranks(place->comm) * 2 * s->k,
                      .tag = place->tags[0],
                      .half = GY_GATHER};
    GY_TRY_GOTO(fail, gy_compression_operation(place, &r, &s->gather));
    *out = s;
    return GY_OK;
fail:
    destroy(s);
    return status;
}

static uint32_t bin_of(float x)
{
    uint32_t u;
    memcpy(&u, &x, sizeof u);
    return (u & 0x7fffffff) >> SHIFT;
}

/* The least bin that is sent, and how many of it. */
static uint32_t find_least(const float *v, int64_t n, int64_t k, int64_t *of_it)
{
    int64_t counts[BINS] = {0}, above = 0;
    for (int64_t i = 0; i < n; i++) counts[bin_of(v[i])]++;
    uint32_t bin = BINS - 1;
    while (bin > 0 && above + counts[bin] < k) above += counts[bin--];
    *of_it = k - above;
    return bin;
}

static gy_status begin(void *memory)
{
    state *s = memory;
    const gy_compression_place *p = &s->place;
    float *v = gy_compression_add(p);
    float *values = s->blocks + gy_comm_rank(p->comm) * 2 * s->k, *places = values + s->k;
    int64_t of_least, sent = 0;
    uint32_t least = find_least(v, p->n, s->k, &of_least);
    memset(values, 0, (size_t)(2 * s->k) * sizeof *values);
    for (int64_t i = 0; i < p->n && sent < s->k; i++) {
        uint32_t bin = bin_of(v[i]), place = (uint32_t)i;
        if (bin < least || (bin == least && of_least-- <= 0)) continue;
        values[sent] = v[i];
        memcpy(&places[sent++], &place, sizeof place);
        v[i] = 0;
    }
    return gy_all_reduce_begin(s->gather);
}

static gy_status progress(void *memory, bool *done)
{
    state *s = memory;
    const gy_compression_place *p = &s->place;
    GY_TRY(gy_all_reduce_progress(s->gather, done));
    if (!*done) return GY_OK;
    memset(p->g, 0, (size_t)p->n * sizeof *p->g);
    for (int r = 0; r < gy_comm_ranks(p->comm); r++) {
        const float *values = s->blocks + r * 2 * s->k, *places = values + s->k;
        for (int64_t i = 0; i < s->k; i++) {
            uint32_t place;
            memcpy(&place, &places[i], sizeof place);
            p->g[place] += values[i];
        }
    }
    return GY_OK;
}

const gy_compression_kind gy_compression_top_k = {
    .kind = {.name = "top_k",
             .help = "the largest alone; the others are sent when they have grown",
             .settings = rows,
             .settings_size = sizeof(settings)},
    .floats = floats,
    .create = create,
    .begin = begin,
    .progress = progress,
    .destroy = destroy,
};
