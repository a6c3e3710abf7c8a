/**
 * A test program on CUnit: a table of named tests and a main.
 *
 *     static void adds(void) { CU_ASSERT_EQUAL(1 + 1, 2); }
 *     GY_TEST_MAIN(GY_TEST(adds))
 */
#ifndef GY_TEST_H
#define GY_TEST_H

#include <CUnit/Basic.h>
#include <gyre/context.h>

#include <stdlib.h>

/** Whether sanitizers look on, under which work takes several times as long. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { GY_TEST_SANITIZED = 1 };
#else
enum { GY_TEST_SANITIZED = 0 };
#endif

typedef struct gy_test_case {
    const char *name;
    void (*run)(void);
} gy_test_case;

/* clang-format off */
#define GY_TEST(function) {#function, function}
/* clang-format on */

#define GY_TEST_MAIN(...)                                                                          \
    int main(void)                                                                                 \
    {                                                                                              \
        static const gy_test_case cases[] = {__VA_ARGS__};                                         \
        return gy_test_run(cases, sizeof cases / sizeof *cases, NULL);                             \
    }

/** A context for a test; ends the program where there is none. */
static inline gy_context *gy_test_context(void)
{
    gy_context *ctx = NULL;
    if (gy_context_create(NULL, NULL, &ctx) != GY_OK) abort();
    return ctx;
}

/** Frees it and holds its balance to 0. */
static inline void gy_test_end(gy_context *ctx)
{
    CU_ASSERT_EQUAL(gy_context_balance(ctx), 0);
    gy_context_free(ctx);
}

/** @param before  called before each case; NULL: nothing */
static inline int gy_test_run(const gy_test_case *cases, size_t n, void (*before)(void))
{
    if (CU_initialize_registry() != CUE_SUCCESS) return 1;
    CU_pSuite suite = CU_add_suite_with_setup_and_teardown("gyre", NULL, NULL, before, NULL);
    for (size_t i = 0; i < n; i++) CU_add_test(suite, cases[i].name, cases[i].run);
    CU_basic_set_mode(CU_BRM_NORMAL);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failures == 0 ? 0 : 1;
}

#endif
