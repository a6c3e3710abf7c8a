/* Who is to blame that nothing goes on, who says so, and in what words: by what all ranks answered. */
#include "watch_impl.h"

#include "base/buffer.h"

enum { NAMED = 4 };

int gy_watchdog_reporters(const gy_watch *w)
{
    return w->ranks < GY_REPORTERS ? w->ranks : GY_REPORTERS;
}

int gy_watchdog_reporter(const gy_watch *w, int i)
{
    return (int)((int64_t)w->ranks * i / gy_watchdog_reporters(w));
}

bool gy_watchdog_heard(const gy_watch *w, int rank)
{
    return rank == w->rank || w->seen[rank].at >= w->dog.asked || !gy_alive_lives(w, rank);
}

/* The step that a rank must have reached not to be behind: where none is guilty otherwise. */
static int64_t furthest_step(const gy_watch *w)
{
    int64_t step = 0;
    for (int r = 0; r < w->ranks; r++) {
        if (!gy_alive_lives(w, r)) continue;
        if (!gy_watchdog_heard(w, r) || w->seen[r].doing == GY_WORKS) return 0;
        if (w->seen[r].step > step) step = w->seen[r].step;
    }
    return step;
}

static bool is_guilty(const gy_watch *w, int rank, int64_t furthest)
{
    const gy_sight *s = &w->seen[rank];
    if (!gy_alive_lives(w, rank)) return false;
    return !gy_watchdog_heard(w, rank) || s->doing == GY_WORKS || s->step < furthest;
}

bool gy_verdict_goes_on(const gy_watch *w, double now)
{
    for (int r = 0; r < w->ranks; r++) {
        const gy_sight *s = &w->seen[r];
        if (!gy_watchdog_heard(w, r) || !gy_alive_lives(w, r)) continue;
        if (s->doing == GY_SAVES || (s->doing == GY_WORKS && now - s->since < w->dog.limit / 2))
            return true;
    }
    return false;
}

int gy_verdict_teller(const gy_watch *w)
{
    const int64_t furthest = furthest_step(w);
    int first = -1;
    for (int i = 0; i < gy_watchdog_reporters(w); i++) {
        const int r = gy_watchdog_reporter(w, i);
        if (!gy_watchdog_heard(w, r) || !gy_alive_lives(w, r)) continue;
        if (!is_guilty(w, r, furthest)) return r;
        if (first < 0) first = r;
    }
    return first < 0 ? w->rank : first;
}

/* "scan of step 7", "scan" */
static void add_phase(const gy_sight *s, gy_buffer *out)
{
    gy_buffer_add(out, s->phase);
    if (s->step > 0) gy_buffer_format(out, " of step %lld", (long long)s->step);
}

/* "rank 1 on node2 (input of step 51 for 601 s)" */
static void name_rank(const gy_watch *w, int rank, double now, gy_buffer *out)
{
    const gy_sight *s = &w->seen[rank];
    gy_buffer_format(out, "rank %d on %s (", rank, w->names[rank]);
    if (!gy_watchdog_heard(w, rank))
        gy_buffer_add(out, s->at < 0 ? "no answer" : "no answer, last seen in ");
    if (gy_watchdog_heard(w, rank) || s->at >= 0) add_phase(s, out);
    if (gy_watchdog_heard(w, rank)) gy_buffer_format(out, " for %.0f s", now - s->since);
    gy_buffer_add(out, ")");
}

/* Those who are guilty, but for this rank itself. @return how many */
static int name_guilty(const gy_watch *w, double now, gy_buffer *out)
{
    const int64_t furthest = furthest_step(w);
    int guilty = 0;
    for (int r = 0; r < w->ranks; r++) {
        if (r == w->rank || !is_guilty(w, r, furthest)) continue;
        if (++guilty > NAMED) continue;
        if (guilty > 1) gy_buffer_add(out, ", ");
        name_rank(w, r, now, out);
    }
    if (guilty > NAMED) gy_buffer_format(out, " and %d more", guilty - NAMED);
    return guilty;
}

void gy_verdict_raise(const gy_watch *w, double now)
{
    const gy_sight *mine = &w->seen[w->rank];
    const bool works = mine->doing == GY_WORKS;
    gy_buffer names, phase;
    gy_buffer_init(&names, w->comm->ctx);
    gy_buffer_init(&phase, w->comm->ctx);
    add_phase(mine, &phase);
    int guilty = name_guilty(w, now, &names);
    if (guilty == 0 && !works) gy_buffer_add(&names, "each other, all ranks");
    (void)gy_raise(GY_E_COMM,
                   "the run stands still" GY_AT "rank %d on %s, %s" GY_WHY
                   "it has %s %.0f s%s%s" GY_HINT
                   "look at that host, or raise comm.watchdog_seconds",
                   w->rank, w->names[w->rank], gy_buffer_text(&phase),
                   works ? "not come further for" : "waited", now - mine->since,
                   !works        ? " for "
                   : guilty == 0 ? ""
                                 : ", nor ",
                   gy_buffer_text(&names));
    gy_buffer_clear(&phase);
    gy_buffer_clear(&names);
}

/* "rank 1 on node2, last seen in input of step 51" */
static void name_dead(const gy_watch *w, int rank, gy_buffer *out)
{
    const gy_sight *s = &w->seen[rank];
    gy_buffer_format(out, "rank %d on %s", rank, w->names[rank]);
    if (s->at < 0) return;
    gy_buffer_add(out, ", last seen in ");
    add_phase(s, out);
}

void gy_verdict_raise_dead(const gy_watch *w, const gy_rank_set *dead, const gy_rank_set *proven,
                           double silence)
{
    gy_buffer names;
    gy_buffer_init(&names, w->comm->ctx);
    int n = 0, silent = 0;
    for (int r = 0; r < w->ranks; r++) {
        if (!gy_rank_set_has(dead, r)) continue;
        silent += !gy_rank_set_has(proven, r);
        if (++n > NAMED) continue;
        if (n > 1) gy_buffer_add(&names, "; ");
        name_dead(w, r, &names);
    }
    if (n > NAMED) gy_buffer_format(&names, " and %d more", n - NAMED);
    const char *what = n == 1 ? "a rank is gone" : "ranks are gone";
    if (silent == 0)
        (void)gy_raise(GY_E_COMM, "%s" GY_AT "%s" GY_WHY "%s" GY_HINT "see what was said before it",
                       what, gy_buffer_text(&names),
                       n == 1 ? "its process has ended" : "their processes have ended");
    else
        (void)gy_raise(GY_E_COMM,
                       "%s" GY_AT "%s" GY_WHY "nothing was heard of that host for %g s" GY_HINT
                       "look at it and its network, or raise comm.silence_seconds",
                       what, gy_buffer_text(&names), silence);
    gy_buffer_clear(&names);
}
