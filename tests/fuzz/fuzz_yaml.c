/*
 * YAML: any bytes give a tree or an error with a place, and nothing leaks. A tree printed as JSON is
 * JSON, and prints the same again.
 */
#include "text/tree.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void check(bool holds)
{
    if (!holds) abort();
}

static void check_json(gy_pool *pool, const gy_node *tree)
{
    gy_buffer once, again;
    gy_buffer_init(&once, pool->ctx);
    gy_buffer_init(&again, pool->ctx);
    gy_node *copy = NULL;
    gy_json_print(tree, &once);
    check(gy_json_parse(pool, "fuzz.json", gy_buffer_text(&once), once.bytes, &copy) == GY_OK);
    gy_json_print(copy, &again);
    check(strcmp(gy_buffer_text(&once), gy_buffer_text(&again)) == 0);
    gy_buffer_clear(&again);
    gy_buffer_clear(&once);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    gy_context *ctx = NULL;
    check(gy_context_create(NULL, NULL, &ctx) == GY_OK);
    gy_pool pool;
    gy_pool_init(&pool, ctx);
    gy_node *tree = NULL;
    gy_status status = gy_yaml_parse(&pool, "fuzz.yaml", (const char *)bytes, n, &tree);
    if (status == GY_OK)
        check_json(&pool, tree);
    else
        check(status == GY_E_CONFIG && strstr(gy_error_last()->text, "fuzz.yaml") != NULL);
    gy_pool_clear(&pool);
    check(gy_context_balance(ctx) == 0);
    gy_context_free(ctx);
    return 0;
}
