/*
 * Start values from a file (--init): how they fit the model is looked at first, for a run that trains
 * nothing, too; what was taken is told, by name what was not.
 */
#include "train_impl.h"

#include "exchange/exchange.h"

#include <string.h>

enum { NAMES = 3 }; /* of each sort that are told */

/* Names of a sort, for people. */
typedef struct name_list {
    gy_buffer text;
    int n;
} name_list;

/* What is found of a file of another program. */
typedef struct finding {
    gy_fit *fit;
    name_list missing, other_shape, additional;
} finding;

static void add_name(name_list *list, const char *name)
{
    if (list->n++ < NAMES) gy_buffer_format(&list->text, "%s%.80s", list->n > 1 ? ", " : "", name);
}

static void find(void *user, const gy_taken *taken)
{
    finding *f = user;
    if (taken->name == NULL) {
        add_name(&f->additional, taken->from);
        return;
    }
    if (!taken->fits) add_name(taken->from == NULL ? &f->missing : &f->other_shape, taken->name);
    if (taken->is_buffer) {
        f->fit->buffers += taken->fits;
    } else if (taken->fits && strcmp(taken->how, "added to it") != 0) {
        f->fit->tensors++;
        f->fit->parameters += gy_shape_count(&taken->shape);
    }
}

static gy_status keep_names(gy_pool *pool, name_list *list, const char **out)
{
    if (list->n > NAMES) gy_buffer_format(&list->text, " and %d more", list->n - NAMES);
    gy_status status = list->text.status;
    if (status == GY_OK) status = gy_pool_string(pool, gy_buffer_text(&list->text), out);
    gy_buffer_clear(&list->text);
    return status;
}

/* Opens a file of another program and takes its tensors, or looks how they fit. On rank 0. */
static gy_status open_and_take(const gy_run *run, const gy_take_options *options)
{
    gy_tensors file;
    gy_status status = gy_tensors_open(run->ctx, run->options->init, &file);
    if (status == GY_OK) status = gy_tensors_take(&file, run->network.model, options);
    gy_tensors_close(&file);
    return status;
}

static gy_status look_at_foreign(gy_run *run)
{
    const gy_params *params = gy_model_params(run->network.model);
    gy_fit *fit = &run->init;
    finding f = {.fit = fit};
    *fit = (gy_fit){.of_tensors = params->n,
                    .of_parameters = params->elements,
                    .of_buffers = gy_model_buffers(run->network.model)->n};
    gy_buffer_init(&f.missing.text, run->ctx);
    gy_buffer_init(&f.other_shape.text, run->ctx);
    gy_buffer_init(&f.additional.text, run->ctx);
    const gy_take_options options = {
        .partial = run->options->init_partial, .looks = true, .tell = find, .tell_user = &f};
    gy_status status = open_and_take(run, &options);
    gy_error first = *gy_error_last();
    gy_status kept = keep_names(&run->pool, &f.missing, &fit->missing);
    if (kept == GY_OK) kept = keep_names(&run->pool, &f.other_shape, &fit->other_shape);
    if (kept == GY_OK) kept = keep_names(&run->pool, &f.additional, &fit->additional);
    gy_buffer_clear(&f.other_shape.text);
    gy_buffer_clear(&f.additional.text);
    return status == GY_OK ? kept : gy_error_restore(&first);
}

/* Rank 0 takes them, and hands them to all. */
static gy_status take_foreign(gy_run *run)
{
    gy_model *model = run->network.model;
    const gy_take_options options = {.partial = run->options->init_partial};
    const int64_t each = (int64_t)sizeof(float);
    gy_status status = run->rank == 0 ? open_and_take(run, &options) : GY_OK;
    GY_TRY(gy_comm_agree(run->comm, status));
    GY_TRY(gy_comm_broadcast(run->comm, gy_model_values(model),
                             gy_model_params(model)->floats * each, 0));
    GY_TRY(gy_comm_broadcast(run->comm, gy_model_buffer_values(model),
                             gy_model_buffers(model)->floats * each, 0));
    gy_run_begin_average(run, gy_model_values(model));
    return GY_OK;
}

/* Whether start values come from another program's file, by rank 0's word. */
static gy_status look_for_foreign(gy_run *run)
{
    bool foreign = false;
    gy_status status = GY_OK;
    if (run->rank == 0) status = gy_exchange_is_foreign(run->ctx, run->options->init, &foreign);
    GY_TRY(gy_comm_agree(run->comm, status));
    GY_TRY(gy_comm_broadcast(run->comm, &foreign, sizeof foreign, 0));
    run->init_is_foreign = foreign;
    return GY_OK;
}

static gy_match match(const gy_run *run)
{
    return run->options->init_partial ? GY_MATCH_PARTIAL : GY_MATCH_PARAMS;
}

static gy_status check_base(const gy_run *run)
{
    GY_REQUIRE(!run->init_is_foreign || !gy_adapts(run->config), GY_E_CONFIG,
               "no base of adapters" GY_AT "--init %s" GY_WHY "it is another program's file" GY_HINT
               "gyre import makes a checkpoint of it",
               run->options->init);
    return GY_OK;
}

gy_status gy_run_look_at_init(gy_run *run, const gy_past *past)
{
    const char *path = run->options->init;
    GY_TRY(gy_comm_agree(run->comm, gy_run_check_base(run, past)));
    if (path == NULL || past->path != NULL) return GY_OK;
    gy_watchdog_note(run->comm, 0, "look at start values", GY_WORKS);
    GY_TRY(look_for_foreign(run));
    run->has_init = true;
    GY_TRY(gy_comm_agree(run->comm, check_base(run)));
    const gy_params *all = gy_model_params(run->network.model);
    const gy_params wanted = gy_adapts(run->config) ? gy_base_params(all) : *all;
    if (run->init_is_foreign)
        return gy_comm_agree(run->comm, run->rank == 0 ? look_at_foreign(run) : GY_OK);
    return gy_checkpoint_fit(run->ctx, run->comm, path, match(run), &wanted,
                             gy_model_buffers(run->network.model), &run->pool, &run->init);
}

static gy_status take_init(gy_run *run)
{
    gy_model *model = run->network.model;
    if (!run->has_init || gy_adapts(run->config)) return GY_OK; /* it is the base */
    if (run->init_is_foreign) return take_foreign(run);
    GY_TRY(gy_checkpoint_read(run->ctx, run->comm, run->options->init, match(run),
                              gy_model_params(model), gy_model_values(model),
                              gy_model_buffers(model), gy_model_buffer_values(model), NULL, 0));
    gy_run_begin_average(run, gy_model_values(model));
    return gy_run_take_holds(run, run->options->init);
}

gy_status gy_run_take_start(gy_run *run, const gy_past *past)
{
    GY_TRY(gy_run_take_base(run, past));
    GY_TRY(past->path != NULL ? gy_past_take(run, past) : take_init(run));
    return gy_run_begin_sparsity(run);
}

static void add_names(gy_report *report, const char *name, const char *names)
{
    if (names[0] != '\0') gy_report_text(report, name, names);
}

void gy_run_tell_init(gy_run *run)
{
    const gy_fit *fit = &run->init;
    gy_report report;
    if (!run->has_init || run->rank != 0) return;
    gy_report_begin(&report, "init");
    gy_report_text(&report, "path", run->options->init);
    gy_report_int(&report, "tensors", fit->tensors);
    gy_report_int(&report, "of_tensors", fit->of_tensors);
    gy_report_int(&report, "parameters", fit->parameters);
    gy_report_int(&report, "of_parameters", fit->of_parameters);
    gy_report_int(&report, "buffers", fit->buffers);
    gy_report_int(&report, "of_buffers", fit->of_buffers);
    add_names(&report, "missing", fit->missing);
    add_names(&report, "other_shape", fit->other_shape);
    add_names(&report, "additional", fit->additional);
    gy_run_tell(run, &report, !run->options->dry_run);
}
