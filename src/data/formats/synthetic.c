/*
 * Samples made up on demand: for trials and benchmarks; problems.c has what of. `first` moves on to other
 * samples of the same problem, e.g. for validation.
 */
#include "../problems.h"

#include <stddef.h>

static void close(void *state)
{
    gy_synthetic *s = state;
    gy_free(s->ctx, s->common);
    gy_free(s->ctx, s->successors);
    s->common = NULL;
    s->successors = NULL;
}

static gy_status open(gy_context *ctx, gy_pool *pool, const gy_source_text *text,
                      const void *settings, const gy_source_options *options, void **state,
                      gy_source_info *info)
{
    (void)options;
    gy_synthetic *s;
    GY_TRY(gy_pool_new(pool, &s));
    s->ctx = ctx;
    s->settings = settings;
    GY_TRY(gy_problem_find(text->path, &s->problem));
    s->features = s->settings->features > 0 ? s->settings->features : s->problem->features;
    s->classes = s->settings->classes > 0 ? s->settings->classes : s->problem->classes;
    info->samples = s->settings->n;
    *state = s; /* closed by the caller, whatever happens */
    return s->problem->open(s, pool, info);
}

static gy_status read(void *state, const int64_t *index, int64_t n, float *x, float *y)
{
    const gy_synthetic *s = state;
    for (int64_t i = 0; i < n; i++)
        s->problem->make(s, s->settings->first + index[i], x + i * s->x_count,
                         y == NULL ? NULL : y + i * s->y_count);
    return GY_OK;
}

static gy_status belong(void *state, const int64_t *index, int64_t n, int64_t *group)
{
    const gy_synthetic *s = state;
    for (int64_t i = 0; i < n; i++) group[i] = gy_synthetic_group(s, s->settings->first + index[i]);
    return GY_OK;
}

#define AT(field) .offset = offsetof(gy_synthetic_settings, field)

static const gy_setting rows[] = {
    {.key = "n",
     .type = GY_SETTING_INT,
     AT(n),
     .standard = "1000",
     .min = 1,
     .max = GY_COUNT_MAX,
     .help = "samples"},
    {.key = "seed",
     .type = GY_SETTING_INT,
     AT(seed),
     .standard = "0",
     .min = 0,
     .max = GY_COUNT_MAX,
     .help = "of the problem and its samples"},
    {.key = "first",
     .type = GY_SETTING_INT,
     AT(first),
     .standard = "0",
     .min = 0,
     .max = GY_COUNT_MAX,
     .help = "number of the first sample: others of the same problem"},
    {.key = "features",
     .type = GY_SETTING_INT,
     AT(features),
     .standard = "0",
     .min = 0,
     .max = 1 << 24,
     .help = "blobs, spirals, regression: values of a sample; 0 = 2, 2, 8"},
    {.key = "classes",
     .type = GY_SETTING_INT,
     AT(classes),
     .standard = "0",
     .min = 0,
     .max = 1 << 24,
     .help = "blobs, spirals, images, fields: classes, or prototypes; 0 = 3, 3, 10, 10"},
    {.key = "shape",
     .type = GY_SETTING_STRING,
     AT(shape),
     .standard = "32x32x3",
     .help = "images, fields: shape of a sample"},
    {.key = "length",
     .type = GY_SETTING_INT,
     AT(length),
     .standard = "256",
     .min = 1,
     .max = 1 << 24,
     .help = "sequence: tokens of a sample"},
    {.key = "vocabulary",
     .type = GY_SETTING_INT,
     AT(vocabulary),
     .standard = "96",
     .min = 1,
     .max = 1 << 24,
     .help = "sequence: different tokens"},
    {.key = "points",
     .type = GY_SETTING_INT,
     AT(points),
     .standard = "100",
     .min = 1,
     .max = GY_COUNT_MAX,
     .help = "sinusoid: samples of each wave, which are a group"},
    {.key = "noise",
     .type = GY_SETTING_FLOAT,
     AT(noise),
     .standard = "-1.0",
     .min = -1,
     .max = 1e6,
     .help = "deviation of the noise; -1 = the problem's own"},
    GY_SETTING_END,
};

const gy_format_kind gy_format_synthetic = {
    .kind = {"synthetic",
             "made up on demand: blobs, spirals, regression, images, fields, sequence, sinusoid",
             rows, sizeof(gy_synthetic_settings)},
    .example = "synthetic:images?n=1000&shape=28x28x1&classes=10",
    .scheme = "synthetic",
    .open = open,
    .read = read,
    .belong = belong,
    .close = close,
};
