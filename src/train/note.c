/*
 * What a checkpoint keeps of a run that is not a vector: notes.
 *
 *     /state    where the run stands: the table of state_list.h, the sums of the epoch (sums.c), and what
 *               a run that has ended said
 *     /metrics  last and best values, for people
 *     /data     what the training data taught, so that nothing needs them again
 */
#include "train_impl.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { FIRST_ROOM = 32 };

typedef enum row_type { TYPE_double, TYPE_int64_t, TYPE_bool } row_type;

typedef struct row {
    const char *name;
    row_type type;
    size_t at; /* in gy_place */
    gy_subject of;
} row;

#define ROW(name, type, place, subject)                                                            \
    {#name, TYPE_##type, offsetof(gy_place, place), GY_OF_##subject},
static const row rows[] = {GY_STATE_LIST(ROW)};
#undef ROW
enum { ROWS = sizeof rows / sizeof *rows };

static void add(gy_notes *list, const char *group, const char *name, const char *text,
                double number)
{
    if (list->status != GY_OK) return;
    if (list->n == list->room) {
        gy_checkpoint_note *more = NULL;
        int room = list->room == 0 ? FIRST_ROOM : 2 * list->room;
        list->status = gy_pool_array(list->pool, room, &more);
        if (list->status != GY_OK) return;
        if (list->n > 0) memcpy(more, list->v, (size_t)list->n * sizeof *more);
        list->v = more;
        list->room = room;
    }
    list->v[list->n++] = (gy_checkpoint_note){group, name, text, number};
}

void gy_notes_number(gy_notes *list, const char *group, const char *name, double number)
{
    add(list, group, name, NULL, number);
}

void gy_notes_text(gy_notes *list, const char *group, const char *name, const char *text)
{
    const char *kept = NULL;
    if (list->status == GY_OK) list->status = gy_pool_string(list->pool, text, &kept);
    add(list, group, name, kept, 0);
}

/* The name of a number: of what it is of, and its own. */
static const char *name_of(const gy_run *run, const row *r, char out[GY_NOTE_NAME])
{
    const gy_config *config = run->config;
    const gy_topology *t = gy_comm_topology(run->comm);
    const char *of = NULL;
    char hosts[48];
    if (r->of == GY_OF_monitor) of = config->train.early_stopping.monitor;
    if (r->of == GY_OF_schedule) of = config->schedule.kind.kind->name;
    if (r->of == GY_OF_optimizer) of = config->optimizer.kind.kind->name;
    if (r->of == GY_OF_compression) of = config->comm.compression.kind->name;
    if (r->of == GY_OF_hosts) {
        (void)snprintf(hosts, sizeof hosts, "%d_ranks_%d_hosts", t->ranks, t->hosts);
        of = hosts;
    }
    (void)snprintf(out, GY_NOTE_NAME, "%s%s%s", of == NULL ? "" : of, of == NULL ? "" : ".",
                   r->name);
    return out;
}

static double get(const gy_place *at, const row *r)
{
    const char *place = (const char *)at + r->at;
    if (r->type == TYPE_bool) return *(const bool *)place;
    return r->type == TYPE_int64_t ? (double)*(const int64_t *)place : *(const double *)place;
}

static void set(gy_place *at, const row *r, double value)
{
    char *place = (char *)at + r->at;
    if (r->type == TYPE_bool)
        *(bool *)place = value != 0;
    else if (r->type == TYPE_int64_t)
        *(int64_t *)place = (int64_t)value;
    else
        *(double *)place = value;
}

void gy_place_take(gy_place *at, const gy_run *run, const gy_checkpoint_head *head,
                   unsigned changed)
{
    char name[GY_NOTE_NAME];
    for (int i = 0; i < ROWS; i++) {
        const gy_checkpoint_note *note =
            gy_checkpoint_note_find(head, "/state", name_of(run, &rows[i], name));
        if (note != NULL && note->text == NULL && !(changed & GY_CHANGED(rows[i].of)))
            set(at, &rows[i], note->number);
    }
}

/* What is known elsewhere while the run trains. */
static void look(gy_run *run, const char *end)
{
    gy_place *at = &run->at;
    at->finished = end != NULL;
    at->next_rate = gy_run_rate(run);
    at->updates = gy_optim_count(run->optim);
    at->residuals = run->n_residuals;
    at->has_memory = gy_sync_memory_name(run->sync) != NULL;
    if (gy_comm_knows_topology(run->comm)) at->topology = *gy_comm_topology(run->comm);
}

static void list_state(gy_run *run, const char *end, gy_notes *list)
{
    char name[GY_NOTE_NAME];
    const char *kept = NULL;
    look(run, end);
    if (end != NULL) gy_notes_text(list, "/state", "end", end);
    gy_place at = run->at;
    at.elapsed_s = gy_run_time(run);
    for (int i = 0; i < ROWS && list->status == GY_OK; i++) {
        list->status = gy_pool_string(list->pool, name_of(run, &rows[i], name), &kept);
        gy_notes_number(list, "/state", kept, get(&at, &rows[i]));
    }
}

static void list_metric(gy_notes *list, const char *which, const char *of, double value)
{
    const char *name = NULL;
    if (list->status == GY_OK) list->status = gy_pool_format(list->pool, &name, "%s_%s", which, of);
    gy_notes_number(list, "/metrics", name, value);
}

static void list_values(const gy_run *run, gy_notes *list)
{
    const gy_place *at = &run->at;
    for (int i = 0; i < at->n_values; i++)
        if (at->values[i].known) list_metric(list, "last", at->values[i].name, at->values[i].value);
    if (isnan(at->best.value)) return;
    for (int i = 0; i < at->n_values; i++)
        if (!isnan(at->values[i].best))
            list_metric(list, "best", at->values[i].name, at->values[i].best);
    gy_notes_number(list, "/metrics", "best_step", (double)at->best.step);
}

static void list_texts(gy_run *run, gy_notes *list)
{
    const char *machine = NULL;
    gy_buffer out;
    gy_buffer_init(&out, run->ctx);
    if (list->status == GY_OK) list->status = gy_run_describe_machine(run, list->pool, &machine);
    if (machine != NULL) gy_notes_text(list, "/state", "machine", machine);
    gy_feed_print_normalizer(&run->feed, &out);
    gy_notes_text(list, "/data", "normalizer", gy_buffer_text(&out));
    gy_run_list_base(run, list);
    gy_buffer_reset(&out);
    gy_feed_print_classes(&run->feed, &out);
    if (out.bytes > 0) gy_notes_text(list, "/data", "class_names", gy_buffer_text(&out));
    if (run->feed.fit != NULL) gy_notes_text(list, "/data", "fit", run->feed.fit);
    if (list->status == GY_OK) list->status = out.status;
    gy_buffer_clear(&out);
}

gy_status gy_run_list_notes(gy_run *run, const char *end, gy_notes *list)
{
    GY_TRY(gy_run_list_sums(run, list));
    list_state(run, end, list);
    list_values(run, list);
    list_texts(run, list);
    return gy_comm_agree(run->comm, list->status);
}

/* @return whether there is such a number */
static bool take_metric(const gy_checkpoint_head *head, const char *which, const char *of,
                        double *out)
{
    char name[GY_NOTE_NAME];
    (void)snprintf(name, sizeof name, "%s_%s", which, of);
    const gy_checkpoint_note *note = gy_checkpoint_note_find(head, "/metrics", name);
    if (note == NULL || note->text != NULL) return false;
    *out = note->number;
    return true;
}

void gy_run_take_values(gy_run *run, const gy_checkpoint_head *head)
{
    for (int i = 0; i < run->at.n_values; i++) {
        gy_value *v = &run->at.values[i];
        v->known = take_metric(head, "last", v->name, &v->value);
        (void)take_metric(head, "best", v->name, &v->best);
    }
}
