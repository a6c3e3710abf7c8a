/*
 * The last layer and the loss by blocks of rows: the same numbers as of whole outputs, gradients that are those of
 * the loss, in less memory; where it is done, and where not.
 */
#include "gradient.h"
#include "gy_test.h"
#include "kinds.h"
#include "specs.h"

#include "loss/loss_list.h"
#include "model/model_impl.h"
#include "network/network.h"

#include <math.h>

enum { BATCH = 3, TIME = 223, ROWS = BATCH * TIME, WORDS = 37, SUMS = 400 };

typedef struct fixture {
    gy_context *ctx;
    gy_pool pool;
    gy_net network;
    gy_lesson lesson;
    double tally[SUMS];
    float x[ROWS], y[ROWS], weight[ROWS], teacher[ROWS * WORDS];
} fixture;

/* What ends the model. */
typedef enum head { DENSE, LOW_RANK, EMBEDDING, HEADS } head;

static gy_layer_specs layers(gy_pool *pool, head h)
{
    gy_test_list list = gy_test_layers(pool);
    gy_test_add(&list, "embedding", "words", "vocabulary", "37", "units", "8", NULL);
    gy_test_add(&list, "layer_norm", NULL, NULL);
    if (h == DENSE) gy_test_add(&list, "dense", "head", "units", "37", NULL);
    if (h == LOW_RANK) gy_test_add(&list, "dense", "head", "units", "37", "rank", "3", NULL);
    if (h == EMBEDDING)
        gy_test_add(&list, "output_embedding", "head", NULL)->common.share = "words";
    return (gy_layer_specs){list.v, list.n};
}

static void set(fixture *f, const gy_kind *kind, void *settings, const char *key, const char *text)
{
    gy_buffer why;
    gy_buffer_init(&why, f->ctx);
    const gy_setting *row = gy_setting_find(kind->settings, key);
    CU_ASSERT_TRUE(gy_setting_assign(row, &text, 1, false, &f->pool, settings, &why));
    gy_buffer_clear(&why);
}

static void make_samples(fixture *f)
{
    for (int i = 0; i < ROWS; i++) {
        f->x[i] = (float)(i * 31 % WORDS);
        f->y[i] = (float)((i * i + 3 * i) % WORDS);
        f->weight[i] = (float)(i % 5) / 2;
    }
    for (int i = 0; i < ROWS * WORDS; i++) f->teacher[i] = (float)(i * 13 % 29) / 10;
    f->lesson = (gy_lesson){
        .n = BATCH, .x = f->x, .y = f->y, .w = f->weight, .scale = 1.0 / ROWS, .tally = f->tally};
}

/* With weights, a class that counts nothing, smoothed labels, all metrics of classes. */
static void begin(fixture *f, head h)
{
    static const char *const names[] = {"accuracy", "top5", "perplexity", "f1", "iou"};
    *f = (fixture){.ctx = gy_test_context()};
    gy_pool_init(&f->pool, f->ctx);
    const gy_kind *loss = &gy_loss_cross_entropy.kind;
    void *settings = gy_test_variant(loss, 0, &f->pool);
    set(f, loss, settings, "label_smoothing", "0.1");
    set(f, loss, settings, "ignore_label", "5");
    const gy_net_spec spec = {.input = {1, {TIME}},
                              .layers = layers(&f->pool, h),
                              .where = "test",
                              .threads = 1,
                              .ranks = 1,
                              .loss = {.kind = loss, .settings = settings},
                              .metrics = {names, sizeof names / sizeof *names}};
    const gy_shape target = {1, {TIME}};
    gy_net *net = &f->network;
    CU_ASSERT_EQUAL_FATAL(gy_net_open(f->ctx, &spec, net), GY_OK);
    CU_ASSERT_EQUAL_FATAL(gy_net_aim(net, &target), GY_OK);
    CU_ASSERT_EQUAL_FATAL(gy_task_take_weights(&net->task, TIME), GY_OK);
    net->task.imitation = (gy_imitation){.temperature = 2, .weight = 0.4};
    gy_net_cut(net, BATCH, 1, 0);
    CU_ASSERT_EQUAL_FATAL(gy_net_make_pieces(net), GY_OK);
    CU_ASSERT_EQUAL_FATAL(gy_model_allocate(net->model, true), GY_OK);
    CU_ASSERT_EQUAL_FATAL(gy_model_start(net->model, 1), GY_OK);
    CU_ASSERT_TRUE_FATAL(net->task.sums <= SUMS);
    make_samples(f);
}

static void end(fixture *f)
{
    gy_net_close(&f->network);
    gy_pool_clear(&f->pool);
    gy_test_end(f->ctx);
}

static gy_model_run run_of(const fixture *f)
{
    return (gy_model_run){.kernel = f->network.kernel, .scale = 1.0 / BATCH, .first_use = true};
}

/* Measures; then, where that is planned, goes back. @return the loss as its gradient is scaled */
static double pass(fixture *f, gy_model_use use)
{
    gy_net *net = &f->network;
    gy_model_run run = run_of(f);
    memset(f->tally, 0, sizeof f->tally);
    CU_ASSERT_EQUAL_FATAL(gy_model_plan(net->model, BATCH, use), GY_OK);
    CU_ASSERT_EQUAL_FATAL(gy_plan_check(net->model, net->model->plan), GY_OK);
    CU_ASSERT_EQUAL_FATAL(gy_net_forward(net, &run, &f->lesson), GY_OK);
    if (gy_use_trains(use)) CU_ASSERT_EQUAL_FATAL(gy_net_backward(net, &run, &f->lesson), GY_OK);
    return f->lesson.loss * f->lesson.scale;
}

static double measure(void *user)
{
    return pass(user, GY_USE_MEASURING);
}

/* Outputs made whole, and what the task says of them. */
static void measure_whole(fixture *f, double *tally)
{
    float *y = NULL;
    const gy_net *net = &f->network;
    gy_model_run run = run_of(f);
    CU_ASSERT_EQUAL_FATAL(gy_model_plan(net->model, BATCH, GY_USE_EVALUATION), GY_OK);
    CU_ASSERT_EQUAL_FATAL(gy_model_forward(net->model, &run, BATCH, f->x, &y), GY_OK);
    const gy_task_batch batch = {BATCH, y, f->y, f->weight, f->lesson.teacher};
    (void)gy_task_add(&net->task, net->kernel, &batch, 1, NULL, tally);
}

static void expect_near(int64_t n, const float *a, const float *b, double tolerance)
{
    double worst = 0;
    for (int64_t i = 0; i < n; i++) worst = fmax(worst, fabs((double)a[i] - (double)b[i]));
    CU_ASSERT(worst <= tolerance);
}

/* By blocks, which the rows do not fill, as in one block; plans alike; gradients by differences. */
static void check(head h, bool taught)
{
    fixture f;
    double whole[SUMS] = {0};
    float *one, *g;
    begin(&f, h);
    gy_model *m = f.network.model;
    const int64_t n = gy_model_params(m)->trainable;
    if (taught) f.lesson.teacher = f.teacher;
    CU_ASSERT_TRUE(gy_model_fuses_loss(m));
    CU_ASSERT_EQUAL_FATAL(gy_pool_array(&f.pool, n, &one), GY_OK);
    CU_ASSERT_EQUAL_FATAL(gy_pool_array(&f.pool, n, &g), GY_OK);
    measure_whole(&f, whole);
    pass(&f, GY_USE_TRAINING);
    memcpy(one, gy_model_gradients(m), (size_t)n * sizeof *one);
    for (gy_model_use use = GY_USE_MEASURING; use < GY_USES; use++)
        gy_plan_clear(f.ctx, &m->plans[use]);
    m->block_floats = 1;
    for (gy_model_use use = GY_USE_MEASURING; use < GY_USE_STEPS; use++) {
        pass(&f, use);
        for (int i = 0; i < f.network.task.sums; i++)
            CU_ASSERT_DOUBLE_EQUAL(f.tally[i], whole[i], 1e-9 * (1 + fabs(whole[i])));
    }
    memcpy(g, gy_model_gradients(m), (size_t)n * sizeof *g);
    expect_near(n, g, one, 1e-6);
    const gy_gradient_check by = {.loss = measure, .user = &f};
    const gy_gradient_result r = gy_gradient_compare(&by, n, gy_model_values(m), g, 5);
    CU_ASSERT(r.failed == 0 && r.used >= 3 && r.norm > 0.01);
    pass(&f, GY_USE_STEPS);
    CU_ASSERT(memcmp(gy_model_gradients(m), g, (size_t)n * sizeof *g) == 0);
    end(&f);
}

static void blocks_give_what_whole_outputs_do(void)
{
    for (head h = DENSE; h < HEADS; h++) check(h, false);
    check(EMBEDDING, true);
}

/* Gradients are told complete once each, the last layer's with the loss. */
typedef struct told {
    int64_t last;
    int times;
} told;

static gy_status note(void *user, int64_t from)
{
    told *t = user;
    CU_ASSERT(from < t->last);
    t->last = from;
    t->times++;
    return GY_OK;
}

static void gradients_are_told_complete(void)
{
    fixture f;
    begin(&f, DENSE);
    gy_model *m = f.network.model;
    told t = {.last = gy_model_params(m)->trainable};
    gy_model_run run = run_of(&f);
    run.complete = note;
    run.user = &t;
    CU_ASSERT_EQUAL_FATAL(gy_model_plan(m, BATCH, GY_USE_TRAINING), GY_OK);
    CU_ASSERT_EQUAL_FATAL(gy_net_forward(&f.network, &run, &f.lesson), GY_OK);
    CU_ASSERT_EQUAL(t.times, 1);
    CU_ASSERT_EQUAL_FATAL(gy_net_backward(&f.network, &run, &f.lesson), GY_OK);
    CU_ASSERT_EQUAL(t.times, 3);
    CU_ASSERT_EQUAL(t.last, 0);
    end(&f);
}

static int64_t floats(gy_model *m, gy_model_use use)
{
    gy_model_memory memory;
    CU_ASSERT_EQUAL_FATAL(gy_model_measure(m, BATCH, use, &memory), GY_OK);
    return memory.activations / (int64_t)sizeof(float);
}

static void outputs_take_no_room(void)
{
    fixture f;
    begin(&f, DENSE);
    gy_model *m = f.network.model;
    const int64_t before = floats(m, GY_USE_TRAINING);
    m->block_floats = 1;
    const int64_t saved = (ROWS - GY_BLOCK_LEAST) * WORDS;
    CU_ASSERT(floats(m, GY_USE_TRAINING) <= before - saved + GY_PARAM_ALIGN);
    CU_ASSERT(floats(m, GY_USE_MEASURING) <= floats(m, GY_USE_EVALUATION) - saved + GY_PARAM_ALIGN);
    end(&f);
}

/* Whether a network of such layers, [8] to logits of 10, is passed by rows. */
static bool by_rows(const gy_loss_kind *loss, gy_net_spec with, const char *ends, bool block)
{
    gy_context *ctx = gy_test_context();
    gy_pool pool;
    gy_net network;
    gy_pool_init(&pool, ctx);
    gy_test_list list = gy_test_layers(&pool), inside = gy_test_layers(&pool);
    gy_test_list *in = block ? &inside : &list;
    gy_test_add(in, "dense", NULL, "units", "10", NULL);
    if (ends != NULL) gy_test_add(in, "activation", NULL, "kind", ends, NULL);
    if (block) gy_test_inside(gy_test_add(&list, "repeat", NULL, "times", "2", NULL), &inside);
    with.input = (gy_shape){1, {10}};
    with.layers = (gy_layer_specs){list.v, list.n};
    with.where = "test";
    with.threads = with.ranks = 1;
    with.loss = (gy_choice){&loss->kind, gy_test_variant(&loss->kind, 0, &pool)};
    CU_ASSERT_EQUAL_FATAL(gy_net_open(ctx, &with, &network), GY_OK);
    const bool fuses = gy_model_fuses_loss(network.model);
    gy_net_close(&network);
    gy_pool_clear(&pool);
    gy_test_end(ctx);
    return fuses;
}

/* Where outputs are read again, made of parameters that are made for the call, or judged as a whole, they are whole. */
static void where_it_is_done(void)
{
    static const char *const kinds[] = {"dense"};
    static const gy_model_adapt adapt = {.rank = 2, .alpha = 1, .layers = {kinds, 1}};
    const gy_loss_kind *loss = &gy_loss_cross_entropy;
    CU_ASSERT_TRUE(by_rows(loss, (gy_net_spec){.rollout = 1}, NULL, false));
    CU_ASSERT_TRUE(by_rows(loss, (gy_net_spec){.rollout = 1}, NULL, true));
    CU_ASSERT_TRUE(by_rows(loss, (gy_net_spec){.grains = 2}, NULL, false));
    CU_ASSERT_FALSE(by_rows(&gy_loss_mse, (gy_net_spec){.rollout = 1}, NULL, false));
    CU_ASSERT_FALSE(
        by_rows(&gy_loss_binary_cross_entropy, (gy_net_spec){.rollout = 1}, NULL, false));
    CU_ASSERT_FALSE(by_rows(loss, (gy_net_spec){.rollout = 1}, "relu", false));
    CU_ASSERT_FALSE(by_rows(loss, (gy_net_spec){.adapt = &adapt}, NULL, false));
    CU_ASSERT_FALSE(by_rows(loss, (gy_net_spec){.quantize = true}, NULL, false));
    CU_ASSERT_FALSE(by_rows(loss, (gy_net_spec){.recompute_blocks = true}, NULL, true));
}

GY_TEST_MAIN(GY_TEST(blocks_give_what_whole_outputs_do), GY_TEST(gradients_are_told_complete),
             GY_TEST(outputs_take_no_room), GY_TEST(where_it_is_done))
