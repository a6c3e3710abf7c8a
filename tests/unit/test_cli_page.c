/* Lines and tables that fit the terminal, progress in one line, a rank that is waited for. */
#include "gy_test.h"

#include "grid.h"
#include "page.h"
#include "progress.h"
#include "straggler.h"

#include <stdlib.h>
#include <string.h>

/* What `show` prints to a file. */
static char *capture(void (*show)(FILE *out))
{
    static char text[4096];
    FILE *file = tmpfile();
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    show(file);
    rewind(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    (void)fclose(file);
    return text;
}

static void show_named(FILE *out)
{
    gy_page_print(out, 30, "  name      words that are too long for a line");
}

static void show_bare(FILE *out)
{
    gy_page_print(out, 20, "words without a name in front");
}

static void show_long_word(FILE *out)
{
    gy_page_print(out, 10, "a-word-that-cannot-be-broken b");
}

static void show_umlauts(FILE *out)
{
    gy_page_print(out, 12, "ä ö ü ä ö ü ä ö ü");
}

static void lines_break_between_words(void)
{
    CU_ASSERT_STRING_EQUAL(capture(show_named), "  name      words that are too\n"
                                                "            long for a line\n");
    CU_ASSERT_STRING_EQUAL(capture(show_bare), "words without a name\n    in front\n");
    CU_ASSERT_STRING_EQUAL(capture(show_long_word), "a-word-that-cannot-be-broken\n    b\n");
    CU_ASSERT_STRING_EQUAL(capture(show_umlauts), "ä ö ü ä ö ü\n    ä ö ü\n"); /* characters */
}

static const char *number(const void *of, int row, int column, char out[GY_TEXT])
{
    (void)of;
    if (column == 0) return row == 0 ? "first of the names" : "b";
    if (column == 3) return "";
    (void)snprintf(out, GY_TEXT, "%d", column == 1 ? row : 1000 * row);
    return out;
}

static void show_grid(FILE *out)
{
    static const gy_column columns[] = {{"name", true, 0},
                                        {"n", false, 2},
                                        {"many", false, 1},
                                        {"none", true, 3},
                                        {NULL, false, 0}};
    const gy_grid grid = {.columns = columns, .rows = 2, .cell = number};
    gy_grid_print(&grid, out);
}

static void tables_fit_the_terminal(void)
{
    CU_ASSERT_EQUAL(unsetenv("COLUMNS"), 0);
    CU_ASSERT_STRING_EQUAL(capture(show_grid), "name                n  many\n"
                                               "first of the names  0     0\n"
                                               "b                   1  1000\n");
    CU_ASSERT_EQUAL(setenv("COLUMNS", "26", 1), 0);
    CU_ASSERT_STRING_EQUAL(capture(show_grid), "name                many\n"
                                               "first of the names     0\n"
                                               "b                   1000\n");
    CU_ASSERT_EQUAL(setenv("COLUMNS", "22", 1), 0);
    CU_ASSERT_STRING_EQUAL(capture(show_grid), "name\nfirst of the names\nb\n");
    CU_ASSERT_EQUAL(unsetenv("COLUMNS"), 0);
}

static gy_field phase(const char *name, double min, double mean, double max)
{
    return (gy_field){.name = name, .type = GY_FIELD_PHASE, .min = min, .number = mean, .max = max};
}

static void progress_fits_the_terminal(void)
{
    char text[256];
    const gy_field fields[] = {
        {.name = "loss", .type = GY_FIELD_FLOAT, .number = 0.5},
        {.name = "learning_rate", .type = GY_FIELD_FLOAT, .number = 0.001},
        {.name = "samples_per_second", .type = GY_FIELD_FLOAT, .number = 67307},
        phase("forward", 1, 3, 4),
        phase("communication", 1, 1, 1),
    };
    const gy_event e = {.step = 150, .epoch = 2, .time = 100, .fields = fields, .n = 5};
    const gy_progress p = {.steps = 300, .first_time = 50, .first_step = 50};
    gy_progress_format(&p, &e, 0, false, text, sizeof text);
    CU_ASSERT_STRING_EQUAL(
        text, "epoch 2 step 150/300 loss 0.5 left 1:15 67307 samples/s rate 0.001 wait 25%");
    for (int columns = 40; columns < 130; columns++) {
        gy_progress_format(&p, &e, columns, true, text, sizeof text);
        CU_ASSERT_TRUE(gy_page_length(text) < columns);
        CU_ASSERT_PTR_NOT_NULL(strstr(text, "step 150/300"));
    }
    gy_progress_format(&p, &e, 50, true, text, sizeof text);
    CU_ASSERT_STRING_EQUAL(text, "[#####-----] epoch 2 step 150/300 loss 0.5");
}

/* Rank 1 works 30 ms longer than the others, at what it reads. */
static bool observe(gy_straggler *s, double time, int rank, double lost, char *text)
{
    const gy_field fields[] = {
        phase("input", 1, 1 + lost / 4, 1 + lost),
        phase("forward", 9, 9, 10),
        phase("communication", 1, 1 + lost * 3 / 4, 1 + lost),
        {.name = "slowest_rank", .type = GY_FIELD_INT, .integer = rank, .number = rank},
        {.name = "slowest_host", .type = GY_FIELD_TEXT, .text = "n7"},
    };
    const gy_event e = {.time = time, .fields = fields, .n = 5};
    return gy_straggler_observe(s, &e, text);
}

static void a_straggler_is_named(void)
{
    char text[GY_STRAGGLER_TEXT] = "";
    gy_straggler s;
    gy_straggler_init(&s);
    for (int t = 0; t < 60; t += 10) CU_ASSERT_FALSE(observe(&s, t, 1, 30, text));
    CU_ASSERT_TRUE(observe(&s, 60, 1, 30, text));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "rank 1 on n7"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "slow in input"));
    CU_ASSERT_FALSE(observe(&s, 70, 1, 30, text)); /* told once */
    CU_ASSERT_FALSE(observe(&s, 80, 1, 1, text));  /* not slow: a row begins anew */
    CU_ASSERT_FALSE(observe(&s, 90, 1, 30, text));
    CU_ASSERT_FALSE(observe(&s, 120, 2, 30, text)); /* another one */
    CU_ASSERT_FALSE(observe(&s, 170, 2, 30, text));
    CU_ASSERT_TRUE(observe(&s, 180, 2, 30, text));
}

GY_TEST_MAIN(GY_TEST(lines_break_between_words), GY_TEST(tables_fit_the_terminal),
             GY_TEST(progress_fits_the_terminal), GY_TEST(a_straggler_is_named))
