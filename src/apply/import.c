/*
 * `import`: a file of another program into a checkpoint.
 *
 * Rank 0 opens the file; the configuration is the one that is given, else the file's own; the network is
 * built of it, rank 0 takes the tensors, and all write the checkpoint. The file's own configuration is
 * written beside it, for those who go on with training.
 */
#include "opened.h"

#include <gyre/exchange.h>

#include "base/clock.h"
#include "base/door.h"
#include "comm/watchdog.h"
#include "exchange/exchange.h"

#include <string.h>

/* An import in progress. */
typedef struct import {
    gy_opened o;
    const gy_exchange_options *options;
    const char *path;
    gy_tensors file; /* of rank 0 */
    int tensors;     /* that were taken */
    gy_output *yaml; /* of rank 0; NULL: the configuration is the user's */
} import;

static gy_status read_config(import *m)
{
    gy_opened *o = &m->o;
    const gy_exchange_options *options = m->options;
    gy_status status = o->rank == 0 ? gy_tensors_open(o->ctx, m->path, &m->file) : GY_OK;
    GY_TRY(gy_comm_agree(o->comm, status));
    if (options->config != NULL)
        return gy_config_read(o->comm, options->config, options->sets, options->n_sets, &o->config);
    const char *text = m->file.luggage.config;
    if (o->rank == 0)
        status = text == NULL ? gy_raise(GY_E_USAGE,
                                         "no configuration" GY_AT "%s" GY_WHY
                                         "the file does not tell its network" GY_HINT
                                         "give --config CONFIG.yaml",
                                         m->path)
                              : gy_config_parse(o->ctx, m->path, text, options->sets,
                                                options->n_sets, &o->config);
    return gy_config_spread(o->comm, status, m->path, &o->config);
}

/* Where the configuration goes: beside the checkpoint; both in the place of nothing. */
static gy_status begin_yaml(import *m, const char *checkpoint)
{
    const char *path;
    gy_lies there;
    size_t n = strlen(checkpoint);
    if (m->o.rank != 0) return GY_OK;
    GY_TRY(gy_checkpoint_try_place(checkpoint));
    if (m->options->config != NULL) return GY_OK;
    while (n > 1 && checkpoint[n - 1] == '/') n--;
    GY_TRY(gy_pool_format(&m->o.pool, &path, "%.*s.yaml", (int)n, checkpoint));
    GY_TRY(gy_path_kind(path, &there));
    GY_REQUIRE(there == GY_IS_NONE, GY_E_USAGE,
               "cannot write the configuration" GY_AT "%s" GY_WHY "something of that name is there",
               path);
    return gy_output_begin(m->o.ctx, path, &m->yaml);
}

static gy_status write_yaml(import *m)
{
    if (m->yaml == NULL) return GY_OK;
    const char *text = gy_config_text(m->o.config);
    GY_TRY(gy_output_add(m->yaml, text, strlen(text)));
    gy_output *yaml = m->yaml;
    m->yaml = NULL;
    return gy_output_commit(yaml);
}

static void tell_tensor(void *user, const gy_taken *taken)
{
    import *m = user;
    char shape[GY_SHAPE_TEXT], there[GY_SHAPE_TEXT];
    gy_report report;
    m->tensors += taken->fits;
    gy_report_begin(&report, "tensor");
    gy_report_text(&report, "name", taken->name);
    gy_report_text(&report, "shape", gy_shape_text(&taken->shape, shape));
    gy_report_text(&report, "from", taken->from);
    if (taken->from != NULL)
        gy_report_text(&report, "from_shape", gy_shape_text(&taken->there, there));
    if (taken->how[0] != '\0') gy_report_text(&report, "how", taken->how);
    gy_opened_tell(&m->o, &report);
}

/* Buffers that are missing stay at their start. */
static gy_status take(import *m)
{
    gy_model *model = m->o.network.model;
    const gy_take_options options = {.map = m->options->map, .tell = tell_tensor, .tell_user = m};
    GY_TRY(gy_model_start(model, (uint64_t)m->o.config->seed));
    if (m->o.rank != 0) return GY_OK;
    return gy_tensors_take(&m->file, model, &options);
}

/* Rank 0's numbers to all, who each hand over their part of the checkpoint. */
static gy_status spread(import *m)
{
    gy_comm *comm = m->o.comm;
    gy_model *model = m->o.network.model;
    const int64_t values = gy_model_params(model)->floats * (int64_t)sizeof(float);
    const int64_t buffers = gy_model_buffers(model)->floats * (int64_t)sizeof(float);
    GY_TRY(gy_comm_broadcast(comm, gy_model_values(model), values, 0));
    return gy_comm_broadcast(comm, gy_model_buffer_values(model), buffers, 0);
}

static gy_status write_checkpoint(import *m, const char *checkpoint)
{
    const gy_config *config = m->o.config;
    gy_model *model = m->o.network.model;
    const gy_luggage *luggage = &m->file.luggage;
    gy_checkpoint_note notes[3];
    gy_checkpoint c = {.params = gy_model_params(model),
                       .values = gy_model_values(model),
                       .buffers = gy_model_buffers(model),
                       .buffer_values = gy_model_buffer_values(model),
                       .seed = (uint64_t)config->seed,
                       .config = gy_config_text(config),
                       .notes = notes,
                       .at = checkpoint};
    const char *const names[] = {"fit", "normalizer", "class_names"};
    const char *const texts[] = {luggage->fit, luggage->normalizer, luggage->class_names};
    for (int i = 0; i < 3; i++)
        if (texts[i] != NULL)
            notes[c.n_notes++] = (gy_checkpoint_note){"/data", names[i], texts[i], 0};
    return gy_checkpoint_write(m->o.ctx, m->o.comm, &c);
}

static void tell(import *m, const char *checkpoint)
{
    gy_report report;
    gy_report_begin(&report, "import");
    gy_report_text(&report, "path", checkpoint);
    gy_report_text(&report, "file", m->path);
    if (m->o.rank == 0) gy_report_text(&report, "format", m->file.kind->kind.name);
    if (m->o.rank == 0 && m->file.convention != NULL)
        gy_report_text(&report, "convention", m->file.convention->name);
    gy_report_int(&report, "tensors", m->tensors);
    gy_report_int(&report, "parameters", gy_model_params(m->o.network.model)->elements);
    gy_report_float(&report, "seconds", gy_clock_s() - m->o.started_s);
    gy_opened_tell(&m->o, &report);
}

static gy_status work(import *m, const char *checkpoint)
{
    gy_opened *o = &m->o;
    GY_TRY(read_config(m));
    gy_sync_watch(o->comm, &o->config->comm);
    GY_TRY(gy_comm_agree(o->comm, gy_opened_build(o)));
    GY_TRY(gy_comm_agree(o->comm, begin_yaml(m, checkpoint)));
    GY_TRY(gy_comm_agree(o->comm, take(m)));
    GY_TRY(spread(m));
    GY_TRY(write_checkpoint(m, checkpoint));
    GY_TRY(gy_comm_agree(o->comm, write_yaml(m)));
    tell(m, checkpoint);
    return GY_OK;
}

gy_status gy_import(gy_context *ctx, gy_comm *comm, const char *file,
                    const gy_exchange_options *options, const char *checkpoint)
{
    GY_DOOR;
import m = {.options = options, .path = file };
    gy_opened_init(&m.o, ctx, comm, options->observer, options->observer_user);
    gy_status status = work(&m, checkpoint);
    gy_output_abort(m.yaml);
    gy_tensors_close(&m.file);
    gy_opened_close(&m.o);
    return status;
}
