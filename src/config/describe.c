/* The schema as help: sections, kinds and their settings, from the rows that the reader uses. */
#include "config_impl.h"

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

/* A kind of any other list, by its name. */
static bool describe_other(writer *w, const char *topic)
{
    const gy_registry *const registries[] = {&gy_loss_registry, &gy_metric_registry,
                                             &gy_optim_registry, &gy_schedule_registry};
    bool found = false;
    for (size_t i = 0; i < sizeof registries / sizeof *registries; i++) {
        const gy_kind *kind = gy_registry_find(registries[i], topic);
        if (kind == NULL) continue;
        describe_kind(w, registries[i], kind, 0);
        found = true;
    }
    return found;
}

static bool describe(writer *w, const char *topic)
{
    if (topic == NULL) {
        describe_rows(w, gy_config_rows, 0);
        describe_layers(w);
        return true;
    }
    if (strcmp(topic, "layers") == 0) {
        describe_layers(w);
        return true;
    }
    const gy_setting *s = gy_setting_find(gy_config_rows, topic);
    const gy_kind *layer = gy_registry_find(&gy_layer_registry, topic);
    if (s != NULL) {
        const gy_setting alone[] = {*s, GY_SETTING_END};
        describe_rows(w, alone, 0);
        if (s->type == GY_SETTING_KINDS) describe_registry(w, s->registry, 1);
        return true;
    }
    if (layer != NULL) {
        describe_layer(w, layer);
        return true;
    }
    return describe_other(w, topic);
}

int gy_config_describe(gy_context *ctx, const char *topic,
                       void (*line)(void *user, const char *text), void *user)
{
    writer w = {.line = line, .user = user};
    gy_buffer_init(&w.text, ctx);
    bool found = describe(&w, topic);
    gy_buffer_clear(&w.text);
    return found;
}
