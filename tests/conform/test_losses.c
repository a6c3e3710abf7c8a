/*
 * What every loss of the list promises, with every setting of it: gradients are those of the loss and
 * in proportion to the scale, a batch is the sum of its samples, nothing overflows, and targets
 * that do not fit are refused; likewise where they imitate a teacher in a way of their own. A new loss is tested by being listed.
 */
#include "gradient.h"
#include "kinds.h"
#include "levels.h"

#include "loss/loss.h"

#include <math.h>

enum { BATCH = 6, MOST = BATCH * 60 };

typedef struct trial {
    const gy_loss_kind *loss;
    int variant;
    const void *settings;
    gy_loss_batch b;
    float y[MOST], target[MOST];
    int64_t n, targets, count; /* of all outputs; of a sample: targets, what is weighted */
    bool imitates;             /* the targets are a teacher's outputs */
} trial;

static void expect(const trial *t, bool ok, const char *what, double value)
{
    gy_test_expect(ok, &t->loss->kind, t->variant, what, value);
}

/* Outputs and targets of the kind that the loss takes. */
static void fill(trial *t)
{
    gy_test_values(3, t->n, 2.0, t->y);
    gy_test_values(4, BATCH * t->targets, 2.0, t->target);
    if (t->imitates) return;
    for (int64_t i = 0; i < BATCH * t->targets; i++) {
        if (t->loss->target == GY_TARGET_CLASS)
            t->target[i] = (float)(i * 7 % gy_shape_last(t->b.out));
        if (t->loss->target == GY_TARGET_SIGN) t->target[i] = (float)(i % 3) / 2.0f;
    }
    expect(t,
           gy_target_find_wrong(t->loss->target, gy_shape_last(t->b.out), t->target,
                                BATCH * t->targets) < 0,
           "targets are refused", 0);
}

static double run(const trial *t, const gy_loss_batch *b, float scale, float *dy)
{
    return t->imitates ? t->loss->imitate(b, 3.0, scale, dy)
                       : t->loss->run(t->settings, b, scale, dy);
}

static double loss_of(void *user)
{
    const trial *t = user;
    return run(t, &t->b, 1.0f, NULL);
}

static void check_gradient(trial *t)
{
    float dy[MOST], again[MOST];
    const double loss = run(t, &t->b, 1.0f, dy);
    const gy_gradient_check check = {.loss = loss_of, .user = t, .step = 1e-2, .floor = 1e-4};
    gy_gradient_result r = gy_gradient_compare(&check, t->n, t->y, dy, 5);
    expect(t, r.failed == 0 && r.used >= 3, "the gradient is not the loss's", r.worst);
    expect(t, run(t, &t->b, 3.0f, again) == loss, "the scale changes the loss", loss);
    for (int64_t i = 0; i < t->n; i++)
        expect(t, fabs(again[i] - 3.0 * dy[i]) <= 1e-6 * (1.0 + fabs(again[i])),
               "the gradient is not in proportion to the scale", again[i] - 3.0 * dy[i]);
    memcpy(again, t->y, sizeof again); /* in the place of the outputs */
    gy_loss_batch b = t->b;
    b.y = again;
    expect(t, run(t, &b, 1.0f, again) == loss, "in place the loss differs", loss);
    expect(t, memcmp(again, dy, (size_t)t->n * sizeof *dy) == 0, "in place dy differs", 0);
}

static void check_split(trial *t)
{
    float whole[MOST], parts[MOST];
    const double loss = run(t, &t->b, 1.0f, whole);
    double sum = 0.0;
    for (int64_t first = 0, each = 1; first < BATCH; first += each, each++) { /* 1, 2, 3 */
        gy_loss_batch b = t->b;
        b.batch = each;
        b.y += first * b.outputs;
        b.target += first * t->targets;
        sum += run(t, &b, 1.0f, parts + first * b.outputs);
    }
    expect(t, fabs(sum - loss) <= 1e-6 * (1.0 + fabs(loss)), "parts are not the whole", sum - loss);
    expect(t, memcmp(whole, parts, (size_t)t->n * sizeof *parts) == 0, "parts' dy differ", 0);
}

/* Weights are factors; what stands at a weight of 0 may be anything. */
static void check_weights(trial *t)
{
    float weight[MOST], dy[MOST], one[MOST];
    const int64_t n = BATCH * t->count;
    gy_loss_batch b = t->b;
    double sum = 0.0;
    b.weight = weight;
    for (int64_t i = 0; i < n; i++) { /* by one thing at a time */
        memset(weight, 0, sizeof weight);
        weight[i] = 1.0f;
        sum += (double)(i % 4) * run(t, &b, (float)(i % 4), one);
        for (int64_t j = 0; j < t->n; j++) dy[j] = (i == 0 ? 0 : dy[j]) + one[j];
    }
    for (int64_t i = 0; i < n; i++) weight[i] = (float)(i % 4);
    const int64_t each = t->targets / t->count; /* targets of what is weighted */
    for (int64_t i = 0; i < n; i += 4)
        for (int64_t j = 0; j < each; j++) t->target[i * each + j] = j % 2 == 0 ? NAN : -100.0f;
    const double loss = run(t, &b, 1.0f, one);
    expect(t, fabs(loss - sum) <= 1e-5 * (1.0 + fabs(sum)), "weights are no factors", loss - sum);
    for (int64_t i = 0; i < t->n; i++)
        expect(t, fabsf(one[i] - dy[i]) <= 1e-5f * (1.0f + fabsf(dy[i])), "nor in the gradient",
               (double)(one[i] - dy[i]));
    expect(t, fabs(run(t, &b, 1.0f, NULL) - loss) <= 1e-6 * (1.0 + fabs(loss)),
           "without dy the loss differs", loss);
    fill(t);
}

static void check_large(trial *t)
{
    float dy[MOST];
    for (int64_t i = 0; i < t->n; i++) t->y[i] *= 1e6f;
    const double loss = run(t, &t->b, 1.0f, dy);
    expect(t, isfinite(loss), "large outputs have no finite loss", loss);
    for (int64_t i = 0; i < t->n; i++) expect(t, isfinite(dy[i]), "nor a gradient", (double)dy[i]);
}

static void try_shape(trial *t, const gy_kernel *k, const gy_shape *out, const gy_shape *target)
{
    const gy_shape wrong = {2, {3, 7}};
    int64_t count = 0;
    t->n = BATCH * gy_shape_count(out);
    t->targets = gy_shape_count(target);
    t->b = (gy_loss_batch){.loss = t->loss,
                           .kernel = k,
                           .batch = BATCH,
                           .out = out,
                           .outputs = gy_shape_count(out),
                           .y = t->y,
                           .target = t->target};
    expect(t, gy_loss_shape(t->loss, t->settings, out, target, &count) == GY_OK,
           "the shape is refused", 0);
    t->count = count;
    expect(t, count == (t->loss->whole ? 1 : t->targets), "a sample counts otherwise",
           (double)count);
    expect(t, gy_loss_shape(t->loss, t->settings, out, &wrong, &count) == GY_E_SHAPE,
           "any shape is taken", 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(gy_error_last()->text, t->loss->kind.name));
    fill(t);
    check_gradient(t);
    check_split(t);
    check_weights(t);
    check_large(t);
    if (t->loss->imitate == NULL) return;
    t->imitates = true;
    t->targets = gy_shape_count(out);
    fill(t);
    check_gradient(t);
    check_split(t);
    check_weights(t);
    check_large(t);
    t->imitates = false;
}

static void try_all(const gy_kernel *k)
{
    static const gy_shape outs[] = {{1, {5}}, {3, {1, 2, 4}}};
    gy_context *ctx = gy_test_context();
    gy_pool pool;
    gy_pool_init(&pool, ctx);
    for (int i = 0; i < gy_loss_registry.n; i++) {
        const gy_kind *kind = gy_loss_registry.kinds[i];
        for (int variant = 0; variant < gy_test_variants(kind); variant++)
            for (int s = 0; s < 2; s++) {
                trial t = {.loss = gy_loss_kind_of(kind), .variant = variant};
                gy_shape target = outs[s], out = outs[s];
                if (t.loss->target == GY_TARGET_CLASS) target.n--;
                t.settings = gy_test_variant(kind, variant, &pool);
                out.d[out.n - 1] *= gy_loss_width(t.loss, t.settings);
                try_shape(&t, k, &out, &target);
            }
    }
    gy_pool_clear(&pool);
    gy_test_end(ctx);
}

static void every_loss_keeps_its_promises(void)
{
    gy_test_levels(try_all);
}

GY_TEST_MAIN(GY_TEST(every_loss_keeps_its_promises))
