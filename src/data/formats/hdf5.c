/*
 * HDF5: x and, where supervised, y below a group, or the data sets that the query names; frames.h reads
 * them. Here is what y's numbers mean, and the names of classes and of tokens.
 */
#include "../data.h"

#include "../fit.h"
#include "../frames.h"
#include "base/count.h"
#include "base/log.h"

#include <math.h>
#include <string.h>

enum { SCAN = 1 << 16, SCAN_MOST = 1 << 26 }; /* numbers of y looked at at once, and in all */

typedef struct hdf5 {
    gy_context *ctx;
    gy_pool *pool;
    const char *text;
    gy_frames frames;
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

/* Whether y is one data set of whole numbers, in the first file. */
static gy_status is_whole(hdf5 *s, bool *out)
{
    const gy_frames_side *y = &s->frames.sides[GY_FRAMES_Y];
    gy_frames_file *file;
    GY_TRY(gy_frames_file_open(&s->frames, 0, &file));
    *out = y->n == 1 && y->fields[0].type != GY_H5_FLOAT64 &&
           gy_h5_data_is_integer(file->data[y->fields - s->frames.fields]);
    return GY_OK;
}

/* What is found of an integer y in its first samples, and what is ignored of it. */
typedef struct range {
    float least, largest;
    const gy_source_options *options;
} range;

static gy_status scan(hdf5 *s, int64_t samples, int64_t *index, float *v, range *r)
{
    const int64_t each = s->frames.sides[GY_FRAMES_Y].count, most = gy_most(SCAN / each, 1);
    for (int64_t n, at = 0; at < samples; at += n) {
        n = gy_least(most, samples - at);
        for (int64_t i = 0; i < n; i++) index[i] = at + i;
        GY_TRY(gy_frames_read(&s->frames, GY_FRAMES_Y, index, n, v));
        for (int64_t i = 0; i < n * each; i++) {
            if (r->options->ignores && v[i] == (float)r->options->ignored) continue;
            if (v[i] < r->least) r->least = v[i];
            if (v[i] > r->largest) r->largest = v[i];
        }
    }
    return GY_OK;
}

/*
 * Finds the classes of an integer y: 0 … max but for what is ignored; none where a number is below 0. In
 * bounded pieces.
 */
static gy_status scan_classes(hdf5 *s, const gy_source_options *options, gy_source_info *info)
{
    const int64_t each = s->frames.sides[GY_FRAMES_Y].count, all = s->frames.samples;
    const int64_t samples = gy_least(gy_most(SCAN_MOST / each, 1), all);
    const int64_t some = gy_least(gy_most(SCAN / each, 1), samples);
    range r = {.options = options};
    bool whole;
    float *v = NULL;
    int64_t *index = NULL;
    GY_TRY(is_whole(s, &whole));
    if (!whole) return GY_OK;
    gy_status status = gy_new_array(s->ctx, some * each, &v);
    if (status == GY_OK) status = gy_new_array(s->ctx, some, &index);
    if (status == GY_OK) status = scan(s, samples, index, v, &r);
    gy_free(s->ctx, index);
    gy_free(s->ctx, v);
    info->y_is_class = r.least >= 0.0f && r.largest < 16777216.0f;
    /* at a weight of 0 there may be anything */
    if (info->y_is_class && samples == all && !info->weighted)
        info->classes = (int64_t)r.largest + 1;
    return status;
}

/* A list of strings, as JSON in an attribute of the group. */
static gy_status read_json(hdf5 *s, gy_h5 *h5, const char *attribute, const char *const **names,
                           int64_t *n)
{
    char *json;
    const char *wrapped;
    gy_node *tree;
    GY_TRY(gy_h5_read_text(h5, s->frames.group, attribute, &json));
    gy_status status = gy_pool_format(s->pool, &wrapped, "{\"names\": %s}", json);
    gy_free(s->ctx, json);
    GY_TRY(status);
    GY_TRY(gy_json_parse(s->pool, s->text, wrapped, strlen(wrapped), &tree));
    return gy_fit_strings(s->pool, tree, "names", names, n);
}

/* The same, or a list of strings; *n = 0 without. Of the first file. */
static gy_status read_names(hdf5 *s, const char *attribute, const char *const **names, int64_t *n)
{
    gy_frames_file *file;
    const char *group = s->frames.group;
    *names = NULL;
    *n = 0;
    GY_TRY(gy_frames_file_open(&s->frames, 0, &file));
    if (!gy_h5_has_attribute(file->h5, group, attribute)) return GY_OK;
    GY_TRY(gy_h5_read_texts(file->h5, group, attribute, s->pool, names, n));
    return *n > 0 ? GY_OK : read_json(s, file->h5, attribute, names, n);
}

/* Names are a courtesy: what is no list of them is passed over with a word. */
static gy_status read_class_names(hdf5 *s, const char *const **names, int64_t *n)
{
    gy_status status = read_names(s, "class_names", names, n);
    if (status != GY_E_DATA) return status;
    gy_log(s->ctx, GY_WARNING, "%s: the attribute class_names is no list of names and is left out",
           s->text);
    *n = 0;
    return GY_OK;
}

/* Class names: of the training data, else of this file. */
static gy_status name_classes(hdf5 *s, const gy_source_options *options, gy_source_info *info)
{
    const gy_node *fit;
    const char *const *names;
    int64_t n;
    GY_TRY(gy_fit_parse(s->pool, options, &fit));
    GY_TRY(gy_fit_strings(s->pool, fit, "class_names", &names, &n));
    if (n == 0) GY_TRY(read_class_names(s, &names, &n));
    if (n == 0 || !info->y_is_class) return GY_OK;
    info->class_names = names;
    info->classes = n; /* a class beyond is found when it is read */
    return GY_OK;
}

/* Files that NetCDF packed, or of several types, are read as float32. */
static gy_status name_type(hdf5 *s, gy_source_info *info)
{
    const gy_frames_side *x = &s->frames.sides[GY_FRAMES_X];
    gy_frames_file *file;
    GY_TRY(gy_frames_file_open(&s->frames, 0, &file));
    for (int i = 0; i < x->n; i++) {
        const gy_h5_data *data = file->data[&x->fields[i] - s->frames.fields];
        const char *name = type_name(gy_h5_data_type(data), gy_h5_data_is_integer(data));
        bool packed =
            !isnan(x->fields[i].fill) || x->fields[i].scale != 1.0 || x->fields[i].offset != 0.0;
        bool same = !packed && (i == 0 || strcmp(info->x_type, name) == 0);
        info->x_type = same ? name : "float32";
        if (!same) break;
    }
    return GY_OK;
}

static gy_status open(gy_context *ctx, gy_pool *pool, const gy_source_text *text,
                      const void *settings, const gy_source_options *options, void **state,
                      gy_source_info *info)
{
    hdf5 *s;
    GY_TRY(gy_pool_new(pool, &s));
    *s = (hdf5){.ctx = ctx, .pool = pool, .text = text->text};
    *state = s;
    GY_TRY(gy_frames_open(ctx, pool, text, settings, options, &s->frames));
    const gy_frames_side *sides = s->frames.sides;
    GY_TRY(gy_frames_make_blocks(&s->frames, &info->chunk));
    info->samples = s->frames.samples;
    info->x = sides[GY_FRAMES_X].shape;
    info->as_stored = s->frames.settings->layout == GY_LAYOUT_AUTO;
    GY_TRY(name_type(s, info));
    GY_TRY(read_names(s, "vocabulary", &s->vocabulary, &s->n_vocabulary));
    info->x_is_tokens = s->n_vocabulary > 0;
    info->vocabulary = s->n_vocabulary;
    info->weighted = sides[GY_FRAMES_W].n > 0;
    info->w = sides[GY_FRAMES_W].shape;
    info->grouped = sides[GY_FRAMES_GROUP].n > 0;
    GY_REQUIRE(!info->grouped || sides[GY_FRAMES_GROUP].count == 1, GY_E_DATA,
               "not a valid source" GY_AT "%s, key group" GY_WHY
               "a sample has more than one number there",
               text->text);
    info->supervised = sides[GY_FRAMES_Y].n > 0;
    if (!info->supervised) return GY_OK;
    info->y = sides[GY_FRAMES_Y].shape;
    /* what is made of itself is no class */
    if (strcmp(sides[GY_FRAMES_Y].fields[0].name, sides[GY_FRAMES_X].fields[0].name) == 0)
        return GY_OK;
    GY_TRY(scan_classes(s, options, info));
    return name_classes(s, options, info);
}

static gy_status read(void *state, const int64_t *index, int64_t n, float *x, float *y)
{
    hdf5 *s = state;
    GY_TRY(gy_frames_read(&s->frames, GY_FRAMES_X, index, n, x));
    return y == NULL ? GY_OK : gy_frames_read(&s->frames, GY_FRAMES_Y, index, n, y);
}

static gy_status weigh(void *state, const int64_t *index, int64_t n, float *w)
{
    hdf5 *s = state;
    return gy_frames_read(&s->frames, GY_FRAMES_W, index, n, w);
}

static gy_status belong(void *state, const int64_t *index, int64_t n, int64_t *group)
{
    enum { BLOCK = 256 };
    float numbers[BLOCK];
    hdf5 *s = state;
    for (int64_t done = 0; done < n; done += BLOCK) {
        const int64_t some = n - done < BLOCK ? n - done : BLOCK;
        GY_TRY(gy_frames_read(&s->frames, GY_FRAMES_GROUP, index + done, some, numbers));
        for (int64_t i = 0; i < some; i++) {
            GY_REQUIRE(truncf(numbers[i]) == numbers[i] && fabsf(numbers[i]) < 0x1p24F, GY_E_DATA,
                       "not a group" GY_AT "%s, sample %lld" GY_WHY "it is %g" GY_HINT
                       "number groups by whole numbers",
                       s->text, (long long)index[done + i], (double)numbers[i]);
            group[done + i] = (int64_t)numbers[i];
        }
    }
    return GY_OK;
}

static void chunk(const void *state, int64_t sample, int64_t *first, int64_t *n)
{
    gy_frames_chunk(&((const hdf5 *)state)->frames, sample, first, n);
}

static gy_status keep(void *state, int64_t samples)
{
    return gy_frames_keep(&((hdf5 *)state)->frames, samples);
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
    gy_frames_close(&s->frames);
}

const gy_format_kind gy_format_hdf5 = {
    .kind = {"hdf5", "HDF5, NetCDF-4: x and y below a group, or data sets by name", gy_frames_rows,
             sizeof(gy_frames_settings)},
    .example = "run*.h5:/flow?x=u,v&y=p&rows=0:900",
    .probe = probe,
    .open = open,
    .read = read,
    .weigh = weigh,
    .belong = belong,
    .chunk = chunk,
    .keep = keep,
    .fit = fit,
    .close = close,
};
