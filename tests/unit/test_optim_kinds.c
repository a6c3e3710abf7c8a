/*
 * Optimizers against a second implementation, in double and straight from the papers' formulas,
 * over several steps: whole and cut into slices, with penalties, clipping and frozen parameters.
 */
#include "optim_owners.h"

#include "optim/optim_impl.h"

#include <math.h>
#include <string.h>

enum { TENSORS = 5, FLOATS = 50032 + 64, TRAINABLE = 50032 + 32, STEPS = 4 };

static const gy_param table[TENSORS] = {
    {"a/weight", {2, {7, 5}}, GY_ROLE_WEIGHT, true, 0, 35, NULL},
    {"a/bias", {1, {7}}, GY_ROLE_BIAS, true, 48, 7, NULL},
    {"b/recurrent", {2, {250, 199}}, GY_ROLE_RECURRENT, true, 64, 49750, NULL},
    {"b/gamma", {1, {100}}, GY_ROLE_NORM, true, 49824, 100, NULL},
    {"c/weight", {1, {30}}, GY_ROLE_WEIGHT, false, TRAINABLE, 30, NULL},
};
static const gy_params params = {.v = table,
                                 .n = TENSORS,
                                 .floats = FLOATS,
                                 .trainable = TRAINABLE,
                                 .elements = 35 + 7 + 49750 + 100 + 30};

/** A method's name and hyper-parameters; every kind's settings are doubles, then nesterov. */
typedef struct trial {
    const char *name;
    double v[4];
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
    {"adafactor", {-0.8, 1e-5, 1e-3, 1.0}, false, 0.05, 0.1, 0.0, 0.0, 0.0, false},
    {"adafactor", {-0.5, 1e-5, 1e-3, 0.3}, false, 0.9, 0.0, 0.0, 0.01, 3.0, true},
};

/* ---- the second implementation ---- */

static double w2[FLOATS], g2[FLOATS], m2[FLOATS], v2[FLOATS], d2[FLOATS];

static double norm(const double *x, int64_t n)
{
    double s = 0.0;
    for (int64_t i = 0; i < n; i++) s += x[i] * x[i];
    return sqrt(s);
}

/* m2 holds the rows' means, v2 those of columns, or of the elements of a vector. */
static void exact_adafactor(const trial *t, const gy_param *p, double wd, double clip, int step)
{
    const int64_t columns = p->shape.d[p->shape.n - 1], rows = p->count / columns;
    const bool factored = p->shape.n > 1;
    double *w = w2 + p->offset, *g = g2 + p->offset, *r = m2 + p->offset, *c = v2 + p->offset;
    double *u = d2 + p->offset, share = pow(step, t->v[0]), mean = 0.0;
    for (int64_t i = 0; i < p->count; i++) g[i] *= clip;
    for (int64_t i = 0; i < rows; i++) {
        double sum = 0.0;
        for (int64_t j = 0; j < columns; j++) sum += g[i * columns + j] * g[i * columns + j];
        r[i] += share * (sum / (double)columns - r[i]);
        mean += r[i] / (double)rows;
    }
    for (int64_t j = 0; j < columns; j++) {
        double sum = 0.0;
        for (int64_t i = 0; i < rows; i++) sum += g[i * columns + j] * g[i * columns + j];
        c[j] += share * (sum / (double)rows - c[j]);
    }
    for (int64_t i = 0; i < p->count; i++) {
        double v = factored ? r[i / columns] * c[i % columns] / fmax(mean, t->v[1]) : c[i];
        u[i] = g[i] / sqrt(fmax(v, t->v[1] * t->v[1]));
    }
    const double root = sqrt((double)p->count);
    const double alpha = fmax(t->v[2], norm(w, p->count) / root) * fmin(t->rate, 1 / sqrt(step));
    const double length = fmax(1.0, norm(u, p->count) / (root * t->v[3]));
    for (int64_t i = 0; i < p->count; i++) w[i] = (1 - t->rate * wd) * w[i] - alpha / length * u[i];
}

static void exact_tensor(const trial *t, const gy_param *p, double clip, int step)
{
    const bool weight = t->decay_all || (p->role != GY_ROLE_BIAS && p->role != GY_ROLE_NORM);
    const double wd = weight ? t->weight_decay : 0.0, lr = t->rate;
    double *w = w2 + p->offset, *g = g2 + p->offset, *m = m2 + p->offset, *v = v2 + p->offset;
    double *d = d2 + p->offset;
    const int64_t n = p->count;
    if (strcmp(t->name, "adafactor") == 0) {
        exact_adafactor(t, p, wd, clip, step);
        return;
    }
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

static double step_owners(const trial *t, gy_owners *all)
{
    double squares = 0.0;
    for (int i = 0; i < all->n; i++) squares += gy_optim_prepare(all->v[i].o, w, g);
    gy_owners_update(all, t->rate, gy_clip_factor(t->clip_norm, sqrt(squares)), w, g);
    return sqrt(squares);
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
    double values[5] = {t->v[0], t->v[1], t->v[2], t->v[3], 0.0};
    const bool sgd = strcmp(t->name, "sgd") == 0, lars = strcmp(t->name, "lars") == 0;
    if (sgd || lars) memcpy(values + 1, &t->nesterov, sizeof t->nesterov);
    if (lars) values[2] = t->v[1];
    const gy_optim_settings settings = {{gy_registry_find(&gy_optim_registry, t->name), values},
                                        t->rate,
                                        t->weight_decay,
                                        t->l1,
                                        t->l2,
                                        t->decay_all};
    gy_owners *all = gy_owners_create(ctx, k, &settings, &params, cut ? 3 : 1, shares[cut], false);
    start(w, 1, 1.0);
    for (int64_t i = 0; i < FLOATS; i++) w2[i] = (double)w[i];
    memset(m2, 0, sizeof m2);
    memset(v2, 0, sizeof v2);
    double worst = 0.0;
    for (int step = 1; step <= STEPS; step++) {
        start(g, 10 * (unsigned)step, 0.1);
        const double want = exact_step(t, g, step), norm_all = step_owners(t, all);
        CU_ASSERT_DOUBLE_EQUAL(norm_all, want, 1e-6 * want);
        worst = fmax(worst, worst_of(w, w2));
    }
    CU_ASSERT_TRUE(worst < 2e-6);
    if (!(worst < 2e-6)) printf("%s: %g\n", t->name, worst);

    for (int i = 0; i < gy_optim_slots(all->v[0].o); i++) {
        const double *want =
            strcmp(gy_optim_slot_name(all->v[0].o, i), "second_moment") == 0 ? v2 : m2;
        if (gy_optim_slot_table(all->v[0].o, i) != NULL) continue;
        memset(g, 0, sizeof g);
        for (int s = 0; s < all->n; s++)
            gy_ranges_unpack(&shares[cut][s], gy_optim_slot(all->v[s].o, i), g);
        CU_ASSERT_TRUE(worst_of(g, want) < 1e-6); /* also: gaps and frozen ones are zero */
    }
    gy_owners_free(all);
}

/** How many slots a method has, by settings, and what they take for 100 floats of the parameters. */
static void slots_are_those_of_the_method(void)
{
    static const struct {
        const char *name, *slots;
        double first;
        int64_t bytes;
    } cases[] = {
        {"sgd", "", 0.0, 0},
        {"sgd", "momentum ", 0.9, 400},
        {"rmsprop", "second_moment ", 0.99, 400},
        {"adagrad", "second_moment ", 1e-8, 400},
        {"lars", "", 0.0, 0},
        {"lars", "momentum ", 0.9, 400},
        {"lamb", "first_moment second_moment ", 0.9, 800},
        {"adamw", "first_moment second_moment ", 0.9, 800},
        /* rows 7 + 250, columns 5 + 199, vectors 7 + 100, each tensor's rounded up to 16 */
        {"adafactor", "row_moment column_moment second_moment ", -0.8,
         4 * (16 + 256 + 16 + 208 + 16 + 112)},
    };
    gy_context *ctx = gy_test_context();
    gy_kernel *k;
    CU_ASSERT_EQUAL_FATAL(gy_kernel_create(ctx, 1, GY_PRECISION_float32, &k), GY_OK);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double values[5] = {cases[i].first, 0.9, 1e-8, 1.0, 0.0};
        char names[64] = "";
        gy_optim *o;
        const gy_optim_settings s = {
            .kind = {gy_registry_find(&gy_optim_registry, cases[i].name), values}};
        CU_ASSERT_EQUAL_FATAL(gy_optim_create(ctx, k, &s, &params, &shares[0][0], NULL, &o), GY_OK);
        for (int j = 0; j < gy_optim_slots(o); j++)
            strcat(strcat(names, gy_optim_slot_name(o, j)), " ");
        CU_ASSERT_STRING_EQUAL(names, cases[i].slots);
        CU_ASSERT_EQUAL(gy_optim_bytes(&s.kind, &params, 100), cases[i].bytes);
        gy_optim_free(o);
    }
    gy_kernel_free(k);
    gy_test_end(ctx);
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

/* Which float32 would hide: sums that must be exact are the same double numbers for any slices. */
static void sums(const gy_kernel *k)
{
    static const char *const names[] = {"lamb", "lars", "adafactor"};
    gy_context *ctx = gy_test_context();
    for (int i = 0; i < 3; i++) {
        double values[5] = {i == 2 ? -0.8 : 0.9, i == 1 ? 0.0 : 0.999, 1e-6, 1.0, 0.0};
        const gy_optim_settings settings = {
            .kind = {gy_registry_find(&gy_optim_registry, names[i]), values}, .weight_decay = 0.1};
        gy_owners *one = gy_owners_create(ctx, k, &settings, &params, 1, shares[0], true);
        gy_owners *three = gy_owners_create(ctx, k, &settings, &params, 3, shares[1], true);
        const gy_optim *a = one->v[0].o;
        for (int turn = 0; turn < 2; turn++) {
            start(w, 1, 1.0);
            start(g, 10, 0.1);
            gy_owners_update(turn == 0 ? one : three, 0.1, 0.3, w, g);
        }
        CU_ASSERT(a->sums[0] > 0 && a->sums[1] > 0);
        for (int s = 0; s < 3; s++)
            CU_ASSERT_EQUAL(
                memcmp(a->sums, three->v[s].o->sums, (size_t)(2 * (TENSORS - 1)) * sizeof *a->sums),
                0);
        gy_owners_free(one);
        gy_owners_free(three);
    }
    gy_test_end(ctx);
}

static void exact_sums_are_of_no_slices(void)
{
    gy_test_levels(sums);
}

static void averages(const gy_kernel *k)
{
    float average[3] = {1.0f, 2.0f, 3.0f};
    const float now[3] = {2.0f, 2.0f, -3.0f};
    gy_average_update(k, 0.75, 1000, 3, now, average);
    CU_ASSERT_DOUBLE_EQUAL(average[0], 1.25, 1e-6);
    CU_ASSERT_DOUBLE_EQUAL(average[1], 2.0, 1e-6);
    CU_ASSERT_DOUBLE_EQUAL(average[2], 1.5, 1e-6);
    const float still = 0.3333333f; /* what does not change stays */
    average[0] = still;
    for (int t = 1; t <= 20000; t++) gy_average_update(k, 0.9999, t, 1, &still, average);
    CU_ASSERT_EQUAL(average[0], still);
    average[0] = 1.0f; /* at the first update d is 2/11 */
    gy_average_update(k, 0.9999, 1, 1, now, average);
    CU_ASSERT_DOUBLE_EQUAL(average[0], 2.0 / 11 + 2.0 * 9 / 11, 1e-6);
}

static void average_and_clip_are_right(void)
{
    gy_test_levels(averages);
    CU_ASSERT_EQUAL(gy_clip_factor(0.0, 100.0), 1.0);
    CU_ASSERT_EQUAL(gy_clip_factor(5.0, 1.0), 1.0);
    CU_ASSERT_DOUBLE_EQUAL(gy_clip_factor(5.0, 50.0), 0.1, 1e-7);
}

GY_TEST_MAIN(GY_TEST(updates_are_right), GY_TEST(slots_are_those_of_the_method),
             GY_TEST(exact_sums_are_of_no_slices), GY_TEST(average_and_clip_are_right))
