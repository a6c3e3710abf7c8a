/* A trained model's vocabulary: text → tokens → text. */
#include "data.h"

#include "bpe.h"
#include "dictionary.h"
#include "fit.h"
#include "tokens.h"

#include <string.h>

enum { BYTE_COUNT = 256 };

struct gy_vocabulary {
    gy_context *ctx;
    gy_pool pool;
    int kind; /* gy_token_kind */
    const char *const *texts;
    int64_t n;
    gy_dictionary numbers;
    gy_bpe *bpe; /* of its kind alone */
};

static gy_status learn_bpe(gy_vocabulary *v, const gy_node *fit)
{
    gy_bpe_parts parts = {.n = 0};
    GY_TRY(gy_fit_strings(&v->pool, fit, "vocabulary", &parts.texts, &parts.n));
    GY_TRY(gy_fit_strings(&v->pool, fit, "merges", &parts.merges, &parts.n_merges));
    v->n = parts.n;
    return gy_bpe_create(v->ctx, &parts, &v->bpe);
}

static gy_status learn(gy_vocabulary *v, const char *fit)
{
    const gy_node *tree = NULL;
    if (fit != NULL) GY_TRY(gy_fit_parse(&v->pool, &(gy_source_options){.fit = fit}, &tree));
    v->kind = gy_tokens_kind(tree, -1);
    GY_REQUIRE(v->kind >= 0, GY_E_DATA,
               "there is no vocabulary" GY_AT "the checkpoint" GY_WHY
               "the model was not trained on a text");
    v->n = BYTE_COUNT;
    if (v->kind == GY_TOKEN_BYTES) return GY_OK;
    if (v->kind == GY_TOKEN_BPE) return learn_bpe(v, tree);
    GY_TRY(gy_fit_strings(&v->pool, tree, "vocabulary", &v->texts, &v->n));
    for (int64_t i = 0, number; i < v->n; i++)
        GY_TRY(gy_dictionary_add(&v->numbers, v->texts[i], strlen(v->texts[i]), &number));
    return GY_OK;
}

gy_status gy_vocabulary_create(gy_context *ctx, const char *fit, gy_vocabulary **out)
{
    gy_status status;
    gy_vocabulary *v = NULL;
    GY_TRY(gy_new(ctx, &v));
    v->ctx = ctx;
    gy_pool_init(&v->pool, ctx);
    gy_dictionary_init(&v->numbers, ctx);
    GY_TRY_GOTO(fail, learn(v, fit));
    *out = v;
    return GY_OK;
fail:
    gy_vocabulary_free(v);
    return status;
}

void gy_vocabulary_free(gy_vocabulary *v)
{
    if (v == NULL) return;
    gy_bpe_free(v->bpe);
    gy_dictionary_clear(&v->numbers);
    gy_pool_clear(&v->pool);
    gy_free(v->ctx, v);
}

int64_t gy_vocabulary_size(const gy_vocabulary *v)
{
    return v->n;
}

int64_t gy_vocabulary_unknown(const gy_vocabulary *v)
{
    return v->kind == GY_TOKEN_WORDS ? 0 : -1;
}

/* `out` has room for as many tokens as the text has bytes. */
static gy_status number(const gy_vocabulary *v, const char *what, gy_tokens *t, int32_t *out,
                        int64_t *n)
{
    for (*n = 0;; (*n)++) {
        GY_TRY(gy_tokens_next(t));
        if (t->word.bytes == 0) return GY_OK;
        int64_t found = gy_dictionary_find(&v->numbers, t->word.text, t->word.bytes);
        if (found < 0) found = gy_vocabulary_unknown(v);
        GY_REQUIRE(found >= 0, GY_E_DATA,
                   "cannot read the text" GY_AT "%s, byte %lld" GY_WHY
                   "the training text has no '%s'",
                   what, (long long)t->begin, gy_buffer_text(&t->word));
        out[*n] = (int32_t)found;
    }
}

static gy_status read_bpe(const gy_vocabulary *v, const char *what, const char *text, int32_t **out,
                          int64_t *n)
{
    gy_token_list list = {.ctx = v->ctx};
    gy_status status = gy_bpe_encode(v->bpe, what, 0, text, strlen(text), &list);
    *out = list.v;
    *n = list.n;
    if (status == GY_OK) return GY_OK;
    gy_free(v->ctx, list.v);
    *out = NULL;
    return status;
}

gy_status gy_vocabulary_read(const gy_vocabulary *v, const char *what, const char *text,
                             int32_t **out, int64_t *n)
{
    gy_status status;
    int64_t bytes = (int64_t)strlen(text);
    gy_bytes *source = NULL;
    gy_tokens t = {.ctx = NULL};
    *out = NULL;
    if (v->kind == GY_TOKEN_BPE) return read_bpe(v, what, text, out, n);
    GY_TRY_GOTO(fail, gy_new_array(v->ctx, bytes + 1, out));
    if (v->kind == GY_TOKEN_BYTES) {
        for (*n = 0; *n < bytes; (*n)++) (*out)[*n] = (unsigned char)text[*n];
        return GY_OK;
    }
    GY_TRY_GOTO(fail, gy_bytes_of(v->ctx, what, text, bytes, &source));
    GY_TRY_GOTO(fail, gy_tokens_init(&t, v->ctx, source, what, v->kind == GY_TOKEN_WORDS));
    GY_TRY_GOTO(fail, number(v, what, &t, *out, n));
fail:
    gy_tokens_clear(&t);
    gy_bytes_close(source);
    if (status != GY_OK) {
        gy_free(v->ctx, *out);
        *out = NULL;
    }
    return status;
}

static bool ends_line(const gy_vocabulary *v, int64_t token)
{
    return strcmp(v->texts[token], "\n") == 0;
}

void gy_vocabulary_print(const gy_vocabulary *v, int64_t token, int64_t before, gy_buffer *out)
{
    const char byte = (char)token;
    if (v->kind == GY_TOKEN_BYTES) {
        gy_buffer_add_bytes(out, &byte, 1);
        return;
    }
    if (v->kind == GY_TOKEN_BPE) {
        gy_bpe_print(v->bpe, token, out);
        return;
    }
    if (v->kind == GY_TOKEN_WORDS && before >= 0 && !ends_line(v, before) && !ends_line(v, token))
        gy_buffer_add(out, " ");
    gy_buffer_add(out, v->texts[token]);
}
