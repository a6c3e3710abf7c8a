/* Options of a command line, by setting rows. */
#include "option.h"

#include <ctype.h>
#include <string.h>

enum { MOST_ROWS = 64, MOST_ITEMS = 256 };

/* The command line that is read. */
typedef struct reader {
    gy_pool *pool;
    const gy_setting *rows;
    int argc;
    char *const *argv;
    int at;
    void *values;
    bool given[MOST_ROWS]; /* a list's first use replaces its default */
} reader;

const char *gy_option_name(const char *key, char out[GY_OPTION_NAME])
{
    size_t n = key[0] == '\0' || key[1] == '\0' ? 1 : 2;
    out[0] = out[1] = '-';
    for (const char *p = key; *p != '\0' && n + 1 < GY_OPTION_NAME; p++)
        out[n++] = *p == '_' ? '-' : *p;
    out[n] = '\0';
    return out;
}

static const gy_setting *find_option(const gy_setting *rows, const char *name)
{
    char option[GY_OPTION_NAME];
    for (const gy_setting *s = rows; s != NULL && s->key != NULL; s++) {
        gy_option_name(s->key, option);
        if (strcmp(option, name) == 0) return s;
    }
    return NULL;
}

static gy_status unknown(const reader *r, const char *name)
{
    char options[MOST_ROWS][GY_OPTION_NAME];
    const char *names[MOST_ROWS];
    int n = 0;
    for (const gy_setting *s = r->rows; s != NULL && s->key != NULL && n < MOST_ROWS; s++, n++) {
        gy_option_name(s->key, options[n]);
        names[n] = options[n];
    }
    const char *near = gy_nearest(name, names, n);
    if (near == NULL)
        return gy_raise(GY_E_USAGE, "unknown option %s" GY_HINT "see the command's --help", name);
    return gy_raise(GY_E_USAGE, "unknown option %s" GY_HINT "did you mean %s?", name, near);
}

/* Adds one more text to a list of texts. */
static gy_status append(reader *r, const gy_setting *s, const char *text)
{
    gy_strings *list = (gy_strings *)((char *)r->values + s->offset);
    int had = r->given[s - r->rows] ? list->n : 0;
    const char **v;
    GY_TRY(gy_pool_array(r->pool, had + 1, &v));
    for (int i = 0; i < had; i++) v[i] = list->v[i];
    GY_TRY(gy_pool_string(r->pool, text, &v[had]));
    *list = (gy_strings){v, had + 1};
    return GY_OK;
}

/* Splits `1,2,4` in a copy of the text. */
static gy_status split(reader *r, const char *text, const char **items, int *n)
{
    const char *copy;
    GY_TRY(gy_pool_string(r->pool, text, &copy));
    char *rest = (char *)copy;
    *n = 0;
    for (char *item; *n < MOST_ITEMS; items[(*n)++] = item) {
        item = strtok_r(*n == 0 ? rest : NULL, "[, ]", &rest);
        if (item == NULL) break;
    }
    return GY_OK;
}

static gy_status assign(reader *r, const gy_setting *s, const char *name, const char *text)
{
    if (s->type == GY_SETTING_STRINGS) {
        GY_TRY(append(r, s, text));
        r->given[s - r->rows] = true;
        return GY_OK;
    }
    const char *items[MOST_ITEMS] = {text};
    int n = 1;
    bool is_list = s->type == GY_SETTING_INTS || s->type == GY_SETTING_KINDS;
    if (is_list) GY_TRY(split(r, text, items, &n));
    gy_buffer why;
    gy_buffer_init(&why, r->pool->ctx);
    gy_status status = GY_OK;
    if (!gy_setting_assign(s, items, n, is_list, r->pool, r->values, &why))
        status = why.status != GY_OK ? why.status
                                     : gy_raise(GY_E_USAGE, "wrong value of %s" GY_WHY "%s", name,
                                                gy_buffer_text(&why));
    gy_buffer_clear(&why);
    return status;
}

/* --key[=value], --no-key or -k at r->at; moves on by one or, with a value after it, two. */
static gy_status read_option(reader *r)
{
    char name[GY_OPTION_NAME];
    const char *word = r->argv[r->at++];
    const char *equals = strchr(word, '=');
    size_t n = equals == NULL ? strlen(word) : (size_t)(equals - word);
    GY_REQUIRE(n < GY_OPTION_NAME, GY_E_USAGE, "unknown option %s", word);
    memcpy(name, word, n);
    name[n] = '\0';

    const gy_setting *s = find_option(r->rows, name);
    if (s == NULL && strncmp(name, "--no-", 5) == 0 && equals == NULL) {
        char positive[GY_OPTION_NAME] = "--";
        memcpy(positive + 2, name + 5, n - 4);
        s = find_option(r->rows, positive);
        if (s != NULL && s->type == GY_SETTING_BOOL) return assign(r, s, name, "false");
        s = NULL;
    }
    if (s == NULL) return unknown(r, name);
    if (equals != NULL) return assign(r, s, name, equals + 1);
    if (s->type == GY_SETTING_BOOL) return assign(r, s, name, "true");
    GY_REQUIRE(r->at < r->argc, GY_E_USAGE, "option %s needs a value" GY_HINT "write %s VALUE",
               name, name);
    return assign(r, s, name, r->argv[r->at++]);
}

static bool is_option(const char *word)
{
    return word[0] == '-' && word[1] != '\0' && !isdigit((unsigned char)word[1]) && word[1] != '.';
}

gy_status gy_options_parse(gy_pool *pool, const gy_setting *rows, int argc, char *const *argv,
                           void *values, gy_strings *operands)
{
    reader r = {.pool = pool, .rows = rows, .argc = argc, .argv = argv, .values = values};
    const char **left;
    int n = 0;
    GY_TRY(gy_pool_array(pool, argc + 1, &left));
    while (r.at < argc) {
        if (strcmp(argv[r.at], "--") == 0) {
            r.at++;
            break;
        }
        if (is_option(argv[r.at]))
            GY_TRY(read_option(&r));
        else
            left[n++] = argv[r.at++];
    }
    while (r.at < argc) left[n++] = argv[r.at++];
    *operands = (gy_strings){left, n};
    return GY_OK;
}
