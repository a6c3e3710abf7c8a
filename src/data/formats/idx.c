/*
 * IDX, as MNIST has it: `IMAGES,LABELS`, big-endian, plain or gzip (unpacked into memory). Head:
 * two zero bytes, the type, the number of axes, then each length in 4 bytes.
 */
#include "../data.h"

#include "../bytes.h"
#include "../element.h"

#include <string.h>

enum { HEAD = 4, LENGTH = 4, BLOCK_BYTES = 1 << 16 };

typedef struct idx_file {
    const char *path;
    gy_bytes *bytes;
    int type;       /* index into types */
    int64_t offset; /* of the first element */
    int64_t samples, count;
    gy_shape sample;
} idx_file;

typedef struct idx {
    gy_context *ctx;
    idx_file x, y;
    uint8_t *scratch; /* one sample of x or of y */
} idx;

static const struct {
    uint8_t code;
    gy_element_type type;
} types[] = {
    {0x08, {'u', 1, true}}, {0x09, {'i', 1, true}}, {0x0b, {'i', 2, true}},
    {0x0c, {'i', 4, true}}, {0x0d, {'f', 4, true}}, {0x0e, {'f', 8, true}},
};

static int find_type(uint8_t code)
{
    for (int i = 0; i < (int)(sizeof types / sizeof *types); i++)
        if (types[i].code == code) return i;
    return -1;
}

static int probe(const char *path, const void *head, size_t n)
{
    const uint8_t *b = head;
    (void)path;
    bool like = n >= HEAD + LENGTH && b[0] == 0 && b[1] == 0 && find_type(b[2]) >= 0 && b[3] >= 1 &&
                b[3] <= GY_DIMS;
    return like ? 90 : 0;
}

static uint64_t big_endian(const uint8_t *b, int n)
{
    uint64_t v = 0;
    for (int i = 0; i < n; i++) v = v << 8 | b[i];
    return v;
}

static gy_status read_head(const char *path, gy_bytes *bytes, idx_file *f)
{
    uint8_t head[HEAD + GY_DIMS * LENGTH] = {0};
    GY_TRY(gy_bytes_read(bytes, 0, HEAD, head));
    f->type = find_type(head[2]);
    int axes = head[3];
    GY_REQUIRE(head[0] == 0 && head[1] == 0 && f->type >= 0 && axes >= 1 && axes <= GY_DIMS,
               GY_E_DATA,
               "cannot read the data" GY_AT "%s" GY_WHY "it does not begin as an IDX file", path);
    GY_TRY(gy_bytes_read(bytes, HEAD, axes * LENGTH, head + HEAD));
    f->sample.n = axes - 1;
    f->offset = HEAD + axes * LENGTH;
    for (int i = 0; i < axes; i++) {
        int64_t length = (int64_t)big_endian(head + HEAD + i * LENGTH, LENGTH);
        if (i == 0)
            f->samples = length;
        else
            f->sample.d[i - 1] = length;
    }
    f->count = gy_shape_count(&f->sample);
    return GY_OK;
}

static gy_status open_file(gy_context *ctx, const char *path, idx_file *f)
{
    f->path = path;
    GY_TRY(gy_bytes_open(ctx, path, &f->bytes));
    GY_TRY(read_head(path, f->bytes, f));
    int64_t there = (gy_bytes_size(f->bytes) - f->offset) / types[f->type].type.bytes;
    /* in this order nothing overflows */
    bool sane = f->count > 0 && f->count <= there;
    GY_REQUIRE(sane && f->samples <= there / f->count, GY_E_DATA,
               "cannot read the data" GY_AT "%s" GY_WHY
               "the file ends after %lld of %lld samples" GY_HINT "fetch it again",
               path, (long long)(f->count > 0 ? there / f->count : 0), (long long)f->samples);
    return GY_OK;
}

static gy_status read_samples(const idx_file *f, uint8_t *scratch, const int64_t *index, int64_t n,
                              float *out)
{
    const gy_element_type type = types[f->type].type;
    int64_t row = f->count * type.bytes;
    for (int64_t i = 0; i < n; i++, out += f->count) {
        GY_TRY(gy_bytes_read(f->bytes, f->offset + index[i] * row, row, scratch));
        gy_elements_read(type, scratch, f->count, out);
    }
    return GY_OK;
}

/* Integer labels, one a sample, are classes 0 … max. */
static gy_status scan_classes(idx *s, gy_source_info *info)
{
    const idx_file *y = &s->y;
    const gy_element_type type = types[y->type].type;
    if (type.kind == 'f' || y->count != 1) return GY_OK;
    uint8_t *block;
    GY_TRY(gy_alloc(s->ctx, BLOCK_BYTES, (void **)&block));
    int size = type.bytes;
    int64_t rows = BLOCK_BYTES / size;
    float least = 0.0f, largest = 0.0f;
    gy_status status = GY_OK;
    for (int64_t at = 0; at < y->samples && status == GY_OK; at += rows) {
        int64_t n = y->samples - at < rows ? y->samples - at : rows;
        status = gy_bytes_read(y->bytes, y->offset + at * size, n * size, block);
        for (int64_t i = 0; i < n && status == GY_OK; i++) {
            float v;
            gy_elements_read(type, block + i * size, 1, &v);
            if (v < least) least = v;
            if (v > largest) largest = v;
        }
    }
    gy_free(s->ctx, block);
    info->y_is_class = least >= 0.0f;
    if (info->y_is_class) info->classes = (int64_t)largest + 1;
    return status;
}

static gy_status open_labels(idx *s, const char *path, gy_source_info *info)
{
    GY_TRY(open_file(s->ctx, path, &s->y));
    GY_REQUIRE(s->y.samples == s->x.samples, GY_E_DATA,
               "images and labels differ in number" GY_AT "%s, %s" GY_WHY
               "%lld images, %lld labels",
               s->x.path, s->y.path, (long long)s->x.samples, (long long)s->y.samples);
    info->supervised = true;
    info->y = s->y.sample;
    return scan_classes(s, info);
}

static gy_status open(gy_context *ctx, gy_pool *pool, const gy_source_text *text,
                      const void *settings, const gy_source_options *options, void **state,
                      gy_source_info *info)
{
    (void)settings;
    (void)options;
    idx *s;
    GY_TRY(gy_pool_new(pool, &s));
    s->ctx = ctx;
    *state = s;
    GY_REQUIRE(text->n_files <= 2, GY_E_DATA,
               "cannot read the source" GY_AT "%s" GY_WHY "IDX takes images and labels",
               text->text);
    GY_TRY(open_file(ctx, text->path, &s->x));
    info->samples = s->x.samples;
    info->x = s->x.sample;
    info->x_type = gy_element_name(types[s->x.type].type);
    if (text->n_files > 1) GY_TRY(open_labels(s, text->files[1], info));
    int64_t largest = s->x.count > s->y.count ? s->x.count : s->y.count;
    return gy_alloc_array(ctx, largest, 8, (void **)&s->scratch);
}

static gy_status read(void *state, const int64_t *index, int64_t n, float *x, float *y)
{
    const idx *s = state;
    GY_TRY(read_samples(&s->x, s->scratch, index, n, x));
    return y == NULL ? GY_OK : read_samples(&s->y, s->scratch, index, n, y);
}

static void close(void *state)
{
    idx *s = state;
    gy_bytes_close(s->x.bytes);
    gy_bytes_close(s->y.bytes);
    gy_free(s->ctx, s->scratch);
}

const gy_format_kind gy_format_idx = {
    .kind = {"idx", "IDX (MNIST): IMAGES,LABELS; gzip is unpacked into memory", NULL, 0},
    .example = "train-images-idx3-ubyte.gz,train-labels-idx1-ubyte.gz",
    .probe = probe,
    .open = open,
    .read = read,
    .close = close,
};
