/*
 * What every hook promises (train_impl.h): all ranks call it alike and it leaves them alike, whatever
 * their own clocks say, so that none decides alone; the same run does the same again; and a run that goes
 * on from a checkpoint does after it what the first one did.
 *
 *     a       from the start to its end by early stopping, a step of it not finite
 *     again   the same
 *     on      from a checkpoint of the first
 *
 * A hook needs an event here that shows that it acted.
 */
#include "gy_test_mpi.h"
#include "tempdir.h"

#include "base/hash.h"
#include "comm/comm.h"
#include "train/hook_list.h"

enum { MOST = 40, HOOKS = 32, GOES_ON_FROM = 6 };

static const char yaml[] = "data: {train: 'synthetic:blobs?n=40&features=3&classes=3', "
                           "validation_fraction: 0.2}\n"
                           "model: {input: [3], layers: [dense: {units: 5}, batch_norm: {}, "
                           "dense: {units: 3}]}\n"
                           "optimizer: {kind: adam, learning_rate: 0.01}\n"
                           "schedule: {kind: plateau, patience: 1}\n"
                           "train: {epochs: 9, batch_size: 8, evaluate_every_steps: 4, "
                           "parameter_average: 0.9, "
                           "early_stopping: {patience: 3, min_delta: 100}}\n"
                           "checkpoint: {every_steps: 3, keep: 9}\n"
                           "comm: {verify_every_steps: 1, watchdog_seconds: 0}\n"
                           "sparse: {target: 0.5, end_step: 3, every_steps: 1}\n"
                           "log: {every_steps: 2}\n"
                           "threads: 1\n";

static const struct {
    const char *hook, *event; /* NULL: the test below has it */
} acts[] = {{"guard", "not_finite"},      {"verify", NULL},
            {"sparsity", "sparsity"},     {"progress", "step"},
            {"epoch", "epoch"},           {"evaluate", "evaluate"},
            {"early_stop", "early_stop"}, {"checkpoint", "checkpoint"}};

static const char *event_of(const char *hook)
{
    for (size_t i = 0; i < sizeof acts / sizeof *acts; i++)
        if (strcmp(acts[i].hook, hook) == 0) return acts[i].event == NULL ? "" : acts[i].event;
    return NULL;
}

static const gy_hook *hook_at(int i)
{
    return (const gy_hook *)gy_hook_registry.kinds[i];
}

static int calling;                                            /* number of the hook under way */
static int told[HOOKS];                                        /* events of its own that it told */
static uint64_t before[MOST + 1][HOOKS], now[MOST + 1][HOOKS]; /* where runs stood: step, hook */

static void observe(void *user, const gy_event *event)
{
    const char *wanted = calling < 0 ? NULL : event_of(hook_at(calling)->kind.name);
    (void)user;
    if (wanted != NULL && strcmp(event->type, wanted) == 0) told[calling]++;
}

static uint64_t mix(uint64_t hash, const void *bytes, size_t n)
{
    return 31 * hash + gy_hash(bytes, n);
}

/* Where a run stands, but for times and files: the same on every rank, and every time. */
static uint64_t stands(const gy_run *run)
{
    const gy_place *at = &run->at;
    const int64_t counts[] = {
        at->step,       at->epoch,       at->index,           at->ahead,     at->early,
        at->finished,   at->skipped,     at->averaged,        at->best.step, at->best.waited,
        at->best.epoch, at->best.sample, at->schedule.waited, at->n_values};
    const double numbers[] = {at->best.value, at->schedule.best, at->schedule.factor};
    const gy_params *params = gy_model_params(run->network.model);
    uint64_t hash = mix(mix(1, counts, sizeof counts), numbers, sizeof numbers);
    for (int i = 0; i < at->n_values; i++) hash = mix(hash, &at->values[i].value, sizeof(double));
    hash = mix(hash, gy_model_values(run->network.model), (size_t)params->floats * sizeof(float));
    return mix(hash, run->average, (size_t)params->trainable * sizeof(float));
}

static bool is_everywhere(uint64_t v)
{
    uint64_t first = v;
    CU_ASSERT_EQUAL(gy_comm_broadcast(gy_test_comm, &first, sizeof first, 0), GY_OK);
    double same = first == v;
    CU_ASSERT_EQUAL(gy_comm_min(gy_test_comm, &same, 1), GY_OK);
    return same != 0;
}

/* What a rank alone knows: other on every rank. */
static void tell_apart(gy_run *run)
{
    const double apart = 1000.0 * gy_comm_rank(gy_test_comm);
    for (int i = 0; i < GY_PHASES; i++) run->now.seconds[i] += apart;
    run->saved_s -= apart;
    run->looked_s -= apart;
    run->started_s -= apart;
    run->tell.logged_s -= apart;
    run->save_waited_s += apart;
}

static void call(gy_run *run, int i)
{
    const gy_hook *hook = hook_at(i);
    tell_apart(run);
    calling = i;
    gy_status status = hook->after_step(run);
    calling = -1;
    if (status != GY_OK) printf("\n    %s: %s\n", hook->kind.name, gy_error_last()->text);
    CU_ASSERT_EQUAL_FATAL(status, GY_OK);
    /* a rank that took part in more, or in less, would be in another of these */
    CU_ASSERT_FATAL(is_everywhere((uint64_t)(run->at.step * HOOKS + i)));
    now[run->at.step][i] = stands(run);
    const bool alike = is_everywhere(now[run->at.step][i]);
    if (!alike)
        printf("\n    after %s ranks differ, step %d\n", hook->kind.name, (int)run->at.step);
    CU_ASSERT(alike);
}

static gy_config *configure(gy_tempdir *dir, const char *name)
{
    char run_dir[GY_TEMPDIR + 16];
    gy_config *config = NULL;
    (void)snprintf(run_dir, sizeof run_dir, "run_dir=%s", gy_tempdir_join(dir, name));
    const char *const sets[] = {run_dir};
    CU_ASSERT_EQUAL_FATAL(gy_config_parse(gy_test_ctx, "test", yaml, sets, 1, &config), GY_OK);
    return config;
}

/* As gy_train() does, up to its first step. */
static void begin(gy_run *run, const gy_config *config, const gy_train_options *options)
{
    gy_past past;
    calling = -1;
    gy_run_init(run, gy_test_ctx, gy_test_comm, config, options);
    CU_ASSERT_EQUAL_FATAL(gy_run_take_faults(run), GY_OK);
    CU_ASSERT_EQUAL_FATAL(gy_past_find(run, &past), GY_OK);
    CU_ASSERT_EQUAL_FATAL(gy_run_build(run, &past.taught), GY_OK);
    CU_ASSERT_EQUAL_FATAL(gy_run_take_start(run, &past), GY_OK);
    CU_ASSERT_EQUAL_FATAL(gy_run_try_room(run), GY_OK);
    CU_ASSERT_EQUAL_FATAL(gy_run_claim(run, true), GY_OK);
    CU_ASSERT_EQUAL_FATAL(gy_journal_open(run), GY_OK);
    CU_ASSERT_EQUAL_FATAL(
        gy_loader_seek_sample(run->feed.loader[GY_PART_TRAIN], run->at.epoch, gy_run_sample(run)),
        GY_OK);
}

/* @return its steps */
static int64_t train(const gy_config *config, const gy_train_options *options)
{
    gy_run run;
    memset(now, 0, sizeof now);
    begin(&run, config, options);
    while (!gy_run_is_over(&run) && run.at.step < MOST) {
        CU_ASSERT_EQUAL_FATAL(gy_run_step(&run), GY_OK);
        for (int i = 0; i < gy_hook_registry.n; i++) call(&run, i);
    }
    const int64_t steps = run.at.step;
    CU_ASSERT_EQUAL(gy_run_end_saving(&run), GY_OK);
    gy_run_clear(&run);
    return steps;
}

static void expect_as_before(int64_t from, int64_t to, const char *what)
{
    for (int64_t step = from; step <= to; step++)
        for (int i = 0; i < gy_hook_registry.n; i++) {
            if (now[step][i] != before[step][i])
                printf("\n    %s: %s, step %d\n", what, hook_at(i)->kind.name, (int)step);
            CU_ASSERT_EQUAL(now[step][i], before[step][i]);
        }
}

static void all_of_them_promise(void)
{
    static const char *const spoiled[] = {"not_finite:step=5"};
    gy_tempdir dir;
    char checkpoint[2 * GY_TEMPDIR];
    const bool first = gy_comm_rank(gy_test_comm) == 0;
    if (first) gy_tempdir_make(&dir);
    CU_ASSERT_EQUAL_FATAL(gy_comm_broadcast(gy_test_comm, &dir, sizeof dir, 0), GY_OK);
    CU_ASSERT_FATAL(gy_hook_registry.n <= HOOKS);
    gy_train_options options = {
        .resume = "none", .inject = spoiled, .n_inject = 1, .observer = observe};
    gy_config *a = configure(&dir, "a"), *again = configure(&dir, "again"),
              *on = configure(&dir, "on");
    const int64_t steps = train(a, &options);
    CU_ASSERT(steps > GOES_ON_FROM + 3 && steps < MOST);
    for (int i = 0; i < gy_hook_registry.n; i++) {
        const char *name = hook_at(i)->kind.name, *event = event_of(name);
        if (event == NULL) printf("\n    %s has no event in the table of this test\n", name);
        CU_ASSERT_PTR_NOT_NULL_FATAL(event);
        if (first && *event != '\0' && told[i] == 0) printf("\n    %s did nothing\n", name);
        CU_ASSERT(!first || *event == '\0' || told[i] > 0);
    }
    memcpy(before, now, sizeof now);
    CU_ASSERT_EQUAL(train(again, &options), steps);
    expect_as_before(1, steps, "again");
    (void)snprintf(checkpoint, sizeof checkpoint, "%s/a/checkpoints/step-%09d", dir.path,
                   (int)GOES_ON_FROM);
    options.resume = checkpoint;
    CU_ASSERT_EQUAL(train(on, &options), steps);
    expect_as_before(GOES_ON_FROM + 1, steps, "from a checkpoint");
    gy_config_free(on);
    gy_config_free(again);
    gy_config_free(a);
    if (first) gy_tempdir_remove(&dir);
}

/* What a rank finds alone ends all of them alike. */
static void what_one_finds_ends_all(void)
{
    gy_tempdir dir;
    gy_run run;
    const int ranks = gy_comm_ranks(gy_test_comm), rank = gy_comm_rank(gy_test_comm);
    if (rank == 0) gy_tempdir_make(&dir);
    CU_ASSERT_EQUAL_FATAL(gy_comm_broadcast(gy_test_comm, &dir, sizeof dir, 0), GY_OK);
    gy_config *config = configure(&dir, "a");
    const gy_train_options options = {.resume = "none"};
    begin(&run, config, &options);
    CU_ASSERT_EQUAL(gy_run_step(&run), GY_OK);
    if (rank == ranks - 1) gy_model_values(run.network.model)[0] += 1;
    CU_ASSERT_EQUAL(gy_hook_verify.after_step(&run), ranks > 1 ? GY_E_COMM : GY_OK);
    CU_ASSERT(ranks == 1 || strstr(gy_error_last()->text, "other parameters") != NULL);
    run.now.skipped = true;
    run.at.skipped = run.config->train.not_finite.skip;
    CU_ASSERT_EQUAL(gy_hook_guard.after_step(&run), GY_E_DIVERGED);
    CU_ASSERT(gy_comm_agreed(gy_test_comm));
    gy_run_clear(&run);
    gy_config_free(config);
    if (rank == 0) gy_tempdir_remove(&dir);
}

GY_TEST_MPI_MAIN(GY_TEST(all_of_them_promise), GY_TEST(what_one_finds_ends_all))
