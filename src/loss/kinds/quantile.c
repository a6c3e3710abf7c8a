/*
 * Quantiles of each target, side by side in the outputs' last axis: the mean of max(q e, (q − 1) e) over
 * them, e = t − y ("pinball"). Metrics look at the one nearest to the median.
 */
#include "../loss_impl.h"
#include "../loss_list.h"

#include "kernel/loss.h"

#include <math.h>

enum { MOST = 64 };

typedef struct settings {
    gy_floats quantiles;
} settings;

static const gy_setting rows[] = {
    {.key = "quantiles",
     .type = GY_SETTING_FLOATS,
     .offset = offsetof(settings, quantiles),
     .standard = "[0.1, 0.5, 0.9]",
     .min = 1e-6,
     .max = 1 - 1e-6,
     .help = "shares of the targets that are to lie below each output of a target"},
    GY_SETTING_END,
};

static gy_status check(const void *values)
{
    const settings *s = values;
    GY_REQUIRE(s->quantiles.n >= 1 && s->quantiles.n <= MOST, GY_E_CONFIG,
               "wrong value of quantiles" GY_AT "loss quantile" GY_WHY
               "it must be a list of 1 to %d numbers between 0 and 1",
               MOST);
    return GY_OK;
}

static double run(const void *values, const gy_loss_batch *b, float scale, float *dy)
{
    const settings *s = values;
    const int64_t n = s->quantiles.n;
    float quantile[MOST];
    for (int64_t i = 0; i < n; i++) quantile[i] = (float)s->quantiles.v[i];
    return gy_quantile_error(b->kernel, b->batch * b->outputs / n, n, quantile, b->y, b->target,
                             b->weight, scale, dy);
}

static int64_t width(const void *values)
{
    const settings *s = values;
    return s->quantiles.n;
}

/* The first of those equally near. */
static int64_t middle(const gy_floats *q)
{
    int64_t best = 0;
    for (int64_t i = 1; i < q->n; i++)
        if (fabs(q->v[i] - 0.5) < fabs(q->v[best] - 0.5)) best = i;
    return best;
}

static gy_aspect aspect(const void *values, int64_t targets, int64_t j)
{
    const settings *s = values;
    (void)targets;
    return (gy_aspect){.target = j / s->quantiles.n,
                       .answers = j % s->quantiles.n == middle(&s->quantiles)};
}

const gy_loss_kind gy_loss_quantile = {
    .kind = {.name = "quantile",
             .help = "of several quantiles for each target, side by side",
             .settings = rows,
             .settings_size = sizeof(settings)},
    .target = GY_TARGET_VALUE,
    .width = width,
    .aspect = aspect,
    .check = check,
    .run = run,
};
