/*
 * Layers that take statistics over the batch (batch_norm, the balance of a mixture): how many values
 * these are of in a pass, which follows from batch, ranks, micro-batches and grains. Of a single value
 * there is no variance: the output would be constant, whatever the input.
 */
#include "train_impl.h"

#include "base/log.h"

static bool is_apart(const gy_run *run, const gy_layer_statistics *s)
{
    return s->own || run->network.grains > 0;
}

/* The fewest samples, but none, that statistics are of in the passes of a batch of n. */
static int64_t fewest(const gy_run *run, const gy_layer_statistics *s, int64_t n)
{
    const int parts = run->network.grains > 0 ? run->network.grains : run->ranks;
    int64_t least = n;
    for (int turn = 0; turn < run->network.micros; turn++) {
        int64_t all = 0, first, part, piece;
        for (int i = 0; i < parts; i++) {
            gy_part_of(n, i, parts, &first, &part);
            const int turns = run->network.grains > 0
                                  ? (int)((part + run->network.micro - 1) / run->network.micro)
                                  : run->network.micros;
            if (turn >= turns) continue;
            gy_part_of(part, turn, turns, &first, &piece);
            all += piece;
            if (is_apart(run, s) && piece > 0 && piece < least) least = piece;
        }
        if (!is_apart(run, s) && all > 0 && all < least) least = all;
    }
    return least;
}

/* Where the single value would be. */
static const char *within(const gy_run *run, const gy_layer_statistics *s)
{
    if (run->network.grains > 0) return " in a grain";
    if (s->own && run->ranks > 1) return " on a rank";
    return run->network.micros > 1 ? " in a micro-batch" : "";
}

static gy_status check(const gy_run *run, const gy_layer_row *row, int64_t batch, int64_t last)
{
    const gy_layer_statistics *s = &row->statistics;
    GY_REQUIRE(fewest(run, s, batch) * s->values >= s->least, GY_E_CONFIG,
               "layer %s" GY_AT "%s" GY_WHY
               "of a batch of %lld its statistics would be of a single value%s" GY_HINT
               "use a larger %s%s",
               row->name, row->where, (long long)batch, within(run, s),
               run->config->meta.tasks > 0 ? "meta.shots" : "train.batch_size",
               s->own ? " or sync: true" : "");
    if (run->rank != 0) return GY_OK;
    if (last > 0 && fewest(run, s, last) * s->values < s->least)
        gy_log(
            run->ctx, GY_WARNING,
            "layer %s: of the last batch of an epoch, of %lld, its statistics are of a single "
            "value%s, which makes its output constant; data.drop_last: true leaves that batch out",
            row->name, (long long)last, within(run, s));
    if (run->network.micros > 1 && !is_apart(run, s))
        gy_log(
            run->ctx, GY_INFO,
            "layer %s: its statistics are of micro-batches of all %d ranks; on another number of "
            "ranks these are of other samples, and so are the results",
            row->name, run->ranks);
    return GY_OK;
}

gy_status gy_run_check_statistics(const gy_run *run)
{
    const gy_meta_settings *meta = &run->config->meta;
    const int64_t tasks = meta->tasks * meta->shots; /* that are passed at once */
    const int64_t samples = tasks > 0 ? tasks : run->feed.split[GY_PART_TRAIN].samples;
    const int64_t size = tasks > 0 ? tasks : run->config->train.batch_size;
    const int64_t batch = size < samples ? size : samples;
    const int64_t last = run->config->data.drop_last ? 0 : samples % batch;
    for (int i = 0; i < gy_model_layers(run->network.model); i++) {
        const gy_layer_row row = gy_model_layer(run->network.model, i);
        if (row.statistics.values > 0) GY_TRY(check(run, &row, batch, last));
    }
    return GY_OK;
}
