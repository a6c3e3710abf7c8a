/*
 * Convolutions and pools as configured: output shapes (those of TensorFlow's `same`), parameters,
 * and what is refused.
 */
#include "gy_test.h"

#include "layer/layer.h"

#include <stdio.h>
#include <string.h>

typedef struct setting {
    const char *key, *value;
} setting;

typedef struct trial {
    gy_context *ctx;
    gy_pool pool;
    gy_layer_common common;
    gy_layer l;
} trial;

/* The status of shape() of a kind with these settings, closed by key NULL. */
static gy_status try_shape(trial *t, const char *name, gy_shape in, const setting *settings)
{
    *t = (trial){.ctx = gy_test_context(), .common = {.trainable = true}};
    gy_pool_init(&t->pool, t->ctx);
    const gy_layer_kind *kind = gy_layer_find(name);
    CU_ASSERT_PTR_NOT_NULL_FATAL(kind);
    void *values = NULL;
    gy_buffer why;
    gy_buffer_init(&why, t->ctx);
    if (gy_pool_alloc(&t->pool, kind->kind.settings_size + 1, &values) != GY_OK) abort();
    if (kind->kind.settings != NULL &&
        gy_settings_default(kind->kind.settings, &t->pool, values) != GY_OK)
        abort();
    for (const setting *s = settings; s->key != NULL; s++) {
        const gy_setting *row = gy_setting_find(kind->kind.settings, s->key);
        CU_ASSERT_PTR_NOT_NULL_FATAL(row);
        CU_ASSERT(gy_setting_assign(row, &s->value, 1, false, &t->pool, values, &why));
    }
    gy_buffer_clear(&why);
    t->l = (gy_layer){.ctx = t->ctx,
                      .pool = &t->pool,
                      .kind = kind,
                      .path = "c",
                      .where = "here",
                      .settings = values,
                      .common = &t->common,
                      .threads = 1,
                      .inputs = 1,
                      .in = {in}};
    return kind->shape(&t->l);
}

static void end(trial *t)
{
    gy_pool_clear(&t->pool);
    gy_test_end(t->ctx);
}

static void expect(const char *name, gy_shape in, gy_shape out, gy_shape weight,
                   const setting *settings)
{
    trial t;
    gy_status status = try_shape(&t, name, in, settings);
    char text[GY_SHAPE_TEXT];
    bool ok = status == GY_OK && gy_shape_equal(&t.l.out, &out);
    if (!ok) printf("\n    %s gives %s", name, gy_shape_text(&t.l.out, text));
    CU_ASSERT(ok);
    if (weight.n > 0 && status == GY_OK) {
        CU_ASSERT(gy_shape_equal(&t.l.params[0].shape, &weight));
        CU_ASSERT_STRING_EQUAL(t.l.params[0].name, "weight");
        CU_ASSERT_EQUAL(t.l.params[0].role, GY_ROLE_KERNEL);
    }
    end(&t);
}

static void refuse(const char *name, gy_shape in, const char *why, const setting *settings)
{
    trial t;
    CU_ASSERT_EQUAL(try_shape(&t, name, in, settings), GY_E_SHAPE);
    CU_ASSERT(strstr(gy_error_last()->text, why) != NULL);
    if (strstr(gy_error_last()->text, why) == NULL) printf("\n    %s", gy_error_last()->text);
    end(&t);
}

#define WITH(...)                                                                                  \
    (const setting[])                                                                              \
    {                                                                                              \
        __VA_ARGS__,                                                                               \
        {                                                                                          \
            NULL, NULL                                                                             \
        }                                                                                          \
    }
#define SHAPE3(a, b, c) ((gy_shape){3, {a, b, c}})
#define SHAPE2(a, b) ((gy_shape){2, {a, b}})
#define NO_WEIGHT ((gy_shape){.n = 0})

static void convolutions(void)
{
    expect("conv2d", SHAPE3(7, 6, 2), SHAPE3(4, 3, 3), (gy_shape){4, {3, 3, 3, 2}},
           WITH({"filters", "3"}, {"kernel", "3"}, {"stride", "2"}));
    expect("conv2d", SHAPE3(9, 8, 4), SHAPE3(9, 8, 5), (gy_shape){4, {5, 4, 2, 4}},
           WITH({"filters", "5"}, {"kernel", "4x2"}));
    expect("conv2d", SHAPE3(7, 8, 4), SHAPE3(3, 5, 6), (gy_shape){4, {6, 2, 3, 2}},
           WITH({"filters", "6"}, {"kernel", "2x3"}, {"dilation", "2x1"}, {"padding", "00x2"},
                {"stride", "2"}, {"groups", "2"}));
    expect("conv2d", SHAPE3(5, 5, 1), SHAPE3(1, 1, 1), (gy_shape){4, {1, 5, 5, 1}},
           WITH({"filters", "1"}, {"kernel", "5"}, {"padding", "valid"}));
    expect("conv1d", SHAPE2(13, 3), SHAPE2(13, 5), (gy_shape){3, {5, 2, 3}},
           WITH({"filters", "5"}, {"kernel", "2"}, {"padding", "causal"}, {"dilation", "3"}));
    expect("conv1d", SHAPE2(13, 6), SHAPE2(15, 6), (gy_shape){3, {6, 3, 2}},
           WITH({"filters", "6"}, {"kernel", "3"}, {"padding", "2"}, {"groups", "3"}));
    expect("conv1d", SHAPE2(9, 2), SHAPE2(5, 4), (gy_shape){3, {4, 3, 2}},
           WITH({"filters", "4"}, {"kernel", "3"}, {"padding", "valid"}, {"dilation", "2"}));
}

static void pools(void)
{
    expect("max_pool2d", SHAPE3(7, 8, 2), SHAPE3(3, 4, 2), NO_WEIGHT, WITH({"size", "2"}));
    expect("max_pool2d", SHAPE3(7, 8, 2), SHAPE3(4, 4, 2), NO_WEIGHT,
           WITH({"size", "3"}, {"stride", "2"}, {"padding", "same"}));
    expect("avg_pool2d", SHAPE3(7, 8, 2), SHAPE3(4, 7, 2), NO_WEIGHT,
           WITH({"size", "3x2"}, {"stride", "2x1"}, {"padding", "1x0"}));
    expect("global_max_pool", SHAPE3(4, 5, 6), (gy_shape){1, {6}}, NO_WEIGHT,
           (const setting[]){{NULL, NULL}});
    expect("global_avg_pool", SHAPE2(4, 5), (gy_shape){1, {5}}, NO_WEIGHT,
           (const setting[]){{NULL, NULL}});
}

static void refusals(void)
{
    refuse("conv2d", SHAPE3(4, 9, 1), "spans 5 of the padded input's height of 4",
           WITH({"filters", "1"}, {"kernel", "5"}, {"padding", "valid"}));
    refuse("conv2d", SHAPE3(9, 4, 1), "spans 7 of the padded input's width of 6",
           WITH({"filters", "1"}, {"kernel", "1x3"}, {"dilation", "3"}, {"padding", "1"}));
    refuse("conv2d", SHAPE3(5, 5, 4), "do not divide",
           WITH({"filters", "6"}, {"kernel", "3"}, {"groups", "3"}));
    refuse("conv2d", SHAPE3(5, 5, 6), "do not divide",
           WITH({"filters", "4"}, {"kernel", "3"}, {"groups", "3"}));
    refuse("conv2d", SHAPE2(5, 5), "has not 3 axes", WITH({"filters", "4"}, {"kernel", "3"}));
    refuse("conv2d", SHAPE3(5, 5, 4), "winograd is not for this shape",
           WITH({"filters", "4"}, {"kernel", "3"}, {"stride", "2"}, {"algorithm", "winograd"}));
    refuse("conv1d", SHAPE3(5, 5, 1), "has not 2 axes", WITH({"filters", "4"}, {"kernel", "3"}));
    refuse("conv1d", SHAPE2(5, 1), "two axes",
           WITH({"filters", "4"}, {"kernel", "3"}, {"padding", "1x2"}));
    refuse("conv1d", SHAPE2(2, 1), "length of 2",
           WITH({"filters", "4"}, {"kernel", "3"}, {"padding", "valid"}));
    refuse("max_pool2d", SHAPE3(5, 5, 1), "padding is as large",
           WITH({"size", "2x3"}, {"padding", "2x0"}));
    refuse("avg_pool2d", SHAPE3(2, 5, 1), "height of 2", WITH({"size", "3"}));
    refuse("max_pool2d", SHAPE2(5, 1), "has not 3 axes", WITH({"size", "3"}));
    refuse("global_max_pool", (gy_shape){.n = 0}, "no axis", (const setting[]){{NULL, NULL}});
}

GY_TEST_MAIN(GY_TEST(convolutions), GY_TEST(pools), GY_TEST(refusals))
