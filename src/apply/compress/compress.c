/*
 * `compress`: a trained network made smaller: opened, measured, one step after the other, measured again,
 * written. All ranks do the same with the same values; rank 0 writes.
 */
#include <gyre/compress.h>

#include "calibrate.h"
#include "compress_list.h"
#include "measure.h"

#include "base/door.h"
#include "base/kind_text.h"
#include "base/log.h"

#include <string.h>

#define ENTRY(name) &gy_compress_##name.kind,
GY_REGISTRY(gy_compress_registry, "step", ENTRY, GY_COMPRESS_LIST)
#undef ENTRY

/* What is done: a kind and its settings. */
typedef struct step {
    const gy_compress_kind *kind;
    void *settings;
} step;

static gy_status parse(gy_pool *pool, const char *text, step *out)
{
    static const char option[] = "--step", help[] = "compress";
    const gy_registry *all = &gy_compress_registry;
    const gy_kind *kind;
    void *settings;
    char *rest;
    GY_TRY(gy_kind_text_find(pool, all, option, help, text, &kind, &rest));
    GY_TRY(gy_pool_alloc(pool, kind->settings_size, &settings));
    if (kind->settings != NULL) GY_TRY(gy_settings_default(kind->settings, pool, settings));
    GY_TRY(gy_kind_text_assign(pool, all, option, help, text, kind, rest, settings));
    *out = (step){(const gy_compress_kind *)kind, settings};
    return GY_OK;
}

/* A glob that means nothing is a mistake. */
static gy_status check_layers(const gy_subject *s)
{
    const gy_params *params = gy_subject_params(s);
    for (int i = 0; i < params->n; i++)
        if (gy_subject_has(s, &params->v[i])) return GY_OK;
    return gy_raise(GY_E_USAGE,
                    "no such layers" GY_AT "--layers %s" GY_WHY
                    "no layer or parameter of the model has such a name" GY_HINT
                    "gyre inspect lists them",
                    s->layers);
}

/* A step that found nothing to do. */
static void warn(const gy_subject *s, const gy_compress_kind *kind)
{
    gy_log(s->ctx, GY_WARNING, "%s changed nothing: %s%s", kind->kind.name,
           s->why == NULL ? "there are no such weights" : s->why,
           s->layers == NULL ? "" : " (of those of --layers)");
}

static gy_status take_steps(gy_subject *s, const gy_compress_options *options)
{
    bool formed = false;
    GY_TRY(check_layers(s));
    for (int i = 0; i < options->n_steps; i++) {
        step now;
        GY_TRY(parse(&s->pool, options->steps[i], &now));
        GY_REQUIRE(now.kind->forms || !formed, GY_E_USAGE,
                   "wrong order" GY_AT "%s" GY_WHY "the weights are no floats any more" GY_HINT
                   "give quantize and sparse last",
                   now.kind->kind.name);
        s->changed = 0;
        s->why = NULL;
        GY_TRY(now.kind->run(s, now.settings));
        if (s->changed == 0) warn(s, now.kind);
        formed = formed || now.kind->forms;
    }
    return gy_subject_finish(s);
}

static gy_status write(const gy_opened *o, const gy_subject *s, const char *out_path)
{
    int n = 0;
    gy_pool pool;
    gy_checkpoint_note *notes;
    gy_model *model = s->network.model;
    gy_pool_init(&pool, o->ctx);
    gy_status status = gy_comm_agree(o->comm, gy_pool_array(&pool, o->head.n_notes, &notes));
    if (status == GY_OK) {
        for (int i = 0; i < o->head.n_notes; i++) /* what the data taught goes on */
            if (strcmp(o->head.notes[i].group, "/data") == 0 &&
                strncmp(o->head.notes[i].name, "base", 4) != 0)
                notes[n++] = o->head.notes[i];
        const gy_checkpoint c = {.params = gy_model_params(model),
                                 .values = gy_model_values(model),
                                 .buffers = gy_model_buffers(model),
                                 .buffer_values = gy_model_buffer_values(model),
                                 .step = o->head.step,
                                 .epoch = o->head.epoch,
                                 .sample_in_epoch = o->head.sample_in_epoch,
                                 .seed = o->head.seed,
                                 .config = gy_config_text(s->config),
                                 .notes = notes,
                                 .n_notes = n,
                                 .is_best_alone = true,
                                 .holds = s->holds,
                                 .forms = &s->formed,
                                 .at = out_path};
        status = gy_checkpoint_write(o->ctx, o->comm, &c);
    }
    gy_pool_clear(&pool);
    return status;
}

static gy_status compress(gy_opened *o, gy_part part, const gy_compress_options *options,
                          gy_subject *s, const char *out_path)
{
    gy_report report;
    gy_measured before, after;
    GY_TRY(gy_comm_agree(o->comm, o->rank == 0 ? gy_checkpoint_try_place(out_path) : GY_OK));
    GY_TRY(gy_subject_create(o, options->layers, s));
    GY_TRY(gy_comm_agree(o->comm, take_steps(s, options)));
    const gy_apply_options calibration = {
        .data = options->calibrate, .sets = options->sets, .n_sets = options->n_sets};
    if (options->calibrate != NULL) GY_TRY(gy_calibrate(s, o->path, &calibration));
    GY_TRY(gy_measure(o, part, &o->network, &before));
    GY_TRY(gy_measure(o, part, &s->network, &after));
    GY_TRY(write(o, s, out_path));
    gy_report_begin(&report, "compress");
    gy_report_text(&report, "path", out_path);
    if (options->data != NULL) gy_report_text(&report, "data", options->data);
    gy_status status = gy_measured_report(&before, &o->network.task, "before", &s->pool, &report);
    if (status == GY_OK)
        status = gy_measured_report(&after, &o->network.task, "after", &s->pool, &report);
    GY_TRY(gy_comm_agree(o->comm, status));
    gy_opened_tell(o, &report);
    return GY_OK;
}

/* With data, or without: then nothing is known of its loss. */
static gy_status begin(gy_context *ctx, gy_comm *comm, const char *path,
                       const gy_compress_options *options, gy_opened *o, gy_part *part)
{
    const gy_apply_options with = {.data = options->data,
                                   .sets = options->sets,
                                   .n_sets = options->n_sets,
                                   .observer = options->observer,
                                   .observer_user = options->observer_user};
    const gy_opening without = {.path = path,
                                .sets = options->sets,
                                .n_sets = options->n_sets,
                                .observer = options->observer,
                                .observer_user = options->observer_user};
    if (options->data != NULL) return gy_opened_open_on_data(ctx, comm, path, &with, o, part);
    *part = GY_PARTS;
    GY_TRY(gy_opened_open(ctx, comm, &without, o));
    gy_status status = gy_opened_build(o);
    if (status == GY_OK) status = gy_net_aim(&o->network, NULL);
    GY_TRY(gy_comm_agree(comm, status));
    return gy_opened_read(o);
}

gy_status gy_compress(gy_context *ctx, gy_comm *comm, const char *path,
                      const gy_compress_options *options, const char *out_path)
{
    GY_DOOR;
    gy_opened o = {.ctx = NULL};
    gy_subject s = {.ctx = NULL};
    gy_part part = GY_PARTS;
    gy_status status = begin(ctx, comm, path, options, &o, &part);
    if (status == GY_OK) status = compress(&o, part, options, &s, out_path);
    gy_subject_clear(&s);
    gy_opened_close(&o);
    return status;
}
