/*
 * evolve: regularised evolution (Real et al. 2019, "Regularized evolution for image classifier architecture
 * search"). The first `population` points are drawn; then the best of `sample` that are drawn from the youngest
 * `population` gets a child, which differs in one key. The oldest dies, however good: what lasts has to prove itself
 * again and again.
 */
#include "../search_list.h"

#include <math.h>

typedef struct evolve_settings {
    int64_t population, sample;
    double step;
} evolve_settings;

enum { OF_PARENT = 1000, OF_KEY, OF_VALUE }; /* streams beside those of ranges */

typedef struct mutation {
    const gy_search *s;
    const gy_point *parent;
} mutation;

static double draw(const gy_search *s, int use, uint64_t a)
{
    const gy_rng key = {s->seed, GY_RNG_SEARCH, (uint32_t)use};
    return gy_rng_uniform(key, (uint64_t)s->n, a);
}

/* A choice becomes another one, a number one near it. */
static double mutate(const gy_search *s, const gy_axis *range, double at, uint64_t attempt)
{
    const evolve_settings *settings = s->settings;
    if (range->kind == GY_AXIS_CHOICE) {
        const double shift = 1 + floor(draw(s, OF_VALUE, attempt) * (range->n - 1));
        return range->n < 2 ? at : fmod(at + fmin(shift, range->n - 1), range->n);
    }
    const gy_rng key = {s->seed, GY_RNG_SEARCH, OF_VALUE};
    double to = at + settings->step * gy_rng_normal(key, (uint64_t)s->n, attempt);
    if (to < 0) to = -to; /* off the ends */
    if (to > 1) to = 2 - to;
    return fmin(fmax(to, 0), 1);
}

/* Until something is another: a small step may end at the same whole number. */
static void make_child(void *of, int attempt, gy_point *out)
{
    enum { TURNS = 16 };
    const mutation *m = of;
    for (int turn = 0; turn < TURNS; turn++) {
        const uint64_t draws = (uint64_t)(attempt * TURNS + turn);
        int key = (int)(draw(m->s, OF_KEY, draws) * m->s->space->n);
        if (key >= m->s->space->n) key = m->s->space->n - 1;
        *out = *m->parent;
        out->at[key] = mutate(m->s, &m->s->space->v[key], out->at[key], draws);
        if (!gy_point_is_same(m->s->space, out, m->parent)) return;
    }
}

/* The winner of a tournament among the youngest; −1: all of them failed. */
static int64_t choose_parent(const gy_search *s, int64_t seen)
{
    const evolve_settings *settings = s->settings;
    const int64_t first = seen > settings->population ? seen - settings->population : 0;
    int64_t winner = -1;
    for (int64_t i = 0; i < settings->sample; i++) {
        int64_t one = first + (int64_t)(draw(s, OF_PARENT, (uint64_t)i) * (double)(seen - first));
        const gy_search_job *job = &s->jobs[one];
        if (isinf(job->cost)) continue;
        if (winner < 0 || job->cost < s->jobs[winner].cost) winner = one;
    }
    return winner;
}

static gy_status next(const gy_search *s, int64_t seen, gy_search_job *out, bool *found)
{
    const evolve_settings *settings = s->settings;
    *found = s->n < s->trials;
    if (!*found) return GY_OK;
    const int64_t parent = s->n < settings->population || seen == 0 ? -1 : choose_parent(s, seen);
    if (parent < 0) return gy_search_draw(s, s->n, &out->point);
    mutation m = {s, &s->jobs[parent].point};
    return gy_search_make(s, make_child, &m, &out->point);
}

static const gy_setting rows[] = {{.key = "population",
                                   .type = GY_SETTING_INT,
                                   .offset = offsetof(evolve_settings, population),
                                   .standard = "8",
                                   .min = 2,
                                   .max = 1000000,
                                   .help = "points that are alive"},
                                  {.key = "sample",
                                   .type = GY_SETTING_INT,
                                   .offset = offsetof(evolve_settings, sample),
                                   .standard = "4",
                                   .min = 1,
                                   .max = 1000000,
                                   .help = "of them that compete for a child"},
                                  {.key = "step",
                                   .type = GY_SETTING_FLOAT,
                                   .offset = offsetof(evolve_settings, step),
                                   .standard = "0.15",
                                   .min = 1e-6,
                                   .max = 1,
                                   .help = "how far a number moves, of its range"},
                                  GY_SETTING_END};

const gy_search_kind gy_search_evolve = {
    .kind = {.name = "evolve",
             .help = "children of the better ones, each with one key changed; the oldest die",
             .settings = rows,
             .settings_size = sizeof(evolve_settings)},
    .learns = true,
    .next = next};
