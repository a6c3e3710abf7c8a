/*
 * Convolutions and pools as configured: output shapes (those of TensorFlow's `same`), parameters,
 * and what is refused.
 */
#include "layer_shape.h"

#include <stdio.h>
#include <string.h>

static void expect(const char *name, gy_shape in, gy_shape out, gy_shape weight,
                   const gy_shape_setting *settings)
{
    gy_shape_trial t;
    gy_status status = gy_shape_try(&t, name, in, 0, settings);
    char text[GY_SHAPE_TEXT];
    bool ok = status == GY_OK && gy_shape_equal(&t.l.out, &out);
    if (!ok) printf("\n    %s gives %s", name, gy_shape_text(&t.l.out, text));
    CU_ASSERT(ok);
    if (weight.n > 0 && status == GY_OK) {
        CU_ASSERT(gy_shape_equal(&t.l.params[0].shape, &weight));
        CU_ASSERT_STRING_EQUAL(t.l.params[0].name, "weight");
        CU_ASSERT_EQUAL(t.l.params[0].role, GY_ROLE_KERNEL);
    }
    gy_shape_end(&t);
}

static void refuse(const char *name, gy_shape in, const char *why, const gy_shape_setting *settings)
{
    gy_shape_trial t;
    CU_ASSERT_EQUAL(gy_shape_try(&t, name, in, 0, settings), GY_E_SHAPE);
    CU_ASSERT(strstr(gy_error_last()->text, why) != NULL);
    if (strstr(gy_error_last()->text, why) == NULL) printf("\n    %s", gy_error_last()->text);
    gy_shape_end(&t);
}

#define SHAPE3(a, b, c) ((gy_shape){3, {a, b, c}})
#define SHAPE2(a, b) ((gy_shape){2, {a, b}})
#define NO_WEIGHT ((gy_shape){.n = 0})

static void convolutions(void)
{
    expect("conv2d", SHAPE3(7, 6, 2), SHAPE3(4, 3, 3), (gy_shape){4, {3, 3, 3, 2}},
           GY_WITH({"filters", "3"}, {"kernel", "3"}, {"stride", "2"}));
    expect("conv2d", SHAPE3(9, 8, 4), SHAPE3(9, 8, 5), (gy_shape){4, {5, 4, 2, 4}},
           GY_WITH({"filters", "5"}, {"kernel", "4x2"}));
    expect("conv2d", SHAPE3(7, 8, 4), SHAPE3(3, 5, 6), (gy_shape){4, {6, 2, 3, 2}},
           GY_WITH({"filters", "6"}, {"kernel", "2x3"}, {"dilation", "2x1"}, {"padding", "0x2"},
                   {"stride", "2"}, {"groups", "2"}));
    expect("conv2d", SHAPE3(5, 5, 1), SHAPE3(1, 1, 1), (gy_shape){4, {1, 5, 5, 1}},
           GY_WITH({"filters", "1"}, {"kernel", "5"}, {"padding", "valid"}));
    expect("conv3d", (gy_shape){4, {5, 6, 7, 4}}, (gy_shape){4, {5, 3, 7, 6}},
           (gy_shape){5, {6, 2, 3, 1, 2}},
           GY_WITH({"filters", "6"}, {"kernel", "2x3x1"}, {"stride", "1x2x1"}, {"groups", "2"}));
    expect("conv1d", SHAPE2(13, 3), SHAPE2(13, 5), (gy_shape){3, {5, 2, 3}},
           GY_WITH({"filters", "5"}, {"kernel", "2"}, {"padding", "causal"}, {"dilation", "3"}));
    expect("conv1d", SHAPE2(13, 6), SHAPE2(15, 6), (gy_shape){3, {6, 3, 2}},
           GY_WITH({"filters", "6"}, {"kernel", "3"}, {"padding", "2"}, {"groups", "3"}));
    expect("conv1d", SHAPE2(9, 2), SHAPE2(5, 4), (gy_shape){3, {4, 3, 2}},
           GY_WITH({"filters", "4"}, {"kernel", "3"}, {"padding", "valid"}, {"dilation", "2"}));
}

#define SHAPE4(a, b, c, d) ((gy_shape){4, {a, b, c, d}})

static void finer(void)
{
    expect("conv1d_transposed", SHAPE2(5, 3), SHAPE2(10, 4), (gy_shape){3, {4, 1, 3}},
           GY_WITH({"filters", "4"}, {"kernel", "1"}, {"stride", "2"}));
    expect("conv2d_transposed", SHAPE3(5, 4, 3), SHAPE3(11, 4, 2), (gy_shape){4, {2, 3, 1, 3}},
           GY_WITH({"filters", "2"}, {"kernel", "3x1"}, {"stride", "2x1"}, {"padding", "valid"}));
    expect("conv3d_transposed", SHAPE4(5, 4, 3, 2), SHAPE4(7, 5, 3, 1),
           (gy_shape){5, {1, 3, 4, 3, 2}},
           GY_WITH({"filters", "1"}, {"kernel", "3x4x3"}, {"padding", "0x1x1"}));
    expect("upsample2d", SHAPE3(5, 4, 3), SHAPE3(10, 12, 3), NO_WEIGHT, GY_WITH({"factor", "2x3"}));
    expect("spectral2d", SHAPE3(6, 5, 3), SHAPE3(6, 5, 4), (gy_shape){5, {4, 6, 2, 3, 2}},
           GY_WITH({"filters", "4"}, {"modes", "3x2"}));
    expect("spectral1d", SHAPE2(6, 3), SHAPE2(6, 4), (gy_shape){4, {4, 3, 3, 2}},
           GY_WITH({"filters", "4"}, {"modes", "3"}));
    refuse("conv1d_transposed", SHAPE2(1, 1), "its padding of 2 leaves nothing of the length",
           GY_WITH({"filters", "1"}, {"kernel", "4"}, {"padding", "2"}));
    refuse("spectral2d", SHAPE3(6, 5, 3), "its modes are 3 for width 5",
           GY_WITH({"filters", "4"}, {"modes", "3"}));
    refuse("spectral2d", SHAPE3(5, 8, 3), "its modes are 3 for height 5",
           GY_WITH({"filters", "4"}, {"modes", "3"}));
    refuse("spectral1d", SHAPE2(8, 3), "its modes are for 2 axes, not for 1",
           GY_WITH({"filters", "4"}, {"modes", "3x2"}));
    refuse("conv2d", SHAPE3(3, 4, 1), "a border that is reflect has for height 3",
           GY_WITH({"filters", "1"}, {"kernel", "3"}, {"padding", "3x1"}, {"border", "reflect"}));
    refuse(
        "conv1d", SHAPE2(3, 1), "its padding of 4 is more than a border that is circular",
        GY_WITH({"filters", "1"}, {"kernel", "5"}, {"padding", "causal"}, {"border", "circular"}));
    expect(
        "conv1d", SHAPE2(3, 1), SHAPE2(3, 1), NO_WEIGHT,
        GY_WITH({"filters", "1"}, {"kernel", "5"}, {"padding", "causal"}, {"border", "replicate"}));
}

static void pools(void)
{
    expect("max_pool2d", SHAPE3(7, 8, 2), SHAPE3(3, 4, 2), NO_WEIGHT, GY_WITH({"size", "2"}));
    expect("max_pool2d", SHAPE3(7, 8, 2), SHAPE3(4, 4, 2), NO_WEIGHT,
           GY_WITH({"size", "3"}, {"stride", "2"}, {"padding", "same"}));
    expect("avg_pool2d", SHAPE3(7, 8, 2), SHAPE3(4, 7, 2), NO_WEIGHT,
           GY_WITH({"size", "3x2"}, {"stride", "2x1"}, {"padding", "1x0"}));
    expect("max_pool1d", SHAPE2(8, 2), SHAPE2(4, 2), NO_WEIGHT, GY_WITH({"size", "2"}));
    expect("max_pool1d", SHAPE2(20, 18), SHAPE2(10, 18), NO_WEIGHT,
           GY_WITH({"size", "3"}, {"stride", "2"}, {"padding", "1"}));
    expect("avg_pool1d", SHAPE2(20, 18), SHAPE2(20, 18), NO_WEIGHT,
           GY_WITH({"size", "3"}, {"stride", "1"}, {"padding", "same"}));
    expect("max_pool3d", (gy_shape){4, {7, 8, 9, 2}}, (gy_shape){4, {3, 4, 4, 2}}, NO_WEIGHT,
           GY_WITH({"size", "2"}));
    expect("avg_pool3d", (gy_shape){4, {7, 8, 9, 2}}, (gy_shape){4, {3, 9, 3, 2}}, NO_WEIGHT,
           GY_WITH({"size", "3x2x3"}, {"stride", "2x1x4"}, {"padding", "0x1x1"}));
    expect("global_max_pool", SHAPE3(4, 5, 6), (gy_shape){1, {6}}, NO_WEIGHT,
           (const gy_shape_setting[]){{NULL, NULL}});
    expect("global_avg_pool", SHAPE2(4, 5), (gy_shape){1, {5}}, NO_WEIGHT,
           (const gy_shape_setting[]){{NULL, NULL}});
}

static void refusals(void)
{
    refuse("conv2d", SHAPE3(4, 9, 1), "spans 5 of the padded input's height of 4",
           GY_WITH({"filters", "1"}, {"kernel", "5"}, {"padding", "valid"}));
    refuse("conv2d", SHAPE3(9, 4, 1), "spans 7 of the padded input's width of 6",
           GY_WITH({"filters", "1"}, {"kernel", "1x3"}, {"dilation", "3"}, {"padding", "1"}));
    refuse("conv2d", SHAPE3(5, 5, 4), "do not divide",
           GY_WITH({"filters", "6"}, {"kernel", "3"}, {"groups", "3"}));
    refuse("conv2d", SHAPE3(5, 5, 6), "do not divide",
           GY_WITH({"filters", "4"}, {"kernel", "3"}, {"groups", "3"}));
    refuse("conv2d", SHAPE2(5, 5), "has not 3 axes", GY_WITH({"filters", "4"}, {"kernel", "3"}));
    refuse("conv2d", SHAPE3(5, 5, 4), "winograd is not for this shape",
           GY_WITH({"filters", "4"}, {"kernel", "3"}, {"stride", "2"}, {"algorithm", "winograd"}));
    refuse("conv1d", SHAPE3(5, 5, 1), "has not 2 axes", GY_WITH({"filters", "4"}, {"kernel", "3"}));
    refuse("conv1d", SHAPE2(5, 1), "its padding is for 2 axes, not for 1",
           GY_WITH({"filters", "4"}, {"kernel", "3"}, {"padding", "1x2"}));
    refuse("conv1d", SHAPE2(2, 1), "length of 2",
           GY_WITH({"filters", "4"}, {"kernel", "3"}, {"padding", "valid"}));
    refuse("max_pool2d", SHAPE3(5, 5, 1), "padding is as large",
           GY_WITH({"size", "2x3"}, {"padding", "2x0"}));
    refuse("avg_pool2d", SHAPE3(2, 5, 1), "height of 2", GY_WITH({"size", "3"}));
    refuse("conv3d", (gy_shape){4, {5, 5, 4, 1}}, "its window is for 2 axes, not for 3",
           GY_WITH({"filters", "4"}, {"kernel", "3x2"}));
    refuse("conv3d", (gy_shape){4, {2, 5, 4, 1}}, "input's depth of 2",
           GY_WITH({"filters", "4"}, {"kernel", "3"}, {"padding", "valid"}));
    refuse("max_pool2d", SHAPE2(5, 1), "has not 3 axes", GY_WITH({"size", "3"}));
    refuse("global_max_pool", (gy_shape){.n = 0}, "no axis",
           (const gy_shape_setting[]){{NULL, NULL}});
}

GY_TEST_MAIN(GY_TEST(convolutions), GY_TEST(finer), GY_TEST(pools), GY_TEST(refusals))
