/*
 * A run's state in a checkpoint: vectors by name, and notes for what is not a vector.
 *
 *     /state    where the run stands beside step, epoch, sample: numbers by name
 *     /metrics  last and best values, for people
 *     /data     what the training data taught, so that nothing needs them again
 *
 * Saving goes on while the run trains: begun here, ended when rank 0 has written it all (the record of
 * a step tells, hooks/checkpoint.c), before the next one, and before the run ends.
 *
 * Whatever the next step depends on is here: that is why a run that goes on with as many ranks ends
 * with the same bits.
 */
#include "train_impl.h"

#include "base/clock.h"
#include "base/number.h"
#include "text/tree.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { NOTES = 64 };

typedef struct note_list {
    gy_checkpoint_note v[NOTES];
    int n;
} note_list;

static void add_number(note_list *list, const char *group, const char *name, double number)
{
    if (list->n < NOTES) list->v[list->n++] = (gy_checkpoint_note){group, name, NULL, number};
}

static void add_text(note_list *list, const char *group, const char *name, const char *text)
{
    if (list->n < NOTES) list->v[list->n++] = (gy_checkpoint_note){group, name, text, 0};
}

static void add_state(const gy_run *run, const char *end, note_list *list)
{
    add_number(list, "/state", "elapsed_seconds", gy_run_time(run));
    add_number(list, "/state", "finished", end != NULL);
    if (end != NULL) add_text(list, "/state", "end", end);
    add_number(list, "/state", "ended_early", run->at.early);
    add_number(list, "/state", "skipped_in_a_row", (double)run->at.skipped);
    add_number(list, "/state", "schedule_factor", run->at.schedule.factor);
    add_number(list, "/state", "schedule_best", run->at.schedule.best);
    add_number(list, "/state", "schedule_waited", (double)run->at.schedule.waited);
    add_number(list, "/state", "best_value", run->at.best.value);
    add_number(list, "/state", "best_step", (double)run->at.best.step);
    add_number(list, "/state", "residuals", run->n_residuals);
    if (gy_sync_memory_name(run->sync) != NULL)
        add_text(list, "/state", "compression_memory", gy_sync_memory_name(run->sync));
    add_number(list, "/state", "best_waited", (double)run->at.best.waited);
}

/* What all-reduces were chosen by, so that a run that goes on chooses alike. */
static void add_topology(const gy_run *run, note_list *list)
{
    const gy_topology *t = gy_comm_topology(run->comm);
    if (!gy_comm_knows_topology(run->comm)) return;
    add_number(list, "/state", "comm_ranks", t->ranks);
    add_number(list, "/state", "comm_hosts", t->hosts);
    add_number(list, "/state", "comm_message_seconds", t->message_s);
    add_number(list, "/state", "comm_byte_seconds", t->byte_s);
    add_number(list, "/state", "comm_copy_seconds", t->copy_s);
}

static gy_status add_values(gy_run *run, gy_pool *pool, note_list *list)
{
    const char *name;
    for (int i = 0; i < run->at.n_values; i++) {
        GY_TRY(gy_pool_format(pool, &name, "last_%s", run->at.values[i].name));
        add_number(list, "/metrics", name, run->at.values[i].value);
    }
    if (isnan(run->at.best.value)) return GY_OK;
    const char *monitor = run->config->train.early_stopping.monitor;
    GY_TRY(gy_pool_format(pool, &name, "best_%s", monitor));
    add_number(list, "/metrics", name, run->at.best.value);
    add_number(list, "/metrics", "best_step", (double)run->at.best.step);
    return GY_OK;
}

/* The sums of the epoch so far, of all ranks, row by row. Collective. @param out  in the pool */
static gy_status sum_tally(gy_run *run, gy_pool *pool, double **out)
{
    const int n = run->network.rows * run->network.task.sums;
    GY_TRY(gy_comm_agree(run->comm, gy_pool_array(pool, n, out)));
    memcpy(*out, run->at.tally, (size_t)n * sizeof **out);
    return gy_feed_sum_rows(&run->feed, &run->network, *out);
}

static gy_status add_texts(gy_run *run, gy_pool *pool, const double *sums, note_list *list)
{
    const char *text;
    gy_buffer out;
    gy_buffer_init(&out, run->ctx);
    gy_json_begin(&out, NULL, '[');
    for (int i = 0; i < run->network.rows * run->network.task.sums; i++)
        gy_json_float(&out, NULL, sums[i]);
    gy_json_end(&out, ']');
    gy_status status = gy_pool_string(pool, gy_buffer_text(&out), &text);
    if (status == GY_OK) add_text(list, "/state", "epoch_sums", text);
    if (status == GY_OK) status = gy_run_describe_machine(run, pool, &text);
    if (status == GY_OK) add_text(list, "/state", "machine", text);
    gy_buffer_reset(&out);
    gy_feed_print_normalizer(&run->feed, &out);
    if (status == GY_OK) status = gy_pool_string(pool, gy_buffer_text(&out), &text);
    if (status == GY_OK) add_text(list, "/data", "normalizer", text);
    gy_buffer_reset(&out);
    gy_feed_print_classes(&run->feed, &out);
    if (status == GY_OK) status = gy_pool_string(pool, gy_buffer_text(&out), &text);
    if (status == GY_OK && text[0] != '\0') add_text(list, "/data", "class_names", text);
    if (run->feed.fit != NULL) add_text(list, "/data", "fit", run->feed.fit);
    if (status == GY_OK) status = out.status;
    gy_buffer_clear(&out);
    return status;
}

static gy_status take_notes(gy_run *run, const char *end, const double *sums, gy_pool *pool,
                            note_list *list)
{
    add_state(run, end, list);
    add_topology(run, list);
    GY_TRY(add_values(run, pool, list));
    return add_texts(run, pool, sums, list);
}

/* The optimizer's vectors and the moving average: what each rank owns, or the whole on every rank. */
static int list_slots(gy_run *run, gy_checkpoint_slot *slots)
{
    int n = gy_optim_slots(run->optim);
    const gy_ranges *owned = gy_sync_is_sharded(run->sync) ? gy_sync_owned(run->sync) : NULL;
    for (int i = 0; i < n; i++)
        slots[i] = (gy_checkpoint_slot){gy_optim_slot_name(run->optim, i),
                                        gy_optim_slot(run->optim, i), owned};
    if (run->average != NULL) slots[n++] = (gy_checkpoint_slot){"average", run->average, owned};
    return n;
}

gy_status gy_run_try_room(gy_run *run)
{
    gy_checkpoint c = {.params = gy_model_params(run->network.model),
                       .buffers = gy_model_buffers(run->network.model),
                       .step = run->at.step,
                       .n_slots = gy_optim_slots(run->optim) + (run->average != NULL) +
                                  run->n_residuals + (gy_sync_memory_name(run->sync) != NULL)};
    return gy_checkpoint_try_room(run->ctx, run->comm, run->config->run_dir,
                                  &run->config->checkpoint, &c);
}

static gy_status begin_saving(gy_run *run, const note_list *notes, const char *end, bool meanwhile)
{
    int64_t sample = run->at.index * run->config->train.batch_size;
    gy_checkpoint c = {.params = gy_model_params(run->network.model),
                       .values = gy_model_values(run->network.model),
                       .buffers = gy_model_buffers(run->network.model),
                       .buffer_values = gy_model_buffer_values(run->network.model),
                       .step = run->at.step,
                       .epoch = run->at.epoch,
                       .sample_in_epoch = sample,
                       .seed = (uint64_t)run->config->seed,
                       .config = gy_config_text(run->config),
                       .notes = notes->v,
                       .n_notes = notes->n,
                       .end = end,
                       .flushed = run->tell.journal_path};
    bool alone = false;
    GY_TRY(gy_run_save_best(run, &c, &alone));
    c.best = gy_run_best(run);
    c.best.is_alone = alone;
    c.n_slots = list_slots(run, c.slots);
    c.n_slots += gy_run_list_residuals(run, c.slots + c.n_slots);
    run->at.best.is_written = true;
    return gy_saver_begin(run->saver, &c, meanwhile);
}

gy_status gy_run_end_saving(gy_run *run)
{
    gy_saved saved;
    double start = gy_clock_s();
    if (!gy_saver_is_busy(run->saver)) return GY_OK;
    GY_TRY(gy_saver_end(run->saver, &saved));
    run->saved_s = gy_clock_s();
    run->saving_s = saved.seconds;
    gy_report report;
    gy_report_begin(&report, "checkpoint");
    gy_report_text(&report, "path", saved.path);
    gy_report_bool(&report, "best", saved.is_best);
    gy_report_float(&report, "seconds", saved.seconds);
    gy_report_float(&report, "waited_seconds", run->save_waited_s + run->saved_s - start);
    gy_report_int(&report, "bytes", saved.bytes);
    report.event.step = saved.step;
    report.event.epoch = saved.epoch + (saved.sample_in_epoch > 0);
    gy_run_tell_event(run, &report.event, true);
    return GY_OK;
}

gy_status gy_run_save(gy_run *run, const char *end)
{
    note_list notes = {.n = 0};
    double *sums = NULL;
    gy_pool pool;
    /* the last one of a job is waited for: no copy is needed */
    bool last = end != NULL || gy_run_must_stop(run);
    bool meanwhile = run->config->checkpoint.asynchronous && !last;
    GY_TRY(gy_run_end_saving(run));
    double start = gy_clock_s();
    run->saves++;
    gy_run_strike(run, GY_MOMENT_CHECKPOINT);
    GY_TRY(gy_run_settle(run));
    GY_TRY(gy_run_average_buffers(run));
    gy_pool_init(&pool, run->ctx);
    gy_status status = sum_tally(run, &pool, &sums);
    if (status == GY_OK)
        status = gy_comm_agree(run->comm, take_notes(run, end, sums, &pool, &notes));
    if (status == GY_OK) status = begin_saving(run, &notes, end, meanwhile);
    gy_pool_clear(&pool);
    run->save_waited_s = gy_clock_s() - start;
    if (status != GY_OK || meanwhile) return status;
    return gy_run_end_saving(run);
}

static double number(const gy_checkpoint_head *head, const char *name, double otherwise)
{
    const gy_checkpoint_note *note = gy_checkpoint_note_find(head, "/state", name);
    return note == NULL || note->text != NULL ? otherwise : note->number;
}

/* Rows of grains go to the ranks that pass these; others, added up, to rank 0. */
static void take_rows(gy_run *run, const gy_node *list)
{
    const int sums = run->network.task.sums;
    const bool by_grain = run->network.grains > 0 && list->n == run->network.grains * sums;
    int64_t first = 0, n = run->rank == 0;
    if (by_grain) gy_part_of(run->network.grains, run->rank, run->ranks, &first, &n);
    int i = 0;
    for (const gy_node *item = list->first; item != NULL; item = item->next, i++) {
        double value = 0;
        int64_t row = by_grain ? i / sums : 0;
        if (row < first || row >= first + n) continue;
        if (item->text != NULL && gy_number_float(item->text, &value))
            run->at.tally[row * sums + i % sums] += value;
    }
}

static void take_tally(gy_run *run, const gy_checkpoint_head *head)
{
    const gy_checkpoint_note *note = gy_checkpoint_note_find(head, "/state", "epoch_sums");
    if (note == NULL || note->text == NULL) return;
    gy_pool pool;
    gy_node *list = NULL;
    gy_pool_init(&pool, run->ctx);
    if (gy_json_parse(&pool, "/state", note->text, strlen(note->text), &list) == GY_OK &&
        list->type == GY_NODE_LIST && list->n % run->network.task.sums == 0)
        take_rows(run, list);
    gy_pool_clear(&pool);
}

static void take_state(gy_run *run, const gy_checkpoint_head *head)
{
    run->at.elapsed_s = number(head, "elapsed_seconds", 0);
    run->at.skipped = (int64_t)number(head, "skipped_in_a_row", 0);
    run->at.schedule.factor = number(head, "schedule_factor", run->at.schedule.factor);
    run->at.schedule.best = number(head, "schedule_best", run->at.schedule.best);
    run->at.schedule.waited = (int64_t)number(head, "schedule_waited", 0);
    run->at.best.value = number(head, "best_value", NAN);
    run->at.best.step = (int64_t)number(head, "best_step", 0);
    run->at.best.waited = (int64_t)number(head, "best_waited", 0);
    take_tally(run, head);
}

static gy_status take_values(gy_run *run, const gy_checkpoint_head *head)
{
    static const char last[] = "last_";
    for (int i = 0; i < head->n_notes; i++) {
        const gy_checkpoint_note *note = &head->notes[i];
        bool value = strcmp(note->group, "/metrics") == 0 && note->text == NULL &&
                     strncmp(note->name, last, strlen(last)) == 0;
        if (value) GY_TRY(gy_run_set_value(run, note->name + strlen(last), note->number));
    }
    return GY_OK;
}

gy_status gy_run_restore(gy_run *run, const char *path, const gy_checkpoint_head *head,
                         bool with_slots)
{
    gy_checkpoint_slot slots[GY_CHECKPOINT_SLOTS];
    int n = with_slots ? list_slots(run, slots) : 0;
    GY_TRY(
        gy_checkpoint_read(run->ctx, run->comm, path, with_slots ? GY_MATCH_ALL : GY_MATCH_PARAMS,
                           gy_model_params(run->network.model), gy_model_values(run->network.model),
                           gy_model_buffers(run->network.model),
                           gy_model_buffer_values(run->network.model), slots, n));
    if (!with_slots && run->average != NULL)
        gy_ranges_pack(gy_sync_owned(run->sync), gy_model_values(run->network.model), run->average);
    const gy_checkpoint_note *memory =
        gy_checkpoint_note_find(head, "/state", "compression_memory");
    if (with_slots)
        GY_TRY(gy_run_take_residuals(run, path, (int)number(head, "residuals", 0),
                                     memory != NULL ? memory->text : NULL));
    take_state(run, head);
    return gy_comm_agree(run->comm, take_values(run, head));
}
