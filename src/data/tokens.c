/* Characters or words of a UTF-8 text, through a block. */
#include "tokens.h"

#include "fit.h"
#include "text/utf8.h"

#include <string.h>

enum { BLOCK_BYTES = 1 << 16, WORD_BYTES = 1 << 16 };

const char gy_unknown_word[] = "<unknown>";

int gy_tokens_kind(const gy_node *fit, int otherwise)
{
    const char *name = gy_fit_text(fit, "tokens");
    for (int i = 0; name != NULL && gy_token_names[i] != NULL; i++)
        if (strcmp(gy_token_names[i], name) == 0) return i;
    return otherwise;
}

gy_status gy_tokens_init(gy_tokens *t, gy_context *ctx, gy_bytes *bytes, const char *path,
                         bool words)
{
    *t = (gy_tokens){.bytes = bytes, .path = path, .words = words, .ctx = ctx};
    gy_buffer_init(&t->word, ctx);
    return gy_new_array(ctx, BLOCK_BYTES, &t->block);
}

void gy_tokens_clear(gy_tokens *t)
{
    if (t->ctx == NULL) return;
    gy_buffer_clear(&t->word);
    gy_free(t->ctx, t->block);
    t->block = NULL;
}

void gy_tokens_rewind(gy_tokens *t)
{
    t->offset = t->at = t->n = 0;
}

static gy_status peek(gy_tokens *t, int *out)
{
    if (t->at == t->n) {
        int64_t left = gy_bytes_size(t->bytes) - t->offset;
        t->at = 0;
        t->n = left < BLOCK_BYTES ? left : BLOCK_BYTES;
        GY_TRY(gy_bytes_read(t->bytes, t->offset, t->n, t->block));
        t->offset += t->n;
    }
    *out = t->n == 0 ? -1 : (unsigned char)t->block[t->at];
    return GY_OK;
}

static gy_status take(gy_tokens *t)
{
    gy_buffer_add_bytes(&t->word, t->block + t->at++, 1);
    return t->word.status;
}

/* Adds the character that begins with `first` to the token. Zero is none: texts are C's. */
static gy_status take_character(gy_tokens *t, int first)
{
    const int64_t begin = t->offset - t->n + t->at;
    const size_t at = t->word.bytes;
    size_t length = first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    for (size_t i = 0; i < length; i++) {
        int c;
        GY_TRY(peek(t, &c));
        if (c >= 0) GY_TRY(take(t));
    }
    bool valid = first != 0 && gy_utf8_length(t->word.text + at, t->word.bytes - at) > 0;
    GY_REQUIRE(valid, GY_E_DATA,
               "cannot read the text" GY_AT "%s, byte %lld" GY_WHY "it is no UTF-8" GY_HINT
               "use data.tokens: bytes",
               t->path, (long long)begin);
    return GY_OK;
}

static bool is_blank(int c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

gy_status gy_tokens_next(gy_tokens *t)
{
    int c;
    gy_buffer_reset(&t->word);
    GY_TRY(peek(t, &c));
    while (t->words && is_blank(c)) {
        t->at++;
        GY_TRY(peek(t, &c));
    }
    t->begin = t->offset - t->n + t->at;
    if (c < 0) return GY_OK;
    GY_TRY(take_character(t, c));
    if (!t->words || c == '\n') return GY_OK;
    GY_TRY(peek(t, &c));
    while (c >= 0 && c != '\n' && !is_blank(c)) {
        GY_TRY(take_character(t, c));
        GY_REQUIRE(t->word.bytes < WORD_BYTES, GY_E_DATA,
                   "cannot read the text" GY_AT "%s, byte %lld" GY_WHY "a word is too long",
                   t->path, (long long)t->begin);
        GY_TRY(peek(t, &c));
    }
    return GY_OK;
}
