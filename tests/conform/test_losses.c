/*
 * What every loss of the list promises, with every setting of it: gradients are those of the loss and
 * in proportion to the scale, a batch is the sum of its samples, nothing overflows, and targets
 * that do not fit are refused. A new loss is tested by being listed.
 */
#include "gradient.h"
#include "kinds.h"
#include "levels.h"

#include "loss/loss.h"

#include <math.h>

enum { BATCH = 6, MOST = BATCH * 30 };

typedef struct trial {
    const gy_loss_kind *loss;
    int variant;
    const void *settings;
    gy_loss_batch b;
    float y[MOST], target[MOST];
    int64_t n, targets; /* of all outputs; of a sample's targets */
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
    return t->loss->run(t->settings, b, scale, dy);
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
    t->b = (gy_loss_batch){t->loss, k, BATCH, out, gy_shape_count(out), t->y, t->target};
    expect(t, gy_loss_shape(t->loss, out, target, &count) == GY_OK, "the shape is refused", 0);
    expect(t, count == t->targets, "a sample counts otherwise", (double)count);
    expect(t, gy_loss_shape(t->loss, out, &wrong, &count) == GY_E_SHAPE, "any shape is taken", 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(gy_error_last()->text, t->loss->kind.name));
    fill(t);
    check_gradient(t);
    check_split(t);
    check_large(t);
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
                gy_shape target = outs[s];
                if (t.loss->target == GY_TARGET_CLASS) target.n--;
                t.settings = gy_test_variant(kind, variant, &pool);
                try_shape(&t, k, &outs[s], &target);
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
