/*
 * What every method of search promises, on spaces whose best point is known: the same decisions for the same
 * outcomes, whoever ends first; jobs that go on from what is there; an end; and less cost than `random` for as much
 * training, over ten seeds. SEEDS=100 in the environment shows
 * that in figures.
 */
#include "gy_test.h"

#include "search/search_list.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BUDGET = 27, MOST = 4096 };

/* The job of least cost, the first of equals; −1: none. */
static int64_t best_of(const gy_search *s)
{
    int64_t best = -1;
    for (int64_t i = 0; i < s->n; i++) {
        const gy_search_job *job = &s->jobs[i];
        if (!job->known || isinf(job->cost)) continue;
        if (best < 0 || job->cost < s->jobs[best].cost) best = i;
    }
    return best;
}

static const char *const choices[] = {"a", "b", "c", "d"};

/* A learning rate, two more numbers, a kind: all matter. */
static const gy_axis mixed[] = {
    {.key = "rate", .kind = GY_AXIS_LOG_UNIFORM, .low = 1e-5, .high = 1},
    {.key = "decay", .kind = GY_AXIS_UNIFORM, .low = 0, .high = 1},
    {.key = "model.units", .kind = GY_AXIS_INTEGER, .low = 1, .high = 64},
    {.key = "kind", .kind = GY_AXIS_CHOICE, .values = choices, .n = 4},
};
static const gy_axis of_choices[] = {
    {.key = "a", .kind = GY_AXIS_CHOICE, .values = choices, .n = 4},
    {.key = "b", .kind = GY_AXIS_CHOICE, .values = choices, .n = 4},
    {.key = "c", .kind = GY_AXIS_CHOICE, .values = choices, .n = 2},
};
/* A rate that should fall as training goes on. */
static const gy_axis one_rate[] = {
    {.key = "rate", .kind = GY_AXIS_LOG_UNIFORM, .low = 1e-5, .high = 1}};

static double bowl(const gy_space *space, const gy_point *p)
{
    double sum = 0;
    for (int i = 0; i < space->n; i++) {
        const gy_axis *range = &space->v[i];
        if (range->kind == GY_AXIS_CHOICE)
            sum += p->at[i] != 1 ? 0.2 : 0;
        else
            sum += (p->at[i] - 0.3 - 0.1 * i) * (p->at[i] - 0.3 - 0.1 * i);
    }
    return sum;
}

/* What is left of the loss after some more training. */
typedef double train(const gy_space *space, const gy_point *p, double loss, int64_t from,
                     int64_t until);

/* Falls to the bowl's height, as fast everywhere: early values tell of late ones. */
static double settle(const gy_space *space, const gy_point *p, double loss, int64_t from,
                     int64_t until)
{
    (void)loss;
    (void)from;
    return bowl(space, p) + exp(-6.0 * (double)until / BUDGET) * (0.5 + 0.2 * sin(40 * p->at[0]));
}

/* The nearer the rate to what the loss asks for, the faster it falls. */
static double descend(const gy_space *space, const gy_point *p, double loss, int64_t from,
                      int64_t until)
{
    const double rate = gy_axis_number(&space->v[0], p->at[0]);
    for (int64_t i = from; i < until; i++) {
        const double off = log(rate / (0.3 * loss));
        loss *= 1 - 0.35 * exp(-off * off);
    }
    return loss;
}

typedef struct world {
    gy_space space;
    train *train;
} world;

static const world bowls = {{mixed, 4}, settle}, tables = {{of_choices, 3}, settle},
                   falls = {{one_rate, 1}, descend};

typedef struct result {
    double best;
    int64_t spent, jobs;
    uint64_t decisions; /* in one number */
} result;

/* The job that its directory was trained by before; −1: none. */
static int64_t before(const gy_search *s, int64_t job)
{
    if (s->jobs[job].from >= 0) return s->jobs[job].from;
    for (int64_t i = job - 1; i >= 0; i--)
        if (s->jobs[i].trial == s->jobs[job].trial) return i;
    return -1;
}

typedef struct setting {
    const char *method;
    const world *world;
    int64_t trials, ahead;
    int groups;
    uint64_t seed, order; /* order: of those that end */
    bool fails;           /* every third trial does */
} setting;

static void end_job(gy_search *s, const setting *set, double *loss, int64_t job, result *r)
{
    const gy_search_job *j = &s->jobs[job];
    const int64_t last = before(s, job), from = last < 0 ? 0 : s->jobs[last].until;
    CU_ASSERT_TRUE(last < 0 || (s->jobs[last].known && !isinf(s->jobs[last].cost)));
    CU_ASSERT_TRUE(j->until > from && j->until <= s->budget);
    loss[job] = set->world->train(s->space, &j->point, last < 0 ? 1 : loss[last], from, j->until);
    r->spent += j->until - from;
    gy_search_take(s, job, set->fails && job % 3 == 0 ? NAN : loss[job]);
}

static void sum_up(const gy_search *s, result *r)
{
    for (int64_t i = 0; i < s->n; i++) {
        const gy_search_job *j = &s->jobs[i];
        for (int k = 0; k < s->space->n; k++)
            r->decisions = r->decisions * 31 + (uint64_t)(1e9 * j->point.at[k]);
        r->decisions = r->decisions * 31 + (uint64_t)(j->trial * 1000 + j->until * 10 + j->from);
    }
    r->jobs = s->n;
    const int64_t best = best_of(s);
    r->best = best < 0 ? INFINITY : s->jobs[best].cost;
}

static result search(const setting *set)
{
    gy_context *ctx = gy_test_context();
    gy_pool pool;
    result r = {.best = INFINITY};
    double loss[MOST];
    int64_t busy[64], n = 0;
    void *settings;
    const gy_kind *kind = gy_registry_find(&gy_search_registry, set->method);
    gy_pool_init(&pool, ctx);
    CU_ASSERT_EQUAL_FATAL(gy_pool_alloc(&pool, kind->settings_size + 1, &settings), GY_OK);
    CU_ASSERT_EQUAL_FATAL(gy_settings_default(kind->settings, &pool, settings), GY_OK);
    gy_search s = {.ctx = ctx,
                   .space = &set->world->space,
                   .kind = gy_search_kind_of(kind),
                   .settings = settings,
                   .seed = set->seed,
                   .trials = set->trials,
                   .ahead = set->ahead,
                   .budget = BUDGET};
    for (;;) {
        gy_search_says says = GY_SEARCH_WAITS;
        if (n < set->groups) CU_ASSERT_EQUAL_FATAL(gy_search_next(&s, &says), GY_OK);
        if (says == GY_SEARCH_JOB) busy[n++] = s.n - 1;
        CU_ASSERT_FATAL(s.n < MOST);
        if (says == GY_SEARCH_JOB && n < set->groups) continue;
        if (n == 0) break;
        const gy_rng key = {set->order, GY_RNG_SEARCH, 0};
        const int64_t ends = (int64_t)(gy_rng_uniform(key, (uint64_t)s.n, (uint64_t)n) * (double)n);
        end_job(&s, set, loss, busy[ends], &r);
        busy[ends] = busy[--n];
    }
    sum_up(&s, &r);
    gy_search_clear(&s);
    gy_pool_clear(&pool);
    gy_test_end(ctx);
    return r;
}

/* With groups and orders of all kinds, as long as decisions look as far back. */
static void decides_by_outcomes_alone(void)
{
    for (int i = 0; i < gy_search_registry.n; i++) {
        setting one = {.method = gy_search_registry.kinds[i]->name,
                       .world = &bowls,
                       .trials = 12,
                       .ahead = 4,
                       .groups = 1,
                       .seed = 3};
        for (int fails = 0; fails < 2; fails++) {
            one.fails = fails;
            const result first = search(&one);
            CU_ASSERT_TRUE(first.jobs >= 12 && isfinite(first.best));
            for (int groups = 1; groups <= 4; groups++) {
                setting other = one;
                other.groups = groups;
                other.order = (uint64_t)groups;
                const result again = search(&other);
                CU_ASSERT_EQUAL(again.decisions, first.decisions);
                CU_ASSERT_EQUAL(again.best, first.best);
            }
            setting seed = one;
            seed.seed = 4;
            const bool draws = strcmp(one.method, "grid") != 0;
            CU_ASSERT_EQUAL(search(&seed).decisions != first.decisions, draws);
        }
    }
}

/* Means over seeds of the best cost, a method's and random's for as much training. */
static void compare(const char *method, const world *w, int64_t trials, int seeds, double mean[2])
{
    mean[0] = mean[1] = 0;
    for (int seed = 1; seed <= seeds; seed++) {
        setting set = {.method = method,
                       .world = w,
                       .trials = trials,
                       .ahead = 1,
                       .groups = 1,
                       .seed = (uint64_t)seed};
        const result r = search(&set);
        set.method = "random";
        set.trials = (r.spent + BUDGET - 1) / BUDGET;
        const result by_chance = search(&set);
        mean[0] += r.best / seeds;
        mean[1] += by_chance.best / seeds;
    }
}

static const struct {
    const char *method;
    const world *world;
    int64_t trials;
} comparisons[] = {{"grid", &tables, 32},
                   {"halving", &bowls, 81},
                   {"evolve", &bowls, 48},
                   {"population", &falls, 8}};
enum { COMPARISONS = sizeof comparisons / sizeof *comparisons };

static void beats_chance(void)
{
    const char *more = getenv("SEEDS");
    const int seeds = more == NULL ? 10 : atoi(more);
    for (int i = 0; i < COMPARISONS; i++) {
        double mean[2];
        compare(comparisons[i].method, comparisons[i].world, comparisons[i].trials, seeds, mean);
        CU_ASSERT_TRUE(mean[0] < mean[1]);
        if (more != NULL)
            printf("%-12s %8.3g, random %8.3g\n", comparisons[i].method, mean[0], mean[1]);
    }
}

/* Limits: what is not allowed becomes no job; where nothing is, that is said. */
static gy_status allow_small(void *user, const gy_point *point, bool *out)
{
    *out = point->at[2] < *(const double *)user;
    return GY_OK;
}

static void keeps_to_limits(void)
{
    for (int i = 0; i < gy_search_registry.n; i++) {
        gy_context *ctx = gy_test_context();
        const gy_search_kind *kind = gy_search_kind_of(gy_search_registry.kinds[i]);
        gy_pool pool;
        void *settings;
        double limit = 0.25;
        gy_search_says says;
        gy_pool_init(&pool, ctx);
        CU_ASSERT_EQUAL_FATAL(gy_pool_alloc(&pool, kind->kind.settings_size + 1, &settings), GY_OK);
        CU_ASSERT_EQUAL_FATAL(gy_settings_default(kind->kind.settings, &pool, settings), GY_OK);
        gy_search s = {.ctx = ctx,
                       .space = &bowls.space,
                       .kind = kind,
                       .settings = settings,
                       .seed = 7,
                       .trials = 10,
                       .ahead = 1,
                       .budget = BUDGET,
                       .allows = allow_small,
                       .user = &limit};
        for (;;) {
            CU_ASSERT_EQUAL_FATAL(gy_search_next(&s, &says), GY_OK);
            if (says != GY_SEARCH_JOB) break;
            CU_ASSERT_TRUE(s.jobs[s.n - 1].point.at[2] < limit);
            gy_search_take(&s, s.n - 1, (double)(s.n * 7 % 5));
        }
        CU_ASSERT_TRUE(says == GY_SEARCH_ENDS && s.n >= 10);
        gy_search_clear(&s);
        limit = -1;
        const bool passes_over = strcmp(kind->kind.name, "grid") == 0;
        CU_ASSERT_EQUAL(gy_search_next(&s, &says), passes_over ? GY_OK : GY_E_CONFIG);
        gy_search_clear(&s);
        gy_pool_clear(&pool);
        gy_test_end(ctx);
    }
}

/* As good a point as of all that are trained to their end, for a third of the training. */
static void halving_is_cheap(void)
{
    double halved = 0, by_chance = 0;
    int64_t little = 0, much = 0;
    for (int seed = 1; seed <= 10; seed++) {
        setting set = {.method = "halving",
                       .world = &bowls,
                       .trials = 27,
                       .ahead = 1,
                       .groups = 1,
                       .seed = (uint64_t)seed};
        const result r = search(&set);
        set.method = "random";
        const result all = search(&set); /* the same points, each to its end */
        little += r.spent;
        much += all.spent;
        halved += r.best;
        by_chance += all.best;
    }
    CU_ASSERT_TRUE(3 * little <= much);
    CU_ASSERT_TRUE(halved <= by_chance * 1.02);
}

static const char *refused[] = {
    "{}",
    "[1]",
    "[{\"key\": \"a\"}]",
    "[{\"uniform\": [0, 1]}]",
    "[{\"key\": \"a\", \"choice\": []}]",
    "[{\"key\": \"a\", \"log_uniform\": [0, 1]}]",
    "[{\"key\": \"a\", \"uniform\": [2, 1]}]",
    "[{\"key\": \"a\", \"uniform\": [1]}]",
    "[{\"key\": \"a\", \"integer\": [0.5, 2]}]",
    "[{\"key\": \"a\", \"uniforms\": [0, 1]}]",
    "[{\"key\": \"a\", \"uniform\": [0, 1], \"choice\": [1]}]",
    "[{\"key\": \"a\", \"uniform\": [0, 1]}, {\"key\": \"a\", \"uniform\": [0, 1]}]"};

static const char good[] =
    "[{\"key\": \"r\", \"log_uniform\": [1e-4, 1]}, {\"key\": \"l\", \"choice\": [[\"flatten\", "
    "{\"dense\": {\"units\": 3}}], \"relu\"]}, {\"key\": \"n\", \"integer\": [2, 5]}]";

static void spaces_are_read(void)
{
    gy_context *ctx = gy_test_context();
    gy_pool pool;
    gy_space space;
    gy_buffer text;
    gy_pool_init(&pool, ctx);
    gy_buffer_init(&text, ctx);
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        CU_ASSERT_EQUAL(gy_space_read(&pool, refused[i], &space), GY_E_CONFIG);
    CU_ASSERT_EQUAL_FATAL(gy_space_read(&pool, good, &space), GY_OK);
    gy_point_print(&space, &(gy_point){{0.5, 0, 0.99}}, &text);
    CU_ASSERT_STRING_EQUAL(gy_buffer_text(&text),
                           "r=0.01 l=[\"flatten\", {\"dense\": {\"units\": 3}}] n=5");
    for (int n = 2; n <= 5; n++)
        CU_ASSERT_EQUAL(gy_axis_number(&space.v[2], gy_axis_place(&space.v[2], n)), n);
    gy_buffer_clear(&text);
    gy_pool_clear(&pool);
    gy_test_end(ctx);
}

GY_TEST_MAIN(GY_TEST(decides_by_outcomes_alone), GY_TEST(beats_chance), GY_TEST(keeps_to_limits),
             GY_TEST(halving_is_cheap), GY_TEST(spaces_are_read))
