/** Characters or words of a UTF-8 text, one after the other. Inside data only. */
#ifndef GY_DATA_TOKENS_H
#define GY_DATA_TOKENS_H

#include "bytes.h"
#include "data.h"
#include "text/tree.h"

/** Word 0 of every vocabulary of words: stands for those that it does not have. */
extern const char gy_unknown_word[];

/** The training text's kind of tokens, as what it taught says; `otherwise` where it does not. */
int gy_tokens_kind(const gy_node *fit, int otherwise);

/** A place in a text. A word is what stands between blanks; the end of a line is one of its own. */
typedef struct gy_tokens {
    gy_bytes *bytes; /* not owned */
    const char *path;
    bool words;
    int64_t offset; /* of the block's end in the file */
    int64_t at, n;  /* within the block */
    char *block;    /* owned */
    gy_context *ctx;
    gy_buffer word; /* the token */
    int64_t begin;  /* of the token in the file */
} gy_tokens;

gy_status gy_tokens_init(gy_tokens *t, gy_context *ctx, gy_bytes *bytes, const char *path,
                         bool words) GY_CHECKED;
void gy_tokens_clear(gy_tokens *t);
void gy_tokens_rewind(gy_tokens *t);

/** The next token into t->word; t->word.bytes = 0 at the end. GY_E_DATA where it is no UTF-8. */
gy_status gy_tokens_next(gy_tokens *t) GY_CHECKED;

#endif
