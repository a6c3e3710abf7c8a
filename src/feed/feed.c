/*
 * The feed: sources opened alike on every rank, what the training split taught, one loader a part.
 *
 * Order: open → taught (fit, normaliser) → scan → load. From `load` on the loader's thread alone
 * reads its source, so that every part opens a source of its own.
 */
#include "feed_impl.h"

#include "comm/watchdog.h"
#include "base/count.h"
#include "base/log.h"
#include "text/tree.h"

#include <math.h>
#include <string.h>

const char *const gy_part_names[GY_PARTS] = {"train", "validation", "test"};

/* Whether a layer tells places from channels: conv2d, max_pool3d, … */
static bool has_grids(const gy_model *model)
{
    for (int i = 0; i < gy_model_layers(model); i++) {
        const char *kind = gy_model_layer(model, i).kind;
        if (strstr(kind, "2d") != NULL || strstr(kind, "3d") != NULL) return true;
    }
    return false;
}

/* What the loss says of classes, and of how many, as gy_task_class_weights() will. */
static void take_classes(gy_feed *f, const gy_net *network)
{
    const gy_loss_kind *loss = gy_loss_kind_of(network->spec.loss.kind);
    const bool many = loss->target == GY_TARGET_CLASS;
    f->by_class = loss->classes == NULL ? NULL : loss->classes(network->spec.loss.settings);
    f->n_class_weights = many ? gy_shape_last(gy_model_output(network->model)) : 2;
}

void gy_feed_init(gy_feed *f, gy_context *ctx, gy_comm *comm, const gy_config *config,
                  const gy_net *network)
{
    bool tokens = gy_model_takes_tokens(network->model);
    *f = (gy_feed){.ctx = ctx,
                   .comm = comm,
                   .config = config,
                   .input = *gy_model_input(network->model),
                   .target = GY_TARGET_VALUE,
                   .vocabulary = tokens ? gy_model_vocabulary(network->model) : 0};
    bool classes = gy_loss_kind_of(network->spec.loss.kind)->target == GY_TARGET_CLASS;
    f->x_axes = f->input.n;
    f->y_axes = classes ? -1 : gy_model_output(network->model)->n;
    f->grids = has_grids(network->model);
    take_classes(f, network);
}

const char *gy_feed_name(const gy_config *config, gy_part part)
{
    const gy_data_settings *data = &config->data;
    if (part == GY_PART_TRAIN) return data->train;
    if (part == GY_PART_TEST) return data->test;
    bool of_train = data->validation_fraction > 0 || data->fold != NULL;
    return of_train && data->validation == NULL ? data->train : data->validation;
}

static gy_status open_source(gy_feed *f, gy_part part, const char *fit)
{
    const gy_data_settings *data = &f->config->data;
    gy_source_options options = {.sequence = data->sequence,
                                 .tokens = data->tokens,
                                 .tokenizer = data->tokenizer,
                                 .fit = fit,
                                 .x_axes = f->x_axes,
                                 .y_axes = f->y_axes};
    options.ignores = f->by_class != NULL && f->by_class->ignore.choice < 0;
    if (options.ignores) options.ignored = f->by_class->ignore.v;
    if (f->text[part] == NULL) return GY_OK;
    return gy_source_open(f->ctx, f->text[part], &options, &f->source[part]);
}

static gy_status copy_fit(gy_feed *f)
{
    gy_buffer json;
    gy_buffer_init(&json, f->ctx);
    gy_status status = gy_source_fit(f->source[GY_PART_TRAIN], &json);
    if (status == GY_OK) status = json.status;
    if (status == GY_OK) status = gy_copy_string(f->ctx, gy_buffer_text(&json), &f->fit);
    gy_buffer_clear(&json);
    return status;
}

/* With validation_fraction or fold train and validation are parts of one source's text. */
static gy_status split_source(gy_feed *f, gy_part part)
{
    const gy_data_settings *data = &f->config->data;
    const gy_source_info *info = gy_feed_info(f, part);
    gy_split parts[GY_PARTS];
    gy_fold fold = {.stratified = data->fold_stratified, .seed = (uint64_t)f->config->seed};
    if (info == NULL) return GY_OK;
    f->split[part] = gy_split_all(info->samples);
    if (data->validation != NULL || part == GY_PART_TEST) return GY_OK;
    if (data->fold != NULL && gy_fold_parse(data->fold, &fold))
        GY_TRY(gy_split_fold(f->ctx, f->source[part], &fold, &parts[GY_PART_TRAIN],
                             &parts[GY_PART_VALIDATION], &f->fold[part]));
    else if (data->validation_fraction > 0)
        gy_split_source(info, data->validation_fraction, fold.seed, &parts[GY_PART_TRAIN],
                        &parts[GY_PART_VALIDATION]);
    else
        return GY_OK;
    f->split[part] = parts[part];
    return GY_OK;
}

/* The training source first: the others are read as it taught. */
static gy_status open_sources(gy_feed *f, const gy_taught *taught)
{
    bool fitted = taught->fit != NULL;
    if (fitted) GY_TRY(gy_copy_string(f->ctx, taught->fit, &f->fit));
    GY_TRY(open_source(f, GY_PART_TRAIN, f->fit));
    GY_TRY(split_source(f, GY_PART_TRAIN));
    if (!fitted && f->source[GY_PART_TRAIN] != NULL) {
        GY_TRY(gy_source_learn(f->source[GY_PART_TRAIN], &f->split[GY_PART_TRAIN]));
        GY_TRY(copy_fit(f));
    }
    for (int part = GY_PART_VALIDATION; part < GY_PARTS; part++) {
        GY_TRY(open_source(f, (gy_part)part, f->fit));
        GY_TRY(split_source(f, (gy_part)part));
    }
    return GY_OK;
}

/* Samples must be such as the model takes, targets of one shape. */
static gy_status compare_parts(const gy_feed *f)
{
    const gy_source_info *train = gy_feed_info(f, GY_PART_TRAIN);
    for (int part = 0; part < GY_PARTS; part++) {
        const gy_source_info *info = gy_feed_info(f, (gy_part)part);
        if (info == NULL) continue;
        GY_TRY(gy_source_check_shape(f->source[part], &f->input));
        if (f->grids) GY_TRY(gy_source_check_layout(f->source[part]));
        if (train == NULL) continue;
        char a[GY_SHAPE_TEXT], b[GY_SHAPE_TEXT];
        GY_REQUIRE(gy_shape_alike(&info->y, &train->y), GY_E_DATA,
                   "targets differ" GY_AT "%s" GY_WHY "shape %s, in the training data %s",
                   f->text[part], gy_shape_text(&info->y, a), gy_shape_text(&train->y, b));
    }
    return GY_OK;
}

gy_status gy_feed_open(gy_feed *f, const gy_taught *taught)
{
    gy_watchdog_note(f->comm, 0, "open the data", GY_WORKS);
    gy_status status = open_sources(f, taught);
    if (status == GY_OK) status = compare_parts(f);
    GY_TRY(gy_comm_agree(f->comm, status));
    GY_TRY(gy_feed_compare(f));
    gy_watchdog_note(f->comm, 0, "learn from the data", GY_WORKS);
    return gy_comm_agree(f->comm, gy_feed_learn(f, taught));
}

/* Of a part by itself: whole batches on this rank, in order, as they are. */
static gy_loader_spec describe(const gy_feed *f, gy_part part, int64_t batch)
{
    return (gy_loader_spec){.source = f->source[part],
                            .split = f->split[part],
                            .normalizer =
                                f->normalizes && f->vocabulary == 0 ? &f->normalizer : NULL,
                            .input = f->input,
                            .seed = (uint64_t)f->config->seed,
                            .batch = batch,
                            .ranks = 1};
}

/* Among the ranks, made ahead. */
static void share(const gy_feed *f, gy_loader_spec *spec)
{
    spec->rank = gy_comm_rank(f->comm);
    spec->ranks = gy_comm_ranks(f->comm);
    spec->grains = (int)f->config->comm.reproducible_grains;
    spec->prefetch = true;
}

static void vary(const gy_feed *f, gy_loader_spec *spec)
{
    const gy_data_settings *data = &f->config->data;
    spec->shuffle = (gy_shuffle)data->shuffle;
    spec->drop_last = data->drop_last;
    spec->augment = data->augment;
}

/* Samples that are drawn one by one out of packed chunks. */
static void warn_of_chunks(const gy_feed *f, gy_part part, int64_t batch)
{
    enum { OFTEN = 2 };
    const gy_source_info *info = gy_feed_info(f, part);
    const int ranks = gy_comm_ranks(f->comm);
    const int64_t reads =
        gy_pieces(f->split[part].samples, batch) * ranks; /* once in each at most */
    const double times = fmin(gy_source_unpacked(info, ranks), (double)reads);
    if (times < OFTEN || gy_comm_rank(f->comm) != 0) return;
    gy_log(
        f->ctx, GY_WARNING,
        "%s: each chunk of %lld samples (%.3g MiB) is unpacked about %.0f times an epoch, as they "
        "are drawn one by one; %s",
        f->text[part], (long long)info->chunk.samples, (double)info->chunk.bytes / (1 << 20), times,
        gy_split_is_drawn(&f->split[part])
            ? "give data.validation rows of its own (?rows=FROM:TO), and "
              "data.shuffle: chunks"
            : "data.shuffle: chunks does it once");
}

gy_status gy_feed_load(gy_feed *f, gy_part part, int64_t batch)
{
    gy_loader_spec spec = describe(f, part, batch);
    share(f, &spec);
    if (part == GY_PART_TRAIN) vary(f, &spec);
    if (!f->warned[part] && (spec.shuffle == GY_SHUFFLE_ALL || gy_split_is_drawn(&spec.split)))
        warn_of_chunks(f, part, batch);
    f->warned[part] = true;
    return gy_loader_create(f->ctx, &spec, &f->loader[part]);
}

gy_status gy_feed_load_tasks(gy_feed *f, gy_part part)
{
    const bool train = part == GY_PART_TRAIN;
    const gy_meta_settings *meta = &f->config->meta;
    const int64_t each = train ? meta->inner_steps * meta->shots : meta->shots + meta->queries;
    gy_loader_spec spec = describe(f, part, train ? meta->tasks * each : each);
    GY_TRY(gy_tasks_init(&f->tasks[part], f->ctx, f->source[part], &f->split[part],
                         train ? 1 : each,
                         "evaluations take meta.shots and meta.queries of each: make these fewer"));
    spec.tasks = &f->tasks[part];
    spec.task_samples = each;
    if (train) share(f, &spec);
    if (train) vary(f, &spec);
    return gy_loader_create(f->ctx, &spec, &f->loader[part]);
}

void gy_feed_clear(gy_feed *f)
{
    for (int part = 0; part < GY_PARTS; part++) {
        gy_loader_free(f->loader[part]);
        gy_source_close(f->source[part]);
        gy_tasks_clear(&f->tasks[part]);
        if (f->ctx != NULL) gy_free(f->ctx, f->fold[part]);
    }
    if (f->ctx != NULL) gy_normalizer_clear(f->ctx, &f->normalizer);
    if (f->ctx != NULL) gy_normalizer_clear(f->ctx, &f->unit);
    if (f->ctx != NULL) gy_free(f->ctx, f->class_weights);
    if (f->ctx != NULL) gy_free(f->ctx, f->fit);
    *f = (gy_feed){0};
}

const gy_source_info *gy_feed_info(const gy_feed *f, gy_part part)
{
    return f->source[part] == NULL ? NULL : gy_source_get_info(f->source[part]);
}

void gy_feed_print_classes(const gy_feed *f, gy_buffer *out)
{
    const gy_source_info *info = gy_feed_info(f, GY_PART_TRAIN);
    if (info == NULL || info->class_names == NULL) return;
    gy_json_begin(out, NULL, '[');
    for (int64_t i = 0; i < info->classes; i++) gy_json_string(out, NULL, info->class_names[i]);
    gy_json_end(out, ']');
}
