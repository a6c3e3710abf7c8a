/* Values and rows as text: the resolved configuration, messages, help. */
#include "setting.h"

#include "number.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void gy_setting_print_float(double value, gy_buffer *out)
{
    char text[40];
    int precision = 1;
    do {
        (void)snprintf(text, sizeof text, "%.*g", precision, value);
    } while (strtod(text, NULL) != value && ++precision <= 17);
    size_t whole = strspn(text, "-0123456789");
    gy_buffer_add_bytes(out, text, whole);
    if (text[whole] != '.')
        gy_buffer_add(out, ".0"); /* 1.0e-05: YAML 1.1 takes 1e-05 for a string */
    gy_buffer_add(out, text + whole);
}

/* Whether a text reads back as the same string when it stands bare, in a flow mapping too. */
static bool is_plain(const char *text)
{
    static const char *const words[] = {"true", "false", "null", "yes", "no",
                                        "on",   "off",   "y",    "n",   "~"};
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    double number;
    if (strchr(letters, text[0]) == NULL && text[0] != '/' && text[0] != '_') return false;
    if (strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./+") !=
        strlen(text))
        return false;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t j = 0;
        while (text[j] != '\0' && (text[j] | 32) == words[i][j]) j++;
        if (text[j] == '\0' && words[i][j] == '\0') return false;
    }
    return !gy_number_float(text, &number);
}

void gy_setting_print_text(const char *text, gy_buffer *out)
{
    if (text[0] != '\0' && is_plain(text)) {
        gy_buffer_add(out, text);
        return;
    }
    gy_buffer_add(out, "\"");
    for (const char *p = text; *p != '\0'; p++) {
        unsigned char c = (unsigned char)*p;
        if (c == '"' || c == '\\')
            gy_buffer_format(out, "\\%c", c);
        else if (c == '\n')
            gy_buffer_add(out, "\\n");
        else if (c < ' ' || c == 127)
            gy_buffer_format(out, "\\x%02x", c);
        else
            gy_buffer_add_bytes(out, p, 1);
    }
    gy_buffer_add(out, "\"");
}

static void print_sizes(const gy_setting *s, const gy_sizes *sizes, gy_buffer *out)
{
    bool equal = true;
    for (int i = 1; i < sizes->n; i++) equal &= sizes->v[i] == sizes->v[0];
    if (sizes->choice >= 0) gy_buffer_add(out, s->choices[sizes->choice]);
    if (!equal && sizes->v[0] == 0) gy_buffer_add(out, "0"); /* 0x2 would be a number */
    for (int i = 0; i < (equal && sizes->n > 0 ? 1 : sizes->n); i++)
        gy_buffer_format(out, "%s%lld", i == 0 ? "" : "x", (long long)sizes->v[i]);
}

static void print_ints(const gy_ints *ints, gy_buffer *out)
{
    gy_buffer_add(out, "[");
    for (int i = 0; i < ints->n; i++)
        gy_buffer_format(out, "%s%lld", i == 0 ? "" : ", ", (long long)ints->v[i]);
    gy_buffer_add(out, "]");
}

static void print_floats(const gy_setting *s, const gy_floats *floats, gy_buffer *out)
{
    if (floats->choice >= 0) {
        gy_buffer_add(out, s->choices[floats->choice]);
        return;
    }
    gy_buffer_add(out, "[");
    for (int i = 0; i < floats->n; i++) {
        gy_buffer_add(out, i == 0 ? "" : ", ");
        gy_setting_print_float(floats->v[i], out);
    }
    gy_buffer_add(out, "]");
}

static void print_int_or_word(const gy_setting *s, const gy_int_or_word *value, gy_buffer *out)
{
    if (value->choice >= 0)
        gy_buffer_add(out, s->choices[value->choice]);
    else
        gy_buffer_format(out, "%lld", (long long)value->v);
}

static void print_strings(const gy_strings *strings, gy_buffer *out)
{
    gy_buffer_add(out, "[");
    for (int i = 0; i < strings->n; i++) {
        gy_buffer_add(out, i == 0 ? "" : ", ");
        gy_setting_print_text(strings->v[i], out);
    }
    gy_buffer_add(out, "]");
}

void gy_setting_print(const gy_setting *s, const void *values, gy_buffer *out)
{
    const void *place = (const char *)values + s->offset;
    if (gy_setting_is_none(s, values)) {
        gy_buffer_add(out, "\"\"");
        return;
    }
    switch (s->type) {
    case GY_SETTING_BOOL:
        gy_buffer_add(out, *(const bool *)place ? "true" : "false");
        break;
    case GY_SETTING_INT:
        gy_buffer_format(out, "%lld", (long long)*(const int64_t *)place);
        break;
    case GY_SETTING_FLOAT:
        gy_setting_print_float(*(const double *)place, out);
        break;
    case GY_SETTING_STRING:
        gy_setting_print_text(*(const char *const *)place, out);
        break;
    case GY_SETTING_CHOICE:
        gy_buffer_add(out, s->choices[*(const int *)place]);
        break;
    case GY_SETTING_SIZES:
        print_sizes(s, place, out);
        break;
    case GY_SETTING_INTS:
        print_ints(place, out);
        break;
    case GY_SETTING_FLOATS:
        print_floats(s, place, out);
        break;
    case GY_SETTING_INT_OR_WORD:
        print_int_or_word(s, place, out);
        break;
    case GY_SETTING_STRINGS:
    case GY_SETTING_KINDS:
        print_strings(place, out);
        break;
    case GY_SETTING_KIND:
        gy_buffer_add(out, ((const gy_choice *)place)->kind->name);
        break;
    case GY_SETTING_TREE:
        gy_buffer_add(out, *(const char *const *)place);
        break;
    case GY_SETTING_SECTION:
    case GY_SETTING_LAYERS:
    case GY_SETTING_BRANCHES:
        break;
    }
}

static void expect_range(const gy_setting *s, gy_buffer *out)
{
    if (s->min == 0 && s->max == 0) return;
    if (s->max < GY_COUNT_MAX) {
        gy_buffer_format(out, ", from %.9g to %.9g", s->min, s->max);
    } else if (s->min > 0 && s->min < 1e-30) {
        gy_buffer_add(out, ", above 0");
    } else if (s->min > -GY_COUNT_MAX) {
        gy_buffer_format(out, ", at least %.9g", s->min);
    }
}

static void expect_names(const gy_setting *s, gy_buffer *out)
{
    int n = 0;
    if (s->registry != NULL)
        for (; n < s->registry->n; n++)
            gy_buffer_format(out, "%s%s", n == 0 ? "" : ", ", s->registry->kinds[n]->name);
    else
        for (; s->choices != NULL && s->choices[n] != NULL; n++)
            gy_buffer_format(out, "%s%s", n == 0 ? "" : ", ", s->choices[n]);
}

void gy_setting_expect(const gy_setting *s, gy_buffer *out)
{
    switch (s->type) {
    case GY_SETTING_BOOL:
        gy_buffer_add(out, "true or false");
        break;
    case GY_SETTING_INT:
        gy_buffer_add(out, "a whole number");
        expect_range(s, out);
        break;
    case GY_SETTING_FLOAT:
        gy_buffer_add(out, "a number");
        expect_range(s, out);
        break;
    case GY_SETTING_STRING:
        gy_buffer_add(out, "a text");
        break;
    case GY_SETTING_CHOICE:
    case GY_SETTING_KIND:
        gy_buffer_add(out, "one of ");
        expect_names(s, out);
        break;
    case GY_SETTING_SIZES:
        gy_buffer_add(out, "a number, or one an axis as 3x5");
        expect_range(s, out);
        if (s->choices != NULL) gy_buffer_add(out, ", or one of ");
        expect_names(s, out);
        break;
    case GY_SETTING_INTS:
        gy_buffer_add(out, "a list of whole numbers");
        expect_range(s, out);
        break;
    case GY_SETTING_FLOATS:
    case GY_SETTING_INT_OR_WORD:
        gy_buffer_add(out, s->type == GY_SETTING_FLOATS ? "a list of numbers" : "a whole number");
        expect_range(s, out);
        if (s->choices != NULL) gy_buffer_add(out, ", or one of ");
        expect_names(s, out);
        break;
    case GY_SETTING_STRINGS:
        gy_buffer_add(out, "a list of texts");
        break;
    case GY_SETTING_KINDS:
        gy_buffer_add(out, "a list of ");
        expect_names(s, out);
        break;
    case GY_SETTING_SECTION:
        gy_buffer_add(out, "a mapping of settings");
        break;
    case GY_SETTING_TREE:
        gy_buffer_add(out, "a list");
        break;
    case GY_SETTING_LAYERS:
        gy_buffer_add(out, "a list of layers");
        break;
    case GY_SETTING_BRANCHES:
        gy_buffer_add(out, "a list of lists of layers");
        break;
    }
}

enum { KEY_WIDTH = 25, GAP = 2 };

void gy_setting_describe(const gy_setting *s, gy_buffer *out)
{
    size_t start = out->bytes;
    gy_buffer_add(out, s->key);
    if (s->standard != NULL && s->standard[0] != '\0') gy_buffer_format(out, "=%s", s->standard);
    size_t width = out->bytes - start;
    gy_buffer_format(out, "%*s", width + GAP <= KEY_WIDTH ? (int)(KEY_WIDTH - width) : GAP, "");
    gy_buffer_format(out, "%s (", s->help == NULL ? "" : s->help);
    gy_setting_expect(s, out);
    bool required = s->standard == NULL && s->type != GY_SETTING_SECTION;
    gy_buffer_add(out, required ? "; must be given)" : ")");
}
