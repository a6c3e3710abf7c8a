/*
 * The run's directory on rank 0: config.yaml and metrics.jsonl, one event a line, written as it
 * happens. A run that goes on from an earlier step drops the lines after it first (rewind.c), so that
 * no step is in the file twice. A failure is remembered and told to all ranks with the next step, or before
 * a checkpoint: what it goes on from is in the journal.
 */
#include "train_impl.h"

#include "base/clock.h"
#include "store/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static gy_status open_files(gy_run *run)
{
    const char *path, *text = gy_config_text(run->config);
    const char *dir = run->config->run_dir;
    GY_TRY(gy_pool_format(&run->pool, &path, "%s/config.yaml", dir));
    GY_TRY(gy_file_write(run->ctx, path, text, strlen(text)));
    GY_TRY(gy_pool_format(&run->pool, &path, "%s/metrics.jsonl", dir));
    GY_TRY(gy_journal_rewind(run->ctx, path, run->at.step));
    run->tell.journal_path = path;
    run->tell.journal = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    GY_REQUIRE(run->tell.journal >= 0, GY_E_IO, "cannot write" GY_AT "%s" GY_WHY "%s", path,
               strerror(errno));
    run->tell.observed = (gy_observed){.ctx = run->ctx,
                                       .name = run->config->name,
                                       .run_dir = dir,
                                       .config = text,
                                       .journal = path,
                                       .step = run->at.step};
    return gy_observers_open(&run->config->log.observers, &run->tell.observed,
                             &run->tell.observers);
}

/* Where nothing has begun, what is wrong with the directory is wrong with the configuration. */
gy_status gy_journal_open(gy_run *run)
{
    gy_status status = GY_OK;
    if (run->rank == 0) {
        status = gy_directory_make(run->ctx, run->config->run_dir);
        if (status == GY_OK) status = open_files(run);
        if (status == GY_E_IO && run->at.step == 0) {
            gy_error error = *gy_error_last();
            error.status = GY_E_CONFIG;
            status = gy_error_restore(&error);
        }
    }
    return gy_comm_agree(run->comm, status);
}

void gy_journal_close(gy_run *run)
{
    if (run->tell.journal >= 0) (void)close(run->tell.journal);
    run->tell.journal = -1;
    gy_observers_close(run->tell.observers);
    run->tell.observers = NULL;
}

static gy_status append(gy_run *run)
{
    const char *text = gy_buffer_text(&run->tell.line);
    GY_TRY(run->tell.line.status);
    GY_TRY(gy_run_check_claim(run));
    return gy_file_append(run->ctx, run->tell.journal, run->tell.journal_path, text,
                          run->tell.line.bytes);
}

void gy_journal_write(gy_run *run, const gy_event *event)
{
    if (run->tell.journal < 0 || run->tell.trouble != GY_OK) return;
    gy_buffer_reset(&run->tell.line);
    gy_event_print(event, &run->tell.line);
    gy_buffer_add(&run->tell.line, "\n");
    run->tell.trouble = append(run);
    if (run->tell.trouble == GY_OK)
        run->tell.trouble = gy_observers_take(run->tell.observers, event);
    if (run->tell.trouble != GY_OK) run->tell.trouble_error = *gy_error_last();
}

gy_status gy_journal_agree(gy_run *run)
{
    if (run->tell.trouble != GY_OK) run->tell.trouble = gy_error_restore(&run->tell.trouble_error);
    return gy_comm_agree(run->comm, run->tell.trouble);
}

double gy_run_time(const gy_run *run)
{
    return run->at.elapsed_s + gy_clock_s() - run->started_s;
}

void gy_run_stamp(const gy_run *run, gy_report *report)
{
    gy_event *event = &report->event;
    event->step = run->at.step;
    event->epoch = run->now.epoch_ended ? run->at.epoch : run->at.epoch + 1;
    if (run->at.step == 0) event->epoch = 0;
    event->time = gy_run_time(run);
    event->wall = gy_clock_wall_s();
}

void gy_run_tell(gy_run *run, gy_report *report, bool keep)
{
    gy_run_stamp(run, report);
    gy_run_tell_event(run, &report->event, keep);
}

void gy_run_tell_event(gy_run *run, gy_event *event, bool keep)
{
    if (run->rank != 0) return;
    event->time = gy_run_time(run);
    event->wall = gy_clock_wall_s();
    if (keep) gy_journal_write(run, event);
    if (run->options->observer != NULL) run->options->observer(run->options->observer_user, event);
}
