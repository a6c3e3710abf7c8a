/*
 * A checkpoint's life on the main threads: begun by all, driven in passing, ended by all.
 *
 *     idle ── gy_saver_begin ──▶ busy ── gy_saver_poll … ──▶ busy, done ── gy_saver_end ──▶ idle
 *
 *     begin    memory and names, agreed on, so that nothing is allotted while ranks wait for one
 *              another; who holds what; the directory; copies; the thread is let go
 *     poll     carry.c
 *     end      pieces and thread to their end; the ranks agree on how it went
 *
 * Only ranks that write have a thread. What was begun and not ended is given up by gy_saver_free(),
 * for a rank that failed alone: then nothing more is asked of the others.
 */
#include "checkpoint_impl.h"

#include "base/clock.h"
#include "base/hash.h"
#include "base/log.h"
#include "comm/patience.h"
#include "comm/watchdog.h"
#include "store/file.h"

#include <assert.h>
#include <signal.h>

enum { PATIENCE_S = 60 }; /* that a run waits for the disk before it says so, or the watchdog's */

struct gy_saver {
    gy_context *ctx;
    gy_comm *comm;
    const char *run_dir;
    const gy_checkpoint_settings *settings;
    float *room; /* [room_floats] for copies; kept */
    int64_t room_floats;
    bool busy, locked, started, copies;
    gy_writer w;
    pthread_t thread;
    gy_error failure; /* to carry; status GY_OK: none */
    gy_known known;
    double begun_s;
    gy_saved saved; /* the last one; its path in w.pool */
};

gy_status gy_saver_create(gy_context *ctx, gy_comm *comm, const char *run_dir,
                          const gy_checkpoint_settings *settings, gy_saver **out)
{
    GY_TRY(gy_new(ctx, out));
    **out = (gy_saver){.ctx = ctx, .comm = comm, .run_dir = run_dir, .settings = settings};
    gy_pool_init(&(*out)->w.pool, ctx);
    return GY_OK;
}

static bool writes(const gy_saver *s)
{
    return s->w.rank == 0 || s->w.all;
}

/* Ends the thread and frees all but the pool. */
static void put_down(gy_saver *s)
{
    if (s->started) pthread_join(s->thread, NULL);
    if (s->locked) pthread_cond_destroy(&s->w.changed);
    if (s->locked) pthread_mutex_destroy(&s->w.lock);
    gy_carrier_clear(&s->w);
    gy_hasher_free(s->w.hasher);
    s->w.hasher = NULL;
    s->busy = s->locked = s->started = false;
}

static void give_up(gy_saver *s)
{
    if (!s->locked) return;
    pthread_mutex_lock(&s->w.lock);
    s->w.given_up = true;
    pthread_cond_broadcast(&s->w.changed);
    pthread_mutex_unlock(&s->w.lock);
}

void gy_saver_free(gy_saver *s)
{
    if (s == NULL) return;
    if (s->busy) {
        bool first = s->w.rank == 0;
        give_up(s);
        put_down(s);
        if (first && s->w.error.status != GY_OK) gy_commit_abort(&s->w.commit);
    }
    gy_free(s->ctx, s->room);
    gy_pool_clear(&s->w.pool);
    gy_free(s->ctx, s);
}

static gy_status make_room(gy_saver *s)
{
    int64_t floats = gy_stage_floats(&s->w);
    if (!s->copies || floats <= s->room_floats) return GY_OK;
    gy_free(s->ctx, s->room);
    s->room = NULL;
    s->room_floats = 0;
    GY_TRY(gy_new_array(s->ctx, floats, &s->room));
    s->room_floats = floats;
    return GY_OK;
}

static gy_status make_lock(gy_saver *s)
{
    bool ok = pthread_mutex_init(&s->w.lock, NULL) == 0;
    if (ok && pthread_cond_init(&s->w.changed, NULL) != 0) {
        pthread_mutex_destroy(&s->w.lock);
        ok = false;
    }
    s->locked = ok;
    return ok ? GY_OK : gy_raise(GY_E_NOMEM, "cannot make a lock");
}

static gy_status prepare(gy_saver *s)
{
    gy_writer *w = &s->w;
    GY_TRY(make_lock(s));
    GY_TRY(gy_stage_prepare(w, s->settings->shards));
    GY_TRY(gy_carrier_init(w));
    if (writes(s)) GY_TRY(gy_hasher_create(s->ctx, &w->hasher));
    return gy_commit_name(&w->pool, s->run_dir, &w->c, &w->commit);
}

/* All ranks write where rank 0 says. */
static gy_status tell_name(gy_saver *s)
{
    gy_commit *c = &s->w.commit;
    char *made = NULL;
    gy_status status = s->w.rank == 0 ? gy_copy_string(s->ctx, c->made, &made) : GY_OK;
    status = gy_comm_agree(s->comm, status);
    if (status == GY_OK) status = gy_comm_broadcast_text(s->comm, &made);
    if (status == GY_OK) status = gy_pool_string(&s->w.pool, made, &c->made);
    gy_free(s->ctx, made);
    return gy_comm_agree(s->comm, status);
}

static gy_status start_thread(gy_saver *s)
{
    sigset_t all, before;
    if (!writes(s)) return GY_OK;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    s->started = pthread_create(&s->thread, NULL, gy_write, &s->w) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    GY_REQUIRE(s->started, GY_E_NOMEM, "cannot start the thread that writes checkpoints");
    return GY_OK;
}

static gy_status begin(gy_saver *s)
{
    gy_writer *w = &s->w;
    GY_TRY(gy_comm_agree(s->comm, prepare(s)));
    if (w->all) GY_TRY(tell_name(s));
    GY_TRY(gy_stage_agree(w));
    gy_status status = make_room(s);
    if (status == GY_OK) status = start_thread(s);
    if (w->rank == 0) gy_watchdog_note(s->comm, w->c.step, "checkpoint", GY_SAVES);
    if (status == GY_OK && w->rank == 0) status = gy_commit_begin(&w->commit);
    gy_watchdog_note(s->comm, w->c.step, "checkpoint", GY_WAITS);
    GY_TRY(gy_comm_agree(s->comm, status));
    if (s->copies) gy_stage_copy(w, s->room);
    gy_carrier_start(w);
    pthread_mutex_lock(&w->lock);
    w->let_go = true;
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
    return GY_OK;
}

static int64_t state_bytes(const gy_checkpoint *c)
{
    int64_t floats = c->params->floats + gy_slots_floats(c);
    return (int64_t)sizeof(float) * (floats + (c->buffers == NULL ? 0 : c->buffers->floats));
}

gy_status gy_saver_begin(gy_saver *s, const gy_checkpoint *c, bool copy)
{
    assert(!s->busy);
    gy_pool_clear(&s->w.pool);
    s->w = (gy_writer){.ctx = s->ctx,
                       .comm = s->comm,
                       .rank = gy_comm_rank(s->comm),
                       .ranks = gy_comm_ranks(s->comm),
                       .all = s->settings->writer == GY_WRITER_ALL,
                       .c = *c,
                       .keep = s->settings->keep,
                       .known = &s->known};
    gy_pool_init(&s->w.pool, s->ctx);
    s->copies = copy;
    s->failure.status = GY_OK;
    s->begun_s = gy_clock_s();
    s->busy = true;
    gy_status status = begin(s);
    if (status == GY_OK) return GY_OK;
    gy_error first = *gy_error_last();
    give_up(s);
    put_down(s);
    if (s->w.rank == 0) gy_commit_abort(&s->w.commit);
    return gy_error_restore(&first);
}

gy_status gy_checkpoint_write(gy_context *ctx, gy_comm *comm, const gy_checkpoint *c)
{
    static const gy_checkpoint_settings plain = {.shards = 1, .writer = GY_WRITER_RANK0};
    gy_saver *s = NULL;
    gy_saved saved;
    gy_status status = gy_comm_agree(comm, gy_saver_create(ctx, comm, NULL, &plain, &s));
    if (status == GY_OK) status = gy_saver_begin(s, c, false);
    if (status == GY_OK) status = gy_saver_end(s, &saved);
    gy_saver_free(s);
    return status;
}

/* Where the step lies among the run's own, HEAD follows; what HEAD says is remembered. */
static gy_status go_on(gy_saver *s, gy_pool *pool, const char *path, int64_t step,
                       const gy_best_is *best, bool *own)
{
    const char *dir, *above;
    gy_manifest m;
    gy_lies there;
    s->known = (gy_known){.is_known = true};
    GY_TRY(gy_pool_format(pool, &dir, "%s/checkpoints", s->run_dir));
    GY_TRY(gy_path_kind(dir, &there));
    if (there == GY_IS_NONE) return GY_OK;
    GY_TRY(gy_history_gather(pool, dir, &m));
    if (path != NULL) {
        GY_TRY(gy_dir_above(pool, path, &above));
        GY_TRY(gy_path_is_same(above, dir, own));
    }
    if (*own) GY_TRY(gy_history_turn(pool, dir, step, best, &m));
    s->known.is_there = *own || m.is_there;
    s->known.history = m.history;
    s->known.generation = m.generation;
    return GY_OK;
}

gy_status gy_saver_go_on(gy_saver *s, const char *path, int64_t step, const gy_best_is *best,
                         bool *own)
{
    gy_status status = GY_OK;
    *own = false;
    if (gy_comm_rank(s->comm) == 0) {
        gy_pool pool;
        gy_pool_init(&pool, s->ctx);
        status = go_on(s, &pool, path, step, best, own);
        gy_pool_clear(&pool);
    }
    GY_TRY(gy_comm_agree(s->comm, status));
    return gy_comm_broadcast(s->comm, own, sizeof *own, 0);
}

const gy_saved *gy_saver_last(const gy_saver *s)
{
    return &s->saved;
}

bool gy_saver_is_busy(const gy_saver *s)
{
    return s->busy;
}

/* The first failure to carry; the thread has nothing to wait for then. */
static void keep(gy_saver *s, gy_status status)
{
    if (status == GY_OK || s->failure.status != GY_OK) return;
    s->failure = *gy_error_last();
    give_up(s);
}

static bool carry(gy_saver *s)
{
    bool moved = false;
    if (s->failure.status == GY_OK) keep(s, gy_carry(&s->w, &moved));
    return moved;
}

void gy_saver_poll(gy_saver *s)
{
    if (s->busy) (void)carry(s);
}

bool gy_saver_is_done(gy_saver *s)
{
    if (!s->busy || s->w.rank != 0) return false;
    pthread_mutex_lock(&s->w.lock);
    bool done = s->w.written;
    pthread_mutex_unlock(&s->w.lock);
    return done;
}

/* Whether this rank has done its part; tells the watchdog what is waited for. */
static bool has_done(gy_saver *s, int *told)
{
    pthread_mutex_lock(&s->w.lock);
    bool written = !s->started || s->w.written;
    gy_doing doing = written || s->w.starves ? GY_WAITS : GY_SAVES;
    pthread_mutex_unlock(&s->w.lock);
    if (*told != (int)doing) gy_watchdog_note(s->comm, s->w.c.step, "checkpoint", doing);
    *told = (int)doing;
    return written && (s->failure.status != GY_OK || gy_carrier_is_done(&s->w));
}

/* To wait for a disk is no stall, but no silence either. @param next  when it is said again */
static void say(const gy_saver *s, double since, double *next)
{
    double now = gy_clock_s(), limit = gy_watchdog_limit(s->comm);
    if (*next <= 0) *next = since + (limit > 0 && limit < PATIENCE_S ? limit : PATIENCE_S);
    if (now < *next || s->w.rank != 0) return;
    *next = now + (now - since);
    gy_log(s->ctx, GY_WARNING,
           "the checkpoint of step %lld is not on disk after %.0f s (%s): the run waits for it",
           (long long)s->w.c.step, now - s->begun_s, s->w.commit.dir);
}

static gy_status wait(gy_saver *s)
{
    int told = -1;
    double since = gy_clock_s(), next = 0;
    gy_patience patience = gy_patience_begin_idle(s->comm);
    while (!has_done(s, &told)) {
        if (carry(s))
            patience = gy_patience_begin_idle(s->comm);
        else
            keep(s, gy_patience_pause(&patience));
        say(s, since, &next);
    }
    if (s->failure.status != GY_OK) return gy_error_restore(&s->failure);
    return s->w.error.status == GY_OK ? GY_OK : gy_error_restore(&s->w.error);
}

gy_status gy_saver_end(gy_saver *s, gy_saved *out)
{
    gy_writer *w = &s->w;
    gy_status status = wait(s);
    if (status != GY_OK && w->rank == 0) gy_commit_abort(&w->commit);
    put_down(s);
    gy_watchdog_note(s->comm, w->c.step, "checkpoint", GY_WAITS);
    status = gy_comm_agree(s->comm, status);
    if (w->warning.status != GY_OK) gy_log(s->ctx, GY_WARNING, "%s", w->warning.text);
    GY_TRY(status);
    s->saved = (gy_saved){.path = w->commit.final,
                          .step = w->c.step,
                          .epoch = w->c.epoch,
                          .sample_in_epoch = w->c.sample_in_epoch,
                          .is_best = w->c.best.step == w->c.step || w->c.best.is_alone,
                          .bytes = state_bytes(&w->c),
                          .seconds = gy_clock_s() - s->begun_s};
    *out = s->saved;
    return GY_OK;
}
