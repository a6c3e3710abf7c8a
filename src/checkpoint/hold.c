/* What is to be kept of parameters, by name: read by rank 0, sent to all. */
#include "checkpoint_impl.h"

#include "store/hdf5.h"

static gy_status read_entries(gy_pool *pool, const char *path, gy_entries *out)
{
    gy_place place;
    const char *dir;
    gy_index index;
    gy_h5 *f;
    GY_TRY(gy_place_find(pool, path, &place, &dir));
    if (place == GY_PLACE_CHECKPOINT) {
        GY_TRY(gy_index_read(pool->ctx, dir, pool, false, &index));
        *out = index.params;
        return GY_OK;
    }
    GY_TRY(gy_h5_open(pool->ctx, dir, GY_E_DATA, &f));
    gy_formeds forms;
    gy_status status = gy_entries_read(f, pool, "/params", false, out);
    if (status == GY_OK) status = gy_forms_join(f, pool, path, false, &forms, out);
    if (gy_h5_close(f) != GY_OK) {} /* nothing was written */
    return status;
}

gy_status gy_checkpoint_read_holds(gy_context *ctx, gy_comm *comm, const char *path,
                                   const gy_params *params, gy_hold *holds)
{
    gy_status status = GY_OK;
    for (int i = 0; i < params->n; i++) holds[i] = GY_HOLD_NOTHING;
    if (gy_comm_rank(comm) == 0) {
        gy_pool pool;
        gy_entries entries = {NULL, 0};
        gy_pool_init(&pool, ctx);
        status = read_entries(&pool, path, &entries);
        for (int i = 0; i < entries.n && status == GY_OK; i++) {
            int at = gy_params_find(params, entries.v[i].name);
            if (at >= 0) holds[at] = entries.v[i].hold;
        }
        gy_pool_clear(&pool);
    }
    GY_TRY(gy_comm_agree(comm, status));
    return gy_comm_broadcast(comm, holds, params->n * (int64_t)sizeof *holds, 0);
}
