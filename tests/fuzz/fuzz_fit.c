/*
 * What a source learned, as a hostile checkpoint may have it: any text in its place reads the same data or
 * is an error; of a table, a text and a plain array.
 */
#include "fuzz_data.h"

static const char *const files[][2] = {
    {"a,b,c,y\n1,u,3,k\n2,v,,l\n4,u,5,k\n7,v,8,l\n", "?target=y"},
    {"to be or not to be", "?format=text"},
    {"1 1:2 3:4\n2 2:1\n1 4:1\n", "?format=libsvm"},
};
enum { FILES = sizeof files / sizeof *files };

static void read_by(gy_context *ctx, const char *const file[2], const char *fit)
{
    char path[] = "/tmp/gyre-fuzz-XXXXXX", text[64];
    gy_source *s = NULL;
    const gy_source_options options = {.sequence = 4, .tokens = GY_TOKEN_CHARS, .fit = fit};
    int fd = mkstemp(path);
    size_t n = strlen(file[0]);
    fuzz_check(fd >= 0 && write(fd, file[0], n) == (ssize_t)n && close(fd) == 0);
    (void)snprintf(text, sizeof text, "%s%s", path, file[1]);
    gy_status status = gy_source_open(ctx, text, &options, &s);
    fuzz_check(status == GY_OK || status == GY_E_DATA || status == GY_E_NOMEM);
    if (status == GY_OK) fuzz_read(ctx, s);
    gy_source_close(s);
    fuzz_check(unlink(path) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    gy_context *ctx = NULL;
    char *fit = malloc(n + 1);
    fuzz_check(fit != NULL && gy_context_create(NULL, NULL, &ctx) == GY_OK);
    memcpy(fit, bytes, n);
    fit[n] = '\0';
    for (int i = 0; i < FILES; i++) read_by(ctx, files[i], fit);
    free(fit);
    fuzz_check(gy_context_balance(ctx) == 0);
    gy_context_free(ctx);
    return 0;
}
