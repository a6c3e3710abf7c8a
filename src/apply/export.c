/* `export`: the network of a checkpoint into a file of another program's format. */
#include "opened.h"

#include <gyre/exchange.h>

#include "base/clock.h"
#include "base/door.h"
#include "exchange/exchange.h"
#include "form/form.h"

static const char *text_of(const gy_opened *o, const char *name)
{
    const gy_checkpoint_note *note = gy_checkpoint_note_find(&o->head, "/data", name);
    return note == NULL ? NULL : note->text;
}

/* What is in forms of fewer bits, as floats again. */
static void expand(gy_model *model, const gy_formeds *forms)
{
    const gy_params *params = gy_model_params(model);
    for (int i = 0; i < forms->n; i++) {
        int at = gy_params_find(params, forms->v[i].name);
        if (at >= 0)
            gy_form_expand(&forms->v[i].form, gy_model_values(model) + params->v[at].offset);
    }
}

/* The network of floats, whatever forms its parameters have. */
static gy_status open_network(gy_opened *o)
{
    const gy_formeds forms = o->forms;
    o->forms = (gy_formeds){NULL, 0};
    GY_TRY(gy_comm_agree(o->comm, gy_opened_build(o)));
    if (forms.n == 0) return gy_opened_read(o);
    gy_model *model = o->network.model;
    GY_TRY(gy_checkpoint_read(o->ctx, o->comm, o->path, GY_MATCH_PARTIAL, gy_model_params(model),
                              gy_model_values(model), gy_model_buffers(model),
                              gy_model_buffer_values(model), NULL, 0));
    expand(model, &forms);
    return GY_OK;
}

static gy_status check_whole(const gy_opened *o)
{
    GY_REQUIRE(o->config->adapt.how.rank == 0, GY_E_USAGE,
               "cannot export adapters" GY_AT "%s" GY_WHY "they are beside a base" GY_HINT
               "make one network of both: gyre compress %s -o OUT --merge",
               o->path, o->path);
    return GY_OK;
}

static gy_status write_file(gy_opened *o, const gy_exchange_kind *kind, const char *file)
{
    const gy_cargo cargo = {.ctx = o->ctx,
                            .model = o->network.model,
                            .luggage = {.config = gy_config_text(o->config),
                                        .fit = o->taught.fit,
                                        .normalizer = o->taught.normalizer,
                                        .class_names = text_of(o, "class_names")}};
    return gy_cargo_write(kind, &cargo, file);
}

static void tell(gy_opened *o, const gy_exchange_kind *kind, const char *file, double start)
{
    gy_report report;
    gy_report_begin(&report, "export");
    gy_report_text(&report, "path", file);
    gy_report_text(&report, "format", kind->kind.name);
    gy_report_int(&report, "parameters", gy_model_params(o->network.model)->elements);
    gy_report_float(&report, "seconds", gy_clock_s() - start);
    gy_opened_tell(o, &report);
}

gy_status gy_export(gy_context *ctx, gy_comm *comm, const char *path,
                    const gy_exchange_options *options, const char *file)
{
    GY_DOOR;
    const gy_opening opening = {.path = path,
                                .as_floats = true,
                                .sets = options->sets,
                                .n_sets = options->n_sets,
                                .observer = options->observer,
                                .observer_user = options->observer_user};
    const gy_exchange_kind *kind;
    const double start = gy_clock_s();
    gy_opened o;
    GY_TRY(gy_comm_agree(comm, gy_exchange_by_ending(ctx, file, &kind)));
    gy_status status = gy_opened_open(ctx, comm, &opening, &o);
    if (status == GY_OK) status = check_whole(&o);
    if (status == GY_OK) status = open_network(&o);
    if (status == GY_OK)
        status = gy_comm_agree(comm, o.rank == 0 ? write_file(&o, kind, file) : GY_OK);
    if (status == GY_OK) tell(&o, kind, file, start);
    gy_opened_close(&o);
    return status;
}
