/**
 * GPT-2's words: runs of letters, of digits, of other signs, each with the blank before it, the endings of
 * English ('s, 'll, …), and runs of white space. By PCRE2, for Unicode's classes. Local.
 */
#ifndef GY_TEXT_WORDS_H
#define GY_TEXT_WORDS_H

#include "base/alloc.h"

typedef struct gy_words gy_words;

gy_status gy_words_create(gy_context *ctx, gy_words **out) GY_CHECKED;
void gy_words_free(gy_words *w);

/**
 * The word that begins at `from` of text [n], which is UTF-8.
 * @param to  out: where it ends, > from
 */
gy_status gy_words_next(gy_words *w, const char *text, size_t n, size_t from,
                        size_t *to) GY_CHECKED;

#endif
