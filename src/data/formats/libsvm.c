/*
 * LIBSVM: lines `label index:value …`, indices from 1. Read once into memory as sparse rows, made
 * dense when read. Labels that are whole numbers and few are classes, in ascending order: −1 and +1
 * become 0 and 1.
 */
#include "../data.h"

#include "../cells.h"
#include "../fit.h"

#include "base/number.h"

#include <ctype.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { CLASSES = 1000, FEATURES = 1 << 28 };

typedef struct libsvm_settings {
    int64_t features;
    int labels; /* 0 auto, 1 classes, 2 values */
} libsvm_settings;

typedef struct libsvm {
    gy_context *ctx;
    const char *path;
    int64_t samples, features, entries;
    int64_t *starts;  /* [samples + 1] */
    int32_t *index;   /* [entries], from 0 */
    float *value, *y; /* [entries], [samples] */
    double *labels;   /* [classes], ascending; of classes */
    int64_t classes;  /* 0: values */
    const char *const *names;
} libsvm;

/* `12:0.5`; index is from 1. */
static bool parse_entry(const char *cell, int64_t *index, double *value)
{
    char *end;
    if (!isdigit((unsigned char)cell[0])) return false;
    *index = strtoll(cell, &end, 10);
    return *end == ':' && gy_number_float(end + 1, value);
}

/* A number; strtod takes the "+1" that is usual here. */
static bool parse_label(const char *cell, double *label)
{
    return gy_number_float(cell, label);
}

/* `qid:7`, `1:nan`, `3:` are meant as entries: an error is to name them, not another format to be found. */
static bool is_almost_entry(const char *cell)
{
    size_t n = strspn(cell, "abcdefghijklmnopqrstuvwxyz0123456789");
    return n > 0 && cell[n] == ':';
}

/* Counts a line's entries and what is none. @return whether it may be one of LIBSVM */
static bool probe_line(char *line, bool cut, int *entries, int *others)
{
    char *rest = line;
    char *cell = strtok_r(line, " \t\r", &rest);
    double v;
    if (cell == NULL || cell[0] == '#') return true;
    if (!parse_label(cell, &v)) return false;
    while ((cell = strtok_r(NULL, " \t\r", &rest)) != NULL && cell[0] != '#') {
        if (cut && *rest == '\0') break; /* the last may be cut */
        if (is_almost_entry(cell))
            ++*entries;
        else
            ++*others;
    }
    return true;
}

static int probe(const char *path, const void *head, size_t n)
{
    const char *text = head;
    char line[4096];
    int entries = 0, others = 0;
    (void)path;
    for (size_t at = 0, lines = 0; at < n && lines < 20; lines++) {
        const char *newline = memchr(text + at, '\n', n - at);
        size_t length = newline == NULL ? n - at : (size_t)(newline - text) - at;
        if (newline == NULL && n == 65536) break; /* cut */
        bool cut = length >= sizeof line;
        size_t take = cut ? sizeof line - 1 : length;
        memcpy(line, text + at, take);
        line[take] = '\0';
        at += length + 1;
        if (!probe_line(line, cut, &entries, &others)) return 0;
    }
    return entries > others ? 80 : 0;
}

static gy_status bad_line(const libsvm *s, const gy_record *r, const char *cell, const char *why)
{
    return gy_raise(GY_E_DATA, "cannot read the data" GY_AT "%s:%lld" GY_WHY "'%.60s' %s", s->path,
                    (long long)r->line, cell, why);
}

/* Adds a label to the ascending list of labels; classes = 0 once there are too many. */
static void note_label(libsvm *s, double label)
{
    int64_t at = 0;
    while (at < s->classes && s->labels[at] < label) at++;
    if (at < s->classes && s->labels[at] == label) return;
    if (s->classes < CLASSES) {
        memmove(s->labels + at + 1, s->labels + at, (size_t)(s->classes - at) * sizeof *s->labels);
        s->labels[at] = label;
    }
    s->classes++;
}

/* What the first pass finds about labels. */
typedef struct labels {
    bool whole, many;
} labels;

static gy_status check_record(libsvm *s, const gy_record *r, int64_t given, labels *l)
{
    double v, label;
    int64_t index;
    if (!parse_label(r->cells[0], &label)) return bad_line(s, r, r->cells[0], "is no label");
    l->whole = l->whole && trunc(label) == label && fabs(label) < 1e9;
    if (l->whole && !l->many) note_label(s, label);
    l->many = s->classes > CLASSES;
    for (int64_t i = 1; i < r->n && r->cells[i][0] != '#'; i++) {
        if (!parse_entry(r->cells[i], &index, &v))
            return bad_line(s, r, r->cells[i],
                            strncmp(r->cells[i], "qid:", 4) == 0
                                ? "is for ranking, which there is no loss for; take it out"
                                : "is not INDEX:VALUE");
        if (index < 1) return bad_line(s, r, r->cells[i], "has an index below 1");
        if (index > (given > 0 ? given : FEATURES))
            return bad_line(s, r, r->cells[i], "has an index above the features; see ?features=N");
        if (index > s->features) s->features = index;
        s->entries++;
    }
    s->samples++;
    return GY_OK;
}

/* First pass: counts, features, labels. */
static gy_status look(libsvm *s, gy_cells *cells, const libsvm_settings *set, int64_t given)
{
    gy_record r;
    labels l = {.whole = true};
    for (;;) {
        GY_TRY(gy_cells_next(cells, &r));
        if (r.n == 0) break;
        if (r.cells[0][0] != '#') GY_TRY(check_record(s, &r, given, &l));
    }
    if (given > 0) s->features = given;
    GY_REQUIRE(s->samples > 0 && s->features > 0, GY_E_DATA,
               "cannot read the data" GY_AT "%s" GY_WHY "it holds no samples", s->path);
    bool classes = l.whole && !l.many && set->labels != 2;
    GY_REQUIRE(classes || set->labels != 1, GY_E_DATA,
               "cannot read the data" GY_AT "%s" GY_WHY
               "its labels are not whole numbers, or more than %d",
               s->path, CLASSES);
    if (!classes) s->classes = 0;
    return gy_cells_rewind(cells);
}

static gy_status fill_record(libsvm *s, const gy_record *r, int64_t row, int64_t *entry)
{
    double v = 0.0;
    int64_t index = 0;
    (void)parse_label(r->cells[0], &v); /* held good in the first pass */
    s->y[row] = (float)v;
    if (s->classes > 0) {
        int64_t c = 0;
        while (c < s->classes && s->labels[c] != v) c++;
        if (c == s->classes)
            return bad_line(s, r, r->cells[0], "is a label that the training data do not have");
        s->y[row] = (float)c;
    }
    for (int64_t i = 1; i < r->n && r->cells[i][0] != '#'; i++) {
        GY_REQUIRE(parse_entry(r->cells[i], &index, &v) && *entry < s->entries, GY_E_DATA,
                   "cannot read the data" GY_AT "%s" GY_WHY "the file changed while it was read",
                   s->path);
        s->index[*entry] = (int32_t)(index - 1);
        s->value[(*entry)++] = (float)v;
    }
    return GY_OK;
}

static gy_status fill(libsvm *s, gy_cells *cells)
{
    int64_t entry = 0;
    gy_record r;
    GY_TRY(gy_new_array(s->ctx, s->samples + 1, &s->starts));
    GY_TRY(gy_new_array(s->ctx, s->entries, &s->index));
    GY_TRY(gy_new_array(s->ctx, s->entries, &s->value));
    GY_TRY(gy_new_array(s->ctx, s->samples, &s->y));
    for (int64_t row = 0; row < s->samples;) {
        GY_TRY(gy_cells_next(cells, &r));
        GY_REQUIRE(r.n > 0, GY_E_DATA,
                   "cannot read the data" GY_AT "%s" GY_WHY "the file changed while it was read",
                   s->path);
        if (r.cells[0][0] == '#') continue;
        GY_TRY(fill_record(s, &r, row, &entry));
        s->starts[++row] = entry;
    }
    return GY_OK;
}

static gy_status name_classes(libsvm *s, gy_pool *pool)
{
    const char **names;
    GY_TRY(gy_pool_array(pool, s->classes, &names));
    for (int64_t i = 0; i < s->classes; i++)
        GY_TRY(gy_pool_format(pool, &names[i], "%.0f", s->labels[i]));
    s->names = names;
    return GY_OK;
}

static gy_status read_file(libsvm *s, gy_pool *pool, const libsvm_settings *set, const gy_node *fit)
{
    gy_status status;
    gy_cells *cells = NULL;
    double *known;
    int64_t n;
    int64_t given = set->features > 0 ? set->features : gy_fit_int(fit, "features", 0);
    GY_TRY(gy_pool_array(pool, CLASSES + 1, &s->labels));
    GY_TRY(gy_fit_numbers(pool, fit, "labels", &known, &n));
    GY_REQUIRE(given >= 0 && given <= FEATURES && n <= CLASSES, GY_E_DATA,
               "cannot read the data" GY_AT "%s" GY_WHY
               "what the training data taught has %lld features and %lld labels",
               s->path, (long long)given, (long long)n);
    GY_TRY_GOTO(done, gy_cells_open(s->ctx, s->path, ' ', 0, &cells));
    GY_TRY_GOTO(done, look(s, cells, set, given));
    if (known != NULL) {
        s->labels = known;
        s->classes = n;
    }
    if (s->classes > 0) GY_TRY_GOTO(done, name_classes(s, pool));
    GY_TRY_GOTO(done, fill(s, cells));
done:
    gy_cells_close(cells);
    return status;
}

static gy_status open(gy_context *ctx, gy_pool *pool, const gy_source_text *text,
                      const void *settings, const gy_source_options *options, void **state,
                      gy_source_info *info)
{
    const gy_node *fit;
    libsvm *s;
    GY_TRY(gy_pool_new(pool, &s));
    s->ctx = ctx;
    s->path = text->path;
    *state = s;
    GY_TRY(gy_fit_parse(pool, options, &fit));
    GY_TRY(read_file(s, pool, settings, fit));
    info->samples = s->samples;
    info->x = (gy_shape){1, {s->features}};
    info->x_type = "float32";
    info->supervised = true;
    info->y_is_class = s->classes > 0;
    info->classes = s->classes;
    info->class_names = s->names;
    return GY_OK;
}

static gy_status read(void *state, const int64_t *index, int64_t n, float *x, float *y)
{
    const libsvm *s = state;
    memset(x, 0, (size_t)(n * s->features) * sizeof *x);
    for (int64_t i = 0; i < n; i++, x += s->features) {
        for (int64_t e = s->starts[index[i]]; e < s->starts[index[i] + 1]; e++)
            x[s->index[e]] = s->value[e];
        if (y != NULL) y[i] = s->y[index[i]];
    }
    return GY_OK;
}

static void fit(const void *state, gy_buffer *json)
{
    const libsvm *s = state;
    gy_json_int(json, "features", s->features);
    gy_json_begin(json, "labels", '[');
    for (int64_t i = 0; i < s->classes; i++) gy_json_float(json, NULL, s->labels[i]);
    gy_json_end(json, ']');
}

static void close(void *state)
{
    libsvm *s = state;
    gy_free(s->ctx, s->starts);
    gy_free(s->ctx, s->index);
    gy_free(s->ctx, s->value);
    gy_free(s->ctx, s->y);
}

static const char *const label_choices[] = {"auto", "classes", "values", NULL};

static const gy_setting rows[] = {
    {.key = "features",
     .type = GY_SETTING_INT,
     .offset = offsetof(libsvm_settings, features),
     .standard = "0",
     .min = 0,
     .max = FEATURES,
     .help = "values of a sample; 0 = as training has, else the largest index"},
    {.key = "labels",
     .type = GY_SETTING_CHOICE,
     .offset = offsetof(libsvm_settings, labels),
     .standard = "auto",
     .choices = label_choices,
     .help = "what labels are; auto: classes where they are whole numbers and at most 1000"},
    GY_SETTING_END,
};

const gy_format_kind gy_format_libsvm = {
    .kind = {"libsvm", "LIBSVM: sparse rows, read into memory, made dense", rows,
             sizeof(libsvm_settings)},
    .example = "a9a?features=123",
    .probe = probe,
    .open = open,
    .read = read,
    .fit = fit,
    .close = close,
};
