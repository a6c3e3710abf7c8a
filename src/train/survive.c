/*
 * A run that goes on with the ranks that are left (comm.survive).
 *
 *     update m | what follows it … | pass of m+1 … sums | record, losses beside it | update m+1 | what follows it …
 *              └ the point that a run returns to: its place, kept after every update
 *
 * Invariants
 *  1. Parameters and the optimizer's state change in an update alone, which is a function of them, of the
 *     summed gradients and of the record.
 *  2. A record is complete only when every rank has given its part, after it had all sums. So once any rank
 *     has updated, every other that is left holds what it needs for the same update, but the record and
 *     what travels beside it; and gets both from the one. If none has, all take the step again.
 *  3. So no update is lost that a survivor has made, and none is made twice; updates differ by one at most.
 *  4. What follows an update begins again from the place kept, unless all that are left had ended it and rank
 *     0, which keeps the journal, is among them. So a hook may be left anywhere and run again: what it
 *     changes is in gy_place or gy_step_result, or the same the second time.
 *  5. What was made for other ranks is made anew: operations first, so that all give up old messages together.
 *  6. Another death on the way begins it anew; nothing of this is done by halves that could not be done again.
 */
#include "train_impl.h"

#include "base/clock.h"
#include "base/log.h"
#include "comm/members.h"
#include "comm/patience.h"

#include <string.h>

static const double NEWS_S = 1; /* that news of a death may be behind a failure that it made */

struct gy_survival {
    int64_t first; /* updates before this job's first */
    /* as after the last update: */
    gy_place at;
    gy_step_result now;
    int64_t samples;
    double *tally; /* [rows, sums] */
    gy_record record;
    double *beside; /* losses and sums of the step alone */
    /* of the step under way: */
    bool has_begun; /* buffers are not as after the last update */
    bool is_summed; /* gradients and buffers are of all ranks */
};

static size_t tally_bytes(const gy_run *run)
{
    return (size_t)(run->network.rows * run->network.task.sums) * sizeof(double);
}

static size_t beside_bytes(const gy_run *run)
{
    return (size_t)gy_step_sum_beside(run->sum) * sizeof(double);
}

static void keep_place(gy_run *run)
{
    gy_survival *s = run->survival;
    s->at = run->at;
    s->now = run->now;
    s->samples = run->samples;
    memcpy(s->tally, run->at.tally, tally_bytes(run));
    s->has_begun = s->is_summed = false;
}

static void put_place_back(gy_run *run)
{
    const gy_survival *s = run->survival;
    run->at = s->at;
    run->now = s->now;
    run->samples = s->samples;
    memcpy(run->at.tally, s->tally, tally_bytes(run));
}

/* To the last update, or to the end of what follows it. */
static void put_back(gy_run *run)
{
    gy_survival *s = run->survival;
    if (s->has_begun) gy_step_sum_skip(run->sum);
    s->has_begun = s->is_summed = false;
    if (run->follows) put_place_back(run); /* a step under way changes nothing else */
    /* the checkpoint that was given up may have been the one with the best */
    if (run->at.best.values != NULL) run->at.best.is_written = false;
}

gy_status gy_run_check_survival(const gy_run *run)
{
    const bool grows =
        run->network.grains == 0; /* with fewer ranks a rank's part of the batch does */
    if (!run->config->comm.survive) return GY_OK;
    GY_REQUIRE(run->config->meta.tasks == 0 && !(run->teacher != NULL && grows), GY_E_CONFIG,
               "a rank's death cannot be survived" GY_AT "comm.survive" GY_WHY "%s" GY_HINT
               "leave it out",
               run->config->meta.tasks > 0 ? "training on tasks cannot lose ranks"
                                           : "distill needs comm.reproducible_grains for that");
    return gy_comm_can_mend(run->comm);
}

gy_status gy_run_begin_surviving(gy_run *run)
{
    if (!run->config->comm.survive || run->ranks == 1) return GY_OK;
    GY_TRY(gy_comm_new(run->comm, &run->survival));
    GY_TRY(gy_comm_new_array(run->comm, run->network.rows * run->network.task.sums,
                             &run->survival->tally));
    GY_TRY(gy_comm_new_array(run->comm, gy_step_sum_beside(run->sum), &run->survival->beside));
    run->survival->first = run->at.step;
    keep_place(run);
    gy_alive_survive(run->comm, true);
    return GY_OK;
}

void gy_run_end_surviving(gy_run *run)
{
    if (run->survival == NULL) return;
    gy_alive_survive(run->comm, false);
    gy_free(run->ctx, run->survival->beside);
    gy_free(run->ctx, run->survival->tally);
    gy_free(run->ctx, run->survival);
    run->survival = NULL;
}

void gy_run_mark(gy_run *run, gy_mark mark)
{
    gy_survival *s = run->survival;
    if (s == NULL) return;
    if (mark == GY_MARK_BEGUN) s->has_begun = true;
    if (mark == GY_MARK_SUMMED) s->is_summed = true;
    if (mark != GY_MARK_UPDATED) return;
    s->record = run->record;
    memcpy(s->beside, run->sum->losses, beside_bytes(run));
    keep_place(run);
}

static void drop(gy_run *run)
{
    gy_saver_free(run->saver); /* a checkpoint under way is given up */
    run->saver = NULL;
    gy_step_sum_drop(run->sum);
    gy_sync_drop(run->sync);
}

/* Those who are an update behind make it. */
static gy_status take_over(gy_run *run, const gy_mended *now)
{
    gy_survival *s = run->survival;
    gy_record record = s->record;
    double *beside = run->sum->losses; /* of a step under way, which ends here */
    if (now->least[0] == now->most[0]) return GY_OK;
    memcpy(beside, s->beside, beside_bytes(run));
    GY_TRY(gy_comm_broadcast(run->comm, &record, sizeof record, now->furthest));
    GY_TRY(gy_comm_broadcast(run->comm, beside, (int64_t)beside_bytes(run), now->furthest));
    if (run->at.step == now->most[0]) return GY_OK;
    GY_REQUIRE(s->is_summed && run->at.step + 1 == now->most[0], GY_E_COMM,
               "cannot go on without a rank" GY_AT "step %lld" GY_WHY "others are at step %lld",
               (long long)run->at.step, (long long)now->most[0]);
    return gy_run_step_by(run, &record);
}

/* Lines of what comes again are dropped. */
static gy_status reopen_journal(gy_run *run)
{
    gy_journal_close(run);
    GY_TRY(gy_run_claim(run, true));
    run->at.step -= run->follows;
    gy_status status = gy_journal_open(run);
    run->at.step += run->follows;
    return status;
}

static void tell(gy_run *run, const gy_mended *now, double start)
{
    gy_report report;
    const char *host = gy_alive_host_name(run->comm, now->lost_rank);
    gy_report_begin(&report, "mend");
    gy_report_int(&report, "lost_rank", now->lost_rank);
    gy_report_text(&report, "lost_host", host);
    gy_report_int(&report, "lost", now->lost);
    gy_report_int(&report, "ranks", run->ranks);
    gy_report_float(&report, "seconds", gy_clock_s() - start);
    gy_run_tell(run, &report, true);
    if (run->rank == 0)
        gy_log(run->ctx, GY_WARNING,
               "rank %d on %s is gone%s: %d of %d ranks go on after step %lld", now->lost_rank,
               host, now->lost > 1 ? ", and more" : "", run->ranks, gy_alive_ranks(run->comm),
               (long long)run->at.step);
}

/* @param again  out: a failure was another death's, perhaps */
static gy_status mend(gy_run *run, bool *again)
{
    gy_survival *s = run->survival;
    const double start = gy_clock_s();
    const int64_t words[GY_ALIVE_WORDS] = {run->at.step, run->at.step - run->follows};
    gy_mended now;
    *again = false;
    gy_run_note(run, "mending", GY_WAITS);
    GY_TRY(gy_comm_mend(run->comm, words, &now));
    *again = true;
    run->rank = gy_comm_rank(run->comm);
    run->ranks = gy_comm_ranks(run->comm);
    drop(run);
    const bool ended = now.least[1] == now.most[0] && !now.lost_first;
    if (now.most[0] > s->first && !ended) run->follows = true;
    if (run->is_average) GY_TRY(gy_run_swap_average(run));
    GY_TRY(take_over(run, &now));
    put_back(run);
    GY_TRY(gy_run_rebuild(run));
    GY_TRY(reopen_journal(run));
    gy_run_set_deadline(run);
    gy_loader *loader = run->feed.loader[GY_PART_TRAIN];
    GY_TRY(
        gy_comm_agree(run->comm, gy_loader_seek_sample(loader, run->at.epoch, gy_run_sample(run))));
    tell(run, &now, start);
    return GY_OK;
}

/* Whether a failure is of a death. One that all agreed on may be what some knew of it. */
static bool is_of_death(const gy_run *run, gy_status status)
{
    const gy_error error = *gy_error_last();
    bool is = run->survival != NULL && status == GY_E_COMM;
    const double start = gy_clock_s();
    gy_patience patience = gy_patience_begin_idle(run->comm);
    if (!is || !gy_comm_agreed(run->comm)) return is;
    do is = gy_patience_pause(&patience) != GY_OK;
    while (!is && gy_clock_s() - start < NEWS_S);
    (void)!gy_error_restore(&error);
    return is;
}

gy_status gy_run_mend(gy_run *run, gy_status status)
{
    bool again = true;
    while (status != GY_OK && again && is_of_death(run, status)) status = mend(run, &again);
    return status;
}
