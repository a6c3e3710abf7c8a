/* config.json of a GPT-2: any bytes are a configuration or an error with the file's name. */
#include "exchange/kinds/gpt2.h"

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
    const char *yaml = NULL;
    check(gy_context_create(NULL, NULL, &ctx) == GY_OK);
    gy_pool_init(&pool, ctx);
    gy_status status = gy_gpt2_describe(&pool, "config.json", (const char *)bytes, n, NULL, &yaml);
    check(status == GY_OK || status == GY_E_DATA);
    check(status == GY_OK ? strstr(yaml, "transformer_block") != NULL
                          : strstr(gy_error_last()->text, "config.json") != NULL);
    gy_pool_clear(&pool);
    check(gy_context_balance(ctx) == 0);
    gy_context_free(ctx);
    return 0;
}
