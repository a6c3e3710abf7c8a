/*
 * The resolved configuration as YAML: every setting in the order of its rows, those of a kind after
 * the key that chooses it. What has no value (no validation data, no name of a layer) is left out.
 * Reading the text gives the same configuration, and the same text again. So does the short one, which
 * leaves out what is as by default, too.
 */
#include "config_impl.h"

#include <string.h>

typedef struct printer {
    gy_buffer *out;
    gy_pool *defaults; /* of the short text; NULL: of the whole one */
} printer;

static void indent(const printer *p, int depth)
{
    gy_buffer_format(p->out, "%*s", 2 * depth, "");
}

/* A struct of defaults; NULL: nothing is left out. */
static const void *defaults_of(const printer *p, const gy_setting *rows, size_t size)
{
    void *values = NULL;
    if (p->defaults == NULL || size == 0) return NULL;
    gy_status status = gy_pool_alloc(p->defaults, size, &values);
    if (status == GY_OK) status = gy_settings_default(rows, p->defaults, values);
    if (p->out->status == GY_OK) p->out->status = status;
    return status == GY_OK ? values : NULL;
}

static bool is_default(const printer *p, const gy_setting *s, const void *values,
                       const void *defaults);

static bool are_defaults(const printer *p, const gy_setting *rows, const void *values,
                         const void *defaults)
{
    for (const gy_setting *s = rows; s != NULL && s->key != NULL; s++)
        if (!is_default(p, s, values, defaults)) return false;
    return true;
}

static bool print_alike(const printer *p, const gy_setting *s, const void *a, const void *b)
{
    gy_buffer x, y;
    gy_buffer_init(&x, p->out->ctx);
    gy_buffer_init(&y, p->out->ctx);
    gy_setting_print(s, a, &x);
    gy_setting_print(s, b, &y);
    bool alike = strcmp(gy_buffer_text(&x), gy_buffer_text(&y)) == 0;
    gy_buffer_clear(&y);
    gy_buffer_clear(&x);
    return alike;
}

/* Of a kind: the default kind with its default settings. */
static bool is_default(const printer *p, const gy_setting *s, const void *values,
                       const void *defaults)
{
    const void *place = (const char *)values + s->offset;
    const void *standard = (const char *)defaults + s->offset;
    if (gy_setting_is_none(s, values)) return gy_setting_is_none(s, defaults);
    if (s->type == GY_SETTING_SECTION) return are_defaults(p, s->section, place, standard);
    if (s->type == GY_SETTING_LAYERS || s->type == GY_SETTING_BRANCHES || s->standard == NULL)
        return false;
    if (!print_alike(p, s, values, defaults)) return false;
    if (s->type != GY_SETTING_KIND) return true;
    const gy_choice *a = place, *b = standard;
    return are_defaults(p, a->kind->settings, a->settings, b->settings);
}

/* @param defaults  NULL: all is printed */
static bool is_printed(const printer *p, const gy_setting *s, const void *values,
                       const void *defaults)
{
    if (gy_setting_is_none(s, values)) return false;
    return defaults == NULL || !is_default(p, s, values, defaults);
}

static void print_layers(const printer *p, const gy_layer_specs *list, int depth,
                         bool inline_first);

/* `- - first` for the first layer of a branch, the others below it; `- []` for none. */
static void print_branches(const printer *p, const gy_layer_branches *branches, int depth)
{
    for (int i = 0; i < branches->n; i++) {
        indent(p, depth);
        gy_buffer_add(p->out, "- ");
        if (branches->v[i].n == 0) gy_buffer_add(p->out, "[]\n");
        print_layers(p, &branches->v[i], depth + 1, true);
    }
}

/* One `key: value` line, or the block of a section or list. */
static void print_setting(const printer *p, const gy_setting *s, const void *values,
                          const void *defaults, int depth);

static void print_rows(const printer *p, const gy_setting *rows, const void *values,
                       const void *defaults, int depth)
{
    for (const gy_setting *s = rows; s != NULL && s->key != NULL; s++) {
        if (!is_printed(p, s, values, defaults)) continue;
        print_setting(p, s, values, defaults, depth);
        if (s->type != GY_SETTING_KIND) continue;
        const gy_choice *choice = (const gy_choice *)((const char *)values + s->offset);
        const gy_kind *kind = choice->kind;
        const void *of_kind = defaults_of(p, kind->settings, kind->settings_size);
        print_rows(p, kind->settings, choice->settings, of_kind, depth);
    }
}

static void print_setting(const printer *p, const gy_setting *s, const void *values,
                          const void *defaults, int depth)
{
    const void *place = (const char *)values + s->offset;
    indent(p, depth);
    gy_buffer_format(p->out, "%s:", s->key);
    bool empty_list =
        (s->type == GY_SETTING_LAYERS && ((const gy_layer_specs *)place)->n == 0) ||
        (s->type == GY_SETTING_BRANCHES && ((const gy_layer_branches *)place)->n == 0);
    if (empty_list) {
        gy_buffer_add(p->out, " []\n");
    } else if (s->type == GY_SETTING_SECTION) {
        gy_buffer_add(p->out, "\n");
        print_rows(p, s->section, place,
                   defaults == NULL ? NULL : (const char *)defaults + s->offset, depth + 1);
    } else if (s->type == GY_SETTING_LAYERS) {
        gy_buffer_add(p->out, "\n");
        print_layers(p, place, depth + 1, false);
    } else if (s->type == GY_SETTING_BRANCHES) {
        gy_buffer_add(p->out, "\n");
        print_branches(p, place, depth + 1);
    } else {
        gy_buffer_add(p->out, " ");
        gy_setting_print(s, values, p->out);
        gy_buffer_add(p->out, "\n");
    }
}

/* `: {units: 10, activation: relu`; nothing of nothing */
static void print_flow(const printer *p, const gy_setting *rows, const void *values,
                       const void *defaults, int *n)
{
    for (const gy_setting *s = rows; s != NULL && s->key != NULL; s++) {
        if (!is_printed(p, s, values, defaults)) continue;
        gy_buffer_format(p->out, "%s%s: ", (*n)++ == 0 ? ": {" : ", ", s->key);
        gy_setting_print(s, values, p->out);
    }
}

static bool is_composite(const gy_setting *rows)
{
    for (const gy_setting *s = rows; s != NULL && s->key != NULL; s++)
        if (s->type >= GY_SETTING_SECTION && s->type != GY_SETTING_KINDS) return true;
    return false;
}

static void print_layer(const printer *p, const gy_layer_spec *spec, int depth)
{
    const gy_kind *kind = &spec->kind->kind;
    const gy_setting *common = gy_layer_common_settings, *init = gy_layer_init_settings;
    const void *own = defaults_of(p, kind->settings, kind->settings_size);
    const void *shared = defaults_of(p, common, sizeof spec->common);
    const void *begin = defaults_of(p, init, sizeof spec->common);
    gy_buffer_format(p->out, "- %s", kind->name);
    if (is_composite(kind->settings)) {
        gy_buffer_add(p->out, ":\n");
        print_rows(p, common, &spec->common, shared, depth + 2);
        if (spec->kind->has_params) print_rows(p, init, &spec->common, begin, depth + 2);
        print_rows(p, kind->settings, spec->settings, own, depth + 2);
        return;
    }
    int n = 0;
    print_flow(p, kind->settings, spec->settings, own, &n);
    print_flow(p, common, &spec->common, shared, &n);
    if (spec->kind->has_params) print_flow(p, init, &spec->common, begin, &n);
    gy_buffer_add(p->out, n == 0 ? "\n" : "}\n");
}

static void print_layers(const printer *p, const gy_layer_specs *list, int depth, bool inline_first)
{
    for (int i = 0; i < list->n; i++) {
        if (i > 0 || !inline_first) indent(p, depth);
        print_layer(p, &list->v[i], depth);
    }
}

void gy_config_print(const gy_config *config, gy_buffer *out)
{
    const printer whole = {.out = out};
    print_rows(&whole, gy_config_rows, config, NULL, 0);
}

gy_status gy_config_print_short(const gy_config *config, gy_buffer *out)
{
    gy_pool pool;
    gy_pool_init(&pool, config->ctx);
    const printer p = {.out = out, .defaults = &pool};
    print_rows(&p, gy_config_rows, config, defaults_of(&p, gy_config_rows, sizeof *config), 0);
    gy_pool_clear(&pool);
    return out->status;
}
