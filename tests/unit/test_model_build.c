/* Names, sharing, counts and errors of models. */
#include "gy_test.h"
#include "specs.h"

#include "model/model.h"

#include <string.h>

typedef struct fixture {
    gy_context *ctx;
    gy_pool pool;
    gy_test_list list;
    gy_model *m;
} fixture;

static void begin(fixture *f)
{
    *f = (fixture){.ctx = gy_test_context()};
    gy_pool_init(&f->pool, f->ctx);
    f->list = gy_test_layers(&f->pool);
}

static gy_status build(fixture *f, gy_shape input)
{
    gy_model_spec spec = {.input = input,
                          .layers = {f->list.v, f->list.n},
                          .where = "test",
                          .rollout = 1,
                          .threads = 1};
    return gy_model_create(f->ctx, &spec, &f->m);
}

static void end(fixture *f)
{
    gy_model_free(f->m);
    gy_pool_clear(&f->pool);
    gy_test_end(f->ctx);
}

static void expect_error(fixture *f, gy_shape input, gy_status status, const char *text)
{
    CU_ASSERT_EQUAL(build(f, input), status);
    CU_ASSERT_STRING_EQUAL(gy_error_last()->text, text);
}

/* Parameter i of the table. */
static void expect_param(const fixture *f, int i, const char *name, bool trainable)
{
    const gy_params *p = gy_model_params(f->m);
    CU_ASSERT_FATAL(i < p->n);
    CU_ASSERT_STRING_EQUAL(p->v[i].name, name);
    CU_ASSERT_EQUAL(p->v[i].trainable, trainable);
}

static void three_four_one_has_21(void)
{
    fixture f;
    begin(&f);
    gy_test_add(&f.list, "dense", NULL, "units", "4", NULL);
    gy_test_add(&f.list, "dense", NULL, "units", "1", NULL);
    CU_ASSERT_EQUAL_FATAL(build(&f, gy_shape_of(1, (int64_t)3)), GY_OK);
    const gy_params *p = gy_model_params(f.m);
    CU_ASSERT_EQUAL(p->elements, 21);
    CU_ASSERT_EQUAL(p->n, 4);
    expect_param(&f, 0, "dense_0/weight", true);
    expect_param(&f, 3, "dense_1/bias", true);
    gy_layer_row row = gy_model_layer(f.m, 0);
    CU_ASSERT_EQUAL(row.weights, 12);
    CU_ASSERT_EQUAL(row.biases, 4);
    CU_ASSERT_EQUAL(row.flops, 24);
    CU_ASSERT_EQUAL(gy_model_layers(f.m), 2);
    for (int i = 0; i < p->n; i++) CU_ASSERT_EQUAL(p->v[i].offset % GY_PARAM_ALIGN, 0);
    CU_ASSERT(gy_model_output(f.m)->n == 1 && gy_model_output(f.m)->d[0] == 1);
    end(&f);
}

static void names_count_their_kind(void)
{
    fixture f;
    begin(&f);
    gy_test_add(&f.list, "dense", "first", "units", "4", NULL);
    gy_test_add(&f.list, "activation", NULL, "kind", "relu", NULL);
    gy_test_list inside = gy_test_layers(&f.pool);
    gy_test_add(&inside, "dense", NULL, "units", "4", NULL);
    gy_test_inside(gy_test_add(&f.list, "residual", NULL, NULL), &inside);
    gy_layer_spec *repeat = gy_test_add(&f.list, "repeat", "r", "times", "2", NULL);
    gy_test_inside(repeat, &inside);
    gy_test_add(&f.list, "dense", NULL, "units", "2", NULL);
    CU_ASSERT_EQUAL_FATAL(build(&f, gy_shape_of(1, (int64_t)4)), GY_OK);
    expect_param(&f, 0, "first/weight", true);
    expect_param(&f, 2, "residual_0/dense_0/weight", true);
    expect_param(&f, 4, "r/0/dense_0/weight", true);
    expect_param(&f, 6, "r/1/dense_0/weight", true);
    expect_param(&f, 8, "dense_1/weight", true);
    end(&f);
}

static void tied_turns_have_one_set(void)
{
    fixture f;
    begin(&f);
    gy_test_list inside = gy_test_layers(&f.pool);
    gy_test_add(&inside, "dense", "d", "units", "4", NULL);
    gy_test_inside(gy_test_add(&f.list, "repeat", "r", "times", "3", "tied", "true", NULL),
                   &inside);
    CU_ASSERT_EQUAL_FATAL(build(&f, gy_shape_of(1, (int64_t)4)), GY_OK);
    CU_ASSERT_EQUAL(gy_model_params(f.m)->elements, 20);
    expect_param(&f, 0, "r/0/d/weight", true);
    CU_ASSERT_EQUAL(gy_model_layer(f.m, 1).weights, 0);
    end(&f);
}

/* The nearest earlier layer of that name is meant: beside, then outwards. */
static void the_nearest_name_is_shared(void)
{
    fixture f;
    begin(&f);
    gy_test_add(&f.list, "dense", "a", "units", "4", NULL);
    gy_test_list inside = gy_test_layers(&f.pool);
    gy_test_add(&inside, "dense", "x", "units", "4", NULL)->common.share = "a";
    gy_test_add(&inside, "dense", "a", "units", "4", NULL);
    gy_test_add(&inside, "dense", "y", "units", "4", NULL)->common.share = "a";
    gy_test_inside(gy_test_add(&f.list, "residual", "res", NULL), &inside);
    gy_test_add(&f.list, "dense", "z", "units", "4", NULL)->common.share = "res/y";
    CU_ASSERT_EQUAL_FATAL(build(&f, gy_shape_of(1, (int64_t)4)), GY_OK);
    CU_ASSERT_EQUAL(gy_model_params(f.m)->elements, 40);
    expect_param(&f, 0, "a/weight", true);
    expect_param(&f, 2, "res/a/weight", true);
    end(&f);
}

static void frozen_parameters_come_last(void)
{
    fixture f;
    begin(&f);
    gy_test_add(&f.list, "dense", "a", "units", "4", NULL)->common.trainable = false;
    gy_test_list inside = gy_test_layers(&f.pool);
    gy_test_add(&inside, "dense", "d", "units", "4", NULL);
    gy_layer_spec *res = gy_test_add(&f.list, "residual", "res", NULL);
    res->common.trainable = false;
    gy_test_inside(res, &inside);
    gy_test_add(&f.list, "dense", "b", "units", "2", NULL);
    gy_test_add(&f.list, "dense", "c", "units", "2", NULL);
    CU_ASSERT_EQUAL_FATAL(build(&f, gy_shape_of(1, (int64_t)4)), GY_OK);
    const gy_params *p = gy_model_params(f.m);
    expect_param(&f, 0, "b/weight", true);
    expect_param(&f, 4, "a/weight", false);
    expect_param(&f, 6, "res/d/weight", false);
    CU_ASSERT_EQUAL(p->v[4].offset, p->trainable);
    CU_ASSERT_EQUAL(p->elements, 20 + 20 + 10 + 6);
    CU_ASSERT_EQUAL(gy_model_layer(f.m, 0).frozen, 20);
    end(&f);
}

static void errors_name_layer_and_shapes(void)
{
    fixture f;
    begin(&f);
    gy_shape four = gy_shape_of(1, (int64_t)4);
    expect_error(&f, four, GY_E_CONFIG,
                 "model.layers (test): there is no layer; name at least one");
    gy_test_add(&f.list, "dense", "a", "units", "4", NULL);
    gy_layer_spec *second = gy_test_add(&f.list, "dense", "a", "units", "4", NULL);
    expect_error(&f, four, GY_E_CONFIG,
                 "layer a (test): a sibling has this name already; give them different names");
    second->common.name = "0";
    expect_error(&f, four, GY_E_CONFIG,
                 "layer 0 (test): this is no name for a layer; "
                 "use letters, digits, _ and -, not digits alone");
    second->common.name = "b";
    second->common.share = "c";
    expect_error(&f, four, GY_E_CONFIG,
                 "layer b (test): share: no earlier layer is named c; "
                 "name a layer that stands before this one");
    second->common.share = "a";
    expect_error(&f, gy_shape_of(1, (int64_t)5), GY_E_SHAPE,
                 "layer b (test): the shared a/weight is [4, 5], not [4, 4]; "
                 "share parameters of the same shapes only");
    f.list.n = 1;
    gy_test_list inside = gy_test_layers(&f.pool);
    gy_test_add(&inside, "dense", NULL, "units", "3", NULL);
    gy_test_inside(gy_test_add(&f.list, "residual", "res", NULL), &inside);
    expect_error(&f, four, GY_E_SHAPE,
                 "layer res (test): in [4] and out [3] differ; "
                 "make them agree, or set projection: true");
    f.list.n = 1;
    gy_test_add(&f.list, "output_embedding", "out", NULL)->common.share = "a";
    expect_error(&f, gy_shape_of(1, (int64_t)5), GY_E_SHAPE,
                 "layer out (test): the embedding has 5 units, the input is [4]; "
                 "make the widths agree");
    end(&f);
}

/* Whatever allocation fails, the error comes back and nothing is left. */
static void every_failed_allocation_is_clean(void)
{
    fixture f;
    begin(&f);
    gy_test_list inside = gy_test_layers(&f.pool);
    gy_test_add(&inside, "dense", NULL, "units", "4", NULL);
    gy_test_inside(gy_test_add(&f.list, "residual", NULL, NULL), &inside);
    gy_status status = GY_E_NOMEM;
    int failures = 0;
    for (int k = 1; status != GY_OK && k < 1000; k++) {
        gy_alloc_fail_at(f.ctx, k);
        status = build(&f, gy_shape_of(1, (int64_t)4));
        if (status == GY_OK) status = gy_model_allocate(f.m, true);
        if (status == GY_OK) status = gy_model_plan(f.m, 4, GY_USE_TRAINING);
        gy_alloc_fail_at(f.ctx, 0);
        if (status == GY_OK) break;
        CU_ASSERT_EQUAL(status, GY_E_NOMEM);
        gy_model_free(f.m);
        f.m = NULL;
        failures++;
    }
    CU_ASSERT_EQUAL(status, GY_OK);
    CU_ASSERT(failures >= 5);
    end(&f);
}

/* `repeat` in `repeat` in `repeat`, of 10,000 turns each. */
static void nest(fixture *f, const gy_test_list *inside)
{
    gy_test_list middle = gy_test_layers(&f->pool), outer = gy_test_layers(&f->pool);
    gy_test_inside(gy_test_add(&middle, "repeat", NULL, "times", "10000", NULL), inside);
    gy_test_inside(gy_test_add(&outer, "repeat", NULL, "times", "10000", NULL), &middle);
    gy_test_inside(gy_test_add(&f->list, "repeat", NULL, "times", "10000", NULL), &outer);
}

static void what_repeat_unfolds_to_is_bounded(void)
{
    for (int empty = 0; empty < 2; empty++) {
        fixture f;
        begin(&f);
        gy_test_list inside = gy_test_layers(&f.pool);
        if (!empty) gy_test_add(&inside, "dense", NULL, "units", "4", NULL);
        nest(&f, &inside);
        expect_error(&f, gy_shape_of(1, (int64_t)4), GY_E_CONFIG,
                     "model.layers (test): they unfold to more than 100000 layers or turns; "
                     "repeat less");
        end(&f);
    }
}

GY_TEST_MAIN(GY_TEST(three_four_one_has_21), GY_TEST(names_count_their_kind),
             GY_TEST(tied_turns_have_one_set), GY_TEST(the_nearest_name_is_shared),
             GY_TEST(frozen_parameters_come_last), GY_TEST(errors_name_layer_and_shapes),
             GY_TEST(every_failed_allocation_is_clean), GY_TEST(what_repeat_unfolds_to_is_bounded))
