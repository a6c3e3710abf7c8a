/*
 * A teacher (distill): a checkpoint whose outputs for the samples of a batch are imitated beside the targets
 * (Hinton, Vinyals, Dean 2015, "Distilling the knowledge in a neural network"; network/task.h).
 *
 * It is passed on the same ranks, piece by piece as the run's own network, by the same kernel, so that with
 * grains its outputs have the same bits on any number of ranks. It learns nothing: there are no gradients.
 * The same numbers mean the same to both: data are read and normalised as it learned to.
 */
#include "train_impl.h"

#include "apply/opened.h"

#include <stdio.h>
#include <string.h>

struct gy_teacher {
    gy_opened opened;
};

static gy_status refuse(const gy_run *run, const char *what, const char *there, const char *here)
{
    return gy_raise(GY_E_CONFIG,
                    "the teacher does not fit" GY_AT "distill.teacher: %s" GY_WHY
                    "%s %s there, %s here" GY_HINT
                    "choose a teacher of the same task, or make the two alike",
                    run->config->distill.teacher, what, there, here);
}

/* How data are read must be said alike. */
static gy_status compare_data(const gy_run *run, const gy_config *teacher)
{
    static const char *const keys[] = {"scale", "offset", "normalize", "normalize_targets",
                                       "tokens"};
    gy_status status = GY_OK;
    gy_buffer there, here;
    gy_buffer_init(&there, run->ctx);
    gy_buffer_init(&here, run->ctx);
    for (size_t i = 0; i < sizeof keys / sizeof *keys && status == GY_OK; i++) {
        const gy_setting *row = gy_setting_find(gy_data_setting_rows, keys[i]);
        char what[64];
        (void)snprintf(what, sizeof what, "data.%s", keys[i]);
        gy_buffer_reset(&there);
        gy_buffer_reset(&here);
        gy_setting_print(row, &teacher->data, &there);
        gy_setting_print(row, &run->config->data, &here);
        status = there.status != GY_OK ? there.status : here.status;
        if (status == GY_OK && strcmp(gy_buffer_text(&there), gy_buffer_text(&here)) != 0)
            status = refuse(run, what, gy_buffer_text(&there), gy_buffer_text(&here));
    }
    gy_buffer_clear(&here);
    gy_buffer_clear(&there);
    return status;
}

static gy_status compare_networks(const gy_run *run, const gy_net *teacher)
{
    char there[GY_SHAPE_TEXT], here[GY_SHAPE_TEXT];
    const gy_model *theirs = teacher->model, *ours = run->network.model;
    const gy_loss_kind *loss = gy_loss_kind_of(run->config->loss.kind),
                       *learned = gy_loss_kind_of(teacher->spec.loss.kind);
    if (!gy_shape_equal(gy_model_input(theirs), gy_model_input(ours)))
        return refuse(run, "a sample is", gy_shape_text(gy_model_input(theirs), there),
                      gy_shape_text(gy_model_input(ours), here));
    if (!gy_shape_equal(gy_model_output(theirs), gy_model_output(ours)))
        return refuse(run, "a sample's outputs are", gy_shape_text(gy_model_output(theirs), there),
                      gy_shape_text(gy_model_output(ours), here));
    if (loss->target != learned->target || gy_loss_width(loss, run->config->loss.settings) !=
                                               gy_loss_width(learned, teacher->spec.loss.settings))
        return refuse(run, "the loss is", learned->kind.name, loss->kind.name);
    return GY_OK;
}

/* With as many threads as the run's, whose kernel it uses. */
static gy_status open_network(const gy_run *run, gy_opened *o)
{
    gy_net_spec spec;
    GY_TRY(gy_opened_network(o, &spec));
    spec.rollout = run->network.spec.rollout;
    spec.threads = gy_kernel_threads(run->network.kernel);
    spec.grains = run->network.grains;
    return gy_net_open(run->ctx, &spec, &o->network);
}

gy_status gy_run_meet_teacher(gy_run *run)
{
    const gy_opening opening = {.path = run->config->distill.teacher, .beside = true};
    if (opening.path == NULL) return GY_OK;
    gy_watchdog_note(run->comm, 0, "open the teacher", GY_WORKS);
    GY_TRY(gy_comm_new(run->comm, &run->teacher));
    gy_opened *o = &run->teacher->opened;
    GY_TRY(gy_opened_open(run->ctx, run->comm, &opening, o));
    gy_status status = open_network(run, o);
    if (status == GY_OK) status = compare_networks(run, &o->network);
    if (status == GY_OK) status = compare_data(run, o->config);
    return gy_comm_agree(run->comm, status);
}

static bool normalizes(const gy_run *run)
{
    const gy_data_settings *data = &run->config->data;
    return data->normalize != GY_NORMALIZE_NONE || data->normalize_targets != GY_NORMALIZE_NONE;
}

void gy_run_ask_how_to_read(const gy_run *run, gy_taught *taught)
{
    if (run->teacher == NULL) return;
    const gy_taught *known = &run->teacher->opened.taught;
    if (taught->fit == NULL) taught->fit = known->fit;
    if (taught->normalizer == NULL && normalizes(run)) taught->normalizer = known->normalizer;
}

static bool same(const gy_normalizer *a, const gy_normalizer *b)
{
    const size_t bytes = (size_t)a->n * sizeof *a->mean;
    if (a->n != b->n) return false;
    return a->n == 0 ||
           (memcmp(a->mean, b->mean, bytes) == 0 && memcmp(a->deviation, b->deviation, bytes) == 0);
}

/* A run that goes on knows its own way; one of another teacher would not do. */
static gy_status compare_readings(gy_run *run)
{
    gy_opened *o = &run->teacher->opened;
    gy_feed_init(&o->feed, run->ctx, run->comm, o->config, &o->network);
    if (!normalizes(run) || o->taught.normalizer == NULL) return GY_OK;
    GY_TRY(gy_feed_take_normalizer(&o->feed, o->taught.normalizer));
    const bool alike =
        same(&o->feed.normalizer, &run->feed.normalizer) && same(&o->feed.unit, &run->feed.unit);
    GY_REQUIRE(alike, GY_E_CONFIG,
               "the teacher does not fit" GY_AT "distill.teacher: %s" GY_WHY
               "it learned other means and deviations of the data than this run" GY_HINT
               "start a new run with this teacher, which then says how data are read",
               run->config->distill.teacher);
    return GY_OK;
}

gy_status gy_run_wake_teacher(gy_run *run)
{
    if (run->teacher == NULL) return GY_OK;
    gy_opened *o = &run->teacher->opened;
    gy_status status = compare_readings(run);
    if (status == GY_OK) status = gy_model_allocate(o->network.model, false);
    GY_TRY(gy_comm_agree(run->comm, status));
    GY_TRY(gy_opened_read(o));
    return gy_comm_agree(run->comm,
                         gy_model_plan(o->network.model, run->network.micro, GY_USE_EVALUATION));
}

gy_status gy_run_ask_teacher(gy_run *run, const gy_piece *piece, const float **y)
{
    float *outputs = NULL;
    if (run->teacher == NULL) return GY_OK;
    gy_model_run pass = {.kernel = run->network.kernel, .first = run->sum->pass.first};
    GY_TRY(
        gy_model_forward(run->teacher->opened.network.model, &pass, piece->n, piece->x, &outputs));
    *y = outputs;
    return GY_OK;
}

gy_status gy_run_measure_teacher(gy_run *run, int64_t *bytes)
{
    gy_model_memory memory = {0};
    if (run->teacher != NULL)
        GY_TRY(gy_model_measure(run->teacher->opened.network.model, run->network.micro,
                                GY_USE_EVALUATION, &memory));
    *bytes = memory.parameters + memory.buffers + memory.activations;
    return GY_OK;
}

void gy_run_dismiss_teacher(gy_run *run)
{
    if (run->teacher == NULL) return;
    if (run->teacher->opened.ctx != NULL) gy_opened_close(&run->teacher->opened);
    gy_free(run->ctx, run->teacher);
}
