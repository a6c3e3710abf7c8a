/* Status lines, counted memory, pools, buffers, nearest names, numbers, permutations. */
#include "gy_test.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/log.h"
#include "base/number.h"
#include "base/option.h"
#include "base/plain.h"
#include "base/rank.h"
#include "base/registry.h"
#include "base/rng.h"
#include "base/select.h"

#include <math.h>
#include <string.h>

static void error_line_has_its_parts(void)
{
    gy_status s = gy_raise(GY_E_DATA, "no such class" GY_AT "%s:%d" GY_WHY "%s" GY_HINT "drop it",
                           "y.csv", 7, "10 of 10");
    CU_ASSERT_EQUAL(s, GY_E_DATA);
    CU_ASSERT_STRING_EQUAL(gy_error_last()->text, "no such class (y.csv:7): 10 of 10; drop it");
    s = gy_raise(GY_E_IO, "cannot open" GY_AT "%s", "a\nb");
    CU_ASSERT_STRING_EQUAL(gy_error_last()->text, "cannot open (a?b)");
    CU_ASSERT_EQUAL(gy_status_exit_code(s), 1);
    CU_ASSERT_EQUAL(gy_status_exit_code(GY_STOPPED), 75);
}

static char logged[128];

static void keep(void *user, gy_level level, const char *line)
{
    (void)user;
    (void)level;
    (void)snprintf(logged, sizeof logged, "%s", line);
}

/* Names from anybody's file give a terminal no orders. */
static void texts_are_tame(void)
{
    gy_context *ctx;
    CU_ASSERT_EQUAL_FATAL(gy_context_create(keep, NULL, &ctx), GY_OK);
    gy_log(ctx, GY_INFO, "%s", "a\033[2J\a\xc2\x9b größe\xc2");
    CU_ASSERT_STRING_EQUAL(logged, "a?[2J??? größe\xc2");
    CU_ASSERT_EQUAL(gy_raise(GY_E_DATA, "no" GY_AT "%s", "\xc2\x85\t"), GY_E_DATA);
    CU_ASSERT_STRING_EQUAL(gy_error_last()->text, "no (?"
                                                  "?"
                                                  "?)");
    gy_context_free(ctx);
    CU_ASSERT_EQUAL(gy_plain_length("a\tb\nc\033", 6, true), 5);
    CU_ASSERT_EQUAL(gy_plain_length("a\tb", 3, false), 1);
    CU_ASSERT_EQUAL(gy_plain_length("\xc2\xa0\xc2\x9b", 4, false),
                    2); /* a no-break space is none */
}

static void memory_is_counted(void)
{
    gy_context *ctx = gy_test_context();
    float *x, *y;
    CU_ASSERT_EQUAL(gy_new_array(ctx, 1000, &x), GY_OK);
    CU_ASSERT_EQUAL((uintptr_t)x % GY_ALIGN, 0);
    CU_ASSERT_EQUAL(x[999], 0.0f);
    CU_ASSERT_EQUAL(gy_context_balance(ctx), 1);
    CU_ASSERT_EQUAL(gy_alloc_bytes(ctx), 4000);
    CU_ASSERT_EQUAL(gy_new_array(ctx, INT64_MAX / 2, &y), GY_E_NOMEM);
    gy_alloc_fail_at(ctx, 2);
    CU_ASSERT_EQUAL(gy_new_array(ctx, 1, &y), GY_OK);
    gy_free(ctx, y);
    CU_ASSERT_EQUAL(gy_new_array(ctx, 1, &y), GY_E_NOMEM);
    gy_free(ctx, x);
    gy_free(ctx, NULL);
    gy_test_end(ctx);
}

static void pools_and_buffers_grow(void)
{
    gy_context *ctx = gy_test_context();
    gy_pool pool;
    gy_pool_init(&pool, ctx);
    const char *text = NULL;
    for (int i = 0; i < 1000; i++) CU_ASSERT_EQUAL(gy_pool_format(&pool, &text, "%d", i), GY_OK);
    CU_ASSERT_STRING_EQUAL(text, "999");
    gy_pool_clear(&pool);

    gy_buffer b;
    gy_buffer_init(&b, ctx);
    CU_ASSERT_STRING_EQUAL(gy_buffer_text(&b), "");
    for (int i = 0; i < 100; i++) gy_buffer_format(&b, "%d,", i % 10);
    CU_ASSERT_EQUAL(b.bytes, 200);
    CU_ASSERT_EQUAL(strncmp(gy_buffer_text(&b), "0,1,2,", 6), 0);
    gy_buffer_clear(&b);
    gy_test_end(ctx);
}

static void nearest_name_is_found(void)
{
    static const char *const names[] = {"units", "activation", "bias"};
    CU_ASSERT_STRING_EQUAL(gy_nearest("unit", names, 3), "units");
    CU_ASSERT_STRING_EQUAL(gy_nearest("actviation", names, 3), "activation");
    CU_ASSERT_PTR_NULL(gy_nearest("momentum", names, 3));
}

static void names_that_do_not_go_in_are_left_out(void)
{
    char longest[600] = "", half[300] = "", text[GY_NAMES_TEXT];
    memset(longest, 'a', sizeof longest - 1);
    memset(half, 'b', sizeof half - 1);
    const char *const names[] = {longest, "x", "", "y", half, half};
    CU_ASSERT_STRING_EQUAL(gy_names_text(names, 1, text), "…");
    CU_ASSERT_STRING_EQUAL(gy_names_text(names, 4, text), "x, y, …");
    CU_ASSERT_STRING_EQUAL(gy_names_text(names + 1, 3, text), "x, y");
    CU_ASSERT_STRING_EQUAL(gy_names_text(names, 0, text), "");
    CU_ASSERT_STRING_EQUAL(gy_names_text(names + 4, 2, text) + sizeof half - 1, ", …");
    char option[GY_OPTION_NAME];
    CU_ASSERT_STRING_EQUAL(gy_option_name("", option), "-");
}

static void numbers_are_whole(void)
{
    int64_t i;
    double d;
    int narrow;
    CU_ASSERT_TRUE(gy_number_int("-12", &i) && i == -12);
    CU_ASSERT_FALSE(gy_number_int("12x", &i));
    CU_ASSERT_FALSE(gy_number_int("99999999999999999999", &i));
    CU_ASSERT_FALSE(gy_number_int("", &i));
    CU_ASSERT_TRUE(gy_number_float("1e-5", &d) && d == 1e-5);
    CU_ASSERT_FALSE(gy_number_float("nan", &d));
    CU_ASSERT_FALSE(gy_number_float("1e999", &d));
    CU_ASSERT_EQUAL(gy_int(INT64_C(1) << 31, &narrow), GY_E_SHAPE);
}

static void permutation_meets_all_once(void)
{
    static const int64_t sizes[] = {1, 2, 3, 17, 1000, 4097};
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        static bool seen[5000];
        memset(seen, 0, sizeof seen);
        int64_t fixed = 0;
        for (int64_t i = 0; i < sizes[k]; i++) {
            int64_t j = gy_rng_permute((gy_rng){7, GY_RNG_SHUFFLE, 3}, i, sizes[k]);
            CU_ASSERT_FATAL(j >= 0 && j < sizes[k] && !seen[j]);
            seen[j] = true;
            fixed += j == i;
        }
        if (sizes[k] >= 1000) CU_ASSERT_TRUE(fixed < 12); /* 1 expected */
    }
}

/* Against counting, with equal ones among them. */
static void the_kth_largest_is_found(void)
{
    enum { N = 60 };
    float x[N], moved[N];
    for (int i = 0; i < N; i++) x[i] = (float)((i * 37) % 23) - 7;
    for (int k = 1; k <= N; k++) {
        int above = 0, equal = 0;
        memcpy(moved, x, sizeof x);
        const float found = gy_kth_largest(moved, N, k);
        for (int i = 0; i < N; i++) {
            above += x[i] > found;
            equal += x[i] == found;
        }
        CU_ASSERT_TRUE(above < k && k <= above + equal);
    }
}

/* Four numbers by hand: places 1, 2.5, 2.5, 4. */
static void numbers_go_together(void)
{
    const double x[] = {-1, 3, 3, 8}, y[] = {10, 6, 4, 0}, group[] = {7, 7, 2, 2};
    double places[4];
    gy_rank(x, 4, places);
    CU_ASSERT_TRUE(places[0] == 1 && places[1] == 2.5 && places[2] == 2.5 && places[3] == 4);
    CU_ASSERT_DOUBLE_EQUAL(gy_correlation(places, y, 4), -15 / sqrt(4.5 * 52), 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(gy_correlation_ratio(group, y, 4), sqrt(36.0 / 52), 1e-12);
    CU_ASSERT_TRUE(gy_correlation(places, group, 0) == 0 && gy_correlation_ratio(y, x, 1) == 0);
}

static void draws_have_their_moments(void)
{
    gy_rng key = {1, GY_RNG_INIT, 0};
    double sum = 0.0, squares = 0.0, uniform = 0.0;
    const int n = 100000;
    for (int i = 0; i < n; i++) {
        double z = gy_rng_normal(key, (uint64_t)i, 0);
        sum += z;
        squares += z * z;
        uniform += gy_rng_uniform(key, (uint64_t)i, 1);
    }
    CU_ASSERT_DOUBLE_EQUAL(sum / n, 0.0, 0.02);
    CU_ASSERT_DOUBLE_EQUAL(squares / n, 1.0, 0.03);
    CU_ASSERT_DOUBLE_EQUAL(uniform / n, 0.5, 0.005);
}

/* Pages that this process has in memory. */
static long resident(void)
{
    long whole = 0, pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (f == NULL) return 0;
    if (fscanf(f, "%ld %ld", &whole, &pages) != 2) pages = 0;
    (void)fclose(f);
    return pages;
}

static void room_that_nobody_uses_takes_no_memory(void)
{
    gy_context *ctx = gy_test_context();
    const int64_t bytes = gy_alloc_bytes(ctx);
    const long before = resident();
    char *room = NULL;
    CU_ASSERT_EQUAL_FATAL(gy_alloc_room(ctx, (size_t)64 << 20, (void **)&room), GY_OK);
    CU_ASSERT_EQUAL(gy_alloc_bytes(ctx), bytes + (64 << 20));
    CU_ASSERT(resident() - before < 8192); /* half of them: sanitizers keep marks of it */
    gy_free(ctx, room);
    gy_test_end(ctx);
}

GY_TEST_MAIN(GY_TEST(room_that_nobody_uses_takes_no_memory), GY_TEST(error_line_has_its_parts),
             GY_TEST(texts_are_tame), GY_TEST(memory_is_counted), GY_TEST(pools_and_buffers_grow),
             GY_TEST(nearest_name_is_found), GY_TEST(names_that_do_not_go_in_are_left_out),
             GY_TEST(numbers_are_whole), GY_TEST(permutation_meets_all_once),
             GY_TEST(the_kth_largest_is_found), GY_TEST(numbers_go_together),
             GY_TEST(draws_have_their_moments))
