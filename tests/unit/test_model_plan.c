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
    gy_model_spec spec = {gy_shape_of(1, (int64_t)20), {list.v, list.n}, "test", recompute, 1, 0};
    gy_model *m = NULL;
    CU_ASSERT_EQUAL_FATAL(gy_model_create(ctx, &spec, &m), GY_OK);
    return m;
}

/* The most floats live in one step: no plan can be smaller. */
static int64_t bound(const gy_program *p)
{
    int64_t most = 0;
    for (int now = 0; now < p->n_steps; now++) {
        int64_t live = 0;
        for (int i = GY_STORAGE_ARENA; i < p->n_storages; i++)
            if (p->storages[i]->first <= now && now <= p->storages[i]->last)
                live += gy_align_floats(gy_size_at(p->storages[i]->size, BATCH));
        most = live > most ? live : most;
    }
    return most;
}

static void check_plan(const gy_plan *plan)
{
    const gy_program *p = &plan->program;
    int overlaps = 0;
    for (int i = GY_STORAGE_ARENA; i < p->n_storages; i++)
        for (int j = GY_STORAGE_ARENA; j < i; j++) {
            const gy_storage *a = p->storages[i], *b = p->storages[j];
            if (a->last < b->first || b->last < a->first) continue;
            int64_t end_a = plan->offset[i] + gy_size_at(a->size, BATCH);
            int64_t end_b = plan->offset[j] + gy_size_at(b->size, BATCH);
            overlaps += plan->offset[i] < end_b && plan->offset[j] < end_a;
        }
    CU_ASSERT_EQUAL(overlaps, 0);
    for (int i = GY_STORAGE_ARENA; i < p->n_storages; i++) {
        CU_ASSERT(plan->offset[i] + gy_size_at(p->storages[i]->size, BATCH) <= plan->floats);
        CU_ASSERT_EQUAL(plan->offset[i] % GY_PARAM_ALIGN, 0);
    }
    CU_ASSERT((double)plan->floats <= 1.2 * (double)bound(p));
}

static void live_tensors_do_not_overlap(void)
{
    gy_context *ctx = gy_test_context();
    gy_pool pool;
    gy_pool_init(&pool, ctx);
    for (int recompute = 0; recompute < 2; recompute++) {
        gy_model *m = make(ctx, &pool, recompute);
        for (int training = 0; training < 2; training++) {
            CU_ASSERT_EQUAL_FATAL(gy_model_plan(m, BATCH, training), GY_OK);
            check_plan(&m->plans[training]);
        }
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
    gy_model_memory training, evaluation, recomputing;
    CU_ASSERT_EQUAL(gy_model_measure(plain, BATCH, true, &training), GY_OK);
    CU_ASSERT_EQUAL(gy_model_measure(plain, BATCH, false, &evaluation), GY_OK);
    CU_ASSERT_EQUAL(gy_model_measure(again, BATCH, true, &recomputing), GY_OK);
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
    gy_model_spec spec = {gy_shape_of(1, (int64_t)5), {list.v, list.n}, "test", false, 1, 0};
    gy_model *m = NULL;
    gy_program p;
    CU_ASSERT_EQUAL_FATAL(gy_model_create(ctx, &spec, &m), GY_OK);
    CU_ASSERT_EQUAL_FATAL(gy_program_make(m, true, &p), GY_OK);
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

GY_TEST_MAIN(GY_TEST(live_tensors_do_not_overlap), GY_TEST(evaluation_and_recomputing_take_less),
             GY_TEST(views_and_places_are_shared))
