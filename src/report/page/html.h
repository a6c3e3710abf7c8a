/** Pieces of a page, well-formed as XML, too. Whatever comes from outside goes through gy_html_text(). Local. */
#ifndef GY_REPORT_PAGE_HTML_H
#define GY_REPORT_PAGE_HTML_H

#include "base/buffer.h"

#include <stdbool.h>
#include <stdint.h>

/** A text, with what would be markup, broken characters and control characters made harmless. */
void gy_html_text(gy_buffer *out, const char *text);

/** A number as people read it: 0.0123, 1.2e−7, –. */
void gy_html_number(gy_buffer *out, double x);
void gy_html_count(gy_buffer *out, int64_t n);     /* 1 234 567 */
void gy_html_bytes(gy_buffer *out, int64_t n);     /* 1.5 MiB */
void gy_html_seconds(gy_buffer *out, double s);    /* 1:02:03, 12.3 s, 4 ms */
void gy_html_share(gy_buffer *out, double of_one); /* 12.3 % */

/** A table, which scrolls where it is wider than the page. */
typedef struct gy_table {
    gy_buffer *out;
    bool in_row, in_cell;
} gy_table;

/** @param heads  [n] of columns; one that begins with '<' stands on the left, over texts */
void gy_table_begin(gy_table *t, gy_buffer *out, const char *const *heads, int n);
void gy_table_row(gy_table *t);
/** Begins a cell, whose content is what is added to t->out then. @param is_name  a text, no number */
void gy_table_cell(gy_table *t, bool is_name);
void gy_table_end(gy_table *t);
/** Cells of one thing. */
void gy_table_text(gy_table *t, const char *text);
void gy_table_number(gy_table *t, double x);
void gy_table_count(gy_table *t, int64_t n);

#endif
