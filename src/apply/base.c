/* The base of adapters: found, read, and held against what they were made for. */
#include "base.h"

#include "base/hash.h"
#include "store/file.h"

#include <string.h>

static const char remedy[] = "say where the base is by --set adapt.base=CHECKPOINT";

static int count_trainable(const gy_params *all)
{
    int n = 0;
    while (n < all->n && all->v[n].trainable) n++;
    return n;
}

static gy_params part_of(const gy_params *all, int from, int to)
{
    gy_params part = *all;
    part.v += from;
    part.n = to - from;
    part.formed = 0;
    part.elements = 0;
    part.names = (gy_names){0}; /* of the whole table */
    for (int i = 0; i < part.n; i++) part.elements += part.v[i].count;
    return part;
}

gy_params gy_adapted_params(const gy_params *all)
{
    gy_params part = part_of(all, 0, count_trainable(all));
    part.floats = all->trainable;
    return part;
}

gy_params gy_base_params(const gy_params *all)
{
    return part_of(all, count_trainable(all), all->n);
}

gy_base gy_base_of(const gy_checkpoint_head *head)
{
    const gy_checkpoint_note *path = gy_checkpoint_note_find(head, "/data", "base");
    const gy_checkpoint_note *checksum = gy_checkpoint_note_find(head, "/data", "base_checksum");
    return (gy_base){path == NULL ? NULL : path->text, checksum == NULL ? NULL : checksum->text};
}

static gy_status check_place(const char *path, bool is_there)
{
    GY_REQUIRE(path != NULL, GY_E_CONFIG,
               "adapters without a base" GY_AT "adapt.base" GY_WHY
               "it is not said what they are beside" GY_HINT "give it by --init CHECKPOINT");
    GY_REQUIRE(is_there, GY_E_CONFIG,
               "the base of the adapters is not there" GY_AT "%s" GY_WHY
               "there is no checkpoint" GY_HINT "%s",
               path, remedy);
    return GY_OK;
}

static gy_status find(gy_context *ctx, gy_comm *comm, gy_pool *pool, const char *path,
                      const char **out)
{
    bool is_there = false;
    char *found = NULL;
    if (path != NULL) GY_TRY(gy_look_for_directory(comm, path, &is_there));
    GY_TRY(gy_comm_agree(comm, check_place(path, is_there)));
    gy_status status = gy_checkpoint_find(ctx, comm, path, &found);
    if (status == GY_OK) status = gy_comm_agree(comm, gy_pool_string(pool, found, out));
    gy_free(ctx, found);
    return status;
}

static gy_status check_values(const gy_base *known, const gy_base *found)
{
    GY_REQUIRE(known->checksum == NULL || strcmp(known->checksum, found->checksum) == 0,
               GY_E_CONFIG,
               "the base of the adapters has changed" GY_AT "%s" GY_WHY
               "its values are others than those that they were made for" GY_HINT "%s",
               found->path, remedy);
    return GY_OK;
}

gy_status gy_base_read(gy_context *ctx, gy_comm *comm, gy_pool *pool, const gy_base *known,
                       gy_model *model, bool buffers, gy_base *out)
{
    const gy_params *all = gy_model_params(model), base = gy_base_params(all);
    const float *w = gy_model_values(model);
    GY_TRY(find(ctx, comm, pool, known->path, &out->path));
    GY_TRY(gy_checkpoint_read(ctx, comm, out->path, GY_MATCH_PARAMS, &base, gy_model_values(model),
                              buffers ? gy_model_buffers(model) : NULL,
                              buffers ? gy_model_buffer_values(model) : NULL, NULL, 0));
    const uint64_t hash =
        gy_hash(w + all->trainable, (size_t)(all->floats - all->trainable) * sizeof *w);
    gy_status status = gy_pool_format(pool, &out->checksum, "%016llx", (unsigned long long)hash);
    if (status == GY_OK) status = check_values(known, out);
    return gy_comm_agree(comm, status);
}
