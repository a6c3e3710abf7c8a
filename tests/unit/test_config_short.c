/* The short text of a configuration: it reads back to the same, and has nothing that is as by default. */
#include "config/config.h"

#include "gy_test.h"

#include <glob.h>
#include <stdio.h>
#include <string.h>

static char *shorten(gy_context *ctx, const gy_config *config)
{
    char *out = NULL;
    gy_buffer text;
    gy_buffer_init(&text, ctx);
    CU_ASSERT_EQUAL_FATAL(gy_config_print_short(config, &text), GY_OK);
    CU_ASSERT_EQUAL_FATAL(gy_copy_string(ctx, gy_buffer_text(&text), &out), GY_OK);
    gy_buffer_clear(&text);
    return out;
}

/* Its short text reads back to the same, which has the same short text. */
static void check(gy_context *ctx, const char *path)
{
    gy_config *config, *again;
    CU_ASSERT_EQUAL_FATAL(gy_config_load(ctx, path, NULL, 0, &config), GY_OK);
    char *text = shorten(ctx, config);
    CU_ASSERT_TRUE(strlen(text) < 3 * strlen(gy_config_text(config)) / 4);
    CU_ASSERT_EQUAL_FATAL(gy_config_parse(ctx, path, text, NULL, 0, &again), GY_OK);
    CU_ASSERT_STRING_EQUAL(gy_config_text(again), gy_config_text(config));
    gy_free(ctx, text);
    gy_config_free(again);
    gy_config_free(config);
}

static void it_reads_back_to_the_same(void)
{
    gy_context *ctx = gy_test_context();
    glob_t found;
    CU_ASSERT_EQUAL_FATAL(glob(GY_TEST_EXAMPLES "/*.yaml", 0, NULL, &found), 0);
    CU_ASSERT_TRUE(found.gl_pathc > 15);
    for (size_t i = 0; i < found.gl_pathc; i++) check(ctx, found.gl_pathv[i]);
    globfree(&found);
    gy_test_end(ctx);
}

/* What is written out although it is so by default is not in it; of a kind the key that chooses it is. */
static void it_has_no_defaults(void)
{
    static const char yaml[] =
        "name: a\nrun_dir: b\n"
        "data: {train: x.h5, shuffle: true}\n"
        "model: {input: [4], layers: [flatten, dense: {units: 3, bias: true}, "
        "residual: {layers: [dense: {units: 3, init: zeros}]}]}\n"
        "optimizer: {kind: sgd, momentum: 0.5}\n"
        "schedule: {kind: step, factor: 0.1}\n"
        "metrics: []\ntrain: {epochs: 10, not_finite: {skip: 2}}\n",
                      want[] = "name: a\nrun_dir: b\ndata:\n  train: x.h5\n"
                               "model:\n  input: [4]\n  layers:\n    - flatten\n"
                               "    - dense: {units: 3}\n    - residual:\n        layers:\n"
                               "          - dense: {units: 3, init: zeros}\n"
                               "metrics: []\noptimizer:\n  kind: sgd\n  momentum: 0.5\n"
                               "schedule:\n  kind: step\n"
                               "train:\n  not_finite:\n    skip: 2\n";
    gy_context *ctx = gy_test_context();
    gy_config *config;
    CU_ASSERT_EQUAL_FATAL(gy_config_parse(ctx, "x.yaml", yaml, NULL, 0, &config), GY_OK);
    char *text = shorten(ctx, config);
    CU_ASSERT_STRING_EQUAL(text, want);
    if (strcmp(text, want) != 0) printf("%s", text);
    gy_free(ctx, text);
    gy_config_free(config);
    gy_test_end(ctx);
}

GY_TEST_MAIN(GY_TEST(it_reads_back_to_the_same), GY_TEST(it_has_no_defaults))
