/* Shapes of losses, their scale; metrics against counts by hand; which metric fits which loss. */
#include "levels.h"

#include "loss/loss.h"

#include <math.h>
#include <string.h>

static const gy_loss_kind *loss(const char *name)
{
    const gy_kind *kind = gy_registry_find(&gy_loss_registry, name);
    CU_ASSERT_PTR_NOT_NULL_FATAL(kind);
    return gy_loss_kind_of(kind);
}

static const gy_metric_kind *metric(const char *name)
{
    const gy_kind *kind = gy_registry_find(&gy_metric_registry, name);
    CU_ASSERT_PTR_NOT_NULL_FATAL(kind);
    return gy_metric_kind_of(kind);
}

/** The settings of cross_entropy and huber are one double each. */
static double setting;

static void shapes_are_checked(void)
{
    int64_t count = 0;
    const gy_shape k10 = {1, {10}}, one = {1, {1}}, none = {0, {0}}, tk = {2, {7, 10}},
                   t = {1, {7}};
    const gy_shape image = {3, {4, 5, 1}}, flat = {2, {4, 5}};
    const gy_loss_kind *ce = loss("cross_entropy");
    CU_ASSERT_EQUAL(gy_loss_shape(ce, NULL, &k10, &none, &count), GY_OK);
    CU_ASSERT_EQUAL(count, 1);
    CU_ASSERT_EQUAL(gy_loss_shape(ce, NULL, &k10, &one, &count), GY_OK);
    CU_ASSERT_EQUAL(gy_loss_shape(ce, NULL, &tk, &t, &count), GY_OK);
    CU_ASSERT_EQUAL(count, 7);
    CU_ASSERT_EQUAL(gy_loss_shape(ce, NULL, &tk, &one, &count), GY_E_SHAPE);
    CU_ASSERT_PTR_NOT_NULL(strstr(gy_error_last()->text, "[7, 10]"));
    CU_ASSERT_PTR_NOT_NULL(strstr(gy_error_last()->text, "[1]"));
    CU_ASSERT_EQUAL(gy_loss_shape(ce, NULL, &k10, &k10, &count), GY_E_SHAPE);
    CU_ASSERT_PTR_NOT_NULL(strstr(gy_error_last()->text, "one-hot"));
    CU_ASSERT_EQUAL(gy_loss_shape(ce, NULL, &one, &none, &count), GY_E_SHAPE);
    for (int i = 0; i < gy_loss_registry.n; i++) {
        const gy_loss_kind *l = gy_loss_kind_of(gy_loss_registry.kinds[i]);
        if (l->target == GY_TARGET_CLASS || l->width != NULL) continue;
        CU_ASSERT_EQUAL(gy_loss_shape(l, NULL, &one, &none, &count), GY_OK);
        CU_ASSERT_EQUAL(count, 1);
        CU_ASSERT_EQUAL(gy_loss_shape(l, NULL, &image, &flat, &count), GY_OK);
        CU_ASSERT_EQUAL(count, l->whole ? 1 : 20);
        CU_ASSERT_EQUAL(gy_loss_shape(l, NULL, &k10, &none, &count), GY_E_SHAPE);
        CU_ASSERT_PTR_NOT_NULL(strstr(gy_error_last()->text, l->kind.name));
    }
}

static void kinds_run(const gy_kernel *k)
{
    const float y[] = {0.5f, -1.0f, 2.0f, 0.0f}, target[] = {0.0f, 1.0f, 1.0f, 0.0f};
    float d[4];
    const gy_shape two = {1, {2}};
    static const struct {
        const char *name;
        double setting, sum, slope; /* of the third element, by hand */
    } cases[] = {
        {"mse", 0.0, 0.25 + 4.0 + 1.0, 2.0},
        {"mae", 0.0, 0.5 + 2.0 + 1.0, 1.0},
        {"huber", 0.5, 0.125 + 0.5 * 1.75 + 0.5 * 0.75, 0.5},
        {"binary_cross_entropy", 0.0, 0.9740770 + 1.3132617 + 0.1269280 + 0.6931472, -0.1192029}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        gy_loss_batch b = {.loss = loss(cases[i].name),
                           .kernel = k,
                           .batch = 2,
                           .out = &two,
                           .outputs = 2,
                           .y = y,
                           .target = target};
        setting = cases[i].setting;
        CU_ASSERT_DOUBLE_EQUAL(b.loss->run(&setting, &b, 3.0f, d), cases[i].sum, 1e-6);
        CU_ASSERT_DOUBLE_EQUAL(d[2], 3.0 * cases[i].slope, 1e-6);
    }
    /* two positions of two classes: log(1 + e^1.5) and log(1 + e^2), smoothed a little */
    const float label[] = {1.0f, 0.0f};
    gy_loss_batch b = {.loss = loss("cross_entropy"),
                       .kernel = k,
                       .batch = 2,
                       .out = &two,
                       .outputs = 2,
                       .y = y,
                       .target = label};
    setting = 0.0;
    CU_ASSERT_DOUBLE_EQUAL(b.loss->run(&setting, &b, 1.0f, NULL), 1.7014133 + 0.1269280, 1e-6);
    setting = 0.2; /* target 0.9, 0.1 */
    CU_ASSERT_DOUBLE_EQUAL(b.loss->run(&setting, &b, 1.0f, d),
                           1.7014133 - 0.1 * 1.5 + 0.1269280 + 0.1 * 2.0, 1e-6);
}

static void losses_are_right(void)
{
    gy_test_levels(kinds_run);
}

static double measure(const char *name, const gy_loss_batch *b, double count)
{
    double sums[64] = {0};
    const gy_metric_kind *m = metric(name);
    const int64_t classes = b->out->d[b->out->n - 1];
    CU_ASSERT_TRUE_FATAL(gy_metric_sums(m, classes) <= 64);
    CU_ASSERT_EQUAL(gy_metric_check(m, b->loss, classes), GY_OK);
    m->add(b, sums);
    return gy_metric_value(m, sums, classes, count);
}

static void metrics_run(const gy_kernel *k)
{
    const gy_shape six = {1, {6}}, one = {1, {1}}, two = {1, {2}};
    float y[4 * 6] = {0};
    y[0 + 2] = 1.0f;                                   /* says 2, is 2 */
    y[6 + 1] = 1.0f;                                   /* says 1, is 2 */
    y[12 + 0] = -1.0f;                                 /* says 1 (first of equals), is 1 */
    for (int i = 0; i < 6; i++) y[18 + i] = (float)-i; /* says 0, is 5: sixth */
    const float label[] = {2.0f, 2.0f, 1.0f, 5.0f};
    gy_loss_batch b = {.loss = loss("cross_entropy"),
                       .kernel = k,
                       .batch = 4,
                       .out = &six,
                       .outputs = 6,
                       .y = y,
                       .target = label};
    CU_ASSERT_DOUBLE_EQUAL(measure("accuracy", &b, 4.0), 0.5, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(measure("top5", &b, 4.0), 0.75, 1e-12);
    /* class 0: said once, wrongly; 1: tp 1 fp 1; 2: tp 1 fn 1; 5: fn 1; 3 and 4 do not occur */
    CU_ASSERT_DOUBLE_EQUAL(measure("f1", &b, 4.0), (2.0 / 3 + 2.0 / 3) / 4, 1e-12);
    y[6] = NAN; /* says nothing */
    CU_ASSERT_DOUBLE_EQUAL(measure("f1", &b, 4.0), (1.0 + 2.0 / 3) / 4, 1e-12);
    const float even[6] = {0.0f};
    b = (gy_loss_batch){.loss = loss("cross_entropy"),
                        .kernel = k,
                        .batch = 1,
                        .out = &six,
                        .outputs = 6,
                        .y = even,
                        .target = label};
    CU_ASSERT_DOUBLE_EQUAL(measure("perplexity", &b, 1.0), 6.0, 1e-5);

    const float logits[] = {0.5f, -1.0f, 3.0f, -2.0f}, yes[] = {1.0f, 0.0f, 0.0f, 1.0f};
    b = (gy_loss_batch){.loss = loss("binary_cross_entropy"),
                        .kernel = k,
                        .batch = 4,
                        .out = &one,
                        .outputs = 1,
                        .y = logits,
                        .target = yes};
    CU_ASSERT_DOUBLE_EQUAL(measure("accuracy", &b, 4.0), 0.5, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(measure("f1", &b, 4.0), 0.5, 1e-12);

    const float values[] = {1.0f, 10.0f, 2.0f, 10.0f, 3.0f, 10.0f};
    const float want[] = {1.0f, 10.0f, 3.0f, 10.0f, 5.0f, 10.0f};
    b = (gy_loss_batch){.loss = loss("mse"),
                        .kernel = k,
                        .batch = 3,
                        .out = &two,
                        .outputs = 2,
                        .y = values,
                        .target = want};
    CU_ASSERT_DOUBLE_EQUAL(measure("mae", &b, 6.0), 0.5, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(measure("rmse", &b, 6.0), sqrt(5.0 / 6.0), 1e-12);
    /* first output 1 − 5/8; the second does not vary and is met */
    CU_ASSERT_DOUBLE_EQUAL(measure("r2", &b, 6.0), (1.0 - 5.0 / 8.0 + 1.0) / 2, 1e-12);
}

static void metrics_are_right(void)
{
    gy_test_levels(metrics_run);
}

static void metrics_fit_losses(void)
{
    CU_ASSERT_EQUAL(gy_metric_check(metric("mae"), loss("cross_entropy"), 10), GY_E_CONFIG);
    CU_ASSERT_EQUAL(gy_metric_check(metric("accuracy"), loss("mse"), 10), GY_E_CONFIG);
    CU_ASSERT_EQUAL(gy_metric_check(metric("top5"), loss("binary_cross_entropy"), 10), GY_E_CONFIG);
    CU_ASSERT_EQUAL(gy_metric_check(metric("f1"), loss("cross_entropy"), 1024), GY_OK);
    CU_ASSERT_EQUAL(gy_metric_check(metric("f1"), loss("cross_entropy"), 1025), GY_E_CONFIG);
    CU_ASSERT_EQUAL(gy_metric_check(metric("accuracy"), loss("cross_entropy"), 50257), GY_OK);
}

GY_TEST_MAIN(GY_TEST(shapes_are_checked), GY_TEST(losses_are_right), GY_TEST(metrics_are_right),
             GY_TEST(metrics_fit_losses))
