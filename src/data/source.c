/* Sources: a string becomes a format kind, opened. */
#include "source_impl.h"

#include "fit.h"
#include "format_list.h"
#include "store/file.h"

#include <math.h>
#include <string.h>

#define ENTRY(name) &gy_format_##name.kind,
GY_REGISTRY(gy_format_registry, "data format", ENTRY, GY_FORMAT_LIST)

enum { HEAD_BYTES = 65536 };

static bool knows_keys(const gy_kind *kind, const gy_source_text *text)
{
    for (int i = 0; i < text->n; i++)
        if (gy_setting_find(kind->settings, text->keys[i]) == NULL) return false;
    return true;
}

static gy_status read_head(gy_context *ctx, const char *path, char *head, int64_t *n)
{
    gy_status status;
    gy_stream *stream = NULL;
    gy_lies there;
    GY_TRY(gy_path_kind(path, &there));
    GY_REQUIRE(there != GY_IS_DIRECTORY, GY_E_DATA,
               "cannot read the data" GY_AT "%s" GY_WHY "it is a directory" GY_HINT
               "name a file in it",
               path);
    GY_TRY(gy_stream_open(ctx, path, &stream));
    status = gy_stream_read(stream, head, HEAD_BYTES, n);
    gy_stream_close(stream);
    return status;
}

/* The format that is surest of the file; one that knows the query's keys goes before others. */
static gy_status probe(gy_source *s)
{
    gy_status status;
    char *head = NULL;
    int64_t n = 0;
    GY_TRY_GOTO(done, gy_alloc(s->ctx, HEAD_BYTES, (void **)&head));
    GY_TRY_GOTO(done, read_head(s->ctx, s->text.path, head, &n));
    int best = 0;
    for (int i = 0; i < gy_format_registry.n; i++) {
        const gy_format_kind *kind = gy_format_kind_of(gy_format_registry.kinds[i]);
        int score = kind->probe == NULL ? 0 : kind->probe(s->text.path, head, (size_t)n);
        if (score > 0 && knows_keys(&kind->kind, &s->text)) score += 1000;
        if (score <= best) continue;
        best = score;
        s->kind = kind;
    }
    if (s->kind == NULL)
        status = gy_raise(GY_E_DATA,
                          "cannot read the data" GY_AT "%s" GY_WHY "%s" GY_HINT
                          "name the format with ?format=…, see `gyre help data`",
                          s->text.path, n == 0 ? "the file is empty" : "no format is known by it");
done:
    gy_free(s->ctx, head);
    return status;
}

static gy_status choose_format(gy_source *s)
{
    const char *name = gy_source_text_find(&s->text, "format");
    if (s->text.scheme != NULL) {
        for (int i = 0; i < gy_format_registry.n; i++) {
            const gy_format_kind *kind = gy_format_kind_of(gy_format_registry.kinds[i]);
            if (kind->scheme == s->text.scheme) s->kind = kind;
        }
        return GY_OK;
    }
    if (name == NULL) return probe(s);
    const gy_kind *kind = gy_registry_find(&gy_format_registry, name);
    if (kind == NULL || gy_format_kind_of(kind)->scheme != NULL) {
        const char *nearest = gy_registry_nearest(&gy_format_registry, name);
        return gy_raise(GY_E_DATA, "unknown data format" GY_AT "%s" GY_WHY "'%s'%s%s%s",
                        s->text.text, name, nearest == NULL ? "" : "; did you mean ",
                        nearest == NULL ? "" : nearest, nearest == NULL ? "" : "?");
    }
    s->kind = gy_format_kind_of(kind);
    return GY_OK;
}

/* Weights are of the first axes of the targets. */
static gy_status check_weights(const gy_source *s)
{
    const gy_source_info *info = &s->info;
    char one[GY_SHAPE_TEXT], other[GY_SHAPE_TEXT];
    if (!info->weighted) return GY_OK;
    GY_REQUIRE(info->supervised, GY_E_DATA,
               "weights without targets" GY_AT "%s" GY_WHY "the samples have no y", s->text.text);
    bool fit = info->w.n <= info->y.n;
    for (int i = 0; i < info->w.n && fit; i++) fit = info->w.d[i] == info->y.d[i];
    GY_REQUIRE(fit, GY_E_DATA,
               "weights do not fit the targets" GY_AT "%s" GY_WHY
               "they are %s, of targets %s" GY_HINT "give one a sample, or of the first axes",
               s->text.text, gy_shape_text(&info->w, one), gy_shape_text(&info->y, other));
    return GY_OK;
}

/* What every format must have said about itself. */
static gy_status check_info(gy_source *s)
{
    const gy_source_info *info = &s->info;
    s->x_count = gy_shape_count(&info->x);
    s->y_count = info->supervised ? gy_shape_count(&info->y) : 0;
    s->w_count = info->weighted ? gy_shape_count(&info->w) : 0;
    GY_TRY(check_weights(s));
    if (info->chunk.bytes == 0)
        s->info.chunk = (gy_source_chunk){1, (s->x_count + s->y_count + s->w_count) * 4, false};
    GY_REQUIRE(s->x_count > 0 && s->y_count >= 0, GY_E_DATA,
               "cannot read the data" GY_AT "%s" GY_WHY "its samples are empty or too large",
               s->text.text);
    GY_REQUIRE(info->samples > 0, GY_E_DATA,
               "cannot read the data" GY_AT "%s" GY_WHY "it holds no samples", s->text.text);
    s->check_x = strncmp(info->x_type, "int", 3) != 0 && strncmp(info->x_type, "uint", 4) != 0;
    return GY_OK;
}

gy_status gy_source_open(gy_context *ctx, const char *text, const gy_source_options *options,
                         gy_source **out)
{
    static const gy_source_options standard = {.sequence = 256};
    gy_status status;
    gy_source *s = NULL;
    void *settings;
    if (options == NULL) options = &standard;
    GY_TRY_GOTO(fail, gy_new(ctx, &s));
    s->ctx = ctx;
    gy_pool_init(&s->pool, ctx);
    GY_TRY_GOTO(fail, gy_source_text_parse(&s->pool, text, &s->text));
    GY_TRY_GOTO(fail, choose_format(s));
    GY_TRY_GOTO(fail, gy_source_text_settings(&s->pool, &s->text, &s->kind->kind, &settings));
    s->info.format = s->kind->kind.name;
    s->fitted = options->fit != NULL;
    s->ignores = options->ignores;
    s->ignored = (float)options->ignored;
    GY_TRY_GOTO(fail,
                s->kind->open(ctx, &s->pool, &s->text, settings, options, &s->state, &s->info));
    GY_TRY_GOTO(fail, check_info(s));
    *out = s;
    return GY_OK;
fail:
    gy_source_close(s);
    return status;
}

void gy_source_close(gy_source *s)
{
    if (s == NULL) return;
    if (s->state != NULL) s->kind->close(s->state);
    gy_pool_clear(&s->pool);
    gy_free(s->ctx, s);
}

const gy_source_info *gy_source_get_info(const gy_source *s)
{
    return &s->info;
}

gy_status gy_source_spare(const gy_source *s, const gy_output *output)
{
    if (s->text.scheme != NULL && strcmp(s->text.scheme, "synthetic") == 0) return GY_OK;
    for (int i = 0; i < s->text.n_files; i++) GY_TRY(gy_output_spare(output, s->text.files[i]));
    return GY_OK;
}

const char *gy_source_get_text(const gy_source *s)
{
    return s->text.text;
}

/* Channels first as if they stood last. */
static gy_shape turned(const gy_shape *x)
{
    gy_shape out = *x;
    for (int i = 0; i < x->n; i++) out.d[i] = x->d[(i + 1) % x->n];
    return out;
}

gy_status gy_source_check_shape(const gy_source *s, const gy_shape *input)
{
    const gy_shape *x = &s->info.x;
    bool flat = x->n <= 1 && s->x_count == gy_shape_count(input);
    if (flat || gy_shape_alike(x, input)) return GY_OK;
    const gy_shape last = turned(x);
    char samples[GY_SHAPE_TEXT], wanted[GY_SHAPE_TEXT];
    return gy_raise(GY_E_DATA,
                    "samples do not fit the model" GY_AT "%s" GY_WHY
                    "samples are %s, model.input is %s" GY_HINT "%s",
                    s->text.text, gy_shape_text(x, samples), gy_shape_text(input, wanted),
                    s->info.n_columns > 0
                        ? "a column of texts is as many values as it has texts, gyre data info "
                          "shows them; ?format=text where it is no table"
                    : s->info.as_stored && gy_shape_equal(&last, input)
                        ? "?layout=channels_first turns them"
                        : "channels stand last");
}

gy_status gy_source_check_layout(const gy_source *s)
{
    enum { CHANNELS = 4, WIDTH = 16 };
    const gy_shape *x = &s->info.x;
    char shape[GY_SHAPE_TEXT];
    bool first = s->info.as_stored && x->n >= 3 && x->d[0] <= CHANNELS && x->d[x->n - 1] > WIDTH;
    GY_REQUIRE(!first, GY_E_DATA,
               "channels seem to stand first" GY_AT "%s" GY_WHY "samples are %s" GY_HINT
               "?layout=channels_first turns them, ?layout=channels_last takes them as they are",
               s->text.text, gy_shape_text(x, shape));
    return GY_OK;
}

void gy_source_chunk_of(const gy_source *s, int64_t sample, int64_t *first, int64_t *n)
{
    *first = sample;
    *n = 1;
    if (s->kind->chunk != NULL) s->kind->chunk(s->state, sample, first, n);
}

gy_status gy_source_keep(gy_source *s, int64_t samples)
{
    if (s->kind->keep == NULL || !s->info.chunk.packed) return GY_OK;
    return s->kind->keep(s->state, samples);
}

double gy_source_unpacked(const gy_source_info *info, int ranks)
{
    const gy_source_chunk *c = &info->chunk;
    const double chunks = (double)info->samples / (double)c->samples;
    const double kept = (double)GY_KEPT_BYTES / ranks / (double)c->bytes;
    if (!c->packed) return 1;
    return fmax(1, (double)c->samples * (1 - kept / chunks));
}

gy_status gy_source_learn(gy_source *s, const gy_split *split)
{
    if (s->fitted || s->kind->learn == NULL) return GY_OK;
    return s->kind->learn(s->state, split);
}

gy_status gy_source_fit(const gy_source *s, gy_buffer *json)
{
    gy_json_begin(json, NULL, '{');
    gy_json_string(json, "format", s->info.format);
    if (s->info.class_names != NULL)
        gy_fit_print_strings(json, "class_names", s->info.class_names, s->info.classes);
    if (s->kind->fit != NULL) s->kind->fit(s->state, json);
    gy_json_end(json, '}');
    return json->status;
}
