/* What layers compute, against plain loops in double. */
#include "gy_test.h"
#include "specs.h"

#include "model/model.h"

#include <math.h>
#include <string.h>

enum { BATCH = 3, MOST = 512 };

typedef struct fixture {
    gy_context *ctx;
    gy_pool pool;
    gy_kernel *kernel;
    gy_model *m;
    float x[MOST];
    const float *y;
} fixture;

static void begin(fixture *f)
{
    *f = (fixture){.ctx = gy_test_context()};
    gy_pool_init(&f->pool, f->ctx);
    CU_ASSERT_EQUAL_FATAL(gy_kernel_create(f->ctx, 1, GY_PRECISION_float32, &f->kernel), GY_OK);
    gy_rng key = {1, GY_RNG_INIT, 1};
    for (int i = 0; i < MOST; i++) f->x[i] = (float)gy_rng_normal(key, (uint64_t)i, 0);
}

static void run(fixture *f, const gy_test_list *list, gy_shape in)
{
    float *y;
    gy_model_spec spec = {
        .input = in, .layers = {list->v, list->n}, .where = "test", .rollout = 1, .threads = 1};
    CU_ASSERT_EQUAL_FATAL(gy_model_create(f->ctx, &spec, &f->m), GY_OK);
    CU_ASSERT_EQUAL_FATAL(gy_model_allocate(f->m, false), GY_OK);
    CU_ASSERT_EQUAL_FATAL(gy_model_start(f->m, 1), GY_OK);
    gy_rng key = {2, GY_RNG_INIT, 1};
    for (int64_t i = 0; i < gy_model_params(f->m)->floats; i++)
        gy_model_values(f->m)[i] += (float)(0.3 * gy_rng_normal(key, (uint64_t)i, 0));
    CU_ASSERT_EQUAL_FATAL(gy_model_plan(f->m, BATCH, GY_USE_EVALUATION), GY_OK);
    gy_model_run r = {.kernel = f->kernel, .scale = 1.0 / BATCH};
    CU_ASSERT_EQUAL_FATAL(gy_model_forward(f->m, &r, BATCH, f->x, &y), GY_OK);
    f->y = y;
}

static void end(fixture *f)
{
    gy_model_free(f->m);
    gy_kernel_free(f->kernel);
    gy_pool_clear(&f->pool);
    gy_test_end(f->ctx);
}

static const float *param(const fixture *f, const char *name)
{
    const gy_params *p = gy_model_params(f->m);
    int i = gy_params_find(p, name);
    CU_ASSERT_FATAL(i >= 0);
    return gy_model_values(f->m) + p->v[i].offset;
}

/* out = W x + b, b may be NULL. */
static void dense(int n, int units, const float *w, const float *b, const double *x, double *out)
{
    for (int i = 0; i < units; i++) {
        out[i] = b != NULL ? b[i] : 0;
        for (int j = 0; j < n; j++) out[i] += (double)w[i * n + j] * x[j];
    }
}

static void widen(int n, const float *x, double *out)
{
    for (int i = 0; i < n; i++) out[i] = x[i];
}

static void expect(int n, const float *got, const double *want)
{
    double worst = 0;
    for (int i = 0; i < n; i++) worst = fmax(worst, fabs(got[i] - want[i]) / (1 + fabs(want[i])));
    CU_ASSERT(worst < 1e-5);
}

static void dense_of_rank(void)
{
    fixture f;
    begin(&f);
    gy_test_list list = gy_test_layers(&f.pool);
    gy_test_add(&list, "dense", "d", "units", "4", "rank", "2", "activation", "tanh", NULL);
    run(&f, &list, gy_shape_of(1, (int64_t)5));
    for (int b = 0; b < BATCH; b++) {
        double x[5], h[2], y[4];
        widen(5, f.x + b * 5, x);
        dense(5, 2, param(&f, "d/down"), NULL, x, h);
        dense(2, 4, param(&f, "d/up"), param(&f, "d/bias"), h, y);
        for (int i = 0; i < 4; i++) y[i] = tanh(y[i]);
        expect(4, f.y + b * 4, y);
    }
    end(&f);
}

/* [5, 4, 2] → [3, 2, 3] on the shortcut: every second row and column. */
static void projection_takes_every_second(void)
{
    fixture f;
    begin(&f);
    gy_test_list list = gy_test_layers(&f.pool), inside = gy_test_layers(&f.pool);
    gy_test_add(&inside, "flatten", NULL, NULL);
    gy_test_add(&inside, "dense", "d", "units", "18", NULL);
    gy_layer_spec *reshape = gy_test_add(&inside, "reshape", NULL, NULL);
    static const int64_t lengths[] = {3, 2, 3};
    *(gy_ints *)(uintptr_t)reshape->settings = (gy_ints){lengths, 3};
    gy_layer_spec *res = gy_test_add(&list, "residual", "r", "projection", "true", NULL);
    gy_test_inside(res, &inside);
    run(&f, &list, gy_shape_of(3, (int64_t)5, (int64_t)4, (int64_t)2));
    for (int b = 0; b < BATCH; b++) {
        double x[40], y[18], shortcut[3];
        widen(40, f.x + b * 40, x);
        dense(40, 18, param(&f, "r/d/weight"), param(&f, "r/d/bias"), x, y);
        for (int i = 0; i < 6; i++) {
            int row = i / 2 * 2, column = i % 2 * 2;
            dense(2, 3, param(&f, "r/projection/weight"), NULL, x + (row * 4 + column) * 2,
                  shortcut);
            for (int c = 0; c < 3; c++) y[i * 3 + c] += shortcut[c];
        }
        expect(18, f.y + b * 18, y);
    }
    end(&f);
}

/* Σ share · down(tanh(up(x))) over the best experts. */
static void mixture_position(const fixture *f, int experts, int top_k, const double *x, double *y)
{
    double score[8], all = 0, some = 0;
    bool chosen[8] = {false};
    char name[64];
    dense(6, experts, param(f, "m/gate/weight"), NULL, x, score);
    for (int e = 0; e < experts; e++) all += exp(score[e]);
    for (int k = 0; k < top_k; k++) {
        int best = -1;
        for (int e = 0; e < experts; e++)
            if (!chosen[e] && (best < 0 || score[e] > score[best])) best = e;
        chosen[best] = true;
        some += exp(score[best]);
    }
    memset(y, 0, 6 * sizeof *y);
    for (int e = 0; e < experts; e++) {
        const float *p[4];
        static const char *const ends[] = {"up/weight", "up/bias", "down/weight", "down/bias"};
        double h[5], out[6];
        if (!chosen[e]) continue;
        for (int i = 0; i < 4; i++) {
            (void)snprintf(name, sizeof name, "m/experts/%d/%s", e, ends[i]);
            p[i] = param(f, name);
        }
        dense(6, 5, p[0], p[1], x, h);
        for (int i = 0; i < 5; i++) h[i] = tanh(h[i]);
        dense(5, 6, p[2], p[3], h, out);
        for (int i = 0; i < 6; i++) y[i] += exp(score[e]) / (top_k == 1 ? all : some) * out[i];
    }
}

static void mixture_adds_the_best(void)
{
    const char *const top[] = {"1", "2", "4"};
    const int tops[] = {1, 2, 4};
    for (int i = 0; i < 3; i++) {
        fixture f;
        begin(&f);
        gy_test_list list = gy_test_layers(&f.pool);
        gy_test_add(&list, "mixture", "m", "experts", "4", "top_k", top[i], "units", "5",
                    "activation", "tanh", NULL);
        run(&f, &list, gy_shape_of(2, (int64_t)7, (int64_t)6));
        for (int r = 0; r < BATCH * 7; r++) {
            double x[6], y[6];
            widen(6, f.x + r * 6, x);
            mixture_position(&f, 4, tops[i], x, y);
            expect(6, f.y + r * 6, y);
        }
        end(&f);
    }
}

/* Branches join on the last axis in their order; an empty one hands the input on. */
static void branches_join_in_order(void)
{
    fixture f;
    begin(&f);
    gy_test_list list = gy_test_layers(&f.pool), first = gy_test_layers(&f.pool);
    gy_test_add(&first, "dense", "d", "units", "2", NULL);
    const gy_layer_specs branches[] = {{first.v, 1}, {first.v, 0}};
    gy_layer_spec *p = gy_test_add(&list, "parallel", "p", "merge", "concat", NULL);
    gy_layer_branches value = {branches, 2};
    const gy_setting *row = gy_setting_find(p->kind->kind.settings, "branches");
    memcpy((char *)(uintptr_t)p->settings + row->offset, &value, sizeof value);
    run(&f, &list, gy_shape_of(2, (int64_t)4, (int64_t)3));
    CU_ASSERT_EQUAL(gy_model_output(f.m)->d[1], 5);
    for (int r = 0; r < BATCH * 4; r++) {
        double x[3], y[5];
        widen(3, f.x + r * 3, x);
        dense(3, 2, param(&f, "p/0/d/weight"), param(&f, "p/0/d/bias"), x, y);
        memcpy(y + 2, x, sizeof x);
        expect(5, f.y + r * 5, y);
    }
    end(&f);
}

/* A relu behind a batch norm is done by it, unless something else reads what comes before. */
static void norm_joined_with_relu(void)
{
    for (int apart = 0; apart < 2; apart++) {
        fixture f;
        begin(&f);
        gy_test_list list = gy_test_layers(&f.pool), inside = gy_test_layers(&f.pool);
        gy_test_add(&list, "batch_norm", "n", NULL);
        gy_test_add(&inside, "activation", NULL, "kind", "relu", NULL);
        gy_test_inside(gy_test_add(&list, apart ? "residual" : "repeat", "r",
                                   apart ? "projection" : "times", apart ? "false" : "1", NULL),
                       &inside);
        run(&f, &list, gy_shape_of(2, (int64_t)4, (int64_t)3));
        const float *gamma = param(&f, "n/gamma"), *beta = param(&f, "n/beta");
        for (int i = 0; i < BATCH * 12; i++) {
            double z = (double)f.x[i] / sqrt(1 + 1e-5) * (double)gamma[i % 3] + (double)beta[i % 3];
            double want = fmax(z, 0) + (apart ? z : 0);
            expect(1, f.y + i, &want);
        }
        end(&f);
    }
}

GY_TEST_MAIN(GY_TEST(dense_of_rank), GY_TEST(norm_joined_with_relu),
             GY_TEST(projection_takes_every_second), GY_TEST(mixture_adds_the_best),
             GY_TEST(branches_join_in_order))
