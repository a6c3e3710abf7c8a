/** Text as wide as the terminal it is shown on. */
#ifndef GY_CLI_PAGE_H
#define GY_CLI_PAGE_H

#include <stdbool.h>
#include <stdio.h>

/** Columns of help that is not shown on a terminal. */
enum { GY_PAGE_WIDTH = 80 };

/** Columns of the terminal that `out` is, or what COLUMNS says; 0: it is none. Local. */
int gy_page_columns(FILE *out);

/** Writes a text that may be from anybody's file: `?` for control characters. @param lines  newlines
 * and tabs are none. Local. */
void gy_page_write(FILE *out, const char *text, size_t n, bool lines);

/** Characters of a text in UTF-8, not bytes. Local. */
int gy_page_length(const char *text);

/**
 * Prints a line, broken between words where it is longer than `columns`. What goes on stands below
 * the words of a line that begins with a name and blanks, else a little further in. Local.
 */
void gy_page_print(FILE *out, int columns, const char *line);

/** The same of a line that is made: broken where the terminal ends that `out` is. Local. */
void gy_page_say(FILE *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
