/* Setting rows: values from texts, defaults, messages, printing; options of a command line. */
#include "gy_test.h"

#include "base/option.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct momentum_settings {
    double momentum;
} momentum_settings;

static const gy_setting momentum_rows[] = {
    {.key = "momentum",
     .type = GY_SETTING_FLOAT,
     .offset = offsetof(momentum_settings, momentum),
     .standard = "0.9",
     .min = 0,
     .max = 1},
    GY_SETTING_END,
};

static const gy_kind plain = {.name = "plain"};
static const gy_kind heavy = {
    .name = "heavy", .settings = momentum_rows, .settings_size = sizeof(momentum_settings)};
static const gy_kind *const kinds[] = {&plain, &heavy};
static const gy_registry registry = {"method", kinds, 2};

typedef struct inner {
    int64_t depth;
} inner;

typedef struct outer {
    bool fast;
    int64_t units;
    double rate, tiny, any;
    const char *source;
    int mode, perhaps;
    gy_sizes kernel, stride, room;
    gy_ints epochs;
    gy_strings words, metrics;
    gy_choice method, no_method;
    inner section;
} outer;

static const char *const modes[] = {"none", "per_channel", NULL};
static const char *const paddings[] = {"same", "valid", NULL};

static const gy_setting inner_rows[] = {
    {.key = "depth", .type = GY_SETTING_INT, .offset = offsetof(inner, depth), .standard = "4"},
    GY_SETTING_END,
};

#define ROW(field, type_, ...)                                                                     \
    {                                                                                              \
        .key = #field, .type = GY_SETTING_##type_, .offset = offsetof(outer, field), __VA_ARGS__   \
    }
static const gy_setting rows[] = {
    ROW(fast, BOOL, .standard = "true", .help = "whether to hurry"),
    ROW(units, INT, .min = 1, .max = GY_COUNT_MAX, .help = "outputs"),
    ROW(rate, FLOAT, .standard = "1e-3", .min = 0, .max = 1),
    ROW(tiny, FLOAT, .standard = "1", .min = 1e-300, .max = 1e300),
    ROW(any, FLOAT, .standard = "-2"),
    ROW(source, STRING, .standard = ""),
    ROW(mode, CHOICE, .standard = "none", .choices = modes),
    ROW(perhaps, CHOICE, .standard = "", .choices = modes),
    ROW(kernel, SIZES, .standard = "3x5", .min = 1, .max = 1000, .choices = paddings),
    ROW(stride, SIZES, .standard = "", .min = 1, .max = 1000),
    ROW(room, SIZES, .standard = "0", .min = 0, .max = 1000),
    ROW(epochs, INTS, .standard = "[30, 60]", .min = 1, .max = GY_COUNT_MAX),
    ROW(words, STRINGS, .standard = "[]"),
    ROW(metrics, KINDS, .standard = "", .registry = &registry),
    ROW(method, KIND, .standard = "heavy", .registry = &registry),
    ROW(no_method, KIND, .standard = "", .registry = &registry),
    ROW(section, SECTION, .section = inner_rows),
    GY_SETTING_END,
};

typedef struct fixture {
    gy_context *ctx;
    gy_pool pool;
    gy_buffer text;
    outer values;
} fixture;

static fixture begin(void)
{
    fixture f = {.ctx = gy_test_context()};
    gy_pool_init(&f.pool, f.ctx);
    gy_buffer_init(&f.text, f.ctx);
    CU_ASSERT_EQUAL_FATAL(gy_settings_default(rows, &f.pool, &f.values), GY_OK);
    return f;
}

static void end(fixture *f)
{
    gy_buffer_clear(&f->text);
    gy_pool_clear(&f->pool);
    gy_test_end(f->ctx);
}

static bool set(fixture *f, const char *key, const char *text)
{
    gy_buffer_reset(&f->text);
    return gy_setting_assign(gy_setting_find(rows, key), &text, 1, false, &f->pool, &f->values,
                             &f->text);
}

static bool set_list(fixture *f, const char *key, int n, const char *const *items)
{
    gy_buffer_reset(&f->text);
    return gy_setting_assign(gy_setting_find(rows, key), items, n, true, &f->pool, &f->values,
                             &f->text);
}

#define REFUSED(f, key, text_, reason)                                                             \
    do {                                                                                           \
        CU_ASSERT_FALSE(set(f, key, text_));                                                       \
        CU_ASSERT_STRING_EQUAL(gy_buffer_text(&(f)->text), reason);                                \
    } while (0)

static void defaults_come_from_rows(void)
{
    fixture f = begin();
    const outer *v = &f.values;
    CU_ASSERT_TRUE(v->fast);
    CU_ASSERT_EQUAL(v->units, 0);
    CU_ASSERT_EQUAL(v->rate, 1e-3);
    CU_ASSERT_EQUAL(v->any, -2);
    CU_ASSERT_PTR_NULL(v->source);
    CU_ASSERT_EQUAL(v->mode, 0);
    CU_ASSERT_EQUAL(v->perhaps, -1);
    CU_ASSERT_TRUE(v->kernel.choice == -1 && v->kernel.n == 2 && v->kernel.v[1] == 5);
    CU_ASSERT_TRUE(v->stride.choice == -1 && v->stride.n == 0);
    CU_ASSERT_TRUE(v->epochs.n == 2 && v->epochs.v[0] == 30 && v->epochs.v[1] == 60);
    CU_ASSERT_EQUAL(v->words.n, 0);
    CU_ASSERT_EQUAL(v->metrics.n, 0);
    CU_ASSERT_PTR_EQUAL(v->method.kind, &heavy);
    CU_ASSERT_EQUAL(((const momentum_settings *)v->method.settings)->momentum, 0.9);
    CU_ASSERT_PTR_NULL(v->no_method.kind);
    CU_ASSERT_EQUAL(v->section.depth, 4);
    end(&f);
}

static void values_are_read(void)
{
    fixture f = begin();
    CU_ASSERT_TRUE(set(&f, "fast", "false") && !f.values.fast);
    CU_ASSERT_TRUE(set(&f, "units", "12") && f.values.units == 12);
    CU_ASSERT_TRUE(set(&f, "rate", "1") && f.values.rate == 1);
    CU_ASSERT_TRUE(set(&f, "source", "a b") && strcmp(f.values.source, "a b") == 0);
    CU_ASSERT_TRUE(set(&f, "source", "") && f.values.source == NULL);
    CU_ASSERT_TRUE(set(&f, "mode", "per_channel") && f.values.mode == 1);
    CU_ASSERT_TRUE(set(&f, "kernel", "valid") && f.values.kernel.choice == 1);
    CU_ASSERT_TRUE(set(&f, "kernel", "7") && f.values.kernel.n == 1);
    CU_ASSERT_EQUAL(gy_sizes_at(&f.values.kernel, 2), 7);
    CU_ASSERT_TRUE(set(&f, "kernel", "7x1x30") && f.values.kernel.n == 3);
    CU_ASSERT_EQUAL(gy_sizes_at(&f.values.kernel, 2), 30);
    CU_ASSERT_TRUE(set(&f, "room", "0x10") && f.values.room.v[0] == 0);
    CU_ASSERT_EQUAL(f.values.room.v[1], 10); /* not hexadecimal */
    CU_ASSERT_TRUE(set(&f, "method", "plain") && f.values.method.kind == &plain);
    const char *const names[] = {"heavy", "plain"};
    CU_ASSERT_TRUE(set_list(&f, "metrics", 2, names) && f.values.metrics.n == 2);
    const char *const numbers[] = {"1", "2", "3"};
    CU_ASSERT_TRUE(set_list(&f, "epochs", 3, numbers) && f.values.epochs.v[2] == 3);
    end(&f);
}

static void mistakes_are_told(void)
{
    fixture f = begin();
    REFUSED(&f, "fast", "yes", "it must be true or false, not 'yes'");
    REFUSED(&f, "units", "0", "it must be a whole number, at least 1, not '0'");
    REFUSED(&f, "units", "1.5", "it must be a whole number, at least 1, not '1.5'");
    REFUSED(&f, "rate", "1.5", "it must be a number, from 0 to 1, not '1.5'");
    REFUSED(&f, "rate", ".nan", "it must be a number, from 0 to 1, not '.nan'");
    REFUSED(&f, "any", ".inf", "it must be a number, not '.inf'");
    REFUSED(&f, "tiny", "0", "it must be a number, above 0, not '0'");
    REFUSED(&f, "mode", "perchannel",
            "it must be one of none, per_channel, not 'perchannel'; did you mean 'per_channel'?");
    REFUSED(&f, "mode", "", "it must be one of none, per_channel, not ''");
    REFUSED(&f, "kernel", "3y",
            "it must be a number, or one an axis as 3x5, from 1 to 1000, or one of same, valid, "
            "not '3y'");
    REFUSED(&f, "kernel", "3x0",
            "it must be a number, or one an axis as 3x5, from 1 to 1000, or one of same, valid, "
            "not '3x0'");
    CU_ASSERT_FALSE(set(&f, "room", "3x0x1x2") || set(&f, "room", "0xa") || set(&f, "room", "1x"));
    REFUSED(&f, "method", "heavi",
            "it must be one of plain, heavy, not 'heavi'; did you mean 'heavy'?");
    REFUSED(&f, "metrics", "plain", "it must be a list of plain, heavy; write [plain]");
    const char *const twice[] = {"plain", "plain"};
    CU_ASSERT_FALSE(set_list(&f, "metrics", 2, twice));
    CU_ASSERT_STRING_EQUAL(gy_buffer_text(&f.text), "it names plain twice");
    CU_ASSERT_FALSE(set_list(&f, "units", 2, twice));
    CU_ASSERT_STRING_EQUAL(gy_buffer_text(&f.text),
                           "it must be a whole number, at least 1, not a list");
    CU_ASSERT_TRUE(f.values.units == 0 && f.values.rate == 1e-3 && f.values.metrics.n == 0);
    end(&f);
}

static void printed_values_read_back(void)
{
    fixture f = begin();
    static const struct {
        const char *key, *text;
    } expected[] = {{"fast", "true"},       {"rate", "0.001"},  {"any", "-2.0"},
                    {"source", "\"\""},     {"mode", "none"},   {"kernel", "3x5"},
                    {"epochs", "[30, 60]"}, {"words", "[]"},    {"metrics", "\"\""},
                    {"method", "heavy"},    {"perhaps", "\"\""}};
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        gy_buffer_reset(&f.text);
        gy_setting_print(gy_setting_find(rows, expected[i].key), &f.values, &f.text);
        CU_ASSERT_STRING_EQUAL(gy_buffer_text(&f.text), expected[i].text);
    }
    static const char *const sizes[] = {"7", "00x2", "3x1x4", "1x1x2"};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        gy_buffer_reset(&f.text);
        CU_ASSERT_TRUE(set(&f, "room", sizes[i]));
        gy_setting_print(gy_setting_find(rows, "room"), &f.values, &f.text);
        CU_ASSERT_STRING_EQUAL(gy_buffer_text(&f.text), sizes[i]);
    }
    static const double numbers[] = {
        1e-5, 0.1, 1.0 / 3, 1e20, 5e-324, 1.7976931348623157e308, -0.0, 123456789.0, 1e-8};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        gy_buffer_reset(&f.text);
        gy_setting_print_float(numbers[i], &f.text);
        CU_ASSERT_EQUAL(strtod(gy_buffer_text(&f.text), NULL), numbers[i]);
        CU_ASSERT_PTR_NOT_NULL(strchr(gy_buffer_text(&f.text), '.'));
    }
    gy_buffer_reset(&f.text);
    gy_setting_print_float(1e-5, &f.text);
    CU_ASSERT_STRING_EQUAL(gy_buffer_text(&f.text), "1.0e-05");
    end(&f);
}

static void texts_are_quoted_where_they_must(void)
{
    fixture f = begin();
    static const struct {
        const char *text, *printed;
    } cases[] = {{"runs/a-b_1.h5", "runs/a-b_1.h5"},
                 {"a:b", "\"a:b\""},
                 {"true", "\"true\""},
                 {"No", "\"No\""},
                 {"12", "\"12\""},
                 {"1e5", "\"1e5\""},
                 {"", "\"\""},
                 {"a\"\\\n", "\"a\\\"\\\\\\n\""},
                 {"\x01", "\"\\x01\""},
                 {"- x", "\"- x\""},
                 {"nothing", "nothing"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        gy_buffer_reset(&f.text);
        gy_setting_print_text(cases[i].text, &f.text);
        CU_ASSERT_STRING_EQUAL(gy_buffer_text(&f.text), cases[i].printed);
    }
    end(&f);
}

static void help_is_one_line(void)
{
    fixture f = begin();
    gy_setting_describe(gy_setting_find(rows, "fast"), &f.text);
    CU_ASSERT_STRING_EQUAL(gy_buffer_text(&f.text),
                           "fast=true                whether to hurry (true or false)");
    gy_buffer_reset(&f.text);
    gy_setting_describe(gy_setting_find(rows, "units"), &f.text);
    CU_ASSERT_STRING_EQUAL(
        gy_buffer_text(&f.text),
        "units                    outputs (a whole number, at least 1; must be given)");
    end(&f);
}

static void memory_may_run_out(void)
{
    for (int64_t k = 1;; k++) {
        gy_context *ctx = gy_test_context();
        gy_pool pool;
        gy_pool_init(&pool, ctx);
        outer values = {0};
        gy_alloc_fail_at(ctx, k);
        gy_status status = gy_settings_default(rows, &pool, &values);
        gy_alloc_fail_at(ctx, 0);
        gy_pool_clear(&pool);
        gy_test_end(ctx);
        if (status == GY_OK) break;
        CU_ASSERT_EQUAL_FATAL(status, GY_E_NOMEM);
        CU_ASSERT_FATAL(k < 100);
    }
}

/* Options */

typedef struct options {
    gy_strings set;
    gy_ints ranks;
    int64_t batch_size;
    bool dry_run;
    const char *o;
} options;

static const gy_setting option_rows[] = {
    {.key = "set", .type = GY_SETTING_STRINGS, .offset = offsetof(options, set), .standard = ""},
    {.key = "ranks", .type = GY_SETTING_INTS, .offset = offsetof(options, ranks), .standard = ""},
    {.key = "batch_size",
     .type = GY_SETTING_INT,
     .offset = offsetof(options, batch_size),
     .standard = "1"},
    {.key = "dry_run",
     .type = GY_SETTING_BOOL,
     .offset = offsetof(options, dry_run),
     .standard = "false"},
    {.key = "o", .type = GY_SETTING_STRING, .offset = offsetof(options, o), .standard = ""},
    GY_SETTING_END,
};

static gy_status parse(gy_pool *pool, int argc, const char *const *words, options *out,
                       gy_strings *operands)
{
    static char copies[16][64];
    char *argv[16];
    for (int i = 0; i < argc; i++) {
        (void)snprintf(copies[i], sizeof copies[i], "%s", words[i]);
        argv[i] = copies[i];
    }
    *out = (options){0};
    GY_TRY(gy_settings_default(option_rows, pool, out));
    return gy_options_parse(pool, option_rows, argc, argv, out, operands);
}

#define PARSE(out, operands, ...)                                                                  \
    parse(&pool, (int)(sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *)),               \
          (const char *const[]){__VA_ARGS__}, out, operands)

static void options_are_read(void)
{
    gy_context *ctx = gy_test_context();
    gy_pool pool;
    gy_pool_init(&pool, ctx);
    options o;
    gy_strings rest;
    CU_ASSERT_EQUAL(PARSE(&o, &rest, "a.yaml", "--set", "seed=1", "--batch-size=32", "--set=b=2",
                          "--dry-run", "-o", "out.h5", "--ranks", "1,2,4", "-3", "--", "--x"),
                    GY_OK);
    CU_ASSERT_TRUE(o.set.n == 2 && strcmp(o.set.v[0], "seed=1") == 0);
    CU_ASSERT_STRING_EQUAL(o.set.v[1], "b=2");
    CU_ASSERT_EQUAL(o.batch_size, 32);
    CU_ASSERT_TRUE(o.dry_run);
    CU_ASSERT_STRING_EQUAL(o.o, "out.h5");
    CU_ASSERT_TRUE(o.ranks.n == 3 && o.ranks.v[2] == 4);
    CU_ASSERT_TRUE(rest.n == 3 && strcmp(rest.v[0], "a.yaml") == 0);
    CU_ASSERT_STRING_EQUAL(rest.v[1], "-3");
    CU_ASSERT_STRING_EQUAL(rest.v[2], "--x");
    CU_ASSERT_EQUAL(PARSE(&o, &rest, "--dry-run", "--no-dry-run"), GY_OK);
    CU_ASSERT_FALSE(o.dry_run);
    gy_pool_clear(&pool);
    gy_test_end(ctx);
}

static void wrong_options_are_told(void)
{
    gy_context *ctx = gy_test_context();
    gy_pool pool;
    gy_pool_init(&pool, ctx);
    options o;
    gy_strings rest;
    CU_ASSERT_EQUAL(PARSE(&o, &rest, "--batchsize", "3"), GY_E_USAGE);
    CU_ASSERT_STRING_EQUAL(gy_error_last()->text,
                           "unknown option --batchsize; did you mean --batch-size?");
    CU_ASSERT_EQUAL(PARSE(&o, &rest, "--batch-size"), GY_E_USAGE);
    CU_ASSERT_STRING_EQUAL(gy_error_last()->text,
                           "option --batch-size needs a value; write --batch-size VALUE");
    CU_ASSERT_EQUAL(PARSE(&o, &rest, "--batch-size", "x"), GY_E_USAGE);
    CU_ASSERT_STRING_EQUAL(gy_error_last()->text,
                           "wrong value of --batch-size: it must be a whole number, not 'x'");
    CU_ASSERT_EQUAL(PARSE(&o, &rest, "--no-batch-size"), GY_E_USAGE);
    CU_ASSERT_EQUAL(PARSE(&o, &rest, "-x"), GY_E_USAGE);
    gy_pool_clear(&pool);
    gy_test_end(ctx);
}

GY_TEST_MAIN(GY_TEST(defaults_come_from_rows), GY_TEST(values_are_read), GY_TEST(mistakes_are_told),
             GY_TEST(printed_values_read_back), GY_TEST(texts_are_quoted_where_they_must),
             GY_TEST(help_is_one_line), GY_TEST(memory_may_run_out), GY_TEST(options_are_read),
             GY_TEST(wrong_options_are_told))
