/** UTF-8 (RFC 3629): how long the character is that a text begins with. Local. */
#ifndef GY_TEXT_UTF8_H
#define GY_TEXT_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/**
 * Bytes of the character at the start of text [n], n ≥ 1; 0 where it is not valid: a broken or
 * overlong sequence, a surrogate, beyond U+10FFFF.
 */
int gy_utf8_length(const char *text, size_t n);

/** Bytes before the first that is not valid; n where all are. */
size_t gy_utf8_valid(const char *text, size_t n);

/** Whether text [n], n ≥ 1, is the beginning of a character that more bytes could end. */
bool gy_utf8_may_go_on(const char *text, size_t n);

#endif
