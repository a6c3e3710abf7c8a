/* Who is to blame that nothing goes on, who says so, and in what words: by what all ranks answered. */
#include "watchdog_impl.h"

#include "base/buffer.h"

enum { NAMED = 4 };

int gy_watchdog_reporters(const gy_watchdog *w)
{
    return w->comm->ranks < GY_REPORTERS ? w->comm->ranks : GY_REPORTERS;
}

int gy_watchdog_reporter(const gy_watchdog *w, int i)
{
    return (int)((int64_t)w->comm->ranks * i / gy_watchdog_reporters(w));
}

bool gy_watchdog_heard(const gy_watchdog *w, int rank)
{
    return rank == w->comm->rank || w->seen[rank].at >= w->asked;
}

/* The step that a rank must have reached not to be behind: where none is guilty otherwise. */
static int64_t furthest_step(const gy_watchdog *w)
{
    int64_t step = 0;
    for (int r = 0; r < w->comm->ranks; r++) {
        if (!gy_watchdog_heard(w, r) || w->seen[r].doing == GY_WORKS) return 0;
        if (w->seen[r].step > step) step = w->seen[r].step;
    }
    return step;
}

static bool is_guilty(const gy_watchdog *w, int rank, int64_t furthest)
{
    const gy_sight *s = &w->seen[rank];
    return !gy_watchdog_heard(w, rank) || s->doing == GY_WORKS || s->step < furthest;
}

bool gy_verdict_goes_on(const gy_watchdog *w, double now)
{
    for (int r = 0; r < w->comm->ranks; r++) {
        const gy_sight *s = &w->seen[r];
        if (!gy_watchdog_heard(w, r)) continue;
        if (s->doing == GY_SAVES || (s->doing == GY_WORKS && now - s->since < w->limit / 2))
            return true;
    }
    return false;
}

int gy_verdict_teller(const gy_watchdog *w)
{
    const int64_t furthest = furthest_step(w);
    int first = w->comm->rank;
    for (int i = gy_watchdog_reporters(w) - 1; i >= 0; i--)
        if (gy_watchdog_heard(w, gy_watchdog_reporter(w, i))) first = gy_watchdog_reporter(w, i);
    for (int i = 0; i < gy_watchdog_reporters(w); i++)
        if (!is_guilty(w, gy_watchdog_reporter(w, i), furthest)) return gy_watchdog_reporter(w, i);
    return first;
}

/* "scan of step 7", "scan" */
static void add_phase(const gy_sight *s, gy_buffer *out)
{
    gy_buffer_add(out, s->phase);
    if (s->step > 0) gy_buffer_format(out, " of step %lld", (long long)s->step);
}

/* "rank 1 on node2 (input of step 51 for 601 s)" */
static void name_rank(const gy_watchdog *w, int rank, double now, gy_buffer *out)
{
    const gy_sight *s = &w->seen[rank];
    gy_buffer_format(out, "rank %d on %s (", rank, w->comm->names[rank]);
    if (!gy_watchdog_heard(w, rank))
        gy_buffer_add(out, s->at < 0 ? "no answer" : "no answer, last seen in ");
    if (gy_watchdog_heard(w, rank) || s->at >= 0) add_phase(s, out);
    if (gy_watchdog_heard(w, rank)) gy_buffer_format(out, " for %.0f s", now - s->since);
    gy_buffer_add(out, ")");
}

/* Those who are guilty, but for this rank itself. @return how many */
static int name_guilty(const gy_watchdog *w, double now, gy_buffer *out)
{
    const int64_t furthest = furthest_step(w);
    int guilty = 0;
    for (int r = 0; r < w->comm->ranks; r++) {
        if (r == w->comm->rank || !is_guilty(w, r, furthest)) continue;
        if (++guilty > NAMED) continue;
        if (guilty > 1) gy_buffer_add(out, ", ");
        name_rank(w, r, now, out);
    }
    if (guilty > NAMED) gy_buffer_format(out, " and %d more", guilty - NAMED);
    return guilty;
}

void gy_verdict_raise(const gy_watchdog *w, double now)
{
    const gy_sight *mine = &w->seen[w->comm->rank];
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
                   w->comm->rank, w->comm->names[w->comm->rank], gy_buffer_text(&phase),
                   works ? "not come further for" : "waited", now - mine->since,
                   !works        ? " for "
                   : guilty == 0 ? ""
                                 : ", nor ",
                   gy_buffer_text(&names));
    gy_buffer_clear(&phase);
    gy_buffer_clear(&names);
}
