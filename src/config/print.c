/*
 * The resolved configuration as YAML: every setting in the order of its rows, those of a kind after
 * the key that chooses it. What has no value (no validation data, no name of a layer) is left out.
 * Reading the text gives the same configuration, and the same text again.
 */
#include "config_impl.h"

static void indent(gy_buffer *out, int depth)
{
    gy_buffer_format(out, "%*s", 2 * depth, "");
}

static void print_layers(const gy_layer_specs *list, int depth, bool inline_first, gy_buffer *out);

/* `- - first` for the first layer of a branch, the others below it; `- []` for none. */
static void print_branches(const gy_layer_branches *branches, int depth, gy_buffer *out)
{
    for (int i = 0; i < branches->n; i++) {
        indent(out, depth);
        gy_buffer_add(out, "- ");
        if (branches->v[i].n == 0) gy_buffer_add(out, "[]\n");
        print_layers(&branches->v[i], depth + 1, true, out);
    }
}

/* One `key: value` line, or the block of a section or list. */
static void print_setting(const gy_setting *s, const void *values, int depth, gy_buffer *out);

static void print_rows(const gy_setting *rows, const void *values, int depth, gy_buffer *out)
{
    for (const gy_setting *s = rows; s != NULL && s->key != NULL; s++) {
        print_setting(s, values, depth, out);
        if (s->type != GY_SETTING_KIND) continue;
        const gy_choice *choice = (const gy_choice *)((const char *)values + s->offset);
        if (choice->kind != NULL) print_rows(choice->kind->settings, choice->settings, depth, out);
    }
}

static void print_setting(const gy_setting *s, const void *values, int depth, gy_buffer *out)
{
    const void *place = (const char *)values + s->offset;
    if (gy_setting_is_none(s, values)) return;
    indent(out, depth);
    gy_buffer_format(out, "%s:", s->key);
    bool empty_list =
        (s->type == GY_SETTING_LAYERS && ((const gy_layer_specs *)place)->n == 0) ||
        (s->type == GY_SETTING_BRANCHES && ((const gy_layer_branches *)place)->n == 0);
    if (empty_list) {
        gy_buffer_add(out, " []\n");
    } else if (s->type == GY_SETTING_SECTION) {
        gy_buffer_add(out, "\n");
        print_rows(s->section, place, depth + 1, out);
    } else if (s->type == GY_SETTING_LAYERS) {
        gy_buffer_add(out, "\n");
        print_layers(place, depth + 1, false, out);
    } else if (s->type == GY_SETTING_BRANCHES) {
        gy_buffer_add(out, "\n");
        print_branches(place, depth + 1, out);
    } else {
        gy_buffer_add(out, " ");
        gy_setting_print(s, values, out);
        gy_buffer_add(out, "\n");
    }
}

/* `units: 10, activation: relu` */
static void print_flow(const gy_setting *rows, const void *values, int *n, gy_buffer *out)
{
    for (const gy_setting *s = rows; s != NULL && s->key != NULL; s++) {
        if (gy_setting_is_none(s, values)) continue;
        gy_buffer_format(out, "%s%s: ", (*n)++ == 0 ? "" : ", ", s->key);
        gy_setting_print(s, values, out);
    }
}

static bool is_composite(const gy_setting *rows)
{
    for (const gy_setting *s = rows; s != NULL && s->key != NULL; s++)
        if (s->type >= GY_SETTING_SECTION && s->type != GY_SETTING_KINDS) return true;
    return false;
}

static void print_layer(const gy_layer_spec *spec, int depth, gy_buffer *out)
{
    const gy_kind *kind = &spec->kind->kind;
    gy_buffer_format(out, "- %s:", kind->name);
    if (is_composite(kind->settings)) {
        gy_buffer_add(out, "\n");
        print_rows(gy_layer_common_settings, &spec->common, depth + 2, out);
        if (spec->kind->has_params)
            print_rows(gy_layer_init_settings, &spec->common, depth + 2, out);
        print_rows(kind->settings, spec->settings, depth + 2, out);
        return;
    }
    int n = 0;
    gy_buffer_add(out, " {");
    print_flow(kind->settings, spec->settings, &n, out);
    print_flow(gy_layer_common_settings, &spec->common, &n, out);
    if (spec->kind->has_params) print_flow(gy_layer_init_settings, &spec->common, &n, out);
    gy_buffer_add(out, "}\n");
}

static void print_layers(const gy_layer_specs *list, int depth, bool inline_first, gy_buffer *out)
{
    for (int i = 0; i < list->n; i++) {
        if (i > 0 || !inline_first) indent(out, depth);
        print_layer(&list->v[i], depth, out);
    }
}

void gy_config_print(const gy_config *config, gy_buffer *out)
{
    print_rows(gy_config_rows, config, 0, out);
}
