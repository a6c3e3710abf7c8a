/* JSON from trees and piece by piece. */
#include "tree.h"

#include "base/number.h"
#include "base/plain.h"
#include "base/setting.h"
#include "utf8.h"

#include <math.h>
#include <string.h>

static void escape(gy_buffer *b, const char *text)
{
    size_t n = strlen(text);
    gy_buffer_add(b, "\"");
    for (size_t at = 0; at < n;) {
        int length = gy_utf8_length(text + at, n - at);
        unsigned char c = (unsigned char)text[at];
        if (length == 0)
            gy_buffer_add(b, "\xef\xbf\xbd"); /* U+FFFD for what is no character */
        else if (c == '"' || c == '\\')
            gy_buffer_format(b, "\\%c", c);
        else if (c == '\n')
            gy_buffer_add(b, "\\n");
        else if (c < ' ' || c == 127)
            gy_buffer_format(b, "\\u%04x", c);
        else if (length == 2 && gy_plain_length(text + at, 2, false) == 0)
            gy_buffer_format(b, "\\u%04x", (unsigned char)text[at + 1]);
        else
            gy_buffer_add_bytes(b, text + at, (size_t)length);
        at += length == 0 ? 1 : (size_t)length;
    }
    gy_buffer_add(b, "\"");
}

/* A comma after an earlier value, and the key. No value ends in a bracket that opens or a newline. */
static void separate(gy_buffer *b, const char *key)
{
    char last = b->bytes == 0 ? '\n' : b->text[b->bytes - 1];
    if (last != '\n' && last != '{' && last != '[') gy_buffer_add(b, ", ");
    if (key == NULL) return;
    escape(b, key);
    gy_buffer_add(b, ": ");
}

void gy_json_begin(gy_buffer *b, const char *key, char bracket)
{
    separate(b, key);
    gy_buffer_add_bytes(b, &bracket, 1);
}

void gy_json_end(gy_buffer *b, char bracket)
{
    gy_buffer_add_bytes(b, &bracket, 1);
}

void gy_json_string(gy_buffer *b, const char *key, const char *text)
{
    separate(b, key);
    escape(b, text);
}

void gy_json_int(gy_buffer *b, const char *key, int64_t value)
{
    separate(b, key);
    gy_buffer_format(b, "%lld", (long long)value);
}

void gy_json_float(gy_buffer *b, const char *key, double value)
{
    separate(b, key);
    if (isfinite(value))
        gy_setting_print_float(value, b);
    else
        gy_buffer_add(b, isnan(value) ? "\"nan\"" : value > 0 ? "\"inf\"" : "\"-inf\"");
}

void gy_json_bool(gy_buffer *b, const char *key, bool value)
{
    separate(b, key);
    gy_buffer_add(b, value ? "true" : "false");
}

static void print_scalar(const gy_node *node, gy_buffer *out)
{
    const char *text = node->text;
    int64_t whole;
    double number;
    bool word = strcmp(text, "true") == 0 || strcmp(text, "false") == 0 || !strcmp(text, "null");
    if (node->quoted)
        escape(out, text);
    else if (word)
        gy_buffer_add(out, text);
    else if (gy_number_int(text, &whole))
        gy_buffer_format(out, "%lld", (long long)whole);
    else if (gy_number_float(text, &number) && isfinite(number))
        gy_setting_print_float(number, out);
    else
        escape(out, text);
}

static void print_node(const gy_node *node, gy_buffer *out)
{
    if (node->type == GY_NODE_SCALAR) {
        print_scalar(node, out);
        return;
    }
    bool map = node->type == GY_NODE_MAP;
    gy_buffer_add(out, map ? "{" : "[");
    for (const gy_node *child = node->first; child != NULL; child = child->next) {
        separate(out, map ? child->key : NULL);
        print_node(child, out);
    }
    gy_buffer_add(out, map ? "}" : "]");
}

void gy_json_print(const gy_node *node, gy_buffer *out)
{
    separate(out, NULL);
    print_node(node, out);
}
