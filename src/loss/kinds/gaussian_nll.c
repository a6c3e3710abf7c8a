/*
 * The negative logarithm of a normal density, without its constant: (s + (t − m)² e^−s) / 2. The outputs'
 * last axis has all means m, then the logarithms s of all variances.
 */
#include "../loss_impl.h"
#include "../loss_list.h"

#include "kernel/loss.h"

static double run(const void *values, const gy_loss_batch *b, float scale, float *dy)
{
    (void)values;
    return gy_gaussian_nll(b->kernel, gy_loss_rows(b), gy_loss_classes(b) / 2, b->y, b->target,
                           b->weight, scale, dy);
}

static int64_t width(const void *values)
{
    (void)values;
    return 2;
}

static gy_aspect aspect(const void *values, int64_t targets, int64_t j)
{
    (void)values;
    const bool mean = j < targets;
    return (gy_aspect){.target = j % targets, .log_variance = !mean, .answers = mean};
}

const gy_loss_kind gy_loss_gaussian_nll = {
    .kind = {.name = "gaussian_nll",
             .help = "of a mean and the logarithm of a variance for each target, all means first"},
    .target = GY_TARGET_VALUE,
    .width = width,
    .aspect = aspect,
    .run = run,
};
