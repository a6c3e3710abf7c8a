/*
 * JSON, as a checkpoint's notes have it: any bytes give a tree or an error, and nothing leaks. A tree
 * printed is JSON, and prints the same again.
 */
#include "text/tree.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void check(bool holds)
{
    if (!holds) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    gy_context *ctx = NULL;
    gy_pool pool;
    gy_node *tree = NULL, *copy = NULL;
    gy_buffer once, again;
    check(gy_context_create(NULL, NULL, &ctx) == GY_OK);
    gy_pool_init(&pool, ctx);
    gy_buffer_init(&once, ctx);
    gy_buffer_init(&again, ctx);
    gy_status status = gy_json_parse(&pool, "fuzz.json", (const char *)bytes, n, &tree);
    check(status == GY_OK || strstr(gy_error_last()->text, "fuzz.json") != NULL);
    if (status == GY_OK) {
        gy_json_print(tree, &once);
        check(gy_json_parse(&pool, "again", gy_buffer_text(&once), once.bytes, &copy) == GY_OK);
        gy_json_print(copy, &again);
        check(strcmp(gy_buffer_text(&once), gy_buffer_text(&again)) == 0);
    }
    gy_buffer_clear(&again);
    gy_buffer_clear(&once);
    gy_pool_clear(&pool);
    check(gy_context_balance(ctx) == 0);
    gy_context_free(ctx);
    return 0;
}
