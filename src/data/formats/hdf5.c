/*
 * HDF5: /x and, where supervised, /y below a group. Nothing is read whole. A read sorts its samples
 * by their place in the file and joins neighbours, and those so near that reading over the gap costs
 * less than another call, into one hyperslab, whose rows are then dealt out. Bytes stay bytes until
 * then.
 */
#include "../data.h"

#include "../fit.h"
#include "base/log.h"
#include "store/hdf5.h"

#include <stdlib.h>
#include <string.h>

enum {
    BLOCK = 1024, /* samples sorted at once */
    SCRATCH_BYTES = 1 << 20,
    GAP_BYTES = 1 << 14, /* of float32: read rather than skipped */
    SCAN = 1 << 16       /* numbers of y looked at at once, when opening */
};

static const int64_t scan_most = (int64_t)1 << 26; /* numbers of y looked at in all */

/* One of the two data sets. */
typedef struct part {
    gy_h5_data *data;
    int64_t count;   /* elements of a sample */
    gy_h5_type type; /* read as: UINT8 or FLOAT32 */
    int64_t rows;    /* of the scratch */
    void *scratch;   /* [rows, count] */
} part;

typedef struct order {
    int64_t sample, place;
} order;

typedef struct hdf5 {
    gy_context *ctx;
    gy_pool *pool;
    const char *text;
    gy_h5 *file;
    part x, y;
    order *order; /* [BLOCK] */
    const char *const *vocabulary;
    int64_t n_vocabulary;
} hdf5;

static int probe(const char *path, const void *head, size_t n)
{
    static const char signature[8] = {'\x89', 'H', 'D', 'F', '\r', '\n', '\x1a', '\n'};
    (void)path;
    /* the superblock is at 0, 512, 1024, 2048, … */
    for (size_t at = 0; at + sizeof signature <= n; at = at == 0 ? 512 : at * 2)
        if (memcmp((const char *)head + at, signature, sizeof signature) == 0) return 100;
    return 0;
}

static const char *type_name(gy_h5_type type, bool is_integer)
{
    switch (type) {
    case GY_H5_FLOAT32:
        return "float32";
    case GY_H5_FLOAT64:
        return "float64";
    case GY_H5_UINT8:
        return "uint8";
    case GY_H5_INT8:
        return "int8";
    case GY_H5_INT16:
        return "int16";
    case GY_H5_INT32:
        return "int32";
    case GY_H5_INT64:
        return "int64";
    case GY_H5_OTHER:
        break;
    }
    return is_integer ? "integer" : "float";
}

static gy_status open_part(hdf5 *s, const char *name, part *p, gy_shape *sample, int64_t *samples)
{
    GY_TRY(gy_h5_data_open(s->file, name, &p->data));
    const gy_shape *shape = gy_h5_data_shape(p->data);
    GY_REQUIRE(shape->n >= 1, GY_E_DATA,
               "cannot read the data" GY_AT "%s" GY_WHY "%s is one number, not a list of samples",
               s->text, name);
    *samples = shape->d[0];
    *sample = (gy_shape){.n = shape->n - 1};
    memcpy(sample->d, shape->d + 1, (size_t)sample->n * sizeof *sample->d);
    p->count = gy_shape_count(sample);
    GY_REQUIRE(p->count > 0, GY_E_DATA,
               "cannot read the data" GY_AT "%s" GY_WHY "samples of %s are empty or too large",
               s->text, name);
    p->type = gy_h5_data_type(p->data) == GY_H5_UINT8 ? GY_H5_UINT8 : GY_H5_FLOAT32;
    int64_t row_bytes = p->count * (p->type == GY_H5_UINT8 ? 1 : 4);
    p->rows = SCRATCH_BYTES / row_bytes > 0 ? SCRATCH_BYTES / row_bytes : 1;
    return gy_alloc_array(s->ctx, p->rows, (size_t)row_bytes, &p->scratch);
}

/* Finds the classes of an integer y: 0 … max; none where a number is below 0. In bounded pieces. */
static gy_status scan_classes(hdf5 *s, int64_t samples, gy_source_info *info)
{
    part *y = &s->y;
    if (!gy_h5_data_is_integer(y->data)) return GY_OK;
    int64_t rows = SCAN / y->count > 0 ? SCAN / y->count : 1;
    int64_t most = scan_most / y->count > 0 ? scan_most / y->count : 1;
    int64_t look = samples < most ? samples : most;
    float *v;
    GY_TRY(gy_new_array(s->ctx, rows * y->count, &v));
    gy_status status = GY_OK;
    float least = 0.0f, largest = 0.0f;
    for (int64_t at = 0; at < look && status == GY_OK; at += rows) {
        int64_t n = look - at < rows ? look - at : rows;
        status = gy_h5_data_read(y->data, at, n, GY_H5_FLOAT32, v);
        for (int64_t i = 0; i < n * y->count && status == GY_OK; i++) {
            if (v[i] < least) least = v[i];
            if (v[i] > largest) largest = v[i];
        }
    }
    gy_free(s->ctx, v);
    info->y_is_class = least >= 0.0f && largest < 16777216.0f;
    if (info->y_is_class && look == samples) info->classes = (int64_t)largest + 1;
    return status;
}

/* A list of strings, as JSON in an attribute of the group. */
static gy_status read_json(hdf5 *s, const char *group, const char *attribute,
                           const char *const **names, int64_t *n)
{
    char *json;
    const char *wrapped;
    gy_node *tree;
    GY_TRY(gy_h5_read_text(s->file, group, attribute, &json));
    gy_status status = gy_pool_format(s->pool, &wrapped, "{\"names\": %s}", json);
    gy_free(s->ctx, json);
    GY_TRY(status);
    GY_TRY(gy_json_parse(s->pool, s->text, wrapped, strlen(wrapped), &tree));
    return gy_fit_strings(s->pool, tree, "names", names, n);
}

/* The same, or a list of strings; *n = 0 without. */
static gy_status read_names(hdf5 *s, const char *group, const char *attribute,
                            const char *const **names, int64_t *n)
{
    *names = NULL;
    *n = 0;
    if (!gy_h5_has_attribute(s->file, group, attribute)) return GY_OK;
    GY_TRY(gy_h5_read_texts(s->file, group, attribute, s->pool, names, n));
    return *n > 0 ? GY_OK : read_json(s, group, attribute, names, n);
}

/* Names are a courtesy: what is no list of them is passed over with a word. */
static gy_status read_class_names(hdf5 *s, const char *group, const char *const **names, int64_t *n)
{
    gy_status status = read_names(s, group, "class_names", names, n);
    if (status != GY_E_DATA) return status;
    gy_log(s->ctx, GY_WARNING, "%s: the attribute class_names is no list of names and is left out",
           s->text);
    *n = 0;
    return GY_OK;
}

/* Class names: of the training data, else of this file. */
static gy_status name_classes(hdf5 *s, const char *group, const gy_source_options *options,
                              gy_source_info *info)
{
    const gy_node *fit;
    const char *const *names;
    int64_t n;
    GY_TRY(gy_fit_parse(s->pool, options, &fit));
    GY_TRY(gy_fit_strings(s->pool, fit, "class_names", &names, &n));
    if (n == 0) GY_TRY(read_class_names(s, group, &names, &n));
    if (n == 0 || !info->y_is_class) return GY_OK;
    info->class_names = names;
    info->classes = n; /* a class beyond is found when it is read */
    return GY_OK;
}

/* What lies in another file is refused by name, not taken for missing. */
static gy_status refuse_links(const hdf5 *s, const char *name)
{
    GY_REQUIRE(!gy_h5_is_elsewhere(s->file, name), GY_E_DATA,
               "cannot read the data" GY_AT "%s" GY_WHY "%s is a link to another file" GY_HINT
               "name that file, or copy the data here with h5copy",
               s->text, name);
    return GY_OK;
}

static gy_status open_target(hdf5 *s, const char *group, const char *name,
                             const gy_source_options *options, gy_source_info *info)
{
    int64_t targets = 0;
    GY_TRY(refuse_links(s, name));
    if (!gy_h5_exists(s->file, name)) return GY_OK;
    GY_TRY(open_part(s, name, &s->y, &info->y, &targets));
    GY_REQUIRE(targets == info->samples, GY_E_DATA,
               "samples and targets differ in number" GY_AT "%s" GY_WHY
               "x holds %lld samples, y %lld targets",
               s->text, (long long)info->samples, (long long)targets);
    info->supervised = true;
    GY_TRY(scan_classes(s, targets, info));
    return name_classes(s, group, options, info);
}

static gy_status open(gy_context *ctx, gy_pool *pool, const gy_source_text *text,
                      const void *settings, const gy_source_options *options, void **state,
                      gy_source_info *info)
{
    (void)settings;
    hdf5 *s;
    const char *x_name, *y_name;
    const char *group = text->group == NULL ? "/" : text->group;
    const char *slash = group[strlen(group) - 1] == '/' ? "" : "/";
    GY_REQUIRE(text->second == NULL, GY_E_DATA,
               "cannot read the source" GY_AT "%s" GY_WHY "HDF5 takes one file", text->text);
    GY_TRY(gy_pool_new(pool, &s));
    *s = (hdf5){.ctx = ctx, .pool = pool, .text = text->text};
    *state = s;
    GY_TRY(gy_pool_format(pool, &x_name, "%s%sx", group, slash));
    GY_TRY(gy_pool_format(pool, &y_name, "%s%sy", group, slash));
    GY_TRY(gy_new_array(ctx, BLOCK, &s->order));
    GY_TRY(gy_h5_open(ctx, text->path, GY_E_DATA, &s->file));
    GY_TRY(refuse_links(s, x_name));
    GY_REQUIRE(gy_h5_exists(s->file, x_name), GY_E_DATA,
               "no samples" GY_AT "%s" GY_WHY "the file has no %s" GY_HINT
               "name the group that holds x and y: FILE:/GROUP; `h5ls -r FILE` lists them",
               text->text, x_name);
    GY_TRY(open_part(s, x_name, &s->x, &info->x, &info->samples));
    info->x_type = type_name(gy_h5_data_type(s->x.data), gy_h5_data_is_integer(s->x.data));
    GY_TRY(read_names(s, group, "vocabulary", &s->vocabulary, &s->n_vocabulary));
    info->x_is_tokens = s->n_vocabulary > 0;
    info->vocabulary = s->n_vocabulary;
    return open_target(s, group, y_name, options, info);
}

static int compare(const void *a, const void *b)
{
    const order *l = a, *r = b;
    return (l->sample > r->sample) - (l->sample < r->sample);
}

/* Puts one row of the scratch where it is wanted. */
static void deal(const part *p, int64_t row, float *out)
{
    if (p->type == GY_H5_UINT8) {
        const uint8_t *from = (const uint8_t *)p->scratch + row * p->count;
        for (int64_t i = 0; i < p->count; i++) out[i] = (float)from[i];
    } else {
        memcpy(out, (const float *)p->scratch + row * p->count, (size_t)p->count * sizeof(float));
    }
}

static gy_status read_part(const hdf5 *s, const part *p, int64_t n, float *out)
{
    const int64_t gap = 1 + GAP_BYTES / (p->count * 4);
    for (int64_t i = 0; i < n;) {
        int64_t first = s->order[i].sample, end = i + 1;
        while (end < n && s->order[end].sample - s->order[end - 1].sample <= gap &&
               s->order[end].sample - first < p->rows)
            end++;
        GY_TRY(gy_h5_data_read(p->data, first, s->order[end - 1].sample - first + 1, p->type,
                               p->scratch));
        for (; i < end; i++)
            deal(p, s->order[i].sample - first, out + s->order[i].place * p->count);
    }
    return GY_OK;
}

static gy_status read(void *state, const int64_t *index, int64_t n, float *x, float *y)
{
    hdf5 *s = state;
    for (int64_t done = 0; done < n;) {
        int64_t some = n - done < BLOCK ? n - done : BLOCK;
        for (int64_t i = 0; i < some; i++) s->order[i] = (order){index[done + i], i};
        qsort(s->order, (size_t)some, sizeof *s->order, compare);
        GY_TRY(read_part(s, &s->x, some, x + done * s->x.count));
        if (y != NULL) GY_TRY(read_part(s, &s->y, some, y + done * s->y.count));
        done += some;
    }
    return GY_OK;
}

static void fit(const void *state, gy_buffer *json)
{
    const hdf5 *s = state;
    if (s->n_vocabulary > 0)
        gy_fit_print_strings(json, "vocabulary", s->vocabulary, s->n_vocabulary);
}

static void close(void *state)
{
    hdf5 *s = state;
    part *parts[] = {&s->x, &s->y};
    for (int i = 0; i < 2; i++) {
        gy_h5_data_close(parts[i]->data);
        gy_free(s->ctx, parts[i]->scratch);
    }
    gy_free(s->ctx, s->order);
    if (gy_h5_close(s->file) != GY_OK) { /* nothing was written: nothing is lost */
    }
}

const gy_format_kind gy_format_hdf5 = {
    .kind = {"hdf5", "HDF5: x and y below a group", NULL, 0},
    .example = "digits.h5:/train",
    .probe = probe,
    .open = open,
    .read = read,
    .fit = fit,
    .close = close,
};
