/*
 * HDF5 data in files that HDF5 itself made: the bytes say types, axes, chunks, attributes. Where broken
 * bytes soon break the library (fuzz_hdf5.c), this comes to the reader behind it.
 */
#include "fuzz_data.h"

#include "store/hdf5.h"

/* What is left of the bytes. */
typedef struct input {
    const uint8_t *at, *end;
} input;

static int next(input *in)
{
    return in->at < in->end ? *in->at++ : 0;
}

static const char *const queries[] = {":/", ":/g", ":/?x=x&y=y", ":/?x=x,z&y=y", ":/?x=x&y=x"};
enum { QUERIES = sizeof queries / sizeof *queries, MOST = 4096 };

static void make_data(gy_h5 *f, input *in, const char *name)
{
    static uint8_t bytes[MOST * 8];
    gy_h5_data *d;
    gy_h5_type type = (gy_h5_type)(next(in) % GY_H5_OTHER);
    gy_shape shape = {.n = next(in) % 5};
    for (int i = 0; i < shape.n; i++) shape.d[i] = next(in) % 8;
    int64_t chunk = next(in) % 4;
    bool empty = gy_shape_count(&shape) == 0;
    if (gy_h5_data_create(f, name, type, &shape, empty ? 0 : chunk, (int)chunk, &d) != GY_OK)
        return;
    for (size_t i = 0; i < sizeof bytes && in->at < in->end; i++)
        bytes[i] = in->at[i % (size_t)(in->end - in->at)];
    if (next(in) % 8 != 0 && !empty)
        fuzz_check(gy_h5_data_write(d, 0, shape.n == 0 ? 1 : shape.d[0], type, bytes) == GY_OK);
    gy_h5_data_close(d);
}

static void make_attribute(gy_h5 *f, input *in)
{
    static const char *const objects[] = {"/", "/g", "/x", "/y"};
    static const char *const names[] = {"class_names", "vocabulary", "_FillValue", "scale_factor",
                                        "add_offset"};
    char text[16];
    const char *object = objects[next(in) % 4], *name = names[next(in) % 5];
    if (!gy_h5_exists(f, object)) return;
    if (next(in) % 2 == 0) {
        if (gy_h5_write_float(f, object, name, next(in) - 100) != GY_OK) {}
        return;
    }
    int n = next(in) % 16;
    for (int i = 0; i < n; i++) text[i] = (char)next(in);
    text[n] = '\0';
    if (gy_h5_write_text(f, object, name, text) != GY_OK) {}
}

static void make(gy_context *ctx, const char *path, input *in)
{
    static const char *const names[] = {"/x", "/y", "/z", "/g/x", "/g/y", "/g/weight"};
    gy_h5 *f;
    fuzz_check(gy_h5_create(ctx, path, &f) == GY_OK);
    for (int i = next(in) % 7; i > 0; i--) make_data(f, in, names[next(in) % 6]);
    for (int i = next(in) % 4; i > 0; i--) make_attribute(f, in);
    fuzz_check(gy_h5_close(f) == GY_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    char path[] = "/tmp/gyre-fuzz-XXXXXX", text[64];
    gy_context *ctx = NULL;
    input in = {bytes, bytes + n};
    fuzz_check(gy_context_create(NULL, NULL, &ctx) == GY_OK);
    int file = mkstemp(path);
    fuzz_check(file >= 0 && close(file) == 0);
    const char *query = queries[next(&in) % QUERIES];
    make(ctx, path, &in);
    (void)snprintf(text, sizeof text, "%s%s", path, query);
    fuzz_source(ctx, text);
    fuzz_check(unlink(path) == 0);
    fuzz_check(gy_context_balance(ctx) == 0);
    gy_context_free(ctx);
    return 0;
}
