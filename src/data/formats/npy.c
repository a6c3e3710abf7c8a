/* NumPy's arrays: `x.npy,y.npy`, or x alone. Rows are read where they lie; gzip is unpacked into memory. */
#include "../arrays.h"

#include <stddef.h>

typedef struct npy_settings {
    const char *weight, *rows;
    int layout;
} npy_settings;

static int probe(const char *path, const void *head, size_t n)
{
    (void)path;
    return gy_array_like(head, n) ? 100 : 0;
}

static gy_status open_side(gy_arrays *a, int side, const char *path)
{
    gy_bytes *bytes;
    GY_TRY(gy_bytes_open(a->ctx, path, &bytes));
    return gy_array_open(path, bytes, 0, &a->sides[side]);
}

static gy_status open(gy_context *ctx, gy_pool *pool, const gy_source_text *text,
                      const void *settings, const gy_source_options *options, void **state,
                      gy_source_info *info)
{
    const npy_settings *set = settings;
    gy_arrays *a;
    GY_TRY(gy_pool_new(pool, &a));
    a->ctx = ctx;
    a->text = text->text;
    *state = a;
    GY_REQUIRE(text->n_files <= 2, GY_E_DATA,
               "cannot read the source" GY_AT "%s" GY_WHY "it takes an array of x and one of y",
               text->text);
    GY_TRY(open_side(a, GY_ARRAYS_X, text->files[0]));
    if (text->n_files == 2) GY_TRY(open_side(a, GY_ARRAYS_Y, text->files[1]));
    if (set->weight != NULL) GY_TRY(open_side(a, GY_ARRAYS_W, set->weight));
    return gy_arrays_describe(a, set->rows, set->layout, options, info);
}

static void close(void *state)
{
    gy_arrays_close(state);
}

#define AT(field) .offset = offsetof(npy_settings, field)

static const gy_setting rows[] = {
    {.key = "weight",
     .type = GY_SETTING_STRING,
     AT(weight),
     .standard = "",
     .help = "file of weights, [N] or of positions"},
    GY_ARRAYS_ROWS(npy_settings),
    GY_SETTING_END,
};

const gy_format_kind gy_format_npy = {
    .kind = {"npy", "NumPy's arrays: of x, and of y", rows, sizeof(npy_settings)},
    .example = "x.npy,y.npy",
    .probe = probe,
    .open = open,
    .read = gy_arrays_read,
    .weigh = gy_arrays_weigh,
    .close = close,
};
