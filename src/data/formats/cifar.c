/*
 * CIFAR binary records: a class byte (CIFAR-100: a coarse and a fine one, the fine is the class),
 * then 32x32 pixels plane by plane, which become [32, 32, 3]. `FILE,FILE,…` are read as one. Plain
 * files stay on disk, gzip is unpacked into memory.
 */
#include "../data.h"

#include "../bytes.h"

#include <string.h>

enum { PIXELS = 1024, IMAGE = 3 * PIXELS, FILES = 64, RECORD_MOST = IMAGE + 2 };

typedef struct cifar {
    gy_bytes *files[FILES];
    int64_t ends[FILES]; /* samples of this file and those before */
    int n;
    int labels; /* bytes before the image */
} cifar;

static bool begins_record(const uint8_t *b, int labels)
{
    return labels == 1 ? b[0] < 10 : b[0] < 20 && b[1] < 100;
}

/* Whether every record that begins in the head has classes; `whole`: the head is all there is. */
static bool fits(const uint8_t *head, size_t n, bool whole, int labels)
{
    size_t record = IMAGE + (size_t)labels;
    if (n < record || (whole && n % record != 0)) return false;
    for (size_t at = 0; at + 2 <= n; at += record)
        if (!begins_record(head + at, labels)) return false;
    return true;
}

static int probe(const char *path, const void *head, size_t n)
{
    (void)path;
    bool whole = n < 65536;
    if (fits(head, n, whole, 1)) return 60;
    return fits(head, n, whole, 2) ? 50 : 0;
}

/* Says by its size and its first bytes which of the two a file is. */
static gy_status find_labels(gy_bytes *bytes, const char *path, int *labels)
{
    int64_t size = gy_bytes_size(bytes);
    for (*labels = 1; *labels <= 2; ++*labels) {
        bool good = size > 0 && size % (IMAGE + *labels) == 0;
        for (int64_t at = 0; at < size && at < 64 * IMAGE && good; at += IMAGE + *labels) {
            uint8_t b[2];
            GY_TRY(gy_bytes_read(bytes, at, 2, b));
            good = begins_record(b, *labels);
        }
        if (good) return GY_OK;
    }
    return gy_raise(GY_E_DATA,
                    "cannot read the data" GY_AT "%s" GY_WHY
                    "its %lld bytes are no whole records of CIFAR-10 or CIFAR-100",
                    path, (long long)size);
}

static gy_status open_file(gy_context *ctx, const char *path, cifar *s)
{
    int labels;
    GY_REQUIRE(s->n < FILES, GY_E_DATA,
               "cannot read the data" GY_AT "%s" GY_WHY "more than %d files", path, FILES);
    gy_bytes **bytes = &s->files[s->n];
    GY_TRY(gy_bytes_open(ctx, path, bytes));
    s->n++;
    GY_TRY(find_labels(*bytes, path, &labels));
    GY_REQUIRE(s->labels == 0 || s->labels == labels, GY_E_DATA,
               "cannot read the data" GY_AT "%s" GY_WHY "it mixes CIFAR-10 and CIFAR-100", path);
    s->labels = labels;
    s->ends[s->n - 1] =
        (s->n > 1 ? s->ends[s->n - 2] : 0) + gy_bytes_size(*bytes) / (IMAGE + labels);
    return GY_OK;
}

static gy_status open(gy_context *ctx, gy_pool *pool, const gy_source_text *text,
                      const void *settings, const gy_source_options *options, void **state,
                      gy_source_info *info)
{
    (void)settings;
    (void)options;
    cifar *s;
    GY_TRY(gy_pool_new(pool, &s));
    *state = s;
    for (int i = 0; i < text->n_files; i++) GY_TRY(open_file(ctx, text->files[i], s));
    info->samples = s->ends[s->n - 1];
    info->x = (gy_shape){3, {32, 32, 3}};
    info->x_type = "uint8";
    info->supervised = true;
    info->y_is_class = true;
    info->classes = s->labels == 1 ? 10 : 100;
    return GY_OK;
}

static gy_status read(void *state, const int64_t *index, int64_t n, float *x, float *y)
{
    const cifar *s = state;
    const int64_t record = IMAGE + s->labels;
    uint8_t b[RECORD_MOST];
    for (int64_t i = 0; i < n; i++, x += IMAGE) {
        int file = 0;
        while (index[i] >= s->ends[file]) file++;
        int64_t first = file == 0 ? 0 : s->ends[file - 1];
        GY_TRY(gy_bytes_read(s->files[file], (index[i] - first) * record, record, b));
        if (y != NULL) y[i] = (float)b[s->labels - 1];
        const uint8_t *pixels = b + s->labels;
        for (int p = 0; p < PIXELS; p++)
            for (int c = 0; c < 3; c++) x[3 * p + c] = (float)pixels[c * PIXELS + p];
    }
    return GY_OK;
}

static void close(void *state)
{
    cifar *s = state;
    for (int i = 0; i < s->n; i++) gy_bytes_close(s->files[i]);
}

const gy_format_kind gy_format_cifar = {
    .kind = {"cifar", "CIFAR-10 and CIFAR-100 binary records; FILE,FILE,… are one", NULL, 0},
    .example = "data_batch_1.bin,data_batch_2.bin",
    .probe = probe,
    .open = open,
    .read = read,
    .close = close,
};
