/*
 * What a run says at its end: the event "end". It is in the last checkpoint before it is in the journal,
 * so that a run which has ended can always say so: what a crash kept it from writing, the next start writes.
 */
#include "train_impl.h"

#include "base/clock.h"
#include "base/log.h"
#include "store/file.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

/* Whether the last checkpoint is not of the best parameters, which are kept besides. */
static bool best_is_apart(const gy_run *run)
{
    return gy_run_best(run).step > 0 && run->at.best.step < run->at.step &&
           !gy_run_restores_best(run);
}

static gy_status describe(gy_run *run, gy_report *report)
{
    const char *path, *best_path;
    GY_TRY(gy_pool_format(&run->pool, &path, "%s/checkpoints/latest", run->config->run_dir));
    gy_report_begin(report, "end");
    for (int i = 0; i < run->at.n_values; i++)
        if (run->at.values[i].known)
            gy_report_float(report, run->at.values[i].name, run->at.values[i].value);
    if (!isnan(run->at.best.value)) {
        gy_report_bool(report, "restored", gy_run_restores_best(run));
        gy_report_text(report, "monitor", run->config->train.early_stopping.monitor);
        gy_report_float(report, "best", run->at.best.value);
        gy_report_int(report, "best_step", run->at.best.step);
    }
    const gy_train_settings *train = &run->config->train;
    double seconds = gy_clock_s() - run->started_s;
    gy_report_bool(report, "early", run->at.early);
    gy_report_float(report, "samples_per_second", round(10 * (double)run->samples / seconds) / 10);
    if (train->steps > 0)
        gy_report_int(report, "steps", train->steps);
    else
        gy_report_int(report, "epochs", train->epochs);
    gy_report_text(report, "path", path);
    if (best_is_apart(run)) {
        GY_TRY(gy_pool_format(&run->pool, &best_path, "%s/checkpoints/best", run->config->run_dir));
        gy_report_text(report, "best_path", best_path);
    }
    gy_run_stamp(run, report);
    return GY_OK;
}

gy_status gy_run_tell_end(gy_run *run)
{
    gy_report report;
    gy_buffer text;
    gy_buffer_init(&text, run->ctx);
    gy_status status = describe(run, &report);
    if (status == GY_OK) gy_event_print(&report.event, &text);
    if (status == GY_OK) status = text.status;
    status = gy_comm_agree(run->comm, status);
    if (status == GY_OK) status = gy_run_save(run, gy_buffer_text(&text));
    if (status == GY_OK) status = gy_run_end_saving(run);
    gy_buffer_clear(&text);
    GY_TRY(status);
    gy_run_tell_event(run, &report.event, true);
    return GY_OK;
}

enum { TAIL = 1 << 16 };

/* The end of the journal: whether its last whole line is an "end", and where that line ends. */
static gy_status look_at_end(gy_run *run, int fd, const char *path, bool *ended, int64_t *whole)
{
    char *text;
    off_t bytes = lseek(fd, 0, SEEK_END), from = bytes > TAIL ? bytes - TAIL : 0;
    *ended = false;
    *whole = 0;
    GY_TRY(gy_alloc(run->ctx, TAIL + 1, (void **)&text));
    ssize_t n = bytes < 0 ? -1 : pread(fd, text, TAIL, from);
    while (n > 0 && text[n - 1] != '\n') n--; /* a line that is torn */
    if (n > 0) {
        ssize_t begin = n - 1;
        while (begin > 0 && text[begin - 1] != '\n') begin--;
        text[n] = '\0';
        *ended = strstr(text + begin, "\"event\": \"end\"") != NULL;
        *whole = (int64_t)from + n;
    }
    gy_free(run->ctx, text);
    GY_REQUIRE(n >= 0, GY_E_IO, "cannot read" GY_AT "%s" GY_WHY "%s", path, strerror(errno));
    return GY_OK;
}

/* Writes the last words into the journal, unless they are there. */
static gy_status mend(gy_run *run, const char *end)
{
    const char *path, *line;
    bool ended = false;
    int64_t whole = 0;
    GY_TRY(gy_pool_format(&run->pool, &path, "%s/metrics.jsonl", run->config->run_dir));
    GY_TRY(gy_pool_format(&run->pool, &line, "%s\n", end));
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    GY_REQUIRE(fd >= 0, GY_E_IO, "cannot write" GY_AT "%s" GY_WHY "%s", path, strerror(errno));
    gy_status status = look_at_end(run, fd, path, &ended, &whole);
    if (status == GY_OK && !ended && (ftruncate(fd, whole) != 0 || lseek(fd, whole, SEEK_SET) < 0))
        status = gy_raise(GY_E_IO, "cannot write" GY_AT "%s" GY_WHY "%s", path, strerror(errno));
    if (status == GY_OK && !ended) status = gy_file_append(run->ctx, fd, path, line, strlen(line));
    (void)close(fd);
    if (status == GY_OK && !ended) status = gy_path_sync(run->ctx, path);
    return status;
}

gy_status gy_run_tell_finished(gy_run *run, const gy_past *past)
{
    gy_report report;
    run->at.step = past->head.step;
    run->at.epoch = past->head.epoch;
    run->now.epoch_ended = past->head.sample_in_epoch == 0;
    gy_report_begin(&report, "finished");
    gy_report_text(&report, "path", past->path);
    const gy_checkpoint_note *end = gy_checkpoint_note_find(&past->head, "/state", "end");
    bool mends = end != NULL && end->text != NULL && run->rank == 0 && !run->options->dry_run;
    if (mends && mend(run, end->text) != GY_OK)
        gy_log(run->ctx, GY_WARNING, "the run's end is not in its journal: %s",
               gy_error_last()->text);
    gy_run_tell(run, &report, false);
    return GY_OK;
}
