/*
 * What every metric of the list promises, for every kind of targets that it is for: answers that are
 * all right have its best value, also where not all classes occur; wrong ones a worse; NaN is never
 * right; a batch is the sum of its samples. A new metric is tested by being listed.
 */
#include "kinds.h"
#include "levels.h"

#include "loss/loss.h"

#include <math.h>

enum { BATCH = 12, WIDTH = 6, MOST = BATCH * WIDTH, SUMS = GY_METRIC_SUMS * WIDTH };

static const gy_shape out = {1, {WIDTH}};

typedef struct trial {
    const gy_metric_kind *metric;
    gy_loss_batch b;
    float y[MOST], target[MOST];
    int64_t targets; /* of a sample */
} trial;

static void expect(const trial *t, bool ok, const char *what, double value)
{
    gy_test_expect(ok, &t->metric->kind, (int)t->b.loss->target, what, value);
}

/* Some classes, or outputs, never occur, in the answers neither. */
static void fill(trial *t)
{
    gy_test_values(4, MOST, 2.0, t->target);
    memset(t->y, 0, sizeof t->y);
    for (int64_t i = 0; i < BATCH * t->targets; i++) {
        if (t->b.loss->target == GY_TARGET_CLASS) {
            t->target[i] = (float)(i * i % 4);
            t->y[i * WIDTH + (int64_t)t->target[i]] = 40.0f;
        } else if (t->b.loss->target == GY_TARGET_SIGN) {
            t->target[i] = i % WIDTH < 4 && i * i % 5 == 1 ? 1.0f : 0.0f;
            t->y[i] = t->target[i] > 0.0f ? 40.0f : -40.0f;
        } else {
            if (i % WIDTH == 0) t->target[i] = 1.5f; /* always */
            t->y[i] = t->target[i];
        }
    }
}

static double measure(const trial *t, int64_t each)
{
    double sums[SUMS] = {0.0};
    for (int64_t first = 0; first < BATCH; first += each) {
        gy_loss_batch b = t->b;
        b.batch = each;
        b.y += first * WIDTH;
        b.target += first * t->targets;
        t->metric->add(&b, sums);
    }
    return gy_metric_value(t->metric, sums, WIDTH, (double)(BATCH * t->targets));
}

static bool is_worse(const trial *t, double value)
{
    return t->metric->larger_is_better ? value < t->metric->best - 1e-3
                                       : value > t->metric->best + 1e-3;
}

static void try_metric(trial *t)
{
    fill(t);
    const double right = measure(t, BATCH);
    expect(t, fabs(right - t->metric->best) < 1e-6, "right answers are not the best", right);
    for (int i = 0; i < MOST; i++) {
        fill(t);
        t->y[i] = NAN;
        const double none = measure(t, BATCH);
        expect(t, isnan(none) || is_worse(t, none), "NaN is right", none);
    }
    fill(t);
    for (int64_t i = 0; i < MOST; i++) t->y[i] = -3.0f * t->y[i] + 0.1f * (float)(i % 5);
    const double wrong = measure(t, BATCH);
    expect(t, is_worse(t, wrong), "wrong answers are not worse", wrong);
    for (int64_t each = 1; each < BATCH; each += 2)
        if (BATCH % each == 0)
            expect(t, fabs(measure(t, each) - wrong) <= 1e-9 * (1.0 + fabs(wrong)),
                   "parts are not the whole", measure(t, each) - wrong);
}

static const gy_loss_kind *loss_of(unsigned target)
{
    for (int i = 0; i < gy_loss_registry.n; i++) {
        const gy_loss_kind *loss = gy_loss_kind_of(gy_loss_registry.kinds[i]);
        if ((unsigned)loss->target == target) return loss;
    }
    return NULL;
}

static void try_all(const gy_kernel *k)
{
    for (int i = 0; i < gy_metric_registry.n; i++)
        for (unsigned target = GY_TARGET_CLASS; target <= GY_TARGET_VALUE; target *= 2) {
            trial t = {.metric = gy_metric_kind_of(gy_metric_registry.kinds[i])};
            const gy_loss_kind *loss = loss_of(target);
            const bool fits = (t.metric->targets & target) != 0;
            t.b = (gy_loss_batch){.loss = loss,
                                  .kernel = k,
                                  .batch = BATCH,
                                  .out = &out,
                                  .outputs = WIDTH,
                                  .y = t.y,
                                  .target = t.target};
            t.targets = target == GY_TARGET_CLASS ? 1 : WIDTH;
            expect(&t, gy_metric_check(t.metric, loss, WIDTH) == (fits ? GY_OK : GY_E_CONFIG),
                   "what it is for is not what is checked", target);
            CU_ASSERT_TRUE_FATAL(gy_metric_sums(t.metric, WIDTH) <= SUMS);
            if (fits) try_metric(&t);
        }
}

static void every_metric_keeps_its_promises(void)
{
    gy_test_levels(try_all);
}

GY_TEST_MAIN(GY_TEST(every_metric_keeps_its_promises))
