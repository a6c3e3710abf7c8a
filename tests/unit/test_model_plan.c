/* Memory plans: nothing that is live shares its place, and little is wasted. */
#include "gy_test.h"
#include "specs.h"

#include "model/model_impl.h"

#include <string.h>

enum { BATCH = 8 };

static gy_model *make(gy_context *ctx, gy_pool *pool, bool recompute)
{
    gy_test_list list = gy_test_layers(pool), inside = gy_test_layers(pool),
                 deepest = gy_test_layers(pool);
    gy_test_add(&list, "dense", NULL, "units", "32", "activation", "relu", NULL);
    gy_test_add(&deepest, "dense", NULL, "units", "64", "activation", "gelu", NULL);
    gy_test_add(&deepest, "dropout", NULL, "rate", "0.5", NULL);
    gy_test_add(&deepest, "dense", NULL, "units", "32", NULL);
    gy_test_inside(gy_test_add(&inside, "residual", NULL, NULL), &deepest);
    gy_test_add(&inside, "activation", NULL, "kind", "tanh", NULL);
    gy_test_inside(gy_test_add(&list, "repeat", NULL, "times", "6", NULL), &inside);
    gy_test_add(&list, "flatten", NULL, NULL);
    gy_test_add(&list, "dense", NULL, "units", "3", NULL);
    gy_model_spec spec = {.input = gy_shape_of(1, (int64_t)20),
                          .layers = {list.v, list.n},
                          .where = "test",
                          .recompute_blocks = recompute,
                          .rollout = 1,
                          .threads = 1};
    gy_model *m = NULL;
    CU_ASSERT_EQUAL_FATAL(gy_model_create(ctx, &spec, &m), GY_OK);
    return m;
}

/* The first step that writes the gradient of a parameter. */
static int first_write(const gy_model *m, const gy_program *p, int param)
{
    for (int i = p->loss + 1; i < p->n_steps; i++) {
        const gy_unit *u = m->units[p->steps[i]->unit];
        for (int j = 0; j < u->layer.n_params && p->steps[i]->op == GY_OP_BACKWARD; j++)
            if (u->params[j] == param) return i;
    }
    return p->n_steps;
}

/* Floats of gradients that are live in a step, where they lie among activations. */
static int64_t live_gradients(const gy_model *m, const gy_plan *plan, int now)
{
    int64_t live = 0;
    for (int i = 0; plan->use == GY_USE_STEPS && i < m->params.n; i++)
        if (first_write(m, &plan->program, i) <= now) live += gy_align_floats(m->params.v[i].count);
    return live;
}

/* The most floats live in one step: no plan can be smaller. */
static int64_t bound(const gy_model *m, const gy_plan *plan)
{
    const gy_program *p = &plan->program;
    int64_t most = 0;
    for (int now = 0; now < p->n_steps; now++) {
        int64_t live = live_gradients(m, plan, now);
        for (int i = GY_STORAGE_ARENA; i < p->n_storages; i++)
            if (p->storages[i]->first <= now && now <= p->storages[i]->last)
                live += gy_align_floats(gy_storage_floats(p->storages[i], BATCH));
        most = live > most ? live : most;
    }
    return most;
}

/* Storages that lie over a gradient at a step from its first write on. */
static int gradients_overlaid(const gy_model *m, const gy_plan *plan)
{
    const gy_program *p = &plan->program;
    int overlaps = 0;
    for (int i = 0; plan->use == GY_USE_STEPS && i < m->params.n; i++) {
        const gy_param *param = &m->params.v[i];
        for (int j = GY_STORAGE_ARENA; j < p->n_storages; j++) {
            const gy_storage *s = p->storages[j];
            if (s->last < first_write(m, p, i)) continue;
            overlaps += plan->offset[j] < param->offset + gy_align_floats(param->count) &&
                        param->offset < plan->offset[j] + gy_storage_floats(s, BATCH);
        }
    }
    return overlaps;
}

static void check_plan(const gy_model *m, const gy_plan *plan)
{
    const gy_program *p = &plan->program;
    int overlaps = gradients_overlaid(m, plan);
    for (int i = GY_STORAGE_ARENA; i < p->n_storages; i++)
        for (int j = GY_STORAGE_ARENA; j < i; j++) {
            const gy_storage *a = p->storages[i], *b = p->storages[j];
            if (a->last < b->first || b->last < a->first) continue;
            int64_t end_a = plan->offset[i] + gy_storage_floats(a, BATCH);
            int64_t end_b = plan->offset[j] + gy_storage_floats(b, BATCH);
            overlaps += plan->offset[i] < end_b && plan->offset[j] < end_a;
        }
    CU_ASSERT_EQUAL(overlaps, 0);
    for (int i = GY_STORAGE_ARENA; i < p->n_storages; i++) {
        CU_ASSERT(plan->offset[i] + gy_storage_floats(p->storages[i], BATCH) <= plan->floats);
        CU_ASSERT_EQUAL(plan->offset[i] % GY_PARAM_ALIGN, 0);
    }
    CU_ASSERT((double)plan->floats <= 1.2 * (double)bound(m, plan));
}

static void live_tensors_do_not_overlap(void)
{
    gy_context *ctx = gy_test_context();
    gy_pool pool;
    gy_pool_init(&pool, ctx);
    for (int recompute = 0; recompute < 2; recompute++) {
        gy_model *m = make(ctx, &pool, recompute);
        for (gy_model_use use = 0; use < GY_USES; use++) {
            CU_ASSERT_EQUAL_FATAL(gy_model_plan(m, BATCH, use), GY_OK);
            check_plan(m, &m->plans[use]);
        }
        gy_model_free(m);
    }
    gy_pool_clear(&pool);
    gy_test_end(ctx);
}

/* Any tensor moved to where another is live spoils a read, and the check finds which. */
static void a_wrong_place_is_found(void)
{
    gy_context *ctx = gy_test_context();
    gy_pool pool;
    gy_pool_init(&pool, ctx);
    gy_model *m = make(ctx, &pool, false);
    CU_ASSERT_EQUAL_FATAL(gy_model_plan(m, BATCH, GY_USE_STEPS), GY_OK);
    gy_plan *plan = &m->plans[GY_USE_STEPS];
    const gy_program *p = &plan->program;
    int missed = 0, tried = 0;
    CU_ASSERT_EQUAL(gy_plan_check(m, plan), GY_OK);
    for (int i = GY_STORAGE_ARENA; i < p->n_storages; i++)
        for (int j = GY_STORAGE_ARENA; j < p->n_storages; j++) {
            const gy_storage *a = p->storages[i], *b = p->storages[j];
            if (i == j || a->last <= b->first || b->last <= a->first) continue;
            const int64_t before = plan->offset[i];
            plan->offset[i] = plan->offset[j];
            tried++;
            missed += gy_plan_check(m, plan) == GY_OK;
            plan->offset[i] = before;
        }
    CU_ASSERT_TRUE(tried > 100);
    CU_ASSERT_EQUAL(missed, 0);
    CU_ASSERT_EQUAL(gy_plan_check(m, plan), GY_OK);
    gy_model_free(m);
    gy_pool_clear(&pool);
    gy_test_end(ctx);
}

/* Tens of thousands of layers: nothing here takes time with the square of them. */
static void a_long_model_is_planned(void)
{
    gy_context *ctx = gy_test_context();
    gy_pool pool;
    gy_pool_init(&pool, ctx);
    gy_test_list list = gy_test_layers(&pool), turn = gy_test_layers(&pool),
                 inside = gy_test_layers(&pool), part = gy_test_layers(&pool);
    gy_test_add(&part, "dense", NULL, "units", "2", "activation", "gelu", NULL);
    gy_test_inside(gy_test_add(&inside, "residual", NULL, NULL), &part);
    gy_test_add(&inside, "activation", NULL, "kind", "tanh", NULL);
    gy_test_inside(gy_test_add(&turn, "repeat", NULL, "times", "6000", NULL), &inside);
    gy_test_inside(gy_test_add(&list, "repeat", NULL, "times", "5", NULL), &turn);
    gy_model_spec spec = {.input = gy_shape_of(1, (int64_t)2),
                          .layers = {list.v, list.n},
                          .where = "test",
                          .rollout = 1,
                          .threads = 1};
    gy_model *m = NULL;
    gy_model_memory memory;
    CU_ASSERT_EQUAL_FATAL(gy_model_create(ctx, &spec, &m), GY_OK);
    CU_ASSERT_EQUAL(gy_model_layers(m), 90000);
    for (gy_model_use use = 0; use < GY_USES; use++)
        CU_ASSERT_EQUAL(gy_model_measure(m, BATCH, use, &memory), GY_OK);
    const gy_params *params = gy_model_params(m);
    const gy_param *last = &params->v[params->n - 1];
    CU_ASSERT_EQUAL(gy_params_find(params, last->name), params->n - 1);
    CU_ASSERT_EQUAL(gy_params_find(params, "repeat_0"), -1);
    gy_model_free(m);
    gy_pool_clear(&pool);
    gy_test_end(ctx);
}

/* However short the sequence is. */
static void recurrent_layers_keep_less_in_evaluation(void)
{
    gy_context *ctx = gy_test_context();
    gy_pool pool;
    gy_pool_init(&pool, ctx);
    for (int64_t time = 1; time <= 3; time++) {
        gy_test_list list = gy_test_layers(&pool);
        gy_test_add(&list, "lstm", NULL, "units", "16", "bidirectional", "true", NULL);
        const gy_model_spec spec = {.input = gy_shape_of(2, time, (int64_t)3),
                                    .layers = {list.v, list.n},
                                    .where = "test",
                                    .rollout = 1,
                                    .threads = 1};
        gy_model *m = NULL;
        gy_model_memory training, evaluation;
        CU_ASSERT_EQUAL_FATAL(gy_model_create(ctx, &spec, &m), GY_OK);
        CU_ASSERT_EQUAL(gy_model_measure(m, 2, GY_USE_TRAINING, &training), GY_OK);
        CU_ASSERT_EQUAL(gy_model_measure(m, 2, GY_USE_EVALUATION, &evaluation), GY_OK);
        CU_ASSERT(evaluation.activations <= training.activations);
        gy_model_free(m);
    }
    gy_pool_clear(&pool);
    gy_test_end(ctx);
}

static void evaluation_and_recomputing_take_less(void)
{
    gy_context *ctx = gy_test_context();
    gy_pool pool;
    gy_pool_init(&pool, ctx);
    gy_model *plain = make(ctx, &pool, false), *again = make(ctx, &pool, true);
    gy_model_memory training, evaluation, recomputing, steps;
    CU_ASSERT_EQUAL(gy_model_measure(plain, BATCH, GY_USE_TRAINING, &training), GY_OK);
    CU_ASSERT_EQUAL(gy_model_measure(plain, BATCH, GY_USE_EVALUATION, &evaluation), GY_OK);
    CU_ASSERT_EQUAL(gy_model_measure(again, BATCH, GY_USE_TRAINING, &recomputing), GY_OK);
    CU_ASSERT_EQUAL(gy_model_measure(plain, BATCH, GY_USE_STEPS, &steps), GY_OK);
    CU_ASSERT(steps.gradients + steps.activations < training.gradients + training.activations);
    CU_ASSERT(evaluation.activations * 3 < training.activations);
    CU_ASSERT(recomputing.activations * 3 < training.activations * 2);
    CU_ASSERT_EQUAL(evaluation.gradients, 0);
    CU_ASSERT_EQUAL(training.gradients, training.parameters);
    gy_model_free(plain);
    gy_model_free(again);
    gy_pool_clear(&pool);
    gy_test_end(ctx);
}

/* Views, and what may be written in place, take no storage of their own. */
static void views_and_places_are_shared(void)
{
    gy_context *ctx = gy_test_context();
    gy_pool pool;
    gy_pool_init(&pool, ctx);
    gy_test_list list = gy_test_layers(&pool);
    gy_test_add(&list, "dense", NULL, "units", "6", NULL);
    gy_test_add(&list, "activation", NULL, "kind", "relu", NULL);
    gy_test_add(&list, "dropout", NULL, "rate", "0.1", NULL);
    gy_test_add(&list, "flatten", NULL, NULL);
    gy_test_add(&list, "dense", NULL, "units", "6", NULL);
    gy_model_spec spec = {.input = gy_shape_of(1, (int64_t)5),
                          .layers = {list.v, list.n},
                          .where = "test",
                          .rollout = 1,
                          .threads = 1};
    gy_model *m = NULL;
    gy_program p;
    CU_ASSERT_EQUAL_FATAL(gy_model_create(ctx, &spec, &m), GY_OK);
    CU_ASSERT_EQUAL_FATAL(gy_program_make(m, GY_USE_TRAINING, &p), GY_OK);
    /* relu reads its y: dropout may not write over it; the view shares dropout's */
    CU_ASSERT_EQUAL(p.steps[1]->y, p.steps[0]->y);
    CU_ASSERT_NOT_EQUAL(p.steps[2]->y, p.steps[1]->y);
    CU_ASSERT_EQUAL(p.steps[4]->x[0], p.steps[2]->y);
    CU_ASSERT_EQUAL(p.loss, 5);
    /* backwards: dense, flatten, dropout, relu hand one storage down */
    int dx = p.steps[6]->dx[0];
    CU_ASSERT_EQUAL(p.steps[7]->dy, dx);
    CU_ASSERT_EQUAL(p.steps[8]->dx[0], dx);
    CU_ASSERT_EQUAL(p.steps[9]->dx[0], dx);
    CU_ASSERT_EQUAL(p.steps[10]->dy, dx);
    CU_ASSERT_EQUAL(p.steps[10]->dx[0], GY_STORAGE_NONE); /* nobody wants the input's */
    gy_program_clear(&p);
    gy_model_free(m);
    gy_pool_clear(&pool);
    gy_test_end(ctx);
}

/* What norms and gelu make is made again for the backward pass, of what that needs anyway. */
static void light_values_are_not_kept(void)
{
    gy_context *ctx = gy_test_context();
    gy_pool pool;
    gy_pool_init(&pool, ctx);
    gy_test_list list = gy_test_layers(&pool);
    gy_test_add(&list, "dense", NULL, "units", "6", NULL);
    gy_test_add(&list, "layer_norm", NULL, NULL);
    gy_test_add(&list, "dense", NULL, "units", "6", "activation", "gelu", NULL);
    gy_test_add(&list, "dense", NULL, "units", "6", NULL);
    gy_model_spec spec = {.input = gy_shape_of(1, (int64_t)5),
                          .layers = {list.v, list.n},
                          .where = "test",
                          .rollout = 1,
                          .threads = 1};
    gy_model *m = NULL;
    gy_program p;
    CU_ASSERT_EQUAL_FATAL(gy_model_create(ctx, &spec, &m), GY_OK);
    CU_ASSERT_EQUAL_FATAL(gy_program_make(m, GY_USE_TRAINING, &p), GY_OK);
    for (int unit = 1; unit <= 2; unit++)
        CU_ASSERT_EQUAL(p.storages[p.steps[unit]->y]->last, unit + 1);
    int units[4] = {0}, n = 0;
    for (int i = p.loss + 1; i < p.n_steps && n < 4; i++)
        if (p.steps[i]->op == GY_OP_REMAKE) units[n++] = p.steps[i]->unit;
    CU_ASSERT_EQUAL(n, 2);
    CU_ASSERT(units[0] == 2 && units[1] == 1);
    gy_program_clear(&p);
    gy_model_free(m);
    gy_pool_clear(&pool);
    gy_test_end(ctx);
}

GY_TEST_MAIN(GY_TEST(live_tensors_do_not_overlap), GY_TEST(a_wrong_place_is_found),
             GY_TEST(a_long_model_is_planned), GY_TEST(evaluation_and_recomputing_take_less),
             GY_TEST(recurrent_layers_keep_less_in_evaluation),
             GY_TEST(views_and_places_are_shared), GY_TEST(light_values_are_not_kept))
