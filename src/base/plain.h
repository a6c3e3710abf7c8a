/** Texts that may be from anybody's file, as a terminal may show them: they give it no orders. Local. */
#ifndef GY_BASE_PLAIN_H
#define GY_BASE_PLAIN_H

#include <stdbool.h>
#include <stddef.h>

/**
 * Bytes at the start of text [n] that hold no control character, C1's in UTF-8 (U+0080 to U+009F)
 * among them.
 *
 * @param lines  newlines and tabs are none
 */
size_t gy_plain_length(const char *text, size_t n, bool lines);

/** Puts `?` for a text's control characters. */
void gy_text_tame(char *text);

#endif
