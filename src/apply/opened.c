/* A checkpoint as eval, predict, generate and inspect need it: its configuration and its tensors. */
#include "opened.h"

#include "base.h"
#include "base/clock.h"
#include "comm/watchdog.h"

static const char *text_note(const gy_checkpoint_head *head, const char *name)
{
    const gy_checkpoint_note *note = gy_checkpoint_note_find(head, "/data", name);
    return note == NULL ? NULL : note->text;
}

static gy_status open_checkpoint(gy_opened *o, const gy_opening *what)
{
    char *path = NULL;
    gy_status status = gy_checkpoint_find(o->ctx, o->comm, what->path, &path);
    if (status == GY_OK) status = gy_comm_agree(o->comm, gy_pool_string(&o->pool, path, &o->path));
    gy_free(o->ctx, path);
    GY_TRY(status);
    GY_TRY(gy_checkpoint_read_head(o->ctx, o->comm, o->path, &o->pool, &o->head));
    if (!what->as_floats)
        GY_TRY(gy_checkpoint_read_forms(o->ctx, o->comm, o->path, &o->pool, &o->forms));
    o->taught = (gy_taught){text_note(&o->head, "fit"), text_note(&o->head, "normalizer")};
    if (o->rank == 0)
        status =
            gy_config_parse(o->ctx, o->path, o->head.config, what->sets, what->n_sets, &o->config);
    return gy_config_spread(o->comm, status, o->path, &o->config);
}

static gy_status open_it(gy_opened *o, const gy_opening *what)
{
    bool is_checkpoint = true;
    if (what->or_config) GY_TRY(gy_look_for_directory(o->comm, what->path, &is_checkpoint));
    if (is_checkpoint) return open_checkpoint(o, what);
    return gy_config_read(o->comm, what->path, what->sets, what->n_sets, &o->config);
}

void gy_opened_init(gy_opened *o, gy_context *ctx, gy_comm *comm, gy_observer *observer, void *user)
{
    *o = (gy_opened){.ctx = ctx,
                     .comm = comm,
                     .rank = gy_comm_rank(comm),
                     .ranks = gy_comm_ranks(comm),
                     .observer = observer,
                     .observer_user = user,
                     .started_s = gy_clock_s()};
    gy_pool_init(&o->pool, ctx);
}

gy_status gy_opened_open(gy_context *ctx, gy_comm *comm, const gy_opening *what, gy_opened *out)
{
    gy_opened_init(out, ctx, comm, what->observer, what->observer_user);
    out->beside = what->beside;
    GY_TRY(open_it(out, what));
    if (!out->beside) gy_sync_watch(comm, &out->config->comm);
    return GY_OK;
}

void gy_opened_close(gy_opened *o)
{
    if (!o->beside) gy_watchdog_set(o->comm, 0);
    gy_feed_clear(&o->feed); /* ends the loaders' threads */
    gy_net_close(&o->network);
    gy_config_free(o->config);
    gy_pool_clear(&o->pool);
}

gy_status gy_opened_network(const gy_opened *o, gy_net_spec *out)
{
    GY_TRY(gy_config_network(o->config, o->comm, out));
    if (o->forms.n > 0) out->forms = &o->forms;
    return GY_OK;
}

gy_status gy_opened_build(gy_opened *o)
{
    gy_net_spec spec;
    gy_watchdog_note(o->comm, 0, "build the model", GY_WORKS);
    GY_TRY(gy_opened_network(o, &spec));
    GY_TRY(gy_net_open(o->ctx, &spec, &o->network));
    return gy_model_allocate(o->network.model, false);
}

/* Of adapters alone: what they are beside. */
static gy_status read_base(gy_opened *o)
{
    gy_base known = gy_base_of(&o->head), found;
    if (!gy_adapts(o->config)) return GY_OK;
    if (o->config->adapt.base != NULL) known.path = o->config->adapt.base;
    return gy_base_read(o->ctx, o->comm, &o->pool, &known, o->network.model, false, &found);
}

gy_status gy_opened_read(gy_opened *o)
{
    gy_model *model = o->network.model;
    gy_checkpoint_slot average = {.name = "average", .v = gy_model_values(model)};
    bool averaged =
        o->config->train.parameter_average > 0 && gy_checkpoint_has_slot(&o->head, average.name);
    gy_watchdog_note(o->comm, 0, "read a checkpoint", GY_WORKS);
    GY_TRY(read_base(o));
    const gy_params *all = gy_model_params(model);
    const gy_params kept = gy_adapts(o->config) ? gy_adapted_params(all) : *all;
    return gy_checkpoint_read(o->ctx, o->comm, o->path, GY_MATCH_PARAMS, &kept,
                              gy_model_values(model), gy_model_buffers(model),
                              gy_model_buffer_values(model), &average, averaged ? 1 : 0);
}

void gy_opened_tell(const gy_opened *o, gy_report *report)
{
    gy_event *event = &report->event;
    if (o->rank != 0 || o->observer == NULL) return;
    event->step = o->head.step;
    event->epoch = o->head.epoch + (o->head.sample_in_epoch > 0);
    event->time = gy_clock_s() - o->started_s;
    o->observer(o->observer_user, event);
}
