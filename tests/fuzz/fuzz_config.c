/*
 * Whole configurations: any text is one or an error with its place; what it resolves to resolves to
 * itself, and its model is built or refused. None of a size that takes long.
 */
#include "config/config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void check(bool holds)
{
    if (!holds) abort();
}

/* Numbers of more than two digits: models of gigabytes, and layers by the thousand. */
static bool is_large(const char *text)
{
    int digits = 0, times = 0;
    for (const char *c = text; *c != '\0'; c++) {
        digits = *c >= '0' && *c <= '9' ? digits + 1 : 0;
        times += strncmp(c, "times", 5) == 0;
        if (digits > 2 || times > 1) return true;
    }
    return false;
}

static void build(gy_context *ctx, const gy_config *c)
{
    gy_net network = {.ctx = NULL};
    gy_net_spec spec = {.input = {.n = c->model.input.n},
                        .layers = c->model.layers,
                        .where = c->model.where,
                        .threads = 1,
                        .ranks = 1,
                        .loss = c->loss,
                        .metrics = c->metrics};
    for (int i = 0; i < spec.input.n; i++) spec.input.d[i] = c->model.input.v[i];
    gy_status status = gy_net_open(ctx, &spec, &network);
    check(status == GY_OK || status == GY_E_CONFIG || status == GY_E_SHAPE || status == GY_E_NOMEM);
    gy_net_close(&network);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    gy_context *ctx = NULL;
    gy_config *c = NULL, *again = NULL;
    char *text = malloc(n + 1);
    check(text != NULL && gy_context_create(NULL, NULL, &ctx) == GY_OK);
    memcpy(text, bytes, n);
    text[n] = '\0';
    gy_status status = gy_config_parse(ctx, "fuzz.yaml", text, NULL, 0, &c);
    check(status == GY_OK || status == GY_E_CONFIG);
    if (status == GY_OK) {
        check(gy_config_parse(ctx, "again.yaml", gy_config_text(c), NULL, 0, &again) == GY_OK);
        check(strcmp(gy_config_text(c), gy_config_text(again)) == 0);
        if (!is_large(text)) build(ctx, c);
    }
    gy_config_free(again);
    gy_config_free(c);
    free(text);
    check(gy_context_balance(ctx) == 0);
    gy_context_free(ctx);
    return 0;
}
