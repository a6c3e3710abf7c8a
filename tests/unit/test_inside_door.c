/*
 * A caller with traps, another rounding or small numbers flushed to 0 trains and applies the same network, bit
 * for bit, and has its floating-point environment as it was: in its own thread and in those of its team.
 */
#define _GNU_SOURCE /* feenableexcept */
#include "gy_test.h"
#include "tempdir.h"

#include <gyre/network.h>
#include <gyre/train.h>

#include "kernel/vector/flush.h"

#include <fenv.h>
#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <string.h>

enum { MOST = 96, TEAM = 2, CLASSES = 4, SAMPLES = 12, INPUT = 16 * 32 };

/* Numbers of every kind that come out. */
typedef struct told {
    double v[MOST];
    int n;
} told;

static void observe(void *user, const gy_event *event)
{
    static const char *const names[] = {"loss", "gradient_norm", "validation_loss"};
    told *t = user;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const double value = gy_event_number(event, names[i], NAN);
        if (!isnan(value) && t->n < MOST / 2) t->v[t->n++] = value;
    }
}

/* Exponentials that overflow in lanes whose results are discarded, masked rows, recurrent cells. */
static const char yaml[] =
    "data: {train: 'synthetic:images?n=48&shape=16x32x1&classes=4', validation_fraction: 0.25}\n"
    "model:\n"
    "  input: [16, 32, 1]\n"
    "  layers:\n"
    "    - reshape: {shape: [16, 32]}\n"
    "    - transformer_block: {heads: 2, causal: true}\n"
    "    - lstm: {units: 24, return: last}\n"
    "    - dense: {units: 64, activation: softplus, init: normal, init_scale: 300}\n"
    "    - dense: {units: 4}\n"
    "train: {epochs: 1, batch_size: 12}\n"
    "threads: 2\n";

/* What was trained, opened in memory: applied, trained a step more, applied as arrays of doubles. */
static gy_status use(gy_context *ctx, const char *run_dir, told *t)
{
    static float x[SAMPLES * INPUT], y[SAMPLES] = {0, 1, 2, 3}, out[SAMPLES * CLASSES];
    const gy_network_options options = {.training = true, .threads = TEAM};
    gy_network *net = NULL;
    double loss = 0, again[SAMPLES * CLASSES];
    for (int i = 0; i < SAMPLES * INPUT; i++) x[i] = (float)(i * 7919 % 1024) / 1024; /* exactly */
    const gy_view in = {GY_FLOAT, x, 4, {SAMPLES, 16, 32, 1}, {INPUT, 32, 1, 1}};
    const gy_view answers = {GY_DOUBLE, again, 2, {SAMPLES, CLASSES}, {CLASSES, 1}};
    GY_TRY(gy_network_open(ctx, NULL, run_dir, &options, &net));
    gy_status status = gy_network_apply(net, NULL, SAMPLES, x, out);
    if (status == GY_OK) status = gy_network_step(net, SAMPLES, x, y, NULL, &loss);
    if (status == GY_OK) status = gy_network_apply_view(net, NULL, &in, &answers);
    gy_network_close(net);
    for (int i = 0; i < CLASSES; i++) { /* of the last sample, before and after */
        t->v[t->n++] = out[SAMPLES * CLASSES - 1 - i];
        t->v[t->n++] = again[SAMPLES * CLASSES - 1 - i];
    }
    t->v[t->n++] = loss;
    return status;
}

static void train(told *t)
{
    char run_dir[GY_TEMPDIR + 16];
    gy_tempdir dir;
    gy_config *config = NULL;
    gy_comm *comm = NULL;
    gy_context *ctx = gy_test_context();
    t->n = 0;
    gy_tempdir_make(&dir);
    (void)snprintf(run_dir, sizeof run_dir, "run_dir=%s", dir.path);
    const char *const sets[] = {run_dir};
    const gy_train_options options = {.observer = observe, .observer_user = t};
    gy_status status = gy_comm_create(ctx, NULL, &comm);
    if (status == GY_OK) status = gy_config_parse(ctx, "test", yaml, sets, 1, &config);
    if (status == GY_OK) status = gy_train(ctx, comm, config, &options);
    if (status == GY_OK) status = use(ctx, dir.path, t);
    if (status != GY_OK) printf("%s\n", gy_error_last()->text);
    CU_ASSERT_EQUAL(status, GY_OK);
    gy_config_free(config);
    gy_comm_free(comm);
    gy_tempdir_remove(&dir);
    gy_test_end(ctx);
}

typedef struct mode {
    int rounding, traps;
    bool flushes;
} mode;

static void set(const mode *m)
{
    CU_ASSERT_EQUAL_FATAL(fesetenv(FE_DFL_ENV), 0);
    if (m->flushes) (void)flush_denormals();
    (void)fesetround(m->rounding);
    (void)feenableexcept(m->traps);
}

/* Whether products of tiny numbers are 0. */
static bool flushes(void)
{
    const volatile float tiny = 0x1p-130f;
    return tiny * 0.5f == 0.0f;
}

static bool is_set(const mode *m)
{
    const bool kept = fegetround() == m->rounding && fegetexcept() == m->traps &&
                      fetestexcept(FE_ALL_EXCEPT) == 0;
    (void)fedisableexcept(FE_ALL_EXCEPT); /* for the product */
    return kept && flushes() == m->flushes;
}

/* By arithmetic on vectors, which alone a new thread has from the caller. */
static bool rounds_up(void)
{
    const volatile float one = 1.0f, little = 0x1p-40f;
    return one + little > 1.0f;
}

/* The first team of the process. */
static void a_team_made_inside_is_the_callers(void)
{
    static told t;
    int up[TEAM] = {0};
    set(&(mode){.rounding = FE_UPWARD});
    train(&t);
#pragma omp parallel num_threads(TEAM)
    {
        up[omp_get_thread_num()] = rounds_up();
        (void)fesetenv(FE_DFL_ENV);
    }
    for (int i = 0; i < TEAM; i++) CU_ASSERT_TRUE(up[i]);
}

static void other_modes_change_nothing(void)
{
    static const mode modes[] = {{FE_TONEAREST, 0, false},
                                 {FE_TONEAREST, FE_INVALID | FE_DIVBYZERO | FE_OVERFLOW, false},
                                 {FE_TONEAREST, FE_UNDERFLOW, false},
                                 {FE_UPWARD, 0, false},
                                 {FE_DOWNWARD, 0, false},
                                 {FE_TOWARDZERO, FE_INVALID, false},
                                 {FE_TONEAREST, 0, true}};
    static told first, now;
    int kept[TEAM] = {0};
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        const mode *m = &modes[i];
#pragma omp parallel num_threads(TEAM)
        set(m);
        train(i == 0 ? &first : &now);
#pragma omp parallel num_threads(TEAM)
        {
            kept[omp_get_thread_num()] = is_set(m);
            (void)fesetenv(FE_DFL_ENV);
        }
        for (int t = 0; t < TEAM; t++) CU_ASSERT_TRUE(kept[t]);
        if (i == 0) continue;
        CU_ASSERT_EQUAL(now.n, first.n);
        CU_ASSERT_EQUAL(memcmp(now.v, first.v, sizeof now.v), 0);
    }
    CU_ASSERT_TRUE(first.n > 5);
}

int main(void)
{
    static const gy_test_case cases[] = {GY_TEST(a_team_made_inside_is_the_callers),
                                         GY_TEST(other_modes_change_nothing)};
    gy_context *ctx = gy_test_context();
    if (gy_comm_start(ctx) != GY_OK) return 1;
    const int code = gy_test_run(cases, sizeof cases / sizeof *cases, NULL);
    gy_comm_stop(ctx);
    gy_context_free(ctx);
    return code;
}
