/**
 * Byte-level byte-pair encoding, as GPT-2 has it: a word's bytes are tokens, of which neighbours are
 * merged, the pair that was learned first before others. Inside data only. Local.
 */
#ifndef GY_DATA_BPE_H
#define GY_DATA_BPE_H

#include "bytes.h"

#include "base/buffer.h"

/** What a tokenizer is made of; texts in GPT-2's form, which shows every byte as a printable character. */
typedef struct gy_bpe_parts {
    const char *const *texts; /* [n] of the tokens, by number; "": there is none of that number */
    int64_t n;
    const char *const *merges; /* [n_merges] "left right", best first */
    int64_t n_merges;
} gy_bpe_parts;

/** From a folder with vocab.json and merges.txt (or encoder.json and vocab.bpe). GY_E_DATA. */
gy_status gy_bpe_read(gy_pool *pool, const char *folder, gy_bpe_parts *out) GY_CHECKED;

typedef struct gy_bpe gy_bpe;

/** GY_E_DATA where a byte has no token, or a merge names none. Free with gy_bpe_free(). */
gy_status gy_bpe_create(gy_context *ctx, const gy_bpe_parts *parts, gy_bpe **out) GY_CHECKED;
void gy_bpe_free(gy_bpe *b);

/** Tokens in a list that grows. */
typedef struct gy_token_list {
    gy_context *ctx;
    int32_t *v; /* [n]; free with gy_free() */
    int64_t n, room;
} gy_token_list;

/**
 * Appends the tokens of text [n]. GY_E_DATA where it is no UTF-8.
 * @param what, at  name it, and where it begins in that
 */
gy_status gy_bpe_encode(gy_bpe *b, const char *what, int64_t at, const char *text, size_t n,
                        gy_token_list *out) GY_CHECKED;
/** The same of a whole file, in pieces that change no token. */
gy_status gy_bpe_encode_file(gy_bpe *b, const char *path, gy_bytes *bytes,
                             gy_token_list *out) GY_CHECKED;

/** Appends the bytes of a token. */
void gy_bpe_print(const gy_bpe *b, int64_t token, gy_buffer *out);

#endif
