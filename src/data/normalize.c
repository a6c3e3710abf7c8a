/*
 * Means and deviations of the training split, in two passes: sums, then sums of squared deviations.
 *
 * 1. The split is cut into at most CHUNKS chunks, a function of its size alone.
 * 2. Each chunk is summed by one rank, sample by sample, in double.
 * 3. A round takes as many chunks as fit ROUND_DOUBLES. Each rank fills its chunks' places, the
 *    others' stay zero, so that adding over ranks is exact whatever the order.
 * 4. Chunks are added in their order. So the result is the same bits on any number of ranks.
 * 5. Targets may be missing where their weight is 0: a pass before these counts those that are there.
 */
#include "data.h"

#include <math.h>
#include <string.h>

typedef enum pass_kind { COUNT, SUM, SQUARES } pass_kind;

enum { CHUNKS = 256, ROUND_DOUBLES = 1 << 20, BLOCK_FLOATS = 1 << 18 };

typedef struct learning {
    gy_context *ctx;
    gy_source *source;
    const gy_split *split;
    gy_normalizer *out;
    int64_t count; /* elements of a sample */
    int64_t block; /* samples read at once */
    int rank, ranks;
    gy_status (*sum)(void *user, double *values, int n);
    void *user;
    bool targets;   /* else x */
    bool gaps;      /* what is not finite is missing */
    float *x;       /* [block, count] of what is learned */
    float *other;   /* of the rest of a sample, where that must be read too; NULL: it need not */
    int64_t *index; /* [block] */
    double *round;  /* [chunks of a round, n] and the number of ranks that failed */
    double *total;  /* [n] */
    double *there;  /* [n] share of the values that are not missing; NULL: no gaps */
} learning;

static float scaled(const gy_normalizer *n, float x)
{
    return (x + (float)n->offset) * (float)n->scale;
}

/* What a value adds to the sum of its element. */
static double term(const learning *l, pass_kind pass, float x, double mean)
{
    if (l->gaps && !isfinite(x)) return 0;
    const double v = scaled(l->out, x) - mean;
    return pass == COUNT ? 1 : pass == SUM ? v : v * v;
}

/* Adds some samples' to sums [n]. */
static void add_block(const learning *l, int64_t samples, pass_kind pass, double *sums)
{
    const gy_normalizer *out = l->out;
    for (int64_t i = 0; i < samples; i++) {
        const float *x = l->x + i * l->count;
        for (int64_t first = 0; first < l->count; first += out->n)
            for (int64_t j = 0; j < out->n; j++)
                sums[j] += term(l, pass, x[first + j], pass == SQUARES ? l->total[j] : 0);
    }
}

/* Sums of one value in all: kept apart, for one running sum would wait for itself. */
static void add_block_global(const learning *l, int64_t samples, pass_kind pass, double *sums)
{
    enum { LANES = 8 };
    double lanes[LANES] = {0};
    int64_t n = samples * l->count;
    double mean = pass == SQUARES ? l->total[0] : 0.0;
    for (int64_t i = 0; i < n; i++) lanes[i % LANES] += term(l, pass, l->x[i], mean);
    for (int i = 0; i < LANES; i++) sums[0] += lanes[i];
}

static gy_status sum_chunk(const learning *l, int64_t chunk, int64_t chunks, pass_kind pass,
                           double *sums)
{
    int64_t first, n;
    gy_part_of(l->split->samples, (int)chunk, (int)chunks, &first, &n);
    for (int64_t done = 0; done < n;) {
        int64_t some = n - done < l->block ? n - done : l->block;
        for (int64_t i = 0; i < some; i++) l->index[i] = gy_split_at(l->split, first + done + i);
        GY_TRY(l->targets ? gy_source_read(l->source, l->index, some, l->other, l->x)
                          : gy_source_read(l->source, l->index, some, l->x, NULL));
        if (l->out->n == 1)
            add_block_global(l, some, pass, sums);
        else
            add_block(l, some, pass, sums);
        done += some;
    }
    return GY_OK;
}

/* Sums chunks [from, to) over all ranks into l->round. */
static gy_status sum_round(const learning *l, int64_t from, int64_t to, int64_t chunks,
                           pass_kind pass)
{
    int64_t n = l->out->n;
    int64_t doubles = (to - from) * n + 1;
    gy_status status = GY_OK;
    memset(l->round, 0, (size_t)doubles * sizeof *l->round);
    for (int64_t c = from; c < to && status == GY_OK; c++)
        if (c % l->ranks == l->rank)
            status = sum_chunk(l, c, chunks, pass, l->round + (c - from) * n);
    if (l->sum == NULL) return status;
    if (status != GY_OK) l->round[doubles - 1] = 1.0;
    gy_error error = *gy_error_last();
    GY_TRY(l->sum(l->user, l->round, (int)doubles));
    if (status != GY_OK) return gy_error_restore(&error);
    GY_REQUIRE(l->round[doubles - 1] == 0.0, GY_STOPPED,
               "another rank could not read the training data");
    return GY_OK;
}

/* l->total := the mean of 1, of v, or of (v − l->total)², of each element, over those that are there. */
static gy_status average(const learning *l, pass_kind pass)
{
    int64_t n = l->out->n, samples = l->split->samples;
    int64_t chunks = samples < CHUNKS ? samples : CHUNKS;
    int64_t at_once = ROUND_DOUBLES / n > 0 ? ROUND_DOUBLES / n : 1;
    double *sums;
    GY_TRY(gy_new_array(l->ctx, n, &sums));
    gy_status status = GY_OK;
    for (int64_t from = 0; from < chunks && status == GY_OK; from += at_once) {
        int64_t to = from + at_once < chunks ? from + at_once : chunks;
        status = sum_round(l, from, to, chunks, pass);
        for (int64_t c = 0; c < to - from; c++)
            for (int64_t j = 0; j < n; j++) sums[j] += l->round[c * n + j];
    }
    double each = (double)samples * (double)(l->count / n);
    for (int64_t j = 0; j < n; j++) {
        const double there = l->gaps && pass != COUNT ? l->there[j] : 1;
        l->total[j] = there > 0 ? sums[j] / (each * there) : 0;
    }
    gy_free(l->ctx, sums);
    return status;
}

static gy_status learn(learning *l)
{
    gy_normalizer *out = l->out;
    if (l->gaps) GY_TRY(average(l, COUNT));
    for (int64_t j = 0; j < out->n && l->gaps; j++) l->there[j] = l->total[j];
    GY_TRY(average(l, SUM));
    for (int64_t j = 0; j < out->n; j++) out->mean[j] = (float)l->total[j];
    GY_TRY(average(l, SQUARES));
    for (int64_t j = 0; j < out->n; j++) {
        float deviation = (float)sqrt(l->total[j]);
        out->deviation[j] = deviation == 0.0f ? 1.0f : deviation;
    }
    return GY_OK;
}

int64_t gy_normalizer_size(gy_normalize kind, const gy_shape *x)
{
    switch (kind) {
    case GY_NORMALIZE_PER_FEATURE:
        return gy_shape_count(x);
    case GY_NORMALIZE_PER_CHANNEL:
        return x->n == 0 ? 1 : x->d[x->n - 1];
    case GY_NORMALIZE_GLOBAL:
        return 1;
    case GY_NORMALIZE_NONE:
        break;
    }
    return 0;
}

static gy_status allocate(learning *l)
{
    int64_t n = l->out->n;
    int64_t at_once = ROUND_DOUBLES / n > 0 ? ROUND_DOUBLES / n : 1;
    if (at_once > CHUNKS) at_once = CHUNKS;
    const int64_t other = l->targets ? gy_shape_count(&gy_source_get_info(l->source)->x) : 0;
    l->block = BLOCK_FLOATS / (l->count + other) > 0 ? BLOCK_FLOATS / (l->count + other) : 1;
    if (l->targets) GY_TRY(gy_new_array(l->ctx, l->block * other, &l->other));
    GY_TRY(gy_new_array(l->ctx, l->block * l->count, &l->x));
    GY_TRY(gy_new_array(l->ctx, l->block, &l->index));
    GY_TRY(gy_new_array(l->ctx, at_once * n + 1, &l->round));
    GY_TRY(gy_new_array(l->ctx, n, &l->total));
    if (l->gaps) GY_TRY(gy_new_array(l->ctx, n, &l->there));
    GY_TRY(gy_new_array(l->ctx, n, &l->out->mean));
    return gy_new_array(l->ctx, n, &l->out->deviation);
}

gy_status gy_normalizer_learn(gy_context *ctx, const gy_normalizing *what, gy_source *source,
                              const gy_split *split, int rank, int ranks,
                              gy_status (*sum)(void *user, double *values, int n), void *user,
                              gy_normalizer *out)
{
    gy_status status;
    *out = (gy_normalizer){.kind = what->kind, .scale = what->scale, .offset = what->offset};
    out->n = gy_normalizer_size(out->kind, what->shape);
    if (out->n == 0) return GY_OK;
    if (!what->targets) GY_TRY(gy_source_check_shape(source, what->shape));
    GY_REQUIRE(split->samples > 0, GY_E_DATA,
               "cannot normalize the data" GY_AT "%s" GY_WHY "no sample is left to train on",
               gy_source_get_text(source));
    learning l = {.ctx = ctx,
                  .source = source,
                  .split = split,
                  .out = out,
                  .count = gy_shape_count(what->shape),
                  .targets = what->targets,
                  .gaps = what->targets && gy_source_get_info(source)->weighted,
                  .rank = rank,
                  .ranks = ranks,
                  .sum = sum,
                  .user = user};
    GY_TRY_GOTO(done, allocate(&l));
    GY_TRY_GOTO(done, learn(&l));
done:
    gy_free(ctx, l.x);
    gy_free(ctx, l.other);
    gy_free(ctx, l.index);
    gy_free(ctx, l.round);
    gy_free(ctx, l.total);
    gy_free(ctx, l.there);
    if (status != GY_OK) gy_normalizer_clear(ctx, out);
    return status;
}

void gy_normalizer_clear(gy_context *ctx, gy_normalizer *n)
{
    gy_free(ctx, n->mean);
    gy_free(ctx, n->deviation);
    *n = (gy_normalizer){0};
}

void gy_normalizer_apply(const gy_normalizer *n, int64_t samples, int64_t features, float *x)
{
    int64_t count = samples * features;
    if (n->scale != 1.0 || n->offset != 0.0)
        for (int64_t i = 0; i < count; i++) x[i] = scaled(n, x[i]);
    if (n->n == 1) {
        const float mean = n->mean[0], deviation = n->deviation[0];
        for (int64_t i = 0; i < count; i++) x[i] = (x[i] - mean) / deviation;
    } else if (n->n > 1) {
        for (int64_t i = 0; i < count; i += n->n)
            for (int64_t j = 0; j < n->n; j++) x[i + j] = (x[i + j] - n->mean[j]) / n->deviation[j];
    }
}
