/* Values from their texts, by setting rows. */
#include "setting.h"

#include "number.h"

#include <math.h>
#include <string.h>

/* The texts of one value, and where to say what is wrong with them. */
typedef struct assignment {
    const gy_setting *s;
    const char *const *items;
    int n;
    gy_pool *pool;
    void *place;
    gy_buffer *why;
} assignment;

static bool in_range(const gy_setting *s, double v)
{
    return (s->min == 0 && s->max == 0) || (v >= s->min && v <= s->max);
}

/* Bounds that hardly anybody meets are said to those who do. */
static void add_far_bound(const gy_setting *s, double v, gy_buffer *why)
{
    if (in_range(s, v)) return;
    if (v > s->max && s->max >= GY_COUNT_MAX) gy_buffer_format(why, ", at most %.9g", s->max);
    if (v < s->min && s->min <= -GY_COUNT_MAX) gy_buffer_format(why, ", at least %.9g", s->min);
}

static bool refuse(const assignment *a, const char *text)
{
    double v;
    gy_buffer_add(a->why, "it must be ");
    gy_setting_expect(a->s, a->why);
    if (gy_number_float(text, &v)) add_far_bound(a->s, v, a->why);
    gy_buffer_format(a->why, ", not '%s'", text);
    return false;
}

static bool no_memory(const assignment *a)
{
    a->why->status = GY_E_NOMEM;
    return false;
}

static bool assign_bool(const assignment *a)
{
    bool yes = strcmp(a->items[0], "true") == 0;
    if (!yes && strcmp(a->items[0], "false") != 0) return refuse(a, a->items[0]);
    *(bool *)a->place = yes;
    return true;
}

static bool read_int(const assignment *a, const char *text, int64_t *out)
{
    int64_t v;
    if (!gy_number_int(text, &v) || !in_range(a->s, (double)v)) return refuse(a, text);
    *out = v;
    return true;
}

static bool assign_float(const assignment *a)
{
    double v;
    bool ok = gy_number_float(a->items[0], &v) && isfinite(v) && in_range(a->s, v);
    if (!ok) return refuse(a, a->items[0]);
    *(double *)a->place = v;
    return true;
}

static bool assign_string(const assignment *a)
{
    const char *text = a->items[0];
    if (text[0] == '\0') return refuse(a, text);
    if (gy_pool_string(a->pool, text, (const char **)a->place) != GY_OK) return no_memory(a);
    return true;
}

static int find_choice(const gy_setting *s, const char *text)
{
    for (int i = 0; s->choices != NULL && s->choices[i] != NULL; i++)
        if (strcmp(s->choices[i], text) == 0) return i;
    return -1;
}

static bool refuse_name(const assignment *a, const char *text, const char *nearest)
{
    refuse(a, text);
    if (nearest != NULL) gy_buffer_format(a->why, "; did you mean '%s'?", nearest);
    return false;
}

static bool assign_choice(const assignment *a)
{
    int choice = find_choice(a->s, a->items[0]);
    if (choice < 0) {
        int n = 0;
        while (a->s->choices[n] != NULL) n++;
        return refuse_name(a, a->items[0], gy_nearest(a->items[0], a->s->choices, n));
    }
    *(int *)a->place = choice;
    return true;
}

/* A decimal number of n digits. */
static bool read_digits(const char *text, size_t n, int64_t *out)
{
    char digits[24];
    if (n >= sizeof digits || strspn(text, "0123456789") < n) return false;
    memcpy(digits, text, n);
    digits[n] = '\0';
    return gy_number_int(digits, out);
}

/* `3`, `3x5`, `3x5x2` or a word of the choices. `0x2` is 0 and 2, though other readers of YAML see one
 * hexadecimal number there. */
static bool assign_sizes(const assignment *a)
{
    const char *text = a->items[0];
    gy_sizes sizes = {.choice = find_choice(a->s, text)};
    for (const char *at = text; sizes.choice < 0 && at != NULL; sizes.n++) {
        int64_t *v = &sizes.v[sizes.n];
        const size_t n = strcspn(at, "x");
        if (sizes.n == GY_SIZES || !read_digits(at, n, v) || !in_range(a->s, (double)*v))
            return refuse(a, text);
        at = at[n] == 'x' ? at + n + 1 : NULL;
    }
    *(gy_sizes *)a->place = sizes;
    return true;
}

static bool assign_ints(const assignment *a)
{
    int64_t *v;
    if (gy_pool_array(a->pool, a->n, &v) != GY_OK) return no_memory(a);
    for (int i = 0; i < a->n; i++)
        if (!read_int(a, a->items[i], &v[i])) return false;
    *(gy_ints *)a->place = (gy_ints){v, a->n};
    return true;
}

static bool assign_floats(const assignment *a)
{
    double *v;
    if (gy_pool_array(a->pool, a->n, &v) != GY_OK) return no_memory(a);
    for (int i = 0; i < a->n; i++)
        if (!gy_number_float(a->items[i], &v[i]) || !isfinite(v[i]) || !in_range(a->s, v[i]))
            return refuse(a, a->items[i]);
    *(gy_floats *)a->place = (gy_floats){-1, v, a->n};
    return true;
}

static bool assign_int_or_word(const assignment *a)
{
    gy_int_or_word value = {.choice = find_choice(a->s, a->items[0])};
    if (value.choice < 0 && !read_int(a, a->items[0], &value.v)) return false;
    *(gy_int_or_word *)a->place = value;
    return true;
}

static bool assign_strings(const assignment *a)
{
    const char **v;
    if (gy_pool_array(a->pool, a->n, &v) != GY_OK) return no_memory(a);
    for (int i = 0; i < a->n; i++) {
        const char *text = a->items[i];
        if (a->s->type == GY_SETTING_KINDS) {
            if (gy_registry_find(a->s->registry, text) == NULL)
                return refuse_name(a, text, gy_registry_nearest(a->s->registry, text));
            for (int j = 0; j < i; j++) {
                if (strcmp(v[j], text) != 0) continue;
                gy_buffer_format(a->why, "it names %s twice", text);
                return false;
            }
        }
        if (gy_pool_string(a->pool, text, &v[i]) != GY_OK) return no_memory(a);
    }
    *(gy_strings *)a->place = (gy_strings){v, a->n};
    return true;
}

static bool assign_kind(const assignment *a)
{
    const char *text = a->items[0];
    const gy_kind *kind = gy_registry_find(a->s->registry, text);
    if (kind == NULL) return refuse_name(a, text, gy_registry_nearest(a->s->registry, text));
    gy_choice choice = {.kind = kind};
    bool ok = gy_pool_alloc(a->pool, kind->settings_size, &choice.settings) == GY_OK &&
              gy_settings_default(kind->settings, a->pool, choice.settings) == GY_OK;
    if (!ok) return no_memory(a);
    *(gy_choice *)a->place = choice;
    return true;
}

static bool takes_list(const gy_setting *s)
{
    return s->type == GY_SETTING_INTS || s->type == GY_SETTING_FLOATS ||
           s->type == GY_SETTING_STRINGS || s->type == GY_SETTING_KINDS;
}

/* The value that "" stands for, where that is the row's default. */
static void assign_none(const gy_setting *s, void *place)
{
    switch (s->type) {
    case GY_SETTING_STRING:
        *(const char **)place = NULL;
        break;
    case GY_SETTING_CHOICE:
        *(int *)place = -1;
        break;
    case GY_SETTING_SIZES:
        *(gy_sizes *)place = (gy_sizes){.choice = -1};
        break;
    case GY_SETTING_INTS:
        *(gy_ints *)place = (gy_ints){NULL, 0};
        break;
    case GY_SETTING_STRINGS:
    case GY_SETTING_KINDS:
        *(gy_strings *)place = (gy_strings){NULL, 0};
        break;
    case GY_SETTING_KIND:
        *(gy_choice *)place = (gy_choice){NULL, NULL};
        break;
    default:
        break;
    }
}

bool gy_setting_is_none(const gy_setting *s, const void *values)
{
    const void *place = (const char *)values + s->offset;
    switch (s->type) {
    case GY_SETTING_STRING:
    case GY_SETTING_TREE:
        return *(const char *const *)place == NULL;
    case GY_SETTING_CHOICE:
        return *(const int *)place < 0;
    case GY_SETTING_SIZES: {
        const gy_sizes *sizes = place;
        return sizes->choice < 0 && sizes->n == 0;
    }
    case GY_SETTING_INTS:
        return ((const gy_ints *)place)->v == NULL;
    case GY_SETTING_STRINGS:
    case GY_SETTING_KINDS:
        return ((const gy_strings *)place)->v == NULL;
    case GY_SETTING_KIND:
        return ((const gy_choice *)place)->kind == NULL;
    default:
        return false;
    }
}

bool gy_setting_assign(const gy_setting *s, const char *const *items, int n, bool is_list,
                       gy_pool *pool, void *values, gy_buffer *why)
{
    assignment a = {s, items, n, pool, (char *)values + s->offset, why};
    if (!is_list && items[0][0] == '\0' && s->standard != NULL && s->standard[0] == '\0') {
        assign_none(s, a.place);
        return true;
    }
    if (s->type == GY_SETTING_FLOATS && !is_list && find_choice(s, items[0]) >= 0) {
        *(gy_floats *)a.place = (gy_floats){.choice = find_choice(s, items[0])};
        return true;
    }
    if (takes_list(s) != is_list) {
        gy_buffer_add(why, "it must be ");
        gy_setting_expect(s, why);
        if (is_list)
            gy_buffer_add(why, ", not a list");
        else
            gy_buffer_format(why, "; write [%s]", items[0]);
        return false;
    }
    switch (s->type) {
    case GY_SETTING_BOOL:
        return assign_bool(&a);
    case GY_SETTING_INT:
        return read_int(&a, items[0], a.place);
    case GY_SETTING_FLOAT:
        return assign_float(&a);
    case GY_SETTING_STRING:
        return assign_string(&a);
    case GY_SETTING_CHOICE:
        return assign_choice(&a);
    case GY_SETTING_SIZES:
        return assign_sizes(&a);
    case GY_SETTING_INTS:
        return assign_ints(&a);
    case GY_SETTING_FLOATS:
        return assign_floats(&a);
    case GY_SETTING_INT_OR_WORD:
        return assign_int_or_word(&a);
    case GY_SETTING_STRINGS:
    case GY_SETTING_KINDS:
        return assign_strings(&a);
    case GY_SETTING_KIND:
        return assign_kind(&a);
    case GY_SETTING_SECTION:
    case GY_SETTING_TREE: /* the config room's */
    case GY_SETTING_LAYERS:
    case GY_SETTING_BRANCHES:
        break;
    }
    return refuse(&a, items[0]);
}

enum { STANDARD_ITEMS = 32, STANDARD_BYTES = 256 };

/* Splits "[30, 60]" in place. */
static int split(char *text, const char **items)
{
    int n = 0;
    for (char *rest = text, *item; n < STANDARD_ITEMS; n++) {
        item = strtok_r(n == 0 ? rest : NULL, "[, ]", &rest);
        if (item == NULL) break;
        items[n] = item;
    }
    return n;
}

static gy_status set_default(const gy_setting *s, gy_pool *pool, void *values)
{
    char text[STANDARD_BYTES];
    const char *items[STANDARD_ITEMS] = {text};
    int n = 1;
    size_t bytes = strlen(s->standard) + 1;
    GY_REQUIRE(bytes <= sizeof text, GY_E_CONFIG, "default of %s is too long", s->key);
    memcpy(text, s->standard, bytes);
    bool is_list = takes_list(s) && text[0] != '\0';
    if (is_list) n = split(text, items);

    gy_buffer why;
    gy_buffer_init(&why, pool->ctx);
    gy_status status = GY_OK;
    if (!gy_setting_assign(s, items, n, is_list, pool, values, &why))
        status = why.status != GY_OK ? why.status
                                     : gy_raise(GY_E_CONFIG, "wrong default of %s" GY_WHY "%s",
                                                s->key, gy_buffer_text(&why));
    gy_buffer_clear(&why);
    return status;
}

gy_status gy_settings_default(const gy_setting *rows, gy_pool *pool, void *values)
{
    for (const gy_setting *s = rows; s != NULL && s->key != NULL; s++) {
        if (s->type == GY_SETTING_SECTION)
            GY_TRY(gy_settings_default(s->section, pool, (char *)values + s->offset));
        else if (s->standard != NULL && s->type < GY_SETTING_TREE)
            GY_TRY(set_default(s, pool, values));
    }
    return GY_OK;
}

const gy_setting *gy_setting_find(const gy_setting *rows, const char *key)
{
    for (const gy_setting *s = rows; s != NULL && s->key != NULL; s++)
        if (strcmp(s->key, key) == 0) return s;
    return NULL;
}
