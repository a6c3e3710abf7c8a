/*
 * Overrides: any text of `--set` or of a variable GYRE_SET_… gives a configuration or an error that
 * is the configuration's, and nothing leaks. What it gives is the same when it is said twice, and
 * when its resolved text is read again.
 */
#include "config/config.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

extern char **environ;

static const char yaml[] = "name: small\n"
                           "data: {train: \"synthetic:blobs?samples=20\"}\n"
                           "model:\n"
                           "  input: [4]\n"
                           "  layers:\n"
                           "    - flatten\n"
                           "    - repeat: {times: 2, layers: [dense: {units: 3}]}\n"
                           "    - dense: {units: 3}\n"
                           "optimizer: {kind: sgd, learning_rate: 0.1}\n"
                           "metrics:\n";

static void check(bool holds)
{
    if (!holds) abort();
}

/* The resolved text is a configuration, and resolves to itself. */
static void check_text(gy_context *ctx, const gy_config *c)
{
    gy_config *again = NULL;
    check(gy_config_parse(ctx, "again.yaml", gy_config_text(c), NULL, 0, &again) == GY_OK);
    check(strcmp(gy_config_text(c), gy_config_text(again)) == 0);
    gy_config_free(again);
}

static void set(gy_context *ctx, const char *text)
{
    gy_config *once = NULL, *twice = NULL;
    const char *sets[] = {text, text};
    gy_status status = gy_config_parse(ctx, "small.yaml", yaml, sets, 1, &once);
    check(status == GY_OK || status == (strchr(text, '=') == NULL ? GY_E_USAGE : GY_E_CONFIG));
    check(gy_config_parse(ctx, "small.yaml", yaml, sets, 2, &twice) == status);
    if (status != GY_OK) return;
    check(strcmp(gy_config_text(once), gy_config_text(twice)) == 0);
    check_text(ctx, once);
    gy_config_free(twice);
    gy_config_free(once);
}

/* With that variable as the whole environment. */
static void set_variable(gy_context *ctx, char *variable)
{
    char path[] = "/tmp/gyre-fuzz-XXXXXX";
    gy_config *c = NULL;
    char *only[] = {variable, NULL}, **before = environ;
    int file = mkstemp(path);
    check(file >= 0 && write(file, yaml, sizeof yaml - 1) == (ssize_t)sizeof yaml - 1);
    check(close(file) == 0);
    environ = only;
    gy_status status = gy_config_load(ctx, path, NULL, 0, &c);
    environ = before;
    check(status == GY_OK || status == GY_E_CONFIG);
    if (status == GY_OK) check_text(ctx, c);
    gy_config_free(c);
    check(unlink(path) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static const char prefix[] = "GYRE_SET_";
    gy_context *ctx = NULL;
    char *text = malloc(n + sizeof prefix);
    check(text != NULL && gy_context_create(NULL, NULL, &ctx) == GY_OK);
    memcpy(text, prefix, sizeof prefix - 1);
    memcpy(text + sizeof prefix - 1, bytes, n);
    text[sizeof prefix - 1 + n] = '\0';
    set(ctx, text + sizeof prefix - 1);
    set_variable(ctx, text);
    free(text);
    check(gy_context_balance(ctx) == 0);
    gy_context_free(ctx);
    return 0;
}
