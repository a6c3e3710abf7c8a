/*
 * The order of an epoch: as stored; shuffled, by a keyed permutation that is computed; or shuffled by
 * chunks, for files whose samples are stored and packed many together.
 *
 * By chunks: the chunks lie one behind the other in an order that is drawn for the epoch. The row is cut
 * into lanes; every batch has some samples of each lane, which goes through its chunks one after the other,
 * each in an order that is drawn, too. So a batch has samples of as many chunks as there are lanes:
 *
 *     chunks   | c a a b c b | b a c a c b | …        batch 0 takes the a of every lane, then the b, …
 *     lanes    0             1             2
 *
 * A rank, which has the r-th part of each batch, has its own lanes, and unpacks their chunks once. Lanes
 * begin at different places within a chunk, so that not all come to a new one at the same time; that costs
 * them a chunk more each. All is a function of (seed, epoch, batch size) alone.
 */
#include "epoch.h"

#include "base/count.h"
#include "base/rng.h"

#include <assert.h>

enum { FEWEST_LANES = 4, OF_A_LANE = 16 /* chunks */, CHUNK_BYTES = 1 << 20 };

static gy_rng key_of(const gy_epoch *o, int64_t epoch)
{
    return (gy_rng){o->seed, GY_RNG_SHUFFLE, (uint32_t)epoch};
}

/* The end of the chunk, of the source, that begins at a sample; small ones are taken together. */
static int64_t end_of(gy_source *source, int64_t at, int64_t end)
{
    const gy_source_chunk *chunk = &gy_source_get_info(source)->chunk;
    int64_t first, n, to = at;
    do {
        gy_source_chunk_of(source, to, &first, &n);
        to = gy_least(first + n, end);
    } while (to < end && (to - at) * chunk->bytes < CHUNK_BYTES * chunk->samples);
    return to;
}

static gy_status list_chunks(gy_epoch *o, gy_context *ctx, gy_source *source)
{
    const int64_t begin = o->split.first, end = begin + o->split.samples;
    for (int64_t at = begin; at < end; at = end_of(source, at, end)) o->chunks++;
    GY_TRY(gy_new_array(ctx, o->chunks + 1, &o->starts));
    GY_TRY(gy_new_array(ctx, o->chunks, &o->which));
    GY_TRY(gy_new_array(ctx, o->chunks, &o->ends));
    int64_t k = 0;
    for (int64_t at = begin; at < end; at = end_of(source, at, end)) o->starts[k++] = at - begin;
    o->starts[k] = end - begin;
    return GY_OK;
}

/*
 * As many lanes as the memory of all ranks has pairs of chunks: where lanes come to a new one in the same
 * batch, it has samples of both; with less, what was used last would push out what is wanted next. The ends
 * of lanes cost a chunk each.
 */
static void choose_lanes(gy_epoch *o, const gy_source_chunk *chunk)
{
    o->each = gy_pieces(o->split.samples, o->chunks);
    const int64_t fit = GY_KEPT_BYTES / gy_most(chunk->bytes / chunk->samples * o->each, 1);
    const int64_t of_batch = gy_pieces(o->batch, o->each);
    int64_t lanes = o->chunks;
    if (lanes > fit)
        lanes = gy_most(gy_least(gy_most((fit - of_batch) / 2, fit / 4), o->chunks / OF_A_LANE),
                        FEWEST_LANES);
    o->wide = gy_pieces(o->batch, lanes);
    o->kept = gy_least(2 * lanes + of_batch, o->chunks);
    /* else they begin apart by themselves */
    const bool together = o->split.samples / o->batch * o->wide % o->each == 0;
    o->shift = together ? gy_most(o->each / gy_pieces(o->batch, o->wide), 1) : 0;
}

gy_status gy_epoch_init(gy_epoch *out, gy_context *ctx, const gy_loader_spec *spec)
{
    *out = (gy_epoch){.split = spec->split,
                      .shuffle = spec->shuffle,
                      .seed = spec->seed,
                      .batch = spec->batch,
                      .tasks = spec->tasks,
                      .task_samples = spec->task_samples,
                      .epoch = -1};
    if (spec->shuffle != GY_SHUFFLE_CHUNKS || spec->split.samples == 0 || spec->tasks != NULL)
        return GY_OK;
    assert(!gy_split_is_drawn(&spec->split)); /* a configuration with such a split is refused */
    GY_TRY(list_chunks(out, ctx, spec->source));
    choose_lanes(out, &gy_source_get_info(spec->source)->chunk);
    return GY_OK;
}

void gy_epoch_clear(gy_epoch *o, gy_context *ctx)
{
    gy_free(ctx, o->starts);
    gy_free(ctx, o->which);
    gy_free(ctx, o->ends);
    *o = (gy_epoch){0};
}

static void draw_chunks(gy_epoch *o, int64_t epoch)
{
    const gy_rng key = key_of(o, epoch);
    int64_t end = 0;
    if (o->epoch == epoch) return;
    for (int64_t k = 0; k < o->chunks; k++) {
        const int64_t c = o->which[k] = gy_rng_permute(key, k, o->chunks);
        o->ends[k] = end += o->starts[c + 1] - o->starts[c];
    }
    o->epoch = epoch;
}

/* The drawn chunk in which a place lies. */
static int64_t chunk_at(const gy_epoch *o, int64_t place)
{
    int64_t low = 0, high = o->chunks - 1;
    while (low < high) {
        const int64_t middle = (low + high) / 2;
        if (place < o->ends[middle])
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

/* Where, on the row of chunks, lie all that the first `strata` samples of batches take. */
static int64_t end_of_strata(const gy_epoch *o, int64_t strata)
{
    const int64_t n = o->split.samples;
    return strata * (n / o->batch) + gy_least(strata, n % o->batch);
}

/* The sample of the split that is the i-th of a batch. */
static int64_t draw(const gy_epoch *o, int64_t batch, int64_t i)
{
    const int64_t lane = i / o->wide, first = lane * o->wide;
    const int64_t end = gy_least(first + o->wide, o->batch);
    const int64_t begin = end_of_strata(o, first), length = end_of_strata(o, end) - begin;
    const int64_t place = begin + (batch * (end - first) + i - first + lane * o->shift) % length;
    const int64_t k = chunk_at(o, place), chunk = k == 0 ? 0 : o->ends[k - 1];
    const int64_t from = gy_most(chunk, begin), to = gy_least(o->ends[k], begin + length);
    const gy_rng key = {o->seed, GY_RNG_CHUNK, (uint32_t)o->epoch};
    const uint64_t own = gy_rng_word(key, (uint64_t)k, (uint64_t)lane);
    return o->starts[o->which[k]] + from - chunk +
           gy_rng_permute((gy_rng){own, GY_RNG_CHUNK, 0}, place - from, to - from);
}

/* The sample of the source at a place of an epoch. */
static int64_t at(const gy_epoch *o, int64_t epoch, int64_t i)
{
    if (o->tasks != NULL)
        return gy_tasks_draw(o->tasks, o->seed, o->shuffle != GY_SHUFFLE_NONE, epoch,
                             i / o->task_samples, i % o->task_samples);
    if (o->shuffle == GY_SHUFFLE_ALL) i = gy_rng_permute(key_of(o, epoch), i, o->split.samples);
    if (o->shuffle == GY_SHUFFLE_CHUNKS) i = draw(o, i / o->batch, i % o->batch);
    return gy_split_at(&o->split, i);
}

void gy_epoch_take(gy_epoch *o, int64_t epoch, int64_t first, int64_t n, int64_t *out)
{
    if (o->chunks > 0) draw_chunks(o, epoch);
    for (int64_t j = 0; j < n; j++) out[j] = at(o, epoch, first + j);
}
