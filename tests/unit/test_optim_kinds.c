/*
 * Optimizers against a second implementation, in double and straight from the papers' formulas,
 * over several steps: whole and cut into slices, with penalties, clipping and frozen parameters.
 */
#include "levels.h"

#include "kernel/limbs.h"
#include "optim/optim.h"

#include <math.h>
#include <string.h>

enum { TENSORS = 5, FLOATS = 50032 + 64, TRAINABLE = 50032 + 32, STEPS = 4 };

static const gy_param table[TENSORS] = {
    {"a/weight", {2, {7, 5}}, GY_ROLE_WEIGHT, true, 0, 35},
    {"a/bias", {1, {7}}, GY_ROLE_BIAS, true, 48, 7},
    {"b/recurrent", {2, {250, 199}}, GY_ROLE_RECURRENT, true, 64, 49750},
    {"b/gamma", {1, {100}}, GY_ROLE_NORM, true, 49824, 100},
    {"c/weight", {1, {30}}, GY_ROLE_WEIGHT, false, TRAINABLE, 30},
};
static const gy_params params = {.v = table,
                                 .n = TENSORS,
                                 .floats = FLOATS,
                                 .trainable = TRAINABLE,
                                 .elements = 35 + 7 + 49750 + 100 + 30};

/** A method's name and hyper-parameters; every kind's settings are doubles, then nesterov. */
typedef struct trial {
    const char *name;
    double v[3];
    bool nesterov;
    double rate, weight_decay, l1, l2, clip_norm;
    bool decay_all;
} trial;

static const trial trials[] = {
    {"sgd", {0.0}, false, 0.1, 0.01, 0.001, 0.02, 0.0, false},
    {"sgd", {0.9}, false, 0.1, 0.01, 0.0, 0.0, 1.0, false},
    {"sgd", {0.9}, true, 0.1, 0.01, 0.0, 0.0, 1.0, true},
    {"rmsprop", {0.99, 1e-3}, false, 0.01, 0.1, 0.001, 0.0, 0.0, false},
    {"adagrad", {1e-6}, false, 0.01, 0.1, 0.0, 0.0, 0.0, true},
    {"adam", {0.9, 0.999, 1e-6}, false, 0.01, 0.1, 0.0, 0.01, 5.0, false},
    {"adamw", {0.8, 0.99, 1e-6}, false, 0.01, 0.1, 0.0, 0.0, 5.0, false},
    {"adamw", {0.8, 0.99, 1e-6}, false, 0.01, 0.1, 0.0, 0.0, 0.0, true},
    {"lars", {0.0, 0.02}, false, 0.5, 0.01, 0.0, 0.0, 2.0, false},
    {"lars", {0.9, 0.02}, false, 0.5, 0.01, 0.0, 0.0, 0.0, false},
    {"lars", {0.9, 0.02}, true, 0.5, 0.01, 0.0, 0.001, 0.0, true},
    {"lamb", {0.9, 0.999, 1e-6}, false, 0.01, 0.1, 0.0, 0.0, 3.0, false},
    {"lamb", {0.9, 0.999, 1e-6}, false, 0.01, 0.0, 0.0, 0.0, 0.0, true},
};

/* ---- the second implementation ---- */

static double w2[FLOATS], g2[FLOATS], m2[FLOATS], v2[FLOATS], d2[FLOATS];

static double norm(const double *x, int64_t n)
{
    double s = 0.0;
    for (int64_t i = 0; i < n; i++) s += x[i] * x[i];
    return sqrt(s);
}

static void exact_tensor(const trial *t, const gy_param *p, double clip, int step)
{
    const bool weight = t->decay_all || (p->role != GY_ROLE_BIAS && p->role != GY_ROLE_NORM);
    const double wd = weight ? t->weight_decay : 0.0, lr = t->rate;
    double *w = w2 + p->offset, *g = g2 + p->offset, *m = m2 + p->offset, *v = v2 + p->offset;
    double *d = d2 + p->offset;
    const int64_t n = p->count;
    for (int64_t i = 0; i < n; i++) g[i] *= clip;
    if (strcmp(t->name, "sgd") == 0) {
        for (int64_t i = 0; i < n; i++) {
            g[i] += wd * w[i];
            m[i] = t->v[0] * m[i] + g[i];
            w[i] -= lr * (t->nesterov ? g[i] + t->v[0] * m[i] : m[i]);
        }
    } else if (strcmp(t->name, "rmsprop") == 0 || strcmp(t->name, "adagrad") == 0) {
        const bool rms = t->name[0] == 'r';
        for (int64_t i = 0; i < n; i++) {
            g[i] += wd * w[i];
            v[i] = rms ? t->v[0] * v[i] + (1 - t->v[0]) * g[i] * g[i] : v[i] + g[i] * g[i];
            w[i] -= lr * g[i] / (sqrt(v[i]) + (rms ? t->v[1] : t->v[0]));
        }
    } else if (strcmp(t->name, "lars") == 0) {
        double wn = norm(w, n), gn = norm(g, n), ratio = 1.0;
        if (weight && wn > 0 && gn > 0) ratio = t->v[1] * wn / (gn + wd * wn);
        for (int64_t i = 0; i < n; i++) {
            double u = lr * ratio * (g[i] + wd * w[i]);
            m[i] = t->v[0] * m[i] + u;
            w[i] -= t->nesterov ? u + t->v[0] * m[i] : m[i];
        }
    } else { /* adam, adamw, lamb */
        for (int64_t i = 0; i < n; i++) {
            if (strcmp(t->name, "adam") == 0) g[i] += wd * w[i];
            m[i] = t->v[0] * m[i] + (1 - t->v[0]) * g[i];
            v[i] = t->v[1] * v[i] + (1 - t->v[1]) * g[i] * g[i];
            double mh = m[i] / (1 - pow(t->v[0], step)), vh = v[i] / (1 - pow(t->v[1], step));
            d[i] = mh / (sqrt(vh) + t->v[2]);
        }
        double ratio = 1.0;
        if (strcmp(t->name, "lamb") == 0) {
            for (int64_t i = 0; i < n; i++) d[i] += wd * w[i];
            if (weight && norm(w, n) > 0 && norm(d, n) > 0) ratio = norm(w, n) / norm(d, n);
        }
        for (int64_t i = 0; i < n; i++) {
            if (strcmp(t->name, "adamw") == 0) w[i] -= lr * wd * w[i];
            w[i] -= lr * ratio * d[i];
        }
    }
}

static double exact_step(const trial *t, const float *g, int step)
{
    double squares = 0.0;
    for (int i = 0; i < TENSORS; i++) {
        const gy_param *p = &table[i];
        if (!p->trainable) continue;
        const bool weight = t->decay_all || (p->role != GY_ROLE_BIAS && p->role != GY_ROLE_NORM);
        for (int64_t j = p->offset; j < p->offset + p->count; j++) {
            g2[j] = (double)g[j];
            if (weight) g2[j] += t->l1 * ((w2[j] > 0) - (w2[j] < 0)) + t->l2 * w2[j];
            squares += g2[j] * g2[j];
        }
    }
    double clip = 1.0, all = sqrt(squares);
    if (t->clip_norm > 0) clip = fmin(1.0, t->clip_norm / (all + 1e-6));
    for (int i = 0; i < TENSORS; i++)
        if (table[i].trainable) exact_tensor(t, &table[i], clip, step);
    return all;
}

/* ---- the trial ---- */

static float w[FLOATS], g[FLOATS];

static void start(float *x, unsigned seed, double range)
{
    memset(x, 0, FLOATS * sizeof *x);
    for (int i = 0; i < TENSORS; i++)
        gy_test_values(seed + (unsigned)i, table[i].count, range, x + table[i].offset);
}

/** The slices: all in one, or of three owners, cutting tensors. */
enum { P1 = 32, P2 = 9984, P3 = 20000, P4 = 29984 };
static const gy_range all_of_it[] = {{0, TRAINABLE}};
static const gy_range ranges[3][2] = {
    {{0, P1}, {P3, P4}}, {{P1, P2}, {P2, P2}}, {{P2, P3}, {P4, TRAINABLE}}};
static const gy_ranges shares[2][3] = {{{all_of_it, 1}, {NULL, 0}, {NULL, 0}},
                                       {{ranges[0], 2}, {ranges[1], 2}, {ranges[2], 2}}};

static void step_slices(const trial *t, gy_optim *const *o, int slices, int step, double *all)
{
    double squares = 0.0, norms[2 * TENSORS] = {0};
    for (int s = 0; s < slices; s++) squares += gy_optim_prepare(o[s], w, g);
    *all = sqrt(squares);
    const double clip = gy_clip_factor(t->clip_norm, *all);
    for (int s = 0; s < slices; s++)
        if (gy_optim_needs_squares(o[s])) gy_optim_squares(o[s], step, clip, w, g, norms);
    for (int s = 0; s < slices; s++)
        gy_optim_update(o[s], step, t->rate, clip, w, g, slices == 1 ? NULL : norms);
}

static double worst_of(const float *x, const double *y)
{
    double worst = 0.0;
    for (int64_t i = 0; i < FLOATS; i++) {
        double error = fabs((double)x[i] - y[i]);
        worst = error <= worst ? worst : error;
    }
    return worst;
}

static void run_trial(const gy_kernel *k, gy_context *ctx, const trial *t, bool cut)
{
    double values[4] = {t->v[0], t->v[1], t->v[2], 0.0};
    const bool sgd = strcmp(t->name, "sgd") == 0, lars = strcmp(t->name, "lars") == 0;
    if (sgd || lars) memcpy(values + (sgd ? 1 : 2), &t->nesterov, sizeof t->nesterov);
    const gy_optim_settings settings = {{gy_registry_find(&gy_optim_registry, t->name), values},
                                        t->rate,
                                        t->weight_decay,
                                        t->l1,
                                        t->l2,
                                        t->decay_all};
    const int slices = cut ? 3 : 1;
    gy_optim *o[3];
    for (int s = 0; s < slices; s++)
        CU_ASSERT_EQUAL_FATAL(gy_optim_create(ctx, k, &settings, &params, &shares[cut][s], &o[s]),
                              GY_OK);
    start(w, 1, 1.0);
    for (int64_t i = 0; i < FLOATS; i++) w2[i] = (double)w[i];
    memset(m2, 0, sizeof m2);
    memset(v2, 0, sizeof v2);
    double worst = 0.0;
    for (int step = 1; step <= STEPS; step++) {
        double all;
        start(g, 10 * (unsigned)step, 0.1);
        double want = exact_step(t, g, step);
        step_slices(t, o, slices, step, &all);
        CU_ASSERT_DOUBLE_EQUAL(all, want, 1e-6 * want);
        worst = fmax(worst, worst_of(w, w2));
    }
    CU_ASSERT_TRUE(worst < 2e-6);
    if (!(worst < 2e-6)) printf("%s: %g\n", t->name, worst);

    const bool moment = (sgd || lars) && t->v[0] == 0.0;
    CU_ASSERT_EQUAL(gy_optim_slots(o[0]), moment ? 0 : t->v[2] > 0 ? 2 : 1);
    CU_ASSERT_EQUAL(gy_optim_bytes(&settings.kind, 100), gy_optim_slots(o[0]) * 400);
    for (int i = 0; i < gy_optim_slots(o[0]); i++) {
        const char *name = gy_optim_slot_name(o[0], i);
        const double *want = strcmp(name, "second_moment") == 0 ? v2 : m2;
        CU_ASSERT_STRING_EQUAL(name, sgd || lars         ? "momentum"
                                     : t->v[2] == 0 || i ? "second_moment"
                                                         : "first_moment");
        memset(g, 0, sizeof g);
        for (int s = 0; s < slices; s++)
            gy_ranges_unpack(&shares[cut][s], gy_optim_slot(o[s], i), g);
        CU_ASSERT_TRUE(worst_of(g, want) < 1e-6); /* also: gaps and frozen ones are zero */
    }
    for (int s = 0; s < slices; s++) gy_optim_free(o[s]);
}

static void all_trials(const gy_kernel *k)
{
    gy_context *ctx = gy_test_context();
    for (size_t i = 0; i < sizeof trials / sizeof *trials; i++)
        for (int cut = 0; cut < 2; cut++) run_trial(k, ctx, &trials[i], cut == 1);
    gy_test_end(ctx);
}

static void updates_are_right(void)
{
    gy_test_levels(all_trials);
}

static void allocation_may_fail(void)
{
    gy_context *ctx = gy_test_context();
    gy_kernel *k;
    gy_optim *o;
    double values[] = {0.9, 0.999, 1e-8};
    gy_optim_settings s = {{gy_registry_find(&gy_optim_registry, "adam"), values}, 0, 0, 0, 0, 0};
    CU_ASSERT_EQUAL_FATAL(gy_kernel_create(ctx, 1, &k), GY_OK);
    for (int n = 1; n <= 4; n++) {
        gy_alloc_fail_at(ctx, n);
        CU_ASSERT_EQUAL(gy_optim_create(ctx, k, &s, &params, &shares[0][0], &o), GY_E_NOMEM);
    }
    gy_alloc_fail_at(ctx, 0);
    CU_ASSERT_EQUAL(gy_optim_create(ctx, k, &s, &params, &shares[0][1], &o),
                    GY_OK); /* an empty shard */
    CU_ASSERT_EQUAL(gy_optim_prepare(o, w, g), 0.0);
    gy_optim_update(o, 1, 0.1, 1.0, w, g, NULL);
    gy_optim_free(o);
    gy_optim_free(NULL);
    gy_kernel_free(k);
    gy_test_end(ctx);
}

/** Sums in limbs of all slices: those that cut tensors and the one that does not. */
static void add_cut(const gy_kernel *k, gy_context *ctx, const gy_optim_settings *settings,
                    bool cut, double *limbs, double *squares)
{
    double plain[2 * TENSORS] = {0};
    gy_optim *o = NULL;
    for (int s = 0; s < (cut ? 3 : 1); s++) {
        CU_ASSERT_EQUAL_FATAL(gy_optim_create(ctx, k, settings, &params, &shares[cut][s], &o),
                              GY_OK);
        gy_optim_squares_in_limbs(o, 1, 0.3, w, g, limbs);
        gy_optim_squares(o, 1, 0.3, w, g, plain);
        if (s == 0) gy_optim_squares_take(o, limbs, squares);
        gy_optim_free(o);
    }
    for (int i = 0; i < 2 * TENSORS && !cut; i++)
        CU_ASSERT_DOUBLE_EQUAL(squares[i], plain[i], 1e-13 * plain[i]);
}

static void cuts(const gy_kernel *k)
{
    static const char *const names[] = {"lamb", "lars"};
    gy_context *ctx = gy_test_context();
    for (int i = 0; i < 2; i++) {
        static double limbs[2][2 * TENSORS * GY_LIMBS];
        double squares[2 * TENSORS], values[4] = {0.9, i == 0 ? 0.999 : 0.02, 1e-6, 0.0};
        const gy_optim_settings settings = {
            .kind = {gy_registry_find(&gy_optim_registry, names[i]), values}, .weight_decay = 0.1};
        start(w, 1, 1.0);
        start(g, 10, 0.1);
        memset(limbs, 0, sizeof limbs);
        for (int cut = 0; cut < 2; cut++) add_cut(k, ctx, &settings, cut == 1, limbs[cut], squares);
        CU_ASSERT_EQUAL(memcmp(limbs[0], limbs[1], sizeof limbs[0]), 0);
        CU_ASSERT(squares[0] > 0 &&
                  squares[4] > 0); /* of the first slice: two tensors, of it a part */
    }
    gy_test_end(ctx);
}

static void norms_in_limbs_are_of_no_cut(void)
{
    gy_test_levels(cuts);
}

static void averages(const gy_kernel *k)
{
    float average[3] = {1.0f, 2.0f, 3.0f};
    const float now[3] = {2.0f, 2.0f, -3.0f};
    gy_average_update(k, 0.75, 3, now, average);
    CU_ASSERT_DOUBLE_EQUAL(average[0], 1.25, 1e-6);
    CU_ASSERT_DOUBLE_EQUAL(average[1], 2.0, 1e-6);
    CU_ASSERT_DOUBLE_EQUAL(average[2], 1.5, 1e-6);
}

static void average_and_clip_are_right(void)
{
    gy_test_levels(averages);
    CU_ASSERT_EQUAL(gy_clip_factor(0.0, 100.0), 1.0);
    CU_ASSERT_EQUAL(gy_clip_factor(5.0, 1.0), 1.0);
    CU_ASSERT_DOUBLE_EQUAL(gy_clip_factor(5.0, 50.0), 0.1, 1e-7);
}

GY_TEST_MAIN(GY_TEST(updates_are_right), GY_TEST(norms_in_limbs_are_of_no_cut),
             GY_TEST(allocation_may_fail), GY_TEST(average_and_clip_are_right))
