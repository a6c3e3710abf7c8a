/*
 * What every kind of layer promises, for every sample of every kind in the list (a new kind is
 * tested by being listed), in every precision, and for networks nested at random.
 */
#include "gradient.h"
#include "gy_test.h"
#include "layer_checks.h"
#include "layer_random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void check_gradients(gy_trial *t)
{
    const gy_params *params = gy_model_params(t->m);
    gy_model_run run = gy_trial_run(t);
    gy_trial_backward(t, &run);
    float *g = gy_trial_copy(t, params->trainable, gy_model_gradients(t->m));
    /* sums of float32 numbers of this size are not exact */
    double size = gy_test_norm(t->batch * t->outputs, gy_trial_forward(t, &run));
    gy_gradient_check check = {.loss = gy_trial_loss, .user = t, .floor = 1e-4 * (1 + size)};
    for (int i = 0; i < params->n; i++) {
        const gy_param *p = &params->v[i];
        if (!p->trainable) continue;
        gy_gradient_result r = gy_gradient_compare(
            &check, p->count, gy_model_values(t->m) + p->offset, g + p->offset, (uint64_t)i);
        gy_trial_expect(t, r.failed == 0, p->name, r.worst);
        gy_trial_expect(t, r.used >= 3, "too few directions are smooth", r.used);
    }
}

/* A second micro-batch adds. */
static void check_accumulation(gy_trial *t)
{
    int64_t n = gy_model_params(t->m)->trainable;
    gy_model_run run = gy_trial_run(t);
    gy_trial_backward(t, &run);
    float *once = gy_trial_copy(t, n, gy_model_gradients(t->m));
    run = gy_trial_run(t);
    run.first_use = false;
    gy_trial_backward(t, &run);
    for (int64_t i = 0; i < n; i++) once[i] *= 2;
    double error = gy_test_difference(n, once, gy_model_gradients(t->m));
    gy_trial_expect(t, error <= 1e-5 * (gy_test_norm(n, once) + 1e-3), "gradients do not add up",
                    error);
}

/* What the backward pass has said to be complete. */
typedef struct completion {
    const gy_trial *t;
    float *told; /* gradients when they were */
    int64_t from;
    bool descends;
} completion;

static gy_status complete(void *user, int64_t from)
{
    completion *c = user;
    int64_t n = c->from - from;
    c->descends = c->descends && n > 0;
    if (n > 0)
        memcpy(c->told + from, gy_model_gradients(c->t->m) + from, (size_t)n * sizeof(float));
    c->from = from;
    return GY_OK;
}

/* Gradients said to be complete change no more, and in the end all are. */
static void check_completion(gy_trial *t)
{
    int64_t n = gy_model_params(t->m)->trainable;
    gy_model_run run = gy_trial_run(t);
    completion c = {t, gy_trial_copy(t, n, gy_model_gradients(t->m)), n, true};
    run.complete = complete;
    run.user = &c;
    gy_trial_backward(t, &run);
    gy_trial_expect(t, c.from == 0 && c.descends, "not all gradients are complete", (double)c.from);
    gy_trial_expect(t, gy_test_same(n, c.told, gy_model_gradients(t->m)),
                    "complete gradients change", 0);
}

/* Sample by sample gives the same outputs, and gradients that add up to the batch's. */
static void check_single_samples(gy_trial *t)
{
    int64_t n = gy_model_params(t->m)->trainable, outputs = t->batch * t->outputs;
    if (t->mixes) return;
    gy_model_run run = gy_trial_run(t);
    float *y = gy_trial_copy(t, outputs, gy_trial_forward(t, &run));
    gy_trial_backward(t, &run);
    float *whole = gy_trial_copy(t, n, gy_model_gradients(t->m)),
          *single = gy_trial_copy(t, outputs, y);
    for (int64_t i = 0; i < t->batch; i++) {
        float *one = NULL;
        const float *x = t->x + i * t->inputs;
        gy_model_run part = gy_trial_run(t);
        part.first = GY_TRIAL_FIRST + i;
        part.first_use = i == 0;
        gy_trial_spoil(t->m);
        if (gy_model_forward(t->m, &part, 1, x, &one) != GY_OK) CU_FAIL("forward");
        memcpy(single + i * t->outputs, one, (size_t)t->outputs * sizeof *one);
        memcpy(one, t->c + i * t->outputs, (size_t)t->outputs * sizeof *one);
        if (gy_model_backward(t->m, &part, 1, x, one) != GY_OK) CU_FAIL("backward");
    }
    double error = gy_test_difference(outputs, single, y);
    gy_trial_expect(t, error <= gy_trial_reordered(t, 2e-5) * (gy_test_norm(outputs, y) + 1e-3),
                    "samples are not on their own", error);
    error = gy_test_difference(n, whole, gy_model_gradients(t->m));
    gy_trial_expect(t, error <= gy_trial_reordered(t, 2e-4) * (gy_test_norm(n, whole) + 1e-3),
                    "micro-batches do not add up", error);
}

static void check_evaluation(gy_trial *t)
{
    int64_t n = t->batch * t->outputs;
    gy_model_run run = gy_trial_run(t);
    float *trained = gy_trial_copy(t, n, gy_trial_forward(t, &run));
    int64_t buffers = gy_model_buffers(t->m)->floats;
    float *before = gy_trial_copy(t, buffers, gy_model_buffer_values(t->m));
    if (gy_model_plan(t->m, t->batch, GY_USE_EVALUATION) != GY_OK) CU_FAIL("plan");
    run = gy_trial_run(t);
    const float *y = gy_trial_forward(t, &run);
    double error = gy_test_difference(n, trained, y);
    bool alike = error <= gy_trial_reordered(t, 1e-5) * (gy_test_norm(n, trained) + 1e-3);
    gy_trial_expect(t, isfinite(error), "evaluation is not finite", error);
    gy_trial_expect(t, t->random || buffers > 0 || alike, "evaluation differs from training",
                    error);
    gy_trial_expect(t, gy_test_same(buffers, before, gy_model_buffer_values(t->m)),
                    "evaluation changes buffers", 0);
    run = gy_trial_run(t);
    run.seed = 8;
    float *first = gy_trial_copy(t, n, y);
    gy_trial_expect(t, gy_test_same(n, first, gy_trial_forward(t, &run)), "evaluation draws", 0);
    if (gy_model_plan(t->m, t->batch, GY_USE_TRAINING) != GY_OK) CU_FAIL("plan");
}

/*
 * In an arena where nothing shares a place, with guards between the tensors, a pass gives the same
 * bits, leaves the guards alone, and allocates nothing.
 */
static void check_arena(gy_trial *t)
{
    enum { GUARD = 64 };
    gy_plan *plan = &t->m->plans[GY_USE_TRAINING];
    int64_t n = gy_model_params(t->m)->trainable, floats = GUARD, damaged = 0;
    gy_model_run run = gy_trial_run(t);
    gy_trial_backward(t, &run);
    float *packed = gy_trial_copy(t, n, gy_model_gradients(t->m));
    int64_t *offset = NULL;
    float *arena = NULL;
    if (gy_pool_array(&t->pool, plan->program.n_storages, &offset) != GY_OK) abort();
    for (int i = 0; i < plan->program.n_storages; i++) {
        offset[i] = floats;
        floats += gy_align_floats(gy_storage_floats(plan->program.storages[i], t->batch)) + GUARD;
    }
    if (gy_new_array(t->ctx, floats, &arena) != GY_OK) abort();
    int64_t *offset_before = plan->offset, arena_floats = t->m->arena_floats;
    float *arena_before = t->m->arena;
    plan->offset = offset;
    t->m->arena = arena;
    t->m->arena_floats = floats;
    run = gy_trial_run(t);
    float *y = NULL;
    for (int64_t i = 0; i < floats; i++) arena[i] = NAN;
    int64_t allocations = gy_alloc_count(t->ctx);
    if (gy_model_forward(t->m, &run, t->batch, t->x, &y) != GY_OK) CU_FAIL("forward");
    memcpy(y, t->c, (size_t)(t->batch * t->outputs) * sizeof *y);
    if (gy_model_backward(t->m, &run, t->batch, t->x, y) != GY_OK) CU_FAIL("backward");
    gy_trial_expect(t, gy_alloc_count(t->ctx) == allocations, "a pass allocates", 0);
    for (int i = 0; i < plan->program.n_storages; i++)
        for (int64_t j = offset[i] - GUARD; j < offset[i]; j++) damaged += !isnan(arena[j]);
    gy_trial_expect(t, damaged == 0, "guards are damaged", (double)damaged);
    double error = gy_test_difference(n, packed, gy_model_gradients(t->m));
    bool alike =
        error <= 1e-6 * (gy_test_norm(n, packed) + 1e-3); /* false for NaN: all was written */
    gy_trial_expect(t, alike, "the packed arena gives others", error);
    plan->offset = offset_before;
    t->m->arena = arena_before;
    t->m->arena_floats = arena_floats;
    gy_free(t->ctx, arena);
}

/* Dropping activations inside blocks gives the same bits, and leaves buffers as one pass does. */
static void check_recompute(gy_trial *t)
{
    gy_model *again = NULL, *plain = t->m;
    int64_t n = gy_model_params(plain)->trainable, buffers = gy_model_buffers(plain)->floats;
    gy_model *fresh = NULL;
    if (gy_trial_model(t, true, &again) != GY_OK || gy_trial_model(t, false, &fresh) != GY_OK) {
        CU_FAIL("model");
    } else {
        gy_model_run run = gy_trial_run(t);
        t->m = fresh;
        gy_trial_backward(t, &run);
        run = gy_trial_run(t);
        t->m = again;
        gy_trial_backward(t, &run);
        gy_trial_expect(t, gy_test_same(n, gy_model_gradients(fresh), gy_model_gradients(again)),
                        "recomputing changes gradients", 0);
        gy_trial_expect(
            t, gy_test_same(buffers, gy_model_buffer_values(fresh), gy_model_buffer_values(again)),
            "recomputing changes buffers", 0);
    }
    t->m = plain;
    gy_model_free(again);
    gy_model_free(fresh);
}

/* Gradients in the place of activations have the same bits, whatever lay there, and stay complete. */
static void check_steps(gy_trial *t)
{
    gy_model *fresh = NULL, *steps = NULL, *plain = t->m;
    int64_t n = gy_model_params(plain)->trainable;
    if (gy_trial_model(t, false, &fresh) != GY_OK || gy_trial_model(t, false, &steps) != GY_OK ||
        gy_model_plan(steps, t->batch, GY_USE_STEPS) != GY_OK) {
        CU_FAIL("model");
    } else {
        gy_model_run run = gy_trial_run(t);
        t->m = fresh;
        gy_trial_backward(t, &run);
        t->m = steps;
        for (int64_t i = 0; i < n; i++) gy_model_gradients(steps)[i] = NAN;
        check_completion(t);
        gy_trial_expect(t, gy_test_same(n, gy_model_gradients(fresh), gy_model_gradients(steps)),
                        "the place of gradients changes them", 0);
    }
    t->m = plain;
    gy_model_free(fresh);
    gy_model_free(steps);
}

static void judge(void *user, int64_t row, int64_t rows, float *y, float *dy)
{
    const gy_trial *t = user;
    const int64_t last = gy_shape_last(gy_model_output(t->m));
    (void)y;
    memcpy(dy, t->c + row * last, (size_t)(rows * last) * sizeof *dy);
}

static int passed_by_rows; /* samples of such layers */

/* A layer that takes rows as samples, with the loss between its passes, makes the same gradients. */
static void check_rows(gy_trial *t)
{
    float *y = NULL;
    gy_model *plain = t->m, *fresh = NULL, *rows = NULL;
    const int64_t n = gy_model_params(plain)->trainable;
    if (gy_trial_model(t, false, &fresh) != GY_OK || gy_trial_model(t, false, &rows) != GY_OK)
        CU_FAIL_FATAL("model");
    rows->loss_by_rows = true;
    gy_model_fuse(rows);
    if (gy_model_fuses_loss(rows)) {
        gy_model_run run = gy_trial_run(t);
        t->m = fresh;
        gy_trial_backward(t, &run);
        t->m = rows;
        gy_plan_clear(t->ctx, &rows->plans[GY_USE_TRAINING]);
        if (gy_model_plan(rows, t->batch, GY_USE_TRAINING) != GY_OK) CU_FAIL("plan");
        gy_trial_spoil(rows);
        run = gy_trial_run(t);
        run.judge = judge;
        run.judge_user = t;
        if (gy_model_forward(rows, &run, t->batch, t->x, &y) != GY_OK) CU_FAIL("forward");
        if (gy_model_backward(rows, &run, t->batch, t->x, NULL) != GY_OK) CU_FAIL("backward");
        passed_by_rows++;
        gy_trial_expect(t, y == NULL && gy_plan_check(rows, rows->plan) == GY_OK,
                        "outputs are whole", 0);
        gy_trial_expect(t, gy_test_same(n, gy_model_gradients(fresh), gy_model_gradients(rows)),
                        "rows as samples change gradients", 0);
    }
    t->m = plain;
    gy_model_free(fresh);
    gy_model_free(rows);
}

/* Frozen parameters of the sample: the same gradient of its input, none of its own. */
static void check_frozen(gy_trial *t)
{
    if (t->sample->vocabulary > 0) return;
    int64_t n = t->batch * gy_shape_count(&t->sample->in);
    gy_model *plain = t->m, *frozen = NULL;
    gy_model_run run = gy_trial_run(t);
    gy_trial_backward(t, &run);
    float *g = gy_trial_copy(t, n, gy_model_gradients(plain));
    t->specs[1].common.trainable = false;
    if (gy_trial_model(t, false, &t->m) != GY_OK) CU_FAIL("model");
    frozen = t->m;
    run = gy_trial_run(t);
    gy_trial_backward(t, &run);
    gy_trial_expect(t, gy_model_params(frozen)->trainable == gy_align_floats(n),
                    "parameters are trained", 0);
    double error = gy_test_difference(n, g, gy_model_gradients(frozen));
    gy_trial_expect(t, error <= 1e-5 * (gy_test_norm(n, g) + 1e-3), "frozen parameters change dx",
                    error);
    t->specs[1].common.trainable = true;
    t->m = plain;
    gy_model_free(frozen);
}

/* Runs a sequence of the sample's shape, [from, from + n) of each, through a model for such pieces. */
static gy_status pass_piece(gy_trial *t, gy_model *whole, int64_t from, int64_t n, float *carry,
                            const float *x, float *y)
{
    gy_status status;
    int64_t time = t->sample->in.d[0], in = gy_shape_count(&t->sample->in) / time;
    int64_t out = gy_shape_count(gy_model_output(whole)) / time;
    gy_model *m = NULL;
    gy_model_spec spec = {.input = t->sample->in,
                          .layers = {t->specs + 1, 1},
                          .where = "sample",
                          .threads = 1,
                          .window = time};
    spec.input.d[0] = n;
    float *part = gy_trial_copy(t, t->batch * n * in, x), *got = NULL;
    for (int64_t i = 0; i < t->batch; i++)
        memcpy(part + i * n * in, x + (i * time + from) * in, (size_t)(n * in) * sizeof *x);
    gy_model_run run = gy_trial_run(t);
    run.carry = carry;
    run.position = from;
    GY_TRY_GOTO(fail, gy_model_create(t->ctx, &spec, &m));
    gy_model_borrow(m, whole);
    GY_TRY_GOTO(fail, gy_model_plan(m, t->batch, GY_USE_EVALUATION));
    gy_trial_spoil(m);
    GY_TRY_GOTO(fail, gy_model_forward(m, &run, t->batch, part, &got));
    for (int64_t i = 0; i < t->batch; i++)
        memcpy(y + (i * time + from) * out, got + i * n * out, (size_t)(n * out) * sizeof *y);
fail:
    gy_model_free(m);
    return status;
}

static int pieces_carried;

/* How much a model for pieces carries; −1 where the sample has none, which must say why. */
static int64_t carry_floats(gy_trial *t)
{
    gy_model *m = NULL;
    gy_model_spec spec = {.input = t->sample->in,
                          .layers = {t->specs + 1, 1},
                          .where = "sample",
                          .threads = 1,
                          .window = t->sample->in.d[0]};
    gy_status status = gy_model_create(t->ctx, &spec, &m);
    int64_t floats = status == GY_OK ? gy_model_carry(m, t->batch) : -1;
    bool refused = status == GY_E_SHAPE && strstr(gy_error_last()->text, t->specs[1].where) != NULL;
    gy_trial_expect(t, status == GY_OK || refused, gy_error_last()->text, (double)status);
    gy_model_free(m);
    return floats;
}

/* A sequence in pieces of 1, 1, 2, 2, 3 … positions gives what the whole gives, or is refused. */
static void check_pieces(gy_trial *t)
{
    const gy_shape *in = &t->sample->in;
    if (in->n != (t->sample->vocabulary > 0 ? 1 : 2)) return;
    int64_t time = in->d[0], floats = carry_floats(t);
    gy_model *whole = NULL;
    gy_model_spec spec = {
        .input = *in, .layers = {t->specs + 1, 1}, .where = "sample", .threads = 1};
    if (floats < 0 || gy_model_create(t->ctx, &spec, &whole) != GY_OK ||
        gy_model_allocate(whole, false) != GY_OK || gy_model_start(whole, 11) != GY_OK ||
        gy_model_plan(whole, t->batch, GY_USE_EVALUATION) != GY_OK) {
        gy_trial_expect(t, floats < 0, "no whole model", 0);
    } else if (gy_model_output(whole)->d[0] == time) {
        float *x = t->x, *y = NULL, *carry = NULL;
        int64_t inputs = t->batch * gy_shape_count(in);
        int64_t n = t->batch * gy_shape_count(gy_model_output(whole));
        if (gy_pool_array(&t->pool, floats + 1, &carry) != GY_OK) abort();
        if (t->sample->vocabulary == 0) {
            if (gy_pool_array(&t->pool, inputs, &x) != GY_OK) abort();
            for (int64_t i = 0; i < inputs; i++)
                x[i] = (float)gy_rng_normal((gy_rng){4, GY_RNG_INIT, 3}, (uint64_t)i, 0);
        }
        gy_model_run run = gy_trial_run(t);
        if (gy_model_forward(whole, &run, t->batch, x, &y) != GY_OK) CU_FAIL("forward");
        float *want = gy_trial_copy(t, n, y), *got = gy_trial_copy(t, n, y);
        for (int64_t from = 0, i = 2; from < time; i++) {
            int64_t step = i / 2 < time - from ? i / 2 : time - from;
            if (pass_piece(t, whole, from, step, carry, x, got) != GY_OK)
                gy_trial_expect(t, false, gy_error_last()->text, (double)from);
            from += step;
        }
        double error = gy_test_difference(n, want, got);
        gy_trial_expect(t, error <= gy_trial_reordered(t, 1e-5) * (gy_test_norm(n, want) + 1e-3),
                        "pieces differ from the whole", error);
        pieces_carried += floats > 0;
    }
    gy_model_free(whole);
}

/* Networks of all shapes: what the memory plan shares and repeats must not be seen. */
static void networks_at_random(void)
{
    for (int i = 0; i < 300; i++) {
        char text[GY_RANDOM_LAYERS];
        gy_random_layers((uint64_t)i, text);
        gy_layer_sample sample = {.yaml = text, .in = {1, {4}}};
        gy_check_sample(&sample, GY_PRECISION_float32, check_gradients);
        gy_check_sample(&sample, GY_PRECISION_float32, check_recompute);
        gy_check_sample(&sample, GY_PRECISION_float32, check_steps);
        gy_check_sample(&sample, GY_PRECISION_float32, check_rows);
        gy_check_sample(&sample, GY_PRECISION_float32, check_evaluation);
        gy_check_sample(&sample, GY_PRECISION_float32, check_completion);
    }
}

static void gradients_are_those_of_differences(void)
{
    gy_check_samples_in(GY_PRECISION_float32, check_gradients);
}

static void gradients_accumulate(void)
{
    gy_check_samples(check_accumulation);
}

static void complete_gradients_stay(void)
{
    gy_check_samples(check_completion);
}

static void samples_are_independent(void)
{
    gy_check_samples(check_single_samples);
}

static void evaluation_is_training_without_draws(void)
{
    gy_check_samples(check_evaluation);
}

static void tensors_stay_in_their_places(void)
{
    gy_check_samples(check_arena);
}

static void recomputing_gives_the_same_bits(void)
{
    gy_check_samples(check_recompute);
}

static void gradients_may_lie_where_activations_lay(void)
{
    gy_check_samples(check_steps);
}

static void rows_may_be_samples(void)
{
    gy_check_samples(check_rows);
    CU_ASSERT(passed_by_rows > 0);
}

static void frozen_layers_pass_gradients_on(void)
{
    gy_check_samples(check_frozen);
}

static void pieces_give_what_the_whole_gives(void)
{
    gy_check_samples(check_pieces);
    CU_ASSERT(pieces_carried > 0);
}

GY_TEST_MAIN(GY_TEST(gradients_are_those_of_differences), GY_TEST(gradients_accumulate),
             GY_TEST(complete_gradients_stay), GY_TEST(samples_are_independent),
             GY_TEST(evaluation_is_training_without_draws), GY_TEST(tensors_stay_in_their_places),
             GY_TEST(recomputing_gives_the_same_bits),
             GY_TEST(gradients_may_lie_where_activations_lay), GY_TEST(rows_may_be_samples),
             GY_TEST(frozen_layers_pass_gradients_on), GY_TEST(pieces_give_what_the_whole_gives),
             GY_TEST(networks_at_random))
