/*
 * The moving average of the parameters: each rank keeps that of what it owns, packed. It stands in for
 * the parameters wherever they are evaluated.
 */
#include "train_impl.h"

void gy_run_begin_average(gy_run *run, const float *w)
{
    run->at.averaged = 0;
    if (run->average != NULL) gy_ranges_pack(gy_sync_owned(run->sync), w, run->average);
}

void gy_run_follow_average(gy_run *run)
{
    const gy_ranges *owned = gy_sync_owned(run->sync);
    const float *w = gy_model_values(run->network.model);
    float *packed = run->average;
    if (packed == NULL) return;
    run->at.averaged++;
    for (int i = 0; i < owned->n; i++) {
        int64_t n = owned->v[i].to - owned->v[i].from;
        gy_average_update(run->network.kernel, run->config->train.parameter_average,
                          run->at.averaged, n, w + owned->v[i].from, packed);
        packed += n;
    }
}

gy_status gy_run_swap_average(gy_run *run)
{
    if (run->average == NULL) return GY_OK;
    GY_TRY(gy_run_settle(run));
    run->is_average = !run->is_average;
    const gy_ranges *owned = gy_sync_owned(run->sync);
    float *average = run->average;
    for (int i = 0; i < owned->n; i++) {
        float *w = gy_model_values(run->network.model) + owned->v[i].from;
        int64_t n = owned->v[i].to - owned->v[i].from;
        for (int64_t j = 0; j < n; j++) {
            float kept = w[j];
            w[j] = average[j];
            average[j] = kept;
        }
        average += n;
    }
    GY_TRY(gy_sync_spread(run->sync));
    return gy_run_settle(run);
}
