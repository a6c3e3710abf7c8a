/* Source strings. A comma or a colon that belongs to an existing file's name stays in it. */
#include "source_text.h"

#include "base/number.h"
#include "files.h"
#include "store/file.h"

#include <stdlib.h>
#include <string.h>

enum { QUERY_KEYS = 64 };

static int hex(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/* %41 → A, in place. */
static void decode(char *s)
{
    char *to = s;
    for (; *s != '\0'; s++) {
        if (*s == '%' && hex(s[1]) >= 0 && hex(s[2]) >= 0 && (s[1] != '0' || s[2] != '0')) {
            *to++ = (char)(hex(s[1]) * 16 + hex(s[2]));
            s += 2;
        } else {
            *to++ = *s;
        }
    }
    *to = '\0';
}

static gy_status parse_query(gy_pool *pool, char *query, gy_source_text *out)
{
    const char **keys, **values;
    GY_TRY(gy_pool_array(pool, QUERY_KEYS, &keys));
    GY_TRY(gy_pool_array(pool, QUERY_KEYS, &values));
    out->keys = keys;
    out->values = values;
    char *rest = query;
    for (char *item; (item = strtok_r(rest, "&", &rest)) != NULL;) {
        char *equals = strchr(item, '=');
        GY_REQUIRE(equals != NULL && equals != item, GY_E_DATA,
                   "cannot read the source" GY_AT "%s" GY_WHY "'%s' is not KEY=VALUE" GY_HINT
                   "write PATH?key=value&key=value",
                   out->text, item);
        GY_REQUIRE(out->n < QUERY_KEYS, GY_E_DATA,
                   "cannot read the source" GY_AT "%s" GY_WHY "it has more than %d keys", out->text,
                   QUERY_KEYS);
        *equals = '\0';
        decode(item);
        decode(equals + 1);
        GY_REQUIRE(gy_source_text_find(out, item) == NULL, GY_E_DATA,
                   "cannot read the source" GY_AT "%s" GY_WHY "the key %s is given twice",
                   out->text, item);
        keys[out->n] = item;
        values[out->n++] = equals + 1;
    }
    return GY_OK;
}

/* The scheme of a format kind that the string begins with, cut off. */
static char *parse_scheme(char *rest, gy_source_text *out)
{
    for (int i = 0; i < gy_format_registry.n; i++) {
        const char *scheme = gy_format_kind_of(gy_format_registry.kinds[i])->scheme;
        size_t n = scheme == NULL ? 0 : strlen(scheme);
        if (n == 0 || strncmp(rest, scheme, n) != 0 || rest[n] != ':') continue;
        out->scheme = scheme;
        return rest + n + 1;
    }
    return rest;
}

static gy_status exists(const char *path, bool *out)
{
    gy_lies there;
    GY_TRY(gy_path_kind(path, &there));
    *out = there != GY_IS_NONE;
    return GY_OK;
}

static gy_status one_file(gy_pool *pool, const char *path, gy_source_text *out)
{
    const char **files;
    GY_TRY(gy_pool_array(pool, 1, &files));
    files[0] = path;
    out->files = files;
    out->n_files = 1;
    return GY_OK;
}

static gy_status parse_path(gy_pool *pool, char *rest, gy_source_text *out)
{
    bool there;
    GY_TRY(exists(rest, &there));
    for (char *colon = rest; !there && (colon = strstr(colon, ":/")) != NULL; colon++) {
        if (colon == rest) continue;
        out->group = colon + 1;
        *colon = '\0';
        GY_TRY(exists(rest, &there));
        break;
    }
    if (there || *rest == '\0')
        GY_TRY(one_file(pool, rest, out));
    else
        GY_TRY(gy_files_list(pool, rest, &out->files, &out->n_files));
    return GY_OK;
}

gy_status gy_rows_parse(const char *where, const char *rows, int64_t *from, int64_t *to)
{
    *from = 0;
    *to = INT64_MAX;
    if (rows == NULL) return GY_OK;
    char *end = NULL;
    bool ok = true;
    const char *colon = strchr(rows, ':');
    if (colon != rows) {
        *from = strtoll(rows, &end, 10);
        ok = end == colon;
    }
    ok = ok && colon != NULL;
    if (ok && colon[1] != '\0') ok = gy_number_int(colon + 1, to);
    GY_REQUIRE(ok && *from >= 0 && *to > *from, GY_E_DATA,
               "not a valid value" GY_AT "%s, key rows" GY_WHY "it is '%s'" GY_HINT
               "write FROM:TO, rows from 0, the second above the first",
               where, rows);
    return GY_OK;
}

gy_status gy_source_text_parse(gy_pool *pool, const char *text, gy_source_text *out)
{
    const char *copy;
    *out = (gy_source_text){0};
    GY_TRY(gy_pool_string(pool, text, &out->text));
    GY_TRY(gy_pool_string(pool, text, &copy));
    char *rest = parse_scheme((char *)copy, out); /* pool memory is ours to change */
    char *query = strchr(rest, '?');
    if (query != NULL) {
        *query = '\0';
        GY_TRY(parse_query(pool, query + 1, out));
    }
    if (out->scheme != NULL && strcmp(out->scheme, "synthetic") == 0)
        GY_TRY(one_file(pool, rest, out));
    else
        GY_TRY(parse_path(pool, rest, out));
    out->path = out->files[0];
    GY_REQUIRE(out->path[0] != '\0', GY_E_DATA,
               "cannot read the source" GY_AT "%s" GY_WHY "it names no file", text);
    return GY_OK;
}

const char *gy_source_text_find(const gy_source_text *text, const char *key)
{
    for (int i = 0; i < text->n; i++)
        if (strcmp(text->keys[i], key) == 0) return text->values[i];
    return NULL;
}

static gy_status unknown_key(const gy_source_text *text, const gy_kind *kind, const char *key)
{
    const char *names[QUERY_KEYS];
    int n = 0;
    for (const gy_setting *s = kind->settings; s != NULL && s->key != NULL && n < QUERY_KEYS; s++)
        names[n++] = s->key;
    const char *nearest = gy_nearest(key, names, n);
    if (nearest == NULL)
        return gy_raise(GY_E_DATA,
                        "unknown key of a source" GY_AT "%s, key %s" GY_WHY
                        "the format %s does not have it" GY_HINT
                        "`gyre help data` lists the keys; ?format=NAME names another format",
                        text->text, key, kind->name);
    return gy_raise(GY_E_DATA,
                    "unknown key of a source" GY_AT "%s, key %s" GY_WHY
                    "the format %s does not have it" GY_HINT "did you mean '%s'?",
                    text->text, key, kind->name, nearest);
}

/* Splits "a,b" into items; a value that takes no list is one item. */
static gy_status assign(gy_pool *pool, const gy_source_text *text, const gy_setting *s,
                        const char *value, void *settings)
{
    bool is_list = s->type == GY_SETTING_STRINGS || s->type == GY_SETTING_INTS;
    const char *copy;
    GY_TRY(gy_pool_string(pool, value, &copy));
    int n = 1;
    for (const char *p = copy; is_list && *p != '\0'; p++) n += *p == ',';
    const char **items;
    GY_TRY(gy_pool_array(pool, n, &items));
    items[0] = copy;
    char *rest = (char *)copy;
    for (int i = 1; i < n; i++) {
        rest = strchr(rest, ',');
        *rest++ = '\0';
        items[i] = rest;
    }
    gy_buffer why;
    gy_buffer_init(&why, pool->ctx);
    gy_status status = GY_OK;
    if (!gy_setting_assign(s, items, n, is_list, pool, settings, &why))
        status = why.status != GY_OK
                     ? why.status
                     : gy_raise(GY_E_DATA, "not a valid value" GY_AT "%s, key %s" GY_WHY "%s",
                                text->text, s->key, gy_buffer_text(&why));
    gy_buffer_clear(&why);
    return status;
}

gy_status gy_source_text_settings(gy_pool *pool, const gy_source_text *text, const gy_kind *kind,
                                  void **settings)
{
    GY_TRY(gy_pool_alloc(pool, kind->settings_size + 1, settings));
    GY_TRY(gy_settings_default(kind->settings, pool, *settings));
    for (int i = 0; i < text->n; i++) {
        if (strcmp(text->keys[i], "format") == 0) continue;
        const gy_setting *s = gy_setting_find(kind->settings, text->keys[i]);
        if (s == NULL) return unknown_key(text, kind, text->keys[i]);
        GY_TRY(assign(pool, text, s, text->values[i], *settings));
    }
    return GY_OK;
}
