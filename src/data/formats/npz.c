/*
 * NumPy's archives of arrays: by name, as numpy.savez has them, where they lie; those of
 * numpy.savez_compressed are unpacked into memory.
 */
#include "../arrays.h"
#include "../zip.h"

#include "base/registry.h"

#include <stddef.h>
#include <string.h>

typedef struct npz_settings {
    const char *x, *y, *weight, *rows;
    int layout;
} npz_settings;

static int probe(const char *path, const void *head, size_t n)
{
    enum { NAME = 30 };
    const char *b = head;
    (void)path;
    if (n < NAME || memcmp(b, "PK\3\4", 4) != 0) return 0;
    size_t length = (size_t)(unsigned char)b[26] | (size_t)(unsigned char)b[27] << 8;
    bool array = length > 4 && NAME + length <= n && memcmp(b + NAME + length - 4, ".npy", 4) == 0;
    return array ? 100 : 0;
}

static gy_status no_array(const gy_arrays *a, gy_pool *pool, const gy_zip *zip, const char *name)
{
    static const char ending[] = ".npy";
    const char **names;
    char text[GY_NAMES_TEXT];
    int n = 0;
    GY_TRY(gy_pool_array(pool, zip->n + 1, &names));
    for (int64_t i = 0; i < zip->n; i++) {
        const size_t bytes = strlen(zip->entries[i].name), end = sizeof ending - 1;
        if (bytes <= end || strcmp(zip->entries[i].name + bytes - end, ending) != 0) continue;
        GY_TRY(gy_pool_format(pool, &names[n++], "%.*s", (int)(bytes - end), zip->entries[i].name));
    }
    return gy_raise(GY_E_DATA,
                    "no such array" GY_AT "%s" GY_WHY "the archive has no %s" GY_HINT
                    "name arrays by ?x=NAME&y=NAME; there are %s",
                    a->text, name, gy_names_text(names, n, text));
}

/* @param name  "x"; the archive has "x.npy" */
static gy_status open_side(gy_arrays *a, gy_pool *pool, const gy_zip *zip, int side,
                           const char *name)
{
    const char *file, *shown;
    gy_bytes *bytes;
    int64_t offset;
    GY_TRY(gy_pool_format(pool, &file, "%s.npy", name));
    GY_TRY(gy_pool_format(pool, &shown, "%s, array %s", zip->path, name));
    const gy_zip_entry *entry = gy_zip_find(zip, file);
    if (entry == NULL) return no_array(a, pool, zip, name);
    GY_TRY(gy_zip_bytes(a->ctx, zip, entry, &bytes, &offset));
    return gy_array_open(shown, bytes, offset, &a->sides[side]);
}

static gy_status open(gy_context *ctx, gy_pool *pool, const gy_source_text *text,
                      const void *settings, const gy_source_options *options, void **state,
                      gy_source_info *info)
{
    const npz_settings *set = settings;
    gy_arrays *a;
    gy_zip zip;
    GY_TRY(gy_pool_new(pool, &a));
    a->ctx = ctx;
    a->text = text->text;
    *state = a;
    GY_REQUIRE(text->n_files == 1, GY_E_DATA,
               "cannot read the source" GY_AT "%s" GY_WHY "it takes one archive", text->text);
    GY_TRY(gy_zip_open(pool, text->path, &zip));
    GY_TRY(open_side(a, pool, &zip, GY_ARRAYS_X, set->x));
    if (set->y != NULL || gy_zip_find(&zip, "y.npy") != NULL)
        GY_TRY(open_side(a, pool, &zip, GY_ARRAYS_Y, set->y != NULL ? set->y : "y"));
    if (set->weight != NULL) GY_TRY(open_side(a, pool, &zip, GY_ARRAYS_W, set->weight));
    return gy_arrays_describe(a, set->rows, set->layout, options, info);
}

static void close(void *state)
{
    gy_arrays_close(state);
}

#define AT(field) .offset = offsetof(npz_settings, field)

static const gy_setting rows[] = {
    {.key = "x", .type = GY_SETTING_STRING, AT(x), .standard = "x", .help = "array of samples"},
    {.key = "y",
     .type = GY_SETTING_STRING,
     AT(y),
     .standard = "",
     .help = "array that is predicted; none: y where it is there"},
    {.key = "weight",
     .type = GY_SETTING_STRING,
     AT(weight),
     .standard = "",
     .help = "array of weights, [N] or of positions"},
    GY_ARRAYS_ROWS(npz_settings),
    GY_SETTING_END,
};

const gy_format_kind gy_format_npz = {
    .kind = {"npz", "NumPy's archives of arrays, by name", rows, sizeof(npz_settings)},
    .example = "mnist.npz?x=x_train&y=y_train",
    .probe = probe,
    .open = open,
    .read = gy_arrays_read,
    .weigh = gy_arrays_weigh,
    .close = close,
};
