/*
 * Adapters (adapt): a run that trains these alone, beside a base that stays as it is (model/adapt.c). Its
 * checkpoints have the adapters and name the base.
 */
#include "train_impl.h"

gy_status gy_run_check_base(const gy_run *run, const gy_past *past)
{
    const bool given = run->config->adapt.base != NULL || run->options->init != NULL;
    GY_REQUIRE(!gy_adapts(run->config) || given || past->path != NULL, GY_E_CONFIG,
               "adapters without a base" GY_AT "adapt.rank" GY_WHY
               "it is not said what they are to be beside" GY_HINT
               "give the trained network by --init CHECKPOINT");
    return GY_OK;
}

gy_status gy_run_take_base(gy_run *run, const gy_past *past)
{
    const bool on = past->path != NULL;
    gy_base known = {.path = run->options->init};
    if (!gy_adapts(run->config)) return GY_OK;
    if (on) known = gy_base_of(&past->head);
    if (run->config->adapt.base != NULL) known.path = run->config->adapt.base;
    GY_TRY(
        gy_base_read(run->ctx, run->comm, &run->pool, &known, run->network.model, !on, &run->base));
    if (!on) gy_run_begin_average(run, gy_model_values(run->network.model));
    return GY_OK;
}

void gy_run_list_base(const gy_run *run, gy_notes *list)
{
    if (!gy_adapts(run->config)) return;
    gy_notes_text(list, "/data", "base", run->base.path);
    gy_notes_text(list, "/data", "base_checksum", run->base.checksum);
}
