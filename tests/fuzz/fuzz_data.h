/** What the fuzz targets of data formats share: bytes as a file, opened and read whole. */
#ifndef GY_FUZZ_DATA_H
#define GY_FUZZ_DATA_H

#include "data/data.h"

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

/** Reads the first samples of a source: values or an error as data, never anything else. */
static inline void fuzz_read(gy_context *ctx, gy_source *s)
{
    const gy_source_info *info = gy_source_get_info(s);
    int64_t x_count = gy_shape_count(&info->x), y_count = gy_shape_count(&info->y);
    float *x = NULL, *y = NULL;
    fuzz_check(info->samples > 0 && x_count > 0 && y_count > 0);
    if (x_count > 1 << 20 || y_count > 1 << 20) return;
    fuzz_check(gy_new_array(ctx, x_count, &x) == GY_OK);
    fuzz_check(gy_new_array(ctx, y_count, &y) == GY_OK);
    for (int64_t i = 0; i < info->samples && i < 100; i++) {
        gy_status status = gy_source_read(s, &i, 1, x, y);
        fuzz_check(status == GY_OK || status == GY_E_DATA);
    }
    gy_free(ctx, x);
    gy_free(ctx, y);
}

/** Opens a source by its string, and again with what it learned. */
static inline void fuzz_source_as(gy_context *ctx, const char *text, gy_source_options options)
{
    gy_source *s = NULL, *again = NULL;
    gy_status status = gy_source_open(ctx, text, &options, &s);
    fuzz_check(status == GY_OK || status == GY_E_DATA || status == GY_E_NOMEM);
    if (status != GY_OK) return;
    fuzz_read(ctx, s);
    gy_buffer fit;
    gy_buffer_init(&fit, ctx);
    fuzz_check(gy_source_fit(s, &fit) == GY_OK);
    options.fit = gy_buffer_text(&fit);
    fuzz_check(gy_source_open(ctx, text, &options, &again) == GY_OK);
    fuzz_check(gy_source_get_info(again)->classes == gy_source_get_info(s)->classes);
    gy_source_close(again);
    gy_source_close(s);
    gy_buffer_clear(&fit);
}

static inline void fuzz_source(gy_context *ctx, const char *text)
{
    fuzz_source_as(ctx, text, (gy_source_options){.sequence = 4});
}

/** The bytes as a file, and the source string with its path between a scheme and a query. */
static inline int fuzz_file_as(const uint8_t *bytes, size_t n, const char *scheme,
                               const char *query, gy_source_options options)
{
    char path[] = "/tmp/gyre-fuzz-XXXXXX", text[256];
    gy_context *ctx = NULL;
    fuzz_check(gy_context_create(NULL, NULL, &ctx) == GY_OK);
    int file = mkstemp(path);
    fuzz_check(file >= 0 && write(file, bytes, n) == (ssize_t)n && close(file) == 0);
    snprintf(text, sizeof text, "%s%s%s", scheme, path, query);
    fuzz_source_as(ctx, text, options);
    unlink(path);
    fuzz_check(gy_context_balance(ctx) == 0);
    gy_context_free(ctx);
    return 0;
}

static inline int fuzz_file(const uint8_t *bytes, size_t n, const char *query)
{
    return fuzz_file_as(bytes, n, "", query, (gy_source_options){.sequence = 4});
}

#endif
