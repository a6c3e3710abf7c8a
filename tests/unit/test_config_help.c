/* `gyre help` knows whatever can stand in a configuration: keys, kinds, words, at any depth, and plurals. */
#include "config/config_impl.h"

#include "gy_test.h"

#include <stdio.h>

static void count(void *lines, const char *text)
{
    (void)text;
    ++*(int *)lines;
}

static void expect(gy_context *ctx, const char *topic)
{
    int lines = 0;
    const bool found = gy_config_describe(ctx, topic, count, &lines) != 0;
    CU_ASSERT_TRUE(found && lines > 0);
    if (!found) printf("no help on %s\n", topic);
}

static void expect_rows(gy_context *ctx, const gy_setting *rows);

static void expect_kinds(gy_context *ctx, const gy_registry *r)
{
    char plural[64];
    const size_t n = strlen(r->noun);
    (void)snprintf(plural, sizeof plural, "%s%s", r->noun, r->noun[n - 1] == 's' ? "es" : "s");
    expect(ctx, plural);
    for (int i = 0; i < r->n; i++) {
        expect(ctx, r->kinds[i]->name);
        expect_rows(ctx, r->kinds[i]->settings);
    }
}

static void expect_rows(gy_context *ctx, const gy_setting *rows)
{
    for (const gy_setting *row = rows; row != NULL && row->key != NULL; row++) {
        expect(ctx, row->key);
        for (const char *const *word = row->choices; word != NULL && *word != NULL; word++)
            expect(ctx, *word);
        if (row->type == GY_SETTING_SECTION) expect_rows(ctx, row->section);
        if (row->type == GY_SETTING_KIND || row->type == GY_SETTING_KINDS)
            expect_kinds(ctx, row->registry);
    }
}

static void all_is_known(void)
{
    gy_context *ctx = gy_test_context();
    expect(ctx, "model.layers.0.dense.name");
    expect(ctx, "dense.init");
    expect(ctx, "optimizer.adam.beta1");
    expect_rows(ctx, gy_config_rows);
    expect_kinds(ctx, &gy_layer_registry);
    expect_rows(ctx, gy_layer_common_settings);
    expect_rows(ctx, gy_layer_init_settings);
    gy_test_end(ctx);
}

/* Layers that have the same setting share its lines. */
static void layers_are_told_together(void)
{
    gy_context *ctx = gy_test_context();
    int lines = 0;
    CU_ASSERT_TRUE(gy_config_describe(ctx, "bidirectional", count, &lines));
    CU_ASSERT_EQUAL(lines, 2);
    CU_ASSERT_FALSE(gy_config_describe(ctx, "bidirectionel", count, &lines));
    CU_ASSERT_STRING_EQUAL(gy_config_nearest("bidirectionel"), "bidirectional");
    gy_test_end(ctx);
}

GY_TEST_MAIN(GY_TEST(all_is_known), GY_TEST(layers_are_told_together))
