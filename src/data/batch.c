/*
 * Making batches. Batch b of an epoch is places [b B … (b + 1) B) of its order (epoch.h), rank r has the
 * r-th contiguous part, of whole grains where there are any; so which samples a rank takes is a function of
 * (seed, epoch, b, r, ranks) alone.
 */
#include "batch.h"

#include "base/count.h"

/* What of packed samples is read back and forth: the chunks of a rank's lanes, or all. */
static gy_status keep(const gy_batcher *b, const gy_source_info *info)
{
    const gy_loader_spec *spec = &b->spec;
    const gy_source_chunk *c = &info->chunk;
    enum { ENDS = 3 };
    const bool drawn =
        spec->shuffle == GY_SHUFFLE_ALL || spec->tasks != NULL || gy_split_is_drawn(&spec->split);
    int64_t samples = 0;
    if (drawn) samples = GY_KEPT_BYTES / spec->ranks / c->bytes * c->samples;
    if (b->order.chunks > 0)
        samples = (gy_pieces(b->order.kept, spec->ranks) + ENDS) * b->order.each;
    return gy_source_keep(spec->source, samples);
}

/* Every task comes at least once, and all batches are whole. */
static int64_t samples_of_tasks(const gy_loader_spec *spec)
{
    const int64_t all = spec->tasks->n * spec->task_samples, batch = spec->batch;
    return (all + batch - 1) / batch * batch;
}

gy_status gy_batcher_init(gy_batcher *b, gy_context *ctx, const gy_loader_spec *spec)
{
    const gy_source_info *info = gy_source_get_info(spec->source);
    const char *text = gy_source_get_text(spec->source);
    const int64_t batch = spec->batch;
    const int64_t samples = spec->tasks != NULL ? samples_of_tasks(spec) : spec->split.samples;
    b->spec = *spec;
    b->x_count = gy_shape_count(&info->x);
    b->y_count = info->supervised ? gy_shape_count(&info->y) : 0;
    b->w_count = info->weighted ? gy_shape_count(&info->w) : 0;
    GY_TRY(gy_source_check_shape(spec->source, &spec->input));
    GY_TRY(gy_augment_init(&b->augment, &spec->augment, &spec->input));
    GY_REQUIRE(samples > 0, GY_E_DATA, "no samples" GY_AT "%s" GY_WHY "none is left to take", text);
    b->samples = samples;
    b->batches = samples / batch + (!spec->drop_last && samples % batch != 0);
    GY_REQUIRE(b->batches > 0, GY_E_DATA,
               "an epoch has no batch" GY_AT "%s" GY_WHY
               "it has %lld samples, fewer than the batch of %lld" GY_HINT
               "use a smaller train.batch_size or data.drop_last: false",
               text, (long long)samples, (long long)batch);
    const int64_t largest = batch < samples ? batch : samples;
    b->most = largest / spec->ranks + 1;
    if (spec->grains > 0) b->most = (largest / spec->grains + 1) * (spec->grains / spec->ranks + 1);
    if (b->most > largest) b->most = largest;
    if (gy_augment_moves(&b->augment)) GY_TRY(gy_new_array(ctx, b->x_count, &b->spare));
    GY_TRY(gy_epoch_init(&b->order, ctx, spec));
    return keep(b, info);
}

void gy_batcher_clear(gy_batcher *b, gy_context *ctx)
{
    gy_free(ctx, b->spare);
    gy_epoch_clear(&b->order, ctx);
    b->spare = NULL;
}

gy_status gy_batch_slot_init(gy_batch_slot *slot, gy_context *ctx, const gy_batcher *b)
{
    GY_TRY(gy_new_array(ctx, b->most, &slot->samples));
    GY_TRY(gy_new_array(ctx, b->most * b->x_count, &slot->x));
    if (b->y_count > 0) GY_TRY(gy_new_array(ctx, b->most * b->y_count, &slot->y));
    if (b->w_count > 0) GY_TRY(gy_new_array(ctx, b->most * b->w_count, &slot->w));
    return GY_OK;
}

void gy_batch_slot_clear(gy_batch_slot *slot, gy_context *ctx)
{
    gy_free(ctx, slot->samples);
    gy_free(ctx, slot->x);
    gy_free(ctx, slot->y);
    gy_free(ctx, slot->w);
    *slot = (gy_batch_slot){0};
}

/* Which samples of the source this rank's part is. */
static void choose(gy_batcher *b, int64_t skip, gy_batch_slot *slot)
{
    const gy_loader_spec *spec = &b->spec;
    gy_batch *batch = &slot->batch;
    int64_t first = batch->index * spec->batch;
    int64_t left = b->samples - first;
    batch->global = (left < spec->batch ? left : spec->batch) - skip;
    first += skip;
    gy_part_of_grains(batch->global, spec->grains, spec->rank, spec->ranks, &batch->first,
                      &batch->n);
    gy_epoch_take(&b->order, batch->epoch, first + batch->first, batch->n, slot->samples);
}

void gy_batcher_make(gy_batcher *b, int64_t epoch, int64_t index, int64_t skip, gy_batch_slot *slot)
{
    const gy_loader_spec *spec = &b->spec;
    slot->batch = (gy_batch){.epoch = epoch,
                             .index = index,
                             .samples = slot->samples,
                             .x = slot->x,
                             .y = slot->y,
                             .w = slot->w};
    choose(b, skip, slot);
    const int64_t n = slot->batch.n;
    slot->status = GY_OK;
    if (n > 0)
        slot->status =
            gy_source_read_weighted(spec->source, slot->samples, n, slot->x, slot->y, slot->w);
    if (slot->status != GY_OK) {
        slot->error = *gy_error_last();
        return;
    }
    if (gy_augment_moves(&b->augment))
        for (int64_t i = 0; i < n; i++)
            gy_augment_move(&b->augment, spec->seed, epoch, slot->samples[i],
                            slot->x + i * b->x_count, b->spare);
    if (spec->normalizer != NULL) gy_normalizer_apply(spec->normalizer, n, b->x_count, slot->x);
    if (b->augment.settings.noise > 0.0)
        for (int64_t i = 0; i < n; i++)
            gy_augment_noise(&b->augment, spec->seed, epoch, slot->samples[i],
                             slot->x + i * b->x_count);
}
