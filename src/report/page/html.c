/* Pieces of a page: texts made harmless, numbers for people, tables. */
#include "html.h"

#include "text/utf8.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* What stands for a byte; NULL: itself. */
static const char *instead_of(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return (unsigned char)c < ' ' && c != '\n' && c != '\t' ? "\xef\xbf\xbd" : NULL;
    }
}

void gy_html_text(gy_buffer *out, const char *text)
{
    for (size_t n = strlen(text); n > 0;) {
        const int length = gy_utf8_length(text, n);
        const char *instead = length == 1 ? instead_of(*text) : NULL;
        if (length == 0 || (length == 1 && *text == 127)) instead = "\xef\xbf\xbd";
        if (instead != NULL)
            gy_buffer_add(out, instead);
        else
            gy_buffer_add_bytes(out, text, (size_t)length);
        n -= length == 0 ? 1 : (size_t)length;
        text += length == 0 ? 1 : length;
    }
}

void gy_html_number(gy_buffer *out, double x)
{
    char text[32];
    if (!isfinite(x)) {
        gy_buffer_add(out, isnan(x) ? "–" : x > 0 ? "∞" : "−∞");
        return;
    }
    (void)snprintf(text, sizeof text, "%.4g", x);
    for (const char *c = text; *c != '\0'; c++)
        if (*c == '-')
            gy_buffer_add(out, "−");
        else
            gy_buffer_add_bytes(out, c, 1);
}

void gy_html_count(gy_buffer *out, int64_t n)
{
    char text[32];
    const int length = snprintf(text, sizeof text, "%lld", (long long)n);
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0 && text[i - 1] != '-')
            gy_buffer_add(out, "\xe2\x80\xaf"); /* a narrow space that does not break */
        gy_buffer_add_bytes(out, &text[i], 1);
    }
}

void gy_html_bytes(gy_buffer *out, int64_t n)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    enum { UNITS = 5 };
    double x = (double)n;
    int unit = 0;
    while (x >= 1024 && unit < UNITS - 1) {
        x /= 1024;
        unit++;
    }
    gy_buffer_format(out, unit == 0 || x >= 100 ? "%.0f %s" : "%.1f %s", x, units[unit]);
}

void gy_html_seconds(gy_buffer *out, double s)
{
    const long long whole = (long long)s;
    if (!isfinite(s))
        gy_buffer_add(out, "–");
    else if (s < 1)
        gy_buffer_format(out, "%.3g ms", 1e3 * s);
    else if (s < 100)
        gy_buffer_format(out, "%.1f s", s);
    else if (whole < 3600)
        gy_buffer_format(out, "%lld:%02lld min", whole / 60, whole % 60);
    else
        gy_buffer_format(out, "%lld:%02lld:%02lld h", whole / 3600, whole / 60 % 60, whole % 60);
}

void gy_html_share(gy_buffer *out, double of_one)
{
    gy_buffer_format(out, "%.1f %%", 100 * of_one);
}

void gy_table_begin(gy_table *t, gy_buffer *out, const char *const *heads, int n)
{
    *t = (gy_table){.out = out};
    gy_buffer_add(out, "<div class=\"wide\"><table>\n<thead><tr>");
    for (int i = 0; i < n; i++) {
        const bool left = heads[i][0] == '<';
        gy_buffer_add(out, left ? "<th class=\"name\">" : "<th>");
        gy_html_text(out, heads[i] + left);
        gy_buffer_add(out, "</th>");
    }
    gy_buffer_add(out, "</tr></thead><tbody>\n");
}

static void close_cell(gy_table *t)
{
    if (t->in_cell) gy_buffer_add(t->out, "</td>");
    t->in_cell = false;
}

static void close_row(gy_table *t)
{
    close_cell(t);
    if (t->in_row) gy_buffer_add(t->out, "</tr>\n");
    t->in_row = false;
}

void gy_table_row(gy_table *t)
{
    close_row(t);
    gy_buffer_add(t->out, "<tr>");
    t->in_row = true;
}

void gy_table_cell(gy_table *t, bool is_name)
{
    close_cell(t);
    gy_buffer_add(t->out, is_name ? "<td class=\"name\">" : "<td>");
    t->in_cell = true;
}

void gy_table_end(gy_table *t)
{
    close_row(t);
    gy_buffer_add(t->out, "</tbody></table></div>\n");
}

void gy_table_text(gy_table *t, const char *text)
{
    gy_table_cell(t, true);
    gy_html_text(t->out, text);
}

void gy_table_number(gy_table *t, double x)
{
    gy_table_cell(t, false);
    gy_html_number(t->out, x);
}

void gy_table_count(gy_table *t, int64_t n)
{
    gy_table_cell(t, false);
    gy_html_count(t->out, n);
}
