/*
 * The schema as a JSON Schema (draft 7), from the rows that the reader uses: for editors, which then
 * complete, explain and check a configuration while it is written.
 *
 * A key of a kind (`momentum`) is a property of its section, and forbidden again where another kind is
 * chosen: an `if` for each kind. What takes more than one setting to see is left to the reader.
 */
#include "config_impl.h"

#include "base/door.h"
#include "base/number.h"

#include <string.h>

static void print_schema(const gy_setting *s, const char *key, gy_buffer *out);

/* What must be given, itself or within. */
static bool is_required(const gy_setting *s)
{
    if (s->type != GY_SETTING_SECTION) return s->standard == NULL;
    for (const gy_setting *row = s->section; row->key != NULL; row++)
        if (is_required(row)) return true;
    return false;
}

static bool may_be_null(const gy_setting *s)
{
    if (s->type == GY_SETTING_SECTION) return !is_required(s);
    return s->standard != NULL && s->standard[0] == '\0';
}

/* YAML's true and false are no texts. */
static void print_word(const char *key, const char *word, gy_buffer *out)
{
    if (strcmp(word, "true") == 0 || strcmp(word, "false") == 0)
        gy_json_bool(out, key, word[0] == 't');
    else
        gy_json_string(out, key, word);
}

static void print_default(const gy_setting *s, gy_buffer *out)
{
    double number;
    if (s->standard == NULL || s->standard[0] == '\0') return;
    switch (s->type) {
    case GY_SETTING_BOOL:
        gy_json_bool(out, "default", strcmp(s->standard, "true") == 0);
        break;
    case GY_SETTING_INT:
    case GY_SETTING_FLOAT:
        if (!gy_number_float(s->standard, &number)) break;
        if (s->type == GY_SETTING_INT)
            gy_json_int(out, "default", (int64_t)number);
        else
            gy_json_float(out, "default", number);
        break;
    case GY_SETTING_CHOICE:
        print_word("default", s->standard, out);
        break;
    case GY_SETTING_STRING:
    case GY_SETTING_KIND:
    case GY_SETTING_SIZES:
        gy_json_string(out, "default", s->standard);
        break;
    default: /* lists: in the description */
        break;
    }
}

static void print_range(const gy_setting *s, gy_buffer *out)
{
    if (s->min == 0 && s->max == 0) return;
    gy_json_float(out, "minimum", s->min);
    gy_json_float(out, "maximum", s->max);
}

static void print_whole(const gy_setting *s, const char *key, gy_buffer *out)
{
    gy_json_begin(out, key, '{');
    gy_json_string(out, "type", "integer");
    print_range(s, out);
    gy_json_end(out, '}');
}

/* Texts need no quotes: `name: 7`. */
static void print_text(const char *key, gy_buffer *out)
{
    gy_json_begin(out, key, '{');
    gy_json_begin(out, "type", '[');
    gy_json_string(out, NULL, "string");
    gy_json_string(out, NULL, "number");
    gy_json_string(out, NULL, "boolean");
    gy_json_end(out, ']');
    gy_json_int(out, "minLength", 1);
    gy_json_end(out, '}');
}

static void print_enum(const gy_setting *s, const char *key, gy_buffer *out)
{
    gy_json_begin(out, key, '{');
    gy_json_begin(out, "enum", '[');
    for (const char *const *word = s->choices; word != NULL && *word != NULL; word++)
        print_word(NULL, *word, out);
    for (int i = 0; s->registry != NULL && i < s->registry->n; i++)
        gy_json_string(out, NULL, s->registry->kinds[i]->name);
    gy_json_end(out, ']');
    gy_json_end(out, '}');
}

static void print_reference(const char *key, const char *to, gy_buffer *out)
{
    gy_json_begin(out, key, '{');
    gy_json_string(out, "$ref", to);
    gy_json_end(out, '}');
}

/* Mappings: the rows of one or several tables, and of the kinds that they choose. */

enum { TABLES = 3 };

typedef struct tables {
    const gy_setting *rows[TABLES];
    int n;
} tables;

static void print_required(const tables *t, gy_buffer *out)
{
    bool any = false;
    for (int i = 0; i < t->n; i++)
        for (const gy_setting *s = t->rows[i]; s != NULL && s->key != NULL; s++) {
            if (!is_required(s)) continue;
            if (!any) gy_json_begin(out, "required", '[');
            any = true;
            gy_json_string(out, NULL, s->key);
        }
    if (any) gy_json_end(out, ']');
}

/* Whether an earlier kind has the key, too, so that it is among the properties already. */
static bool is_of_earlier(const gy_registry *r, int kind, const char *key)
{
    for (int i = 0; i < kind; i++)
        if (gy_setting_find(r->kinds[i]->settings, key) != NULL) return true;
    return false;
}

/* @param chosen  a kind, whose keys have their schema, all others being forbidden; −1: any may be there */
static void print_keys_of_kinds(const gy_registry *r, int chosen, gy_buffer *out)
{
    const gy_setting *own = chosen < 0 ? NULL : r->kinds[chosen]->settings;
    for (const gy_setting *s = own; s != NULL && s->key != NULL; s++) print_schema(s, s->key, out);
    for (int i = 0; i < r->n; i++)
        for (const gy_setting *s = r->kinds[i]->settings; s != NULL && s->key != NULL; s++)
            if (!is_of_earlier(r, i, s->key) && gy_setting_find(own, s->key) == NULL)
                gy_json_bool(out, s->key, chosen < 0);
}

/* `if` the key names that kind, or is left out where it is the default, `then` its settings are known. */
static void print_choice(const gy_setting *s, int chosen, gy_buffer *out)
{
    const gy_kind *kind = s->registry->kinds[chosen];
    const tables own = {{kind->settings}, 1};
    gy_json_begin(out, NULL, '{');
    gy_json_begin(out, "if", '{');
    gy_json_begin(out, "properties", '{');
    gy_json_begin(out, s->key, '{');
    gy_json_string(out, "const", kind->name);
    gy_json_end(out, '}');
    gy_json_end(out, '}');
    if (s->standard == NULL || strcmp(s->standard, kind->name) != 0) {
        gy_json_begin(out, "required", '[');
        gy_json_string(out, NULL, s->key);
        gy_json_end(out, ']');
    }
    gy_json_end(out, '}');
    gy_json_begin(out, "then", '{');
    gy_json_begin(out, "properties", '{');
    print_keys_of_kinds(s->registry, chosen, out);
    gy_json_end(out, '}');
    print_required(&own, out);
    gy_json_end(out, '}');
    gy_json_end(out, '}');
}

static void print_mapping(const tables *t, gy_buffer *out)
{
    gy_json_string(out, "type", "object");
    gy_json_bool(out, "additionalProperties", false);
    print_required(t, out);
    gy_json_begin(out, "properties", '{');
    for (int i = 0; i < t->n; i++)
        for (const gy_setting *s = t->rows[i]; s != NULL && s->key != NULL; s++) {
            print_schema(s, s->key, out);
            if (s->type == GY_SETTING_KIND) print_keys_of_kinds(s->registry, -1, out);
        }
    gy_json_end(out, '}');
    bool any = false;
    for (int i = 0; i < t->n; i++)
        for (const gy_setting *s = t->rows[i]; s != NULL && s->key != NULL; s++)
            for (int k = 0; s->type == GY_SETTING_KIND && k < s->registry->n; k++) {
                if (!any) gy_json_begin(out, "allOf", '[');
                any = true;
                print_choice(s, k, out);
            }
    if (any) gy_json_end(out, ']');
}

/* The rows of a section; `optimizer: adam` is `optimizer: {kind: adam}`. */
static void print_section(const gy_setting *s, gy_buffer *out)
{
    const tables t = {{s->section}, 1};
    const gy_setting *kind = gy_setting_find(s->section, "kind");
    gy_json_begin(out, NULL, '{');
    print_mapping(&t, out);
    gy_json_end(out, '}');
    if (kind != NULL) print_enum(kind, NULL, out);
}

static void print_number(const gy_setting *s, const char *key, gy_buffer *out)
{
    gy_json_begin(out, key, '{');
    gy_json_string(out, "type", "number");
    print_range(s, out);
    gy_json_end(out, '}');
}

static void print_list(const gy_setting *s, gy_buffer *out)
{
    gy_json_begin(out, NULL, '{');
    gy_json_string(out, "type", "array");
    if (s->type == GY_SETTING_KINDS) {
        gy_json_bool(out, "uniqueItems", true);
        print_enum(s, "items", out);
    } else if (s->type == GY_SETTING_INTS) {
        print_whole(s, "items", out);
    } else if (s->type == GY_SETTING_FLOATS) {
        print_number(s, "items", out);
    } else if (s->type == GY_SETTING_STRINGS) {
        print_text("items", out);
    } else {
        print_reference("items", "#/definitions/layers", out);
    }
    gy_json_end(out, '}');
    if (s->type == GY_SETTING_FLOATS && s->choices != NULL) print_enum(s, NULL, out);
}

/* `3`, or one an axis as `3x5`. */
static void print_sizes(const gy_setting *s, gy_buffer *out)
{
    print_whole(s, NULL, out);
    gy_json_begin(out, NULL, '{');
    gy_json_string(out, "type", "string");
    gy_json_string(out, "pattern", "^[0-9]+(x[0-9]+)*$");
    gy_json_end(out, '}');
    if (s->choices != NULL) print_enum(s, NULL, out);
}

/* All forms that a value may have. */
static void print_forms(const gy_setting *s, gy_buffer *out)
{
    switch (s->type) {
    case GY_SETTING_BOOL:
        gy_json_begin(out, NULL, '{');
        gy_json_string(out, "type", "boolean");
        gy_json_end(out, '}');
        break;
    case GY_SETTING_INT:
        print_whole(s, NULL, out);
        break;
    case GY_SETTING_FLOAT:
        print_number(s, NULL, out);
        break;
    case GY_SETTING_STRING:
        print_text(NULL, out);
        break;
    case GY_SETTING_CHOICE:
    case GY_SETTING_KIND:
        print_enum(s, NULL, out);
        break;
    case GY_SETTING_SIZES:
        print_sizes(s, out);
        break;
    case GY_SETTING_INT_OR_WORD:
        print_whole(s, NULL, out);
        print_enum(s, NULL, out);
        break;
    case GY_SETTING_SECTION:
        print_section(s, out);
        break;
    case GY_SETTING_TREE:
        gy_json_begin(out, NULL, '{');
        gy_json_string(out, "type", "array");
        gy_json_end(out, '}');
        break;
    case GY_SETTING_LAYERS:
        print_reference(NULL, "#/definitions/layers", out);
        break;
    default:
        print_list(s, out);
        break;
    }
    if (!may_be_null(s)) return;
    gy_json_begin(out, NULL, '{');
    gy_json_string(out, "type", "null");
    gy_json_end(out, '}');
}

static void print_schema(const gy_setting *s, const char *key, gy_buffer *out)
{
    gy_json_begin(out, key, '{');
    if (s->help != NULL) gy_json_string(out, "description", s->help);
    print_default(s, out);
    gy_json_begin(out, "anyOf", '[');
    print_forms(s, out);
    gy_json_end(out, ']');
    gy_json_end(out, '}');
}

/* Layers: a kind alone, or one key with its settings. */

static tables tables_of(const gy_kind *kind)
{
    tables t = {{kind->settings, gy_layer_common_settings, gy_layer_init_settings}, 2};
    t.n += gy_layer_kind_of(kind)->has_params;
    return t;
}

static bool needs_settings(const gy_kind *kind)
{
    for (const gy_setting *s = kind->settings; s != NULL && s->key != NULL; s++)
        if (is_required(s)) return true;
    return false;
}

static void print_kind(const gy_kind *kind, gy_buffer *out)
{
    const tables t = tables_of(kind);
    gy_json_begin(out, kind->name, '{');
    gy_json_string(out, "description", kind->help == NULL ? "" : kind->help);
    gy_json_begin(out, "anyOf", '[');
    gy_json_begin(out, NULL, '{');
    print_mapping(&t, out);
    gy_json_end(out, '}');
    if (!needs_settings(kind)) {
        gy_json_begin(out, NULL, '{');
        gy_json_string(out, "type", "null");
        gy_json_end(out, '}');
    }
    gy_json_end(out, ']');
    gy_json_end(out, '}');
}

static void print_layer_alone(gy_buffer *out)
{
    gy_json_begin(out, NULL, '{');
    gy_json_begin(out, "enum", '[');
    for (int i = 0; i < gy_layer_registry.n; i++)
        if (!needs_settings(gy_layer_registry.kinds[i]))
            gy_json_string(out, NULL, gy_layer_registry.kinds[i]->name);
    gy_json_end(out, ']');
    gy_json_end(out, '}');
}

static void print_layer(gy_buffer *out)
{
    gy_json_begin(out, "layer", '{');
    gy_json_begin(out, "anyOf", '[');
    gy_json_begin(out, NULL, '{');
    gy_json_string(out, "type", "object");
    gy_json_int(out, "minProperties", 1);
    gy_json_int(out, "maxProperties", 1);
    gy_json_bool(out, "additionalProperties", false);
    gy_json_begin(out, "properties", '{');
    for (int i = 0; i < gy_layer_registry.n; i++) print_kind(gy_layer_registry.kinds[i], out);
    gy_json_end(out, '}');
    gy_json_end(out, '}');
    print_layer_alone(out);
    gy_json_end(out, ']');
    gy_json_end(out, '}');
}

static void print(gy_buffer *out)
{
    const tables root = {{gy_config_rows}, 1};
    gy_json_begin(out, NULL, '{');
    gy_json_string(out, "$schema", "http://json-schema.org/draft-07/schema#");
    gy_json_string(out, "title", "Gyre configuration");
    print_mapping(&root, out);
    gy_json_begin(out, "definitions", '{');
    print_layer(out);
    gy_json_begin(out, "layers", '{');
    gy_json_string(out, "type", "array");
    print_reference("items", "#/definitions/layer", out);
    gy_json_end(out, '}');
    gy_json_end(out, '}');
    gy_json_end(out, '}');
}

gy_status gy_config_schema(gy_context *ctx, void (*line)(void *user, const char *text), void *user)
{
    GY_DOOR;
    gy_buffer out;
    gy_buffer_init(&out, ctx);
    print(&out);
    gy_status status = out.status;
    if (status == GY_OK) line(user, gy_buffer_text(&out));
    gy_buffer_clear(&out);
    return status;
}
