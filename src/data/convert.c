/* Sources into one HDF5 file, in bounded pieces, under a temporary name until all is written. */
#include "public.h"

#include "base/door.h"
#include "base/log.h"
#include "fit.h"
#include "store/file.h"
#include "store/hdf5.h"

#include <string.h>

enum { BLOCK_FLOATS = 1 << 18, CHUNK_FLOATS = 1 << 14 };

typedef struct conversion {
    gy_context *ctx;
    gy_pool pool;
    gy_output *output;
    gy_h5 *file;
    int deflate;
    gy_source_options options;
    gy_buffer fit;  /* of the first source */
    gy_buffer done; /* what was written, a line a source */
    const char *path;
} conversion;

static gy_h5_type x_type_of(const gy_source_info *info)
{
    static const struct {
        const char *name;
        gy_h5_type type;
    } types[] = {{"uint8", GY_H5_UINT8},
                 {"int8", GY_H5_INT8},
                 {"int16", GY_H5_INT16},
                 {"int32", GY_H5_INT32}};
    if (info->x_is_tokens) return info->vocabulary <= 256 ? GY_H5_UINT8 : GY_H5_INT32;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strcmp(info->x_type, types[i].name) == 0) return types[i].type;
    return GY_H5_FLOAT32;
}

static gy_h5_type y_type_of(const gy_source_info *info)
{
    if (!info->y_is_class) return GY_H5_FLOAT32;
    return info->classes > 0 && info->classes <= 256 ? GY_H5_UINT8 : GY_H5_INT32;
}

static gy_status create(conversion *c, const char *group, const char *name, const gy_shape *sample,
                        int64_t samples, gy_h5_type type, gy_h5_data **out)
{
    const char *full;
    gy_shape shape = {.n = sample->n + 1, .d = {samples}};
    GY_REQUIRE(shape.n <= GY_DIMS, GY_E_DATA,
               "cannot convert the data" GY_WHY "samples have more than %d axes", GY_DIMS - 1);
    memcpy(shape.d + 1, sample->d, (size_t)sample->n * sizeof *sample->d);
    const char *slash = group[strlen(group) - 1] == '/' ? "" : "/";
    GY_TRY(gy_pool_format(&c->pool, &full, "%s%s%s", group, slash, name));
    int64_t rows = CHUNK_FLOATS / gy_shape_count(sample);
    rows = rows < 1 ? 1 : rows > samples ? samples : rows;
    return gy_h5_data_create(c->file, full, type, &shape, c->deflate > 0 ? rows : 0, c->deflate,
                             out);
}

/* The data sets that a source becomes; NULL where it has none. */
typedef struct written {
    gy_h5_data *x, *y, *w;
} written;

static gy_status write_some(const written *to, int64_t at, int64_t n, const float *x,
                            const float *y, const float *w)
{
    GY_TRY(gy_h5_data_write(to->x, at, n, GY_H5_FLOAT32, x));
    if (to->y != NULL) GY_TRY(gy_h5_data_write(to->y, at, n, GY_H5_FLOAT32, y));
    return to->w == NULL ? GY_OK : gy_h5_data_write(to->w, at, n, GY_H5_FLOAT32, w);
}

static gy_status copy_samples(conversion *c, gy_source *source, const written *to)
{
    const gy_source_info *info = gy_source_get_info(source);
    int64_t x_count = gy_shape_count(&info->x);
    int64_t y_count = info->supervised ? gy_shape_count(&info->y) : 0;
    int64_t w_count = info->weighted ? gy_shape_count(&info->w) : 0;
    int64_t block = BLOCK_FLOATS / x_count > 0 ? BLOCK_FLOATS / x_count : 1;
    float *x, *y, *w;
    int64_t *index;
    GY_TRY(gy_pool_array(&c->pool, block * x_count, &x));
    GY_TRY(gy_pool_array(&c->pool, block * y_count + 1, &y));
    GY_TRY(gy_pool_array(&c->pool, block * w_count + 1, &w));
    GY_TRY(gy_pool_array(&c->pool, block, &index));
    for (int64_t at = 0; at < info->samples; at += block) {
        int64_t n = info->samples - at < block ? info->samples - at : block;
        for (int64_t i = 0; i < n; i++) index[i] = at + i;
        GY_TRY(gy_source_read_weighted(source, index, n, x, y, w));
        GY_TRY(write_some(to, at, n, x, y, w));
    }
    return GY_OK;
}

static gy_status write_names(conversion *c, const char *group, const char *attribute,
                             const char *const *names, int64_t n)
{
    gy_buffer json;
    if (n == 0) return GY_OK;
    gy_buffer_init(&json, c->ctx);
    gy_fit_print_strings(&json, NULL, names, n);
    gy_status status = json.status;
    if (status == GY_OK)
        status = gy_h5_write_text(c->file, group, attribute, gy_buffer_text(&json));
    gy_buffer_clear(&json);
    return status;
}

static gy_status write_attributes(conversion *c, gy_source *source, const char *group)
{
    const gy_source_info *info = gy_source_get_info(source);
    const gy_node *fit;
    const char *const *vocabulary;
    int64_t n;
    GY_TRY(gy_fit_parse(&c->pool, &c->options, &fit));
    GY_TRY(gy_fit_strings(&c->pool, fit, "vocabulary", &vocabulary, &n));
    GY_TRY(write_names(c, group, "vocabulary", vocabulary, n));
    if (info->class_names != NULL)
        GY_TRY(write_names(c, group, "class_names", info->class_names, info->classes));
    return gy_h5_write_text(c->file, group, "source", gy_source_get_text(source));
}

static gy_status write_source(conversion *c, gy_source *source, const char *group)
{
    gy_status status;
    const gy_source_info *info = gy_source_get_info(source);
    written to = {NULL, NULL, NULL};
    if (strcmp(group, "/") != 0) GY_TRY(gy_h5_group(c->file, group));
    GY_TRY_GOTO(done, create(c, group, "x", &info->x, info->samples, x_type_of(info), &to.x));
    if (info->supervised)
        GY_TRY_GOTO(done, create(c, group, "y", &info->y, info->samples, y_type_of(info), &to.y));
    if (info->weighted)
        GY_TRY_GOTO(done, create(c, group, "w", &info->w, info->samples, GY_H5_FLOAT32, &to.w));
    GY_TRY_GOTO(done, copy_samples(c, source, &to));
    GY_TRY_GOTO(done, write_attributes(c, source, group));
done:
    gy_h5_data_close(to.x);
    gy_h5_data_close(to.y);
    gy_h5_data_close(to.w);
    return status;
}

/* "mnist.h5:/train: 60000 samples, x [28, 28] uint8, y 10 classes" */
static void tell(conversion *c, const gy_source_info *info, const char *group)
{
    char shape[GY_SHAPE_TEXT];
    gy_buffer *b = &c->done;
    gy_buffer_format(b, "%s:%s: %lld samples, x %s %s", c->path, group, (long long)info->samples,
                     gy_shape_text(&info->x, shape),
                     x_type_of(info) == GY_H5_FLOAT32 ? "float32" : info->x_type);
    if (!info->supervised)
        gy_buffer_add(b, ", no y");
    else if (info->x_is_tokens && info->y_is_class)
        gy_buffer_add(b, ", y the next tokens");
    else if (info->y_is_class)
        gy_buffer_format(b, ", y %lld classes", (long long)info->classes);
    else
        gy_buffer_format(b, ", y values%s%s", info->y.n > 0 ? " " : "",
                         info->y.n > 0 ? gy_shape_text(&info->y, shape) : "");
    gy_buffer_add(b, info->weighted ? ", weights w\n" : "\n");
}

static gy_status convert_part(conversion *c, const gy_data_part *part)
{
    gy_source *source;
    GY_TRY(gy_source_open(c->ctx, part->source, &c->options, &source));
    gy_status status = gy_source_spare(source, c->output);
    if (status == GY_OK && c->options.fit == NULL) {
        status = gy_source_fit(source, &c->fit);
        c->options.fit = gy_buffer_text(&c->fit);
    }
    if (status == GY_OK) status = write_source(c, source, part->group);
    if (status == GY_OK) tell(c, gy_source_get_info(source), part->group);
    gy_source_close(source);
    gy_pool_clear(&c->pool);
    return status;
}

static gy_status convert_all(conversion *c, const gy_data_part *parts, int n)
{
    for (int i = 0; i < n; i++)
        GY_REQUIRE(parts[i].group[0] == '/', GY_E_USAGE,
                   "not a group" GY_AT "%s" GY_WHY "it must begin with /", parts[i].group);
    GY_TRY(gy_h5_create(c->ctx, gy_output_name(c->output), &c->file));
    for (int i = 0; i < n; i++) GY_TRY(convert_part(c, &parts[i]));
    gy_h5 *file = c->file;
    c->file = NULL;
    return gy_h5_close(file);
}

gy_status gy_data_convert(gy_context *ctx, const gy_data_part *parts, int n,
                          const gy_data_text *text, int deflate, const char *path)
{
    GY_DOOR;
    gy_status status;
    conversion c = {.ctx = ctx, .deflate = deflate, .path = path};
    gy_pool_init(&c.pool, ctx);
    gy_buffer_init(&c.fit, ctx);
    gy_buffer_init(&c.done, ctx);
    GY_TRY_GOTO(done, gy_data_text_options(text, &c.options));
    GY_TRY_GOTO(done, gy_output_begin(ctx, path, &c.output));
    GY_TRY_GOTO(done, convert_all(&c, parts, n));
    status = gy_output_commit(c.output);
    c.output = NULL;
    char *rest = c.done.status == GY_OK && status == GY_OK ? c.done.text : NULL;
    for (char *line; rest != NULL && (line = strsep(&rest, "\n")) != NULL && *line != '\0';)
        gy_log(ctx, GY_INFO, "%s", line);
done:;
    gy_error error = *gy_error_last();
    if (gy_h5_close(c.file) != GY_OK) {} /* something failed before */
    gy_output_abort(c.output);
    (void)gy_error_restore(&error);
    gy_buffer_clear(&c.fit);
    gy_buffer_clear(&c.done);
    gy_pool_clear(&c.pool);
    return status;
}
