/** What the fuzz targets of other programs' files share: bytes as a file, opened and read whole. */
#ifndef GY_FUZZ_EXCHANGE_H
#define GY_FUZZ_EXCHANGE_H

#include "exchange/exchange.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static inline void fuzz_check(bool holds)
{
    if (!holds) abort();
}

/** Opens a file, and reads its tensors: numbers, or an error with the file's name. */
static inline void fuzz_tensors(gy_context *ctx, const char *path)
{
    enum { MOST = 1 << 16 };
    gy_tensors t;
    gy_status status = gy_tensors_open(ctx, path, &t);
    fuzz_check(status == GY_OK || status == GY_E_DATA || status == GY_E_CONFIG);
    fuzz_check(status == GY_OK || strstr(gy_error_last()->text, path) != NULL);
    for (int i = 0; status == GY_OK && i < t.n; i++) {
        int64_t count = gy_shape_count(&t.v[i].shape);
        float *x = NULL;
        fuzz_check(count >= 0);
        if (count > MOST) continue;
        fuzz_check(gy_new_array(ctx, count, &x) == GY_OK);
        gy_status read = t.kind->read(&t, &t.v[i], x);
        fuzz_check(read == GY_OK || read == GY_E_DATA);
        gy_free(ctx, x);
    }
    gy_tensors_close(&t);
}

/** The bytes as a file whose name ends so. */
static inline int fuzz_exchange(const uint8_t *bytes, size_t n, const char *ending)
{
    char path[64];
    gy_context *ctx = NULL;
    fuzz_check(gy_context_create(NULL, NULL, &ctx) == GY_OK);
    (void)snprintf(path, sizeof path, "/tmp/gyre-fuzz-XXXXXX%s", ending);
    int file = mkstemps(path, (int)strlen(ending));
    fuzz_check(file >= 0 && write(file, bytes, n) == (ssize_t)n && close(file) == 0);
    fuzz_tensors(ctx, path);
    unlink(path);
    fuzz_check(gy_context_balance(ctx) == 0);
    gy_context_free(ctx);
    return 0;
}

#endif
