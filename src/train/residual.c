/*
 * What compression has left out of each rank's gradients, in checkpoints: a slot a rank, since each
 * has its own. On as many ranks each gets its own back, and the bits are the same; on others residual
 * k goes to rank k mod N, so that nothing is lost. What a compression remembers besides is one more
 * slot, of its name.
 */
#include "train_impl.h"

#include <stdio.h>
#include <string.h>

static const gy_ranges nothing = {NULL, 0};
static const char prefix[] = "residual_";

gy_status gy_run_name_residuals(gy_run *run)
{
    bool any = gy_sync_residual(run->sync) != NULL;
    GY_REQUIRE(!any || run->ranks <= GY_RESIDUALS, GY_E_CONFIG,
               "wrong value of comm.compression" GY_AT "%s" GY_WHY
               "checkpoints keep what it leaves out for at most %d ranks" GY_HINT
               "use compression: none",
               run->config->comm.compression.kind->name, (int)GY_RESIDUALS);
    run->n_residuals = any ? run->ranks : 0;
    run->whole = (gy_range){0, gy_model_params(run->network.model)->trainable};
    run->all = (gy_ranges){&run->whole, 1};
    for (int r = 0; r < run->n_residuals; r++)
        GY_TRY(gy_pool_format(&run->pool, &run->residual_names[r], "%s%d", prefix, r));
    return GY_OK;
}

bool gy_is_residual(const char *slot)
{
    return strncmp(slot, prefix, strlen(prefix)) == 0;
}

int gy_run_list_residuals(gy_run *run, gy_checkpoint_slot *slots)
{
    for (int r = 0; r < run->n_residuals; r++)
        slots[r] = (gy_checkpoint_slot){.name = run->residual_names[r],
                                        .v = gy_sync_residual(run->sync),
                                        .owned = r == run->rank ? &run->all : &nothing};
    if (gy_sync_memory_name(run->sync) == NULL) return run->n_residuals;
    slots[run->n_residuals] = (gy_checkpoint_slot){.name = gy_sync_memory_name(run->sync),
                                                   .v = gy_sync_memory_keep(run->sync)};
    return run->n_residuals + 1;
}

static gy_status read(gy_run *run, const char *path, const gy_checkpoint_slot *slot)
{
    return gy_checkpoint_read(run->ctx, run->comm, path, GY_MATCH_ALL, &run->kept, NULL, NULL, NULL,
                              slot, 1);
}

static gy_status take_memory(gy_run *run, const char *path)
{
    const char *name = gy_sync_memory_name(run->sync);
    const gy_checkpoint_slot slot = {.name = name, .v = gy_sync_memory_room(run->sync)};
    GY_TRY(read(run, path, &slot));
    gy_sync_memory_take(run->sync);
    return GY_OK;
}

static gy_status take(gy_run *run, const char *path, int k, float *x)
{
    char name[32];
    const bool mine = k % run->ranks == run->rank;
    (void)snprintf(name, sizeof name, "%s%d", prefix, k);
    const gy_checkpoint_slot slot = {.name = name, .v = x, .owned = mine ? &run->all : &nothing};
    GY_TRY(read(run, path, &slot));
    float *residual = gy_sync_residual(run->sync);
    for (int64_t i = 0; i < run->whole.to && mine && x != residual; i++) residual[i] += x[i];
    return GY_OK;
}

gy_status gy_run_take_residuals(gy_run *run, const gy_past *past)
{
    const int n = (int)past->there.residuals;
    float *spare = NULL;
    if (gy_sync_residual(run->sync) == NULL || n == 0) return GY_OK;
    gy_status status = GY_OK;
    if (n > run->ranks) status = gy_new_array(run->ctx, run->whole.to, &spare);
    status = gy_comm_agree(run->comm, status);
    for (int k = 0; k < n && status == GY_OK; k++)
        status = take(run, past->path, k, k < run->ranks ? gy_sync_residual(run->sync) : spare);
    gy_free(run->ctx, spare);
    if (status != GY_OK || !run->at.has_memory) return status;
    return gy_sync_memory_name(run->sync) == NULL ? GY_OK : take_memory(run, past->path);
}
