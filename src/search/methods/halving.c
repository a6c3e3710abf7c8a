/*
 * halving: asynchronous successive halving (ASHA; Li et al. 2020, "A system for massively parallel hyperparameter
 * tuning"). Points are drawn as by `random` and trained to the first rung, `least` of the budget; of those that
 * came to a rung the best one in `reduction` goes on to the next, `reduction` times as far, from its own
 * checkpoint. The highest rung that has such a one goes first. At the end the best is trained to its end.
 */
#include "../search_list.h"

#include <math.h>

typedef struct halving_settings {
    int64_t least, reduction;
} halving_settings;

static const halving_settings *of(const gy_search *s)
{
    return s->settings;
}

/* The budget of a rung; the last one is the whole. */
static int64_t budget_of(const gy_search *s, int rung)
{
    const int64_t reduction = of(s)->reduction;
    int64_t least = of(s)->least;
    if (least == 0) least = s->budget / (reduction * reduction);
    double budget = least < 1 ? 1 : (double)least;
    for (int i = 0; i < rung && budget < (double)s->budget; i++) budget *= (double)reduction;
    return budget < (double)s->budget ? (int64_t)budget : s->budget;
}

static int rungs(const gy_search *s)
{
    int n = 1;
    while (budget_of(s, n - 1) < s->budget) n++;
    return n;
}

/* Whether a trial was sent beyond a rung, known or not. */
static bool is_promoted(const gy_search *s, int64_t trial, int64_t budget)
{
    for (int64_t i = 0; i < s->n; i++)
        if (s->jobs[i].trial == trial && s->jobs[i].until > budget) return true;
    return false;
}

static bool is_better(const gy_search_job *a, const gy_search_job *b)
{
    return a->cost < b->cost;
}

/* How many of the first `seen` jobs came to that budget with less cost than job i, ties by their order. */
static int64_t place_of(const gy_search *s, int64_t seen, int64_t i)
{
    int64_t before = 0;
    for (int64_t j = 0; j < seen; j++) {
        const gy_search_job *a = &s->jobs[j], *b = &s->jobs[i];
        if (j == i || a->until != b->until || !a->known) continue;
        before += is_better(a, b) || (!is_better(b, a) && j < i);
    }
    return before;
}

/* The best job of a rung among the first `places` of it that was not promoted; −1: none. */
static int64_t find_best(const gy_search *s, int64_t seen, int64_t budget, int64_t places)
{
    int64_t best = -1;
    for (int64_t i = 0; i < seen; i++) {
        const gy_search_job *job = &s->jobs[i];
        if (job->until != budget || !job->known || isinf(job->cost)) continue;
        if (is_promoted(s, job->trial, budget) || place_of(s, seen, i) >= places) continue;
        if (best < 0 || is_better(job, &s->jobs[best])) best = i;
    }
    return best;
}

static int64_t count(const gy_search *s, int64_t seen, int64_t budget)
{
    int64_t n = 0;
    for (int64_t i = 0; i < seen; i++) n += s->jobs[i].until == budget && s->jobs[i].known;
    return n;
}

/* @param all  the best of the highest rung goes on, however few there are */
static bool promote(const gy_search *s, int64_t seen, bool all, gy_search_job *out)
{
    for (int rung = rungs(s) - 2; rung >= 0; rung--) {
        const int64_t budget = budget_of(s, rung), n = count(s, seen, budget);
        const int64_t best = find_best(s, seen, budget, all ? n : n / of(s)->reduction);
        if (best >= 0) {
            *out = s->jobs[best];
            out->from = -1; /* its own directory */
            out->until = budget_of(s, rung + 1);
            out->known = false;
            return true;
        }
        if (all && n > 0) return false;
    }
    return false;
}

static int64_t begun(const gy_search *s)
{
    int64_t n = 0;
    for (int64_t i = 0; i < s->n; i++) n += s->jobs[i].until == budget_of(s, 0);
    return n;
}

/* Whether a trial came to its end. */
static bool is_done(const gy_search *s, int64_t seen)
{
    for (int64_t i = 0; i < seen; i++)
        if (s->jobs[i].until == s->budget && !isinf(s->jobs[i].cost)) return true;
    return false;
}

static gy_status next(const gy_search *s, int64_t seen, gy_search_job *out, bool *found)
{
    const int64_t trial = begun(s);
    *found = promote(s, seen, false, out);
    if (*found) return GY_OK;
    if (trial < s->trials) {
        *found = true;
        out->trial = trial;
        out->until = budget_of(s, 0);
        return gy_search_draw(s, trial, &out->point);
    }
    if (seen == s->n && !is_done(s, seen)) *found = promote(s, seen, true, out);
    return GY_OK;
}

static const gy_setting rows[] = {
    {.key = "least",
     .type = GY_SETTING_INT,
     .offset = offsetof(halving_settings, least),
     .standard = "0",
     .min = 0,
     .max = GY_COUNT_MAX,
     .help =
         "epochs (with train.steps: steps) of the first rung; 0 = the whole by reduction twice"},
    {.key = "reduction",
     .type = GY_SETTING_INT,
     .offset = offsetof(halving_settings, reduction),
     .standard = "3",
     .min = 2,
     .max = 1000,
     .help = "one in so many goes on, so many times as far"},
    GY_SETTING_END};

const gy_search_kind gy_search_halving = {
    .kind = {.name = "halving",
             .help = "many trials trained a little, the better ones further (ASHA)",
             .settings = rows,
             .settings_size = sizeof(halving_settings)},
    .learns = true,
    .next = next};
