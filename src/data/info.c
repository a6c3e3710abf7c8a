/* What a source holds, for `gyre data info`; the formats, for `gyre help data`. */
#include "public.h"

#include "base/door.h"
#include "fit.h"
#include "text/tree.h"
#include "text/utf8.h"

#include <math.h>
#include <string.h>

enum { LOOK_FLOATS = 1 << 28, BLOCK_FLOATS = 1 << 18, SHOWN = 32 };

/* What is found by reading the first samples. */
typedef struct summary {
    int64_t looked;                         /* samples */
    double least, largest, mean, deviation; /* of x */
    double y_least, y_largest;              /* of targets that weigh something, as the counts */
    double w_least, w_largest;
    int64_t classes;       /* where targets are such */
    int64_t counts[SHOWN]; /* of each */
    bool counted;
} summary;

/* Room for some samples. */
typedef struct block {
    int64_t n, x_count, y_count, w_count;
    float *x, *y, *w;
} block;

typedef struct printer {
    gy_buffer text;
    void (*line)(void *user, const char *text);
    void *user;
} printer;

gy_status gy_data_text_options(const gy_data_text *text, gy_source_options *out)
{
    *out = (gy_source_options){.sequence = 256};
    if (text == NULL) return GY_OK;
    if (text->sequence > 0) out->sequence = text->sequence;
    out->tokenizer = text->tokenizer;
    if (text->tokens == NULL) return GY_OK;
    for (out->tokens = 0; gy_token_names[out->tokens] != NULL; out->tokens++)
        if (strcmp(gy_token_names[out->tokens], text->tokens) == 0) return GY_OK;
    return gy_raise(GY_E_USAGE,
                    "unknown kind of tokens" GY_AT "%s" GY_WHY
                    "there are bytes, chars, words and bpe",
                    text->tokens);
}

static void add_block(const gy_source_info *info, const block *b, summary *s)
{
    for (int64_t i = 0; i < b->n * b->x_count; i++) {
        double v = b->x[i];
        if (v < s->least) s->least = v;
        if (v > s->largest) s->largest = v;
        s->mean += v;
        s->deviation += v * v;
    }
    for (int64_t i = 0; i < b->n * b->w_count; i++) {
        s->w_least = fmin(s->w_least, (double)b->w[i]);
        s->w_largest = fmax(s->w_largest, (double)b->w[i]);
    }
    for (int64_t i = 0; i < b->n * b->y_count; i++) {
        const float y = b->y[i];
        if (b->w_count > 0 && b->w[i / (b->y_count / b->w_count)] == 0.0f) continue;
        s->y_least = fmin(s->y_least, (double)y);
        s->y_largest = fmax(s->y_largest, (double)y);
        if (info->y_is_class && y < (float)SHOWN) s->counts[(int64_t)y]++;
    }
}

static gy_status make_room(const gy_source_info *info, gy_pool *pool, block *b)
{
    b->x_count = gy_shape_count(&info->x);
    b->y_count = info->supervised ? gy_shape_count(&info->y) : 0;
    b->w_count = info->weighted ? gy_shape_count(&info->w) : 0;
    b->n = BLOCK_FLOATS / b->x_count > 0 ? BLOCK_FLOATS / b->x_count : 1;
    GY_TRY(gy_pool_array(pool, b->n * b->x_count, &b->x));
    GY_TRY(gy_pool_array(pool, b->n * b->y_count + 1, &b->y));
    return gy_pool_array(pool, b->n * b->w_count + 1, &b->w);
}

static gy_status look(gy_source *source, gy_pool *pool, summary *s)
{
    const gy_source_info *info = gy_source_get_info(source);
    block b;
    int64_t *index;
    GY_TRY(make_room(info, pool, &b));
    const int64_t room = b.n;
    int64_t most = LOOK_FLOATS / b.x_count > 0 ? LOOK_FLOATS / b.x_count : 1;
    if (most > info->samples) most = info->samples;
    GY_TRY(gy_pool_array(pool, room, &index));
    *s = (summary){.least = INFINITY,
                   .largest = -INFINITY,
                   .y_least = INFINITY,
                   .y_largest = -INFINITY,
                   .w_least = INFINITY,
                   .w_largest = -INFINITY,
                   .looked = most};
    for (int64_t at = 0; at < most; at += room) {
        b.n = most - at < room ? most - at : room;
        for (int64_t i = 0; i < b.n; i++) index[i] = at + i;
        GY_TRY(gy_source_read_weighted(source, index, b.n, b.x, b.y, b.w));
        add_block(info, &b, s);
    }
    double count = (double)most * (double)b.x_count;
    s->mean /= count;
    s->deviation = sqrt(fmax(s->deviation / count - s->mean * s->mean, 0.0));
    s->classes = info->classes;
    if (info->y_is_class && s->classes == 0) s->classes = (int64_t)fmax(s->y_largest + 1, 0.0);
    s->counted = info->y_is_class && s->classes <= SHOWN;
    return GY_OK;
}

/* A line `key  value`; the format of the value is literal text of ours. */
#define FACT(p, key, ...)                                                                          \
    do {                                                                                           \
        gy_buffer_reset(&(p)->text);                                                               \
        gy_buffer_format(&(p)->text, "%-12s ", key);                                               \
        gy_buffer_format(&(p)->text, __VA_ARGS__);                                                 \
        if ((p)->text.status == GY_OK) (p)->line((p)->user, gy_buffer_text(&(p)->text));           \
    } while (0)

static const char *describe_y(const gy_source_info *info)
{
    if (!info->supervised) return "none";
    if (info->x_is_tokens && info->y_is_class) return "the next tokens";
    return info->y_is_class ? "class" : "values";
}

static void print_y(printer *p, const gy_source_info *info, const summary *s)
{
    char shape[GY_SHAPE_TEXT];
    const char *first = s->looked < info->samples ? " (of the first samples)" : "";
    if (!info->supervised || info->y.n == 0)
        FACT(p, "y", "%s", describe_y(info));
    else
        FACT(p, "y", "%s %s", gy_shape_text(&info->y, shape), describe_y(info));
    if (!info->supervised || (info->x_is_tokens && info->y_is_class)) return;
    if (!info->y_is_class && s->y_least <= s->y_largest)
        FACT(p, "y values", "%g to %g%s", s->y_least, s->y_largest, first);
    if (info->y_is_class)
        FACT(p, "classes", "%lld%s", (long long)s->classes, info->classes > 0 ? "" : first);
    for (int64_t c = 0; c < s->classes && s->counted; c++) {
        const char *name =
            c < info->classes && info->class_names != NULL ? info->class_names[c] : "";
        FACT(p, "", "%lld: %lld%s%s", (long long)c, (long long)s->counts[c],
             name[0] == '\0' ? "" : " ", name);
    }
}

static void print_weights(printer *p, const gy_source_info *info, const summary *s)
{
    char shape[GY_SHAPE_TEXT];
    if (!info->weighted) return;
    FACT(p, "weights", "%s%s%g to %g%s", info->w.n == 0 ? "" : gy_shape_text(&info->w, shape),
         info->w.n == 0 ? "" : " ", s->w_least, s->w_largest,
         s->looked < info->samples ? " (of the first samples)" : "");
}

/* "age: numbers, 17 to 90, 3 missing"; "town: 3 texts: Bonn, Rome, Ulm" */
static void print_column(printer *p, const gy_column *c)
{
    enum { NAMED = 4, LONGEST = 40 }; /* texts; bytes of each */
    gy_buffer *b = &p->text;
    gy_buffer_reset(b);
    gy_buffer_format(b, "%-12s %s: %s", "", c->name,
                     c->use == GY_COLUMN_TARGET   ? "target, "
                     : c->use == GY_COLUMN_WEIGHT ? "weights, "
                                                  : "");
    if (c->is_text)
        gy_buffer_format(b, "%lld text%s", (long long)c->n_values, c->n_values == 1 ? "" : "s");
    else
        gy_buffer_format(b, "numbers, %g to %g", c->least, c->largest);
    if (c->missing > 0) gy_buffer_format(b, ", %lld missing", (long long)c->missing);
    for (int64_t i = 0; c->is_text && i < c->n_values && i <= NAMED; i++) {
        const char *text = i < NAMED ? c->values[i] : "…";
        int whole = (int)gy_utf8_valid(text, strnlen(text, LONGEST));
        gy_buffer_format(b, "%s%.*s", i == 0 ? ": " : ", ", whole, text);
    }
    if (b->status == GY_OK) p->line(p->user, gy_buffer_text(b));
}

static void print_columns(printer *p, const gy_source_info *info)
{
    enum { MOST = 100 };
    int64_t texts = 0;
    if (info->n_columns == 0) return;
    for (int64_t j = 0; j < info->n_columns; j++) texts += info->columns[j].is_text;
    FACT(p, "columns", "%lld, %lld of texts", (long long)info->n_columns, (long long)texts);
    for (int64_t j = 0; j < info->n_columns && j < MOST; j++) print_column(p, &info->columns[j]);
    if (info->n_columns > MOST)
        FACT(p, "", "… and %lld more; --json has all", (long long)info->n_columns - MOST);
}

static void print_chunks(printer *p, const gy_source_info *info)
{
    const gy_source_chunk *c = &info->chunk;
    const double times = gy_source_unpacked(info, 1);
    if (c->samples < 2) return;
    FACT(p, "chunks", "%lld samples, %.3g MiB%s", (long long)c->samples,
         (double)c->bytes / (1 << 20), c->packed ? " unpacked" : "");
    if (times >= 2)
        FACT(p, "", "data.shuffle: true unpacks each about %.0f times an epoch, chunks once",
             times);
}

static void print_lines(printer *p, const gy_source *source, const summary *s)
{
    const gy_source_info *info = gy_source_get_info(source);
    char shape[GY_SHAPE_TEXT];
    FACT(p, "source", "%s", gy_source_get_text(source));
    FACT(p, "format", "%s", info->format);
    FACT(p, "samples", "%lld", (long long)info->samples);
    FACT(p, "x", "%s %s%s", gy_shape_text(&info->x, shape), info->x_type,
         info->x_is_tokens ? ", tokens" : "");
    if (info->x_is_tokens) FACT(p, "vocabulary", "%lld", (long long)info->vocabulary);
    FACT(p, "x values", "%g to %g, mean %g, deviation %g%s", s->least, s->largest, s->mean,
         s->deviation, s->looked < info->samples ? " (of the first samples)" : "");
    print_y(p, info, s);
    print_weights(p, info, s);
    print_chunks(p, info);
    print_columns(p, info);
}

static void print_shape(gy_buffer *b, const char *key, const gy_shape *shape)
{
    gy_json_begin(b, key, '[');
    for (int i = 0; i < shape->n; i++) gy_json_int(b, NULL, shape->d[i]);
    gy_json_end(b, ']');
}

static void print_json_columns(gy_buffer *b, const gy_source_info *info)
{
    if (info->n_columns == 0) return;
    gy_json_begin(b, "columns", '[');
    for (int64_t j = 0; j < info->n_columns; j++) {
        const gy_column *c = &info->columns[j];
        gy_json_begin(b, NULL, '{');
        gy_json_string(b, "name", c->name);
        gy_json_bool(b, "target", c->use == GY_COLUMN_TARGET);
        if (c->use == GY_COLUMN_WEIGHT) gy_json_bool(b, "weight", true);
        gy_json_int(b, "missing", c->missing);
        if (c->is_text) {
            gy_fit_print_strings(b, "texts", c->values, c->n_values);
        } else {
            gy_json_float(b, "minimum", c->least);
            gy_json_float(b, "maximum", c->largest);
        }
        gy_json_end(b, '}');
    }
    gy_json_end(b, ']');
}

static void print_json(printer *p, const gy_source *source, const summary *s)
{
    const gy_source_info *info = gy_source_get_info(source);
    gy_buffer *b = &p->text;
    gy_json_begin(b, NULL, '{');
    gy_json_string(b, "source", gy_source_get_text(source));
    gy_json_string(b, "format", info->format);
    gy_json_int(b, "samples", info->samples);
    print_shape(b, "x", &info->x);
    gy_json_string(b, "x_type", info->x_type);
    gy_json_float(b, "minimum", s->least);
    gy_json_float(b, "maximum", s->largest);
    gy_json_float(b, "mean", s->mean);
    gy_json_float(b, "deviation", s->deviation);
    gy_json_int(b, "looked_at", s->looked);
    if (info->x_is_tokens) gy_json_int(b, "vocabulary", info->vocabulary);
    if (info->supervised) print_shape(b, "y", &info->y);
    gy_json_string(b, "y_is", describe_y(info));
    if (info->supervised && s->y_least <= s->y_largest) {
        gy_json_float(b, "y_minimum", s->y_least);
        gy_json_float(b, "y_maximum", s->y_largest);
    }
    if (info->weighted) {
        gy_json_float(b, "weight_minimum", s->w_least);
        gy_json_float(b, "weight_maximum", s->w_largest);
    }
    if (info->y_is_class && (info->classes > 0 || s->looked == info->samples))
        gy_json_int(b, "classes", s->classes);
    if (s->counted) {
        gy_json_begin(b, "class_counts", '[');
        for (int64_t c = 0; c < s->classes; c++) gy_json_int(b, NULL, s->counts[c]);
        gy_json_end(b, ']');
    }
    if (info->class_names != NULL) {
        gy_json_begin(b, "class_names", '[');
        for (int64_t c = 0; c < info->classes; c++) gy_json_string(b, NULL, info->class_names[c]);
        gy_json_end(b, ']');
    }
    gy_json_int(b, "chunk_samples", info->chunk.samples);
    gy_json_int(b, "chunk_bytes", info->chunk.bytes);
    gy_json_bool(b, "chunk_packed", info->chunk.packed);
    print_json_columns(b, info);
    gy_json_end(b, '}');
    if (b->status == GY_OK) p->line(p->user, gy_buffer_text(b));
}

gy_status gy_data_info(gy_context *ctx, const char *text, const gy_data_text *how, bool json,
                       void (*line)(void *user, const char *text), void *user)
{
    GY_DOOR;
    gy_status status;
    gy_source *source = NULL;
    gy_source_options options;
    summary s;
    gy_pool pool;
    gy_pool_init(&pool, ctx);
    printer p = {.line = line, .user = user};
    gy_buffer_init(&p.text, ctx);
    GY_TRY_GOTO(done, gy_data_text_options(how, &options));
    GY_TRY_GOTO(done, gy_source_open(ctx, text, &options, &source));
    GY_TRY_GOTO(done, look(source, &pool, &s));
    if (json)
        print_json(&p, source, &s);
    else
        print_lines(&p, source, &s);
    status = p.text.status;
done:
    gy_source_close(source);
    gy_buffer_clear(&p.text);
    gy_pool_clear(&pool);
    return status;
}

static void describe_format(printer *p, const gy_format_kind *kind)
{
    FACT(p, kind->kind.name, "%s", kind->kind.help);
    FACT(p, "", "e.g. %s", kind->example);
    for (const gy_setting *s = kind->kind.settings; s != NULL && s->key != NULL; s++) {
        gy_buffer_reset(&p->text);
        gy_buffer_add(&p->text, "               ");
        gy_setting_describe(s, &p->text);
        if (p->text.status == GY_OK) p->line(p->user, gy_buffer_text(&p->text));
    }
}

bool gy_data_describe(gy_context *ctx, const char *format,
                      void (*line)(void *user, const char *text), void *user)
{
    bool found = false;
    printer p = {.line = line, .user = user};
    gy_buffer_init(&p.text, ctx);
    for (int i = 0; i < gy_format_registry.n; i++) {
        const gy_format_kind *kind = gy_format_kind_of(gy_format_registry.kinds[i]);
        if (format != NULL && strcmp(kind->kind.name, format) != 0) continue;
        describe_format(&p, kind);
        found = true;
    }
    gy_buffer_clear(&p.text);
    return found;
}
