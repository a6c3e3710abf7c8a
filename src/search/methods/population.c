/*
 * population: population-based training (Jaderberg et al. 2017). `trials` members train side by side, in rounds;
 * between rounds each of the worse ones takes over parameters and settings of one of the better ones, through its
 * checkpoint, and changes the settings a little: a schedule is learned within one training.
 *
 * A round of a member is a job with a directory of its own, which goes on from the one before, its own or
 * another's. Keys of the model are taken over and never changed: parameters would not fit.
 */
#include "../search_list.h"

#include <math.h>
#include <string.h>

typedef struct population_settings {
    int64_t rounds;
    double worse, factor;
} population_settings;

enum { OF_SOURCE = 1100, OF_CHANGE, OF_WAY };

static double draw(const gy_search *s, int use, uint64_t a)
{
    const gy_rng key = {s->seed, GY_RNG_SEARCH, (uint32_t)use};
    return gy_rng_uniform(key, (uint64_t)s->n, a);
}

/* Members of a round that are better than one of its jobs. */
static int64_t place_of(const gy_search *s, int64_t first, int64_t job)
{
    int64_t better = 0;
    for (int64_t i = first; i < first + s->trials; i++) {
        const double a = s->jobs[i].cost, b = s->jobs[job].cost;
        better += i != job && (a < b || (a == b && i < job));
    }
    return better;
}

static int64_t find_place(const gy_search *s, int64_t first, int64_t place)
{
    int64_t i = first;
    while (place_of(s, first, i) != place) i++;
    return i;
}

typedef struct change {
    const gy_search *s;
    const gy_point *of;
} change;

/* Each number goes up or down by the factor, each choice one on or back, or it stays. */
static void perturb(void *of, int attempt, gy_point *out)
{
    const change *c = of;
    const double factor = ((const population_settings *)c->s->settings)->factor;
    *out = *c->of;
    for (int i = 0; i < c->s->space->n; i++) {
        const gy_axis *range = &c->s->space->v[i];
        const uint64_t at = (uint64_t)(attempt * GY_AXES + i);
        const double which = draw(c->s, OF_CHANGE, at);
        const bool up = draw(c->s, OF_WAY, at) < 0.5;
        if (strncmp(range->key, "model", 5) == 0) continue;
        if (range->kind == GY_AXIS_CHOICE) {
            if (which < 0.5) out->at[i] = gy_axis_place(range, out->at[i] + (up ? 1 : -1));
            continue;
        }
        double number = gy_axis_number(range, out->at[i]);
        number = up ? number * factor : number / factor;
        if (range->kind == GY_AXIS_INTEGER) number = round(number);
        out->at[i] = gy_axis_place(range, number);
    }
}

static int64_t until(const gy_search *s, int64_t round)
{
    const int64_t rounds = ((const population_settings *)s->settings)->rounds;
    const int64_t budget = s->budget * (round + 1) / rounds;
    return budget < 1 ? 1 : budget;
}

static gy_status next(const gy_search *s, int64_t seen, gy_search_job *out, bool *found)
{
    const population_settings *settings = s->settings;
    const int64_t members = s->trials, round = s->n / members, first = (round - 1) * members;
    const int64_t mine = s->n - members;
    *found = round < settings->rounds && seen >= round * members;
    if (!*found) return GY_OK;
    out->until = until(s, round);
    if (round == 0) return gy_search_draw(s, s->n, &out->point);
    int64_t worse = (int64_t)floor(settings->worse * (double)members);
    if (worse > members / 2) worse = members / 2;
    out->from = mine;
    out->point = s->jobs[mine].point;
    const bool failed = isinf(s->jobs[mine].cost);
    if (!failed && place_of(s, first, mine) < members - worse) return GY_OK;
    const int64_t better = worse < 1 ? 1 : worse;
    const int64_t place = (int64_t)(draw(s, OF_SOURCE, 0) * (double)better);
    out->from = find_place(s, first, place);
    if (isinf(s->jobs[out->from].cost)) out->from = -1; /* all are lost: it starts anew */
    if (out->from < 0) return gy_search_draw(s, s->n, &out->point);
    change c = {s, &s->jobs[out->from].point};
    return gy_search_make(s, perturb, &c, &out->point);
}

static const gy_setting rows[] = {
    {.key = "rounds",
     .type = GY_SETTING_INT,
     .offset = offsetof(population_settings, rounds),
     .standard = "5",
     .min = 2,
     .max = 100000,
     .help = "parts that a training is cut into; between them the better ones are taken over"},
    {.key = "worse",
     .type = GY_SETTING_FLOAT,
     .offset = offsetof(population_settings, worse),
     .standard = "0.5",
     .min = 0,
     .max = 0.5,
     .help = "share of the members that take over from as many of the best"},
    {.key = "factor",
     .type = GY_SETTING_FLOAT,
     .offset = offsetof(population_settings, factor),
     .standard = "1.25",
     .min = 1,
     .max = 100,
     .help = "by which a number that was taken over goes up or down"},
    GY_SETTING_END};

const gy_search_kind gy_search_population = {
    .kind = {.name = "population",
             .help = "members train in rounds; the worse take over from the better (PBT)",
             .settings = rows,
             .settings_size = sizeof(population_settings)},
    .learns = true,
    .latest = true,
    .next = next};
