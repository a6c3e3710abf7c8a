/* The schema as help: sections, kinds and their settings, from the rows that the reader uses. */
#include "config_impl.h"

#include <stdio.h>
#include <string.h>

typedef struct writer {
    gy_buffer text;
    void (*line)(void *user, const char *text);
    void *user;
} writer;

static void flush(writer *w)
{
    w->line(w->user, gy_buffer_text(&w->text));
    gy_buffer_reset(&w->text);
}

static void describe_rows(writer *w, const gy_setting *rows, int depth);

static void describe_kind(writer *w, const gy_registry *r, const gy_kind *kind, int depth)
{
    gy_buffer_format(&w->text, "%*s%s %s: %s", 2 * depth, "", r->noun, kind->name,
                     kind->help == NULL ? "" : kind->help);
    flush(w);
    describe_rows(w, kind->settings, depth + 1);
}

static void describe_registry(writer *w, const gy_registry *r, int depth)
{
    for (int i = 0; i < r->n; i++) describe_kind(w, r, r->kinds[i], depth);
}

static void describe_rows(writer *w, const gy_setting *rows, int depth)
{
    for (const gy_setting *s = rows; s != NULL && s->key != NULL; s++) {
        gy_buffer_format(&w->text, "%*s", 2 * depth, "");
        if (s->type == GY_SETTING_SECTION)
            gy_buffer_format(&w->text, "%s: %s", s->key, s->help == NULL ? "" : s->help);
        else
            gy_setting_describe(s, &w->text);
        flush(w);
        if (s->type == GY_SETTING_SECTION) describe_rows(w, s->section, depth + 1);
        if (s->type == GY_SETTING_KIND) describe_registry(w, s->registry, depth + 1);
    }
}

static void describe_layers(writer *w)
{
    describe_registry(w, &gy_layer_registry, 0);
    gy_buffer_add(&w->text, "every layer:");
    flush(w);
    describe_rows(w, gy_layer_common_settings, 1);
    gy_buffer_add(&w->text, "layers with parameters:");
    flush(w);
    describe_rows(w, gy_layer_init_settings, 1);
}

/* A layer kind with all that it takes. */
static void describe_layer(writer *w, const gy_kind *kind)
{
    describe_kind(w, &gy_layer_registry, kind, 0);
    describe_rows(w, gy_layer_common_settings, 1);
    if (gy_layer_kind_of(kind)->has_params) describe_rows(w, gy_layer_init_settings, 1);
}

/*
 * A topic is whatever has a name in the rows: a section or another key at any depth, a kind of any
 * list, a word that a setting can be, the plural of a list's noun; or a key with its section or kind.
 * Each place where it is met is described, below the section that it belongs to.
 */
typedef struct search {
    writer *w; /* NULL: nothing is described */
    const char *topic;
    const char *in; /* section or kind that it is a key of; NULL: any */
    bool found;
    const char *nearest; /* name; NULL: none is near */
} search;

static bool meets(search *s, const char *name)
{
    const char *const names[] = {s->nearest, name};
    bool first = s->nearest == NULL;
    s->nearest = gy_nearest(s->topic, names + first, 2 - first);
    bool met = strcmp(s->topic, name) == 0;
    s->found = s->found || met;
    return met && s->w != NULL;
}

/* "losses", "all-reduces" */
static bool meets_plural(search *s, const char *noun)
{
    size_t n = strlen(noun);
    const char *end = strncmp(s->topic, noun, n) == 0 ? s->topic + n : "";
    bool met = strcmp(end, "s") == 0 || strcmp(end, "es") == 0;
    s->found = s->found || met;
    return met && s->w != NULL;
}

static bool meets_word(search *s, const gy_setting *row)
{
    bool met = false;
    for (const char *const *word = row->choices; word != NULL && *word != NULL; word++)
        met = meets(s, *word) || met;
    return met;
}

static void describe_row(search *s, const char *section, const gy_setting *row)
{
    const gy_setting alone[] = {*row, GY_SETTING_END};
    if (section[0] != '\0') {
        gy_buffer_format(&s->w->text, "%s:", section);
        flush(s->w);
    }
    describe_rows(s->w, alone, section[0] != '\0');
    if (row->type == GY_SETTING_KINDS) describe_registry(s->w, row->registry, 1);
}

static void search_rows(search *s, const char *section, const gy_setting *rows);

static void search_registry(search *s, const char *section, const gy_registry *r)
{
    if (s->in == NULL && meets_plural(s, r->noun)) describe_registry(s->w, r, 0);
    for (int i = 0; i < r->n; i++) {
        if (s->in == NULL && meets(s, r->kinds[i]->name)) describe_kind(s->w, r, r->kinds[i], 0);
        const bool within = s->in != NULL && strcmp(s->in, r->kinds[i]->name) == 0;
        search_rows(s, within ? s->in : section, r->kinds[i]->settings);
    }
}

static void search_rows(search *s, const char *section, const gy_setting *rows)
{
    const bool here = s->in == NULL || strcmp(s->in, section) == 0;
    for (const gy_setting *row = rows; row != NULL && row->key != NULL; row++) {
        bool key = here && meets(s, row->key), word = s->in == NULL && meets_word(s, row);
        if (key || word) describe_row(s, section, row);
        if (row->type == GY_SETTING_SECTION) search_rows(s, row->key, row->section);
        bool kinds = row->type == GY_SETTING_KIND || row->type == GY_SETTING_KINDS;
        if (kinds) search_registry(s, section, row->registry);
    }
}

static bool is_same(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* The row that a kind of layer has like another's; NULL: none. */
static const gy_setting *find_like(const gy_kind *kind, const gy_setting *row)
{
    const gy_setting *own = kind->settings;
    while (own != NULL && own->key != NULL &&
           !(strcmp(own->key, row->key) == 0 && is_same(own->help, row->help) &&
             is_same(own->standard, row->standard)))
        own++;
    return own != NULL && own->key != NULL ? own : NULL;
}

/* "layers: conv1d, conv2d" and the row that they have in common: `units` is one of twenty kinds. */
static void describe_layer_row(search *s, int first, const gy_setting *row)
{
    const gy_registry *r = &gy_layer_registry;
    for (int i = 0; i < first; i++)
        if (find_like(r->kinds[i], row) != NULL) return; /* described */
    gy_buffer_add(&s->w->text, "layers");
    for (int i = first; i < r->n; i++)
        if (find_like(r->kinds[i], row) != NULL)
            gy_buffer_format(&s->w->text, "%s %s", i == first ? ":" : ",", r->kinds[i]->name);
    flush(s->w);
    const gy_setting alone[] = {*row, GY_SETTING_END};
    describe_rows(s->w, alone, 1);
}

/* All that a kind of layer takes. */
static void search_layer(search *s, const gy_kind *kind)
{
    search_rows(s, kind->name, kind->settings);
    search_rows(s, kind->name, gy_layer_common_settings);
    if (gy_layer_kind_of(kind)->has_params) search_rows(s, kind->name, gy_layer_init_settings);
}

static void search_layers(search *s)
{
    for (int i = 0; i < gy_layer_registry.n; i++) {
        const gy_kind *kind = gy_layer_registry.kinds[i];
        if (s->in == NULL && meets(s, kind->name)) describe_layer(s->w, kind);
        if (s->in != NULL && strcmp(s->in, kind->name) == 0) search_layer(s, kind);
        if (s->in != NULL) continue;
        for (const gy_setting *row = kind->settings; row != NULL && row->key != NULL; row++) {
            bool key = meets(s, row->key), word = meets_word(s, row);
            if (key || word) describe_layer_row(s, i, row);
        }
    }
    if (s->in == NULL && meets(s, "layers")) describe_layers(s->w);
    search_rows(s, "every layer", gy_layer_common_settings);
    search_rows(s, "layers with parameters", gy_layer_init_settings);
}

/* "train.epochs", "model.layers.0.dense.units": a key, and what it is of. */
static void split(search *s, const char *topic, char in[GY_PATH_TEXT])
{
    const char *dot = strrchr(topic, '.');
    s->topic = topic;
    if (dot == NULL) return;
    (void)snprintf(in, GY_PATH_TEXT, "%.*s", (int)(dot - topic), topic);
    s->topic = dot + 1;
    dot = strrchr(in, '.');
    s->in = dot == NULL ? in : dot + 1;
}

static bool describe(writer *w, const char *topic, const char **nearest)
{
    search s = {.w = w};
    char in[GY_PATH_TEXT];
    if (topic == NULL) {
        describe_rows(w, gy_config_rows, 0);
        describe_layers(w);
        return true;
    }
    split(&s, topic, in);
    search_rows(&s, "", gy_config_rows);
    search_layers(&s);
    if (nearest != NULL) *nearest = s.nearest;
    return s.found;
}

int gy_config_describe(gy_context *ctx, const char *topic,
                       void (*line)(void *user, const char *text), void *user)
{
    writer w = {.line = line, .user = user};
    gy_buffer_init(&w.text, ctx);
    bool found = describe(&w, topic, NULL);
    gy_buffer_clear(&w.text);
    return found;
}

static void list_keys(writer *w, const char *above, const gy_setting *rows)
{
    for (const gy_setting *s = rows; s != NULL && s->key != NULL; s++) {
        char path[GY_PATH_TEXT];
        (void)snprintf(path, sizeof path, "%s%s%s", above, above[0] == '\0' ? "" : ".", s->key);
        if (s->type == GY_SETTING_SECTION) list_keys(w, path, s->section);
        if (s->type == GY_SETTING_SECTION) continue;
        w->line(w->user, path);
        for (int i = 0; s->type == GY_SETTING_KIND && i < s->registry->n; i++)
            list_keys(w, above, s->registry->kinds[i]->settings);
    }
}

void gy_config_keys(void (*line)(void *user, const char *path), void *user)
{
    writer w = {.line = line, .user = user};
    list_keys(&w, "", gy_config_rows);
}

const char *gy_config_nearest(const char *topic)
{
    const char *nearest = NULL;
    (void)describe(NULL, topic, &nearest);
    return nearest;
}
