/*
 * Start values from a file (--init): how they fit the model is looked at first, for a run that trains
 * nothing, too; what was taken is told, by name what was not.
 */
#include "train_impl.h"

static gy_match match(const gy_run *run)
{
    return run->options->init_partial ? GY_MATCH_PARTIAL : GY_MATCH_PARAMS;
}

gy_status gy_run_look_at_init(gy_run *run, const gy_past *past)
{
    const char *path = run->options->init;
    if (path == NULL || past->path != NULL) return GY_OK;
    gy_watchdog_note(run->comm, 0, "look at start values", GY_WORKS);
    GY_TRY(gy_checkpoint_fit(run->ctx, run->comm, path, match(run),
                             gy_model_params(run->network.model),
                             gy_model_buffers(run->network.model), &run->pool, &run->init));
    run->has_init = true;
    return GY_OK;
}

gy_status gy_run_take_init(gy_run *run)
{
    gy_model *model = run->network.model;
    if (!run->has_init) return GY_OK;
    GY_TRY(gy_checkpoint_read(run->ctx, run->comm, run->options->init, match(run),
                              gy_model_params(model), gy_model_values(model),
                              gy_model_buffers(model), gy_model_buffer_values(model), NULL, 0));
    gy_run_begin_average(run, gy_model_values(model));
    return gy_run_take_holds(run, run->options->init);
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
