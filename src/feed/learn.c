/*
 * What the training split teaches in numbers: the normaliser of x, the unit of targets, how often each
 * class occurs. Block by block over the ranks, and the same on any number of them.
 */
#include "feed_impl.h"

#include "base/part.h"

static gy_status add_up(void *comm, double *values, int n)
{
    return gy_comm_sum(comm, values, n);
}

static gy_status normalize(gy_feed *f, const gy_normalizing *what, gy_normalizer *out)
{
    const int ranks = gy_comm_ranks(f->comm);
    return gy_normalizer_learn(f->ctx, what, f->source[GY_PART_TRAIN], &f->split[GY_PART_TRAIN],
                               gy_comm_rank(f->comm), ranks, ranks > 1 ? add_up : NULL, f->comm,
                               out);
}

/* Of a loss of values; in a unit of their own where the configuration asks for one. */
static gy_status learn_unit(gy_feed *f)
{
    const gy_data_settings *data = &f->config->data;
    const gy_loss_kind *loss = gy_loss_kind_of(f->config->loss.kind);
    const gy_source_info *info = gy_feed_info(f, GY_PART_TRAIN);
    const gy_normalizing what = {.kind = (gy_normalize)data->normalize_targets,
                                 .targets = true,
                                 .scale = 1,
                                 .shape = &info->y};
    if (what.kind == GY_NORMALIZE_NONE || !info->supervised) return GY_OK;
    GY_REQUIRE(loss->target == GY_TARGET_VALUE, GY_E_CONFIG,
               "wrong value of data.normalize_targets" GY_AT "loss %s" GY_WHY
               "its targets are %s, which have no unit" GY_HINT "leave it out",
               loss->kind.name, gy_target_text(loss->target));
    return normalize(f, &what, &f->unit);
}

/* Adds how often each class is a target in this rank's part of the training split. */
static gy_status count_block(gy_feed *f, int64_t first, int64_t n, float *x, float *y,
                             double *count)
{
    enum { BLOCK = 256 };
    int64_t samples[BLOCK];
    const int64_t each = gy_shape_count(&gy_feed_info(f, GY_PART_TRAIN)->y);
    for (int64_t done = 0; done < n; done += BLOCK) {
        const int64_t some = n - done < BLOCK ? n - done : BLOCK;
        for (int64_t i = 0; i < some; i++)
            samples[i] = gy_split_at(&f->split[GY_PART_TRAIN], first + done + i);
        GY_TRY(gy_source_read(f->source[GY_PART_TRAIN], samples, some, x, y));
        for (int64_t i = 0; i < some * each; i++) {
            const bool ignored =
                f->by_class->ignore.choice < 0 && y[i] == (float)f->by_class->ignore.v;
            if (!ignored && y[i] >= 0 && y[i] < (float)f->n_class_weights) count[(int64_t)y[i]]++;
        }
    }
    return GY_OK;
}

static gy_status count_classes(gy_feed *f, double *count)
{
    enum { BLOCK = 256 };
    const gy_source_info *info = gy_feed_info(f, GY_PART_TRAIN);
    int64_t first, n;
    float *x = NULL, *y = NULL;
    gy_part_of(f->split[GY_PART_TRAIN].samples, gy_comm_rank(f->comm), gy_comm_ranks(f->comm),
               &first, &n);
    gy_status status = gy_new_array(f->ctx, BLOCK * gy_shape_count(&info->x), &x);
    if (status == GY_OK) status = gy_new_array(f->ctx, BLOCK * gy_shape_count(&info->y), &y);
    if (status == GY_OK) status = count_block(f, first, n, x, y, count);
    gy_free(f->ctx, y);
    gy_free(f->ctx, x);
    return status;
}

/* N / (K n): all classes that occur count alike, whatever the data's weights say. */
static gy_status balance(gy_feed *f)
{
    double *count = NULL, all = 0;
    const int64_t classes = f->n_class_weights;
    GY_TRY(gy_comm_new_array(f->comm, classes, &count));
    f->class_weights = count;
    GY_TRY(gy_comm_agree(f->comm, count_classes(f, count)));
    GY_TRY(gy_comm_sum(f->comm, count, (int)classes)); /* whole numbers: exact */
    for (int64_t i = 0; i < classes; i++) all += count[i];
    for (int64_t i = 0; i < classes; i++)
        count[i] = count[i] > 0 ? all / ((double)classes * count[i]) : 0;
    return GY_OK;
}

static gy_status learn_classes(gy_feed *f)
{
    const bool balances = f->by_class != NULL && f->by_class->weights.choice >= 0;
    const gy_source_info *info = gy_feed_info(f, GY_PART_TRAIN);
    if (!balances || f->class_weights != NULL) return GY_OK;
    GY_REQUIRE(info != NULL && info->supervised, GY_E_DATA,
               "cannot balance the classes" GY_AT "class_weights" GY_WHY
               "there is no training data to count them in");
    return balance(f);
}

/* What the configuration says otherwise than the checkpoint learned is its word, as far as that goes:
 * means and deviations are those of numbers as they were scaled then. */
static gy_status take_settings(gy_normalizer *n, const gy_data_settings *data)
{
    const bool scaled =
        (float)n->scale != (float)data->scale || (float)n->offset != (float)data->offset;
    const bool none = data->normalize == GY_NORMALIZE_NONE;
    GY_REQUIRE(
        none || ((int)n->kind == data->normalize && !scaled), GY_E_CONFIG,
        "cannot normalize the data" GY_AT "data.normalize, data.scale, data.offset" GY_WHY
        "means and deviations of the checkpoint are of numbers that were taken otherwise" GY_HINT
        "leave these as they are, or say normalize: none");
    n->scale = data->scale;
    n->offset = data->offset;
    if (none) n->n = 0;
    if (none) n->kind = GY_NORMALIZE_NONE;
    return GY_OK;
}

gy_status gy_feed_learn(gy_feed *f, const gy_taught *taught)
{
    const gy_data_settings *data = &f->config->data;
    const gy_normalizing what = {(gy_normalize)data->normalize, false, data->scale, data->offset,
                                 &f->input};
    const bool train = f->source[GY_PART_TRAIN] != NULL;
    f->normalizes = true;
    if (taught->normalizer != NULL) {
        GY_TRY(gy_feed_take_normalizer(f, taught->normalizer));
        GY_TRY(take_settings(&f->normalizer, data));
        return learn_classes(f);
    }
    if (f->is_given) {
        f->normalizer =
            (gy_normalizer){.kind = what.kind, .scale = what.scale, .offset = what.offset};
        return learn_classes(f);
    }
    const bool learns =
        data->normalize != GY_NORMALIZE_NONE || data->normalize_targets != GY_NORMALIZE_NONE;
    GY_REQUIRE(train || !learns, GY_E_CONFIG,
               "cannot normalize the data" GY_AT "data.normalize" GY_WHY
               "neither the checkpoint nor training data tell means and deviations" GY_HINT
               "give data.train, or say them by data.offset and data.scale with normalize: none");
    GY_TRY(normalize(f, &what, &f->normalizer));
    if (train) GY_TRY(learn_unit(f));
    return learn_classes(f);
}
