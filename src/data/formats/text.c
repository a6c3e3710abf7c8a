/*
 * Text: sample i is tokens i T … i T + T − 1, its targets the tokens one further. Bytes are read
 * where they lie; characters and words are numbered by the training text's sorted vocabulary, and the
 * numbers kept in memory. Word 0 stands for words that the training text does not have. Tokens of bpe are
 * those of a tokenizer, which is kept with what the text taught.
 */
#include "../data.h"

#include "../bpe.h"
#include "../dictionary.h"
#include "../fit.h"
#include "../tokens.h"

#include <string.h>

enum { VOCABULARY = 1 << 24 };

typedef struct text {
    gy_context *ctx;
    const char *path;
    int kind; /* gy_token_kind */
    gy_bytes *bytes;
    int64_t sequence, tokens;
    uint8_t *scratch; /* [sequence + 1], of bytes */
    int32_t *numbers; /* [tokens], of the others */
    const char *const *vocabulary;
    int64_t n_vocabulary;
    const char *const *merges; /* [n_merges] of bpe */
    int64_t n_merges;
} text;

/* Anything may be text; what has no zero bytes likely is. */
static int probe(const char *path, const void *head, size_t n)
{
    (void)path;
    if (n == 0) return 0;
    return memchr(head, 0, n) == NULL ? 10 : 0;
}

/* First pass over a training text: its vocabulary. */
static gy_status learn_vocabulary(text *s, gy_tokens *t, gy_dictionary *found, gy_pool *pool)
{
    int64_t number;
    for (;;) {
        GY_TRY(gy_tokens_next(t));
        if (t->word.bytes == 0) break;
        GY_TRY(gy_dictionary_add(found, t->word.text, t->word.bytes, &number));
        GY_REQUIRE(found->n < VOCABULARY, GY_E_DATA,
                   "cannot read the text" GY_AT "%s" GY_WHY "it has more than %d different tokens",
                   s->path, VOCABULARY);
    }
    const char *const *sorted;
    const char **all;
    int64_t *places;
    GY_TRY(gy_dictionary_sort(found, pool, &sorted, &places));
    gy_free(s->ctx, places);
    GY_TRY(gy_pool_array(pool, found->n + 1, &all));
    if (s->kind == GY_TOKEN_WORDS) all[s->n_vocabulary++] = gy_unknown_word;
    for (int64_t i = 0; i < found->n; i++)
        if (s->kind != GY_TOKEN_WORDS || strcmp(sorted[i], gy_unknown_word) != 0)
            all[s->n_vocabulary++] = sorted[i];
    s->vocabulary = all;
    gy_tokens_rewind(t);
    return GY_OK;
}

static gy_status count_tokens(text *s, gy_tokens *t)
{
    gy_tokens_rewind(t);
    for (;;) {
        GY_TRY(gy_tokens_next(t));
        if (t->word.bytes == 0) break;
        s->tokens++;
    }
    gy_tokens_rewind(t);
    return gy_new_array(s->ctx, s->tokens, &s->numbers);
}

static gy_status number_tokens(text *s, gy_tokens *t, gy_dictionary *d)
{
    int64_t number;
    for (int64_t i = 0; i < s->n_vocabulary; i++)
        GY_TRY(gy_dictionary_add(d, s->vocabulary[i], strlen(s->vocabulary[i]), &number));
    for (int64_t i = 0; i < s->tokens; i++) {
        GY_TRY(gy_tokens_next(t));
        number = gy_dictionary_find(d, t->word.text, t->word.bytes);
        if (number < 0 && s->kind == GY_TOKEN_WORDS) number = 0;
        GY_REQUIRE(number >= 0, GY_E_DATA,
                   "cannot read the text" GY_AT "%s, byte %lld" GY_WHY
                   "the training text has no '%s'" GY_HINT
                   "use data.tokens: bytes, or clean the text",
                   s->path, (long long)t->begin, gy_buffer_text(&t->word));
        s->numbers[i] = (int32_t)number;
    }
    return GY_OK;
}

static gy_status read_tokens(text *s, gy_pool *pool, const gy_node *fit)
{
    gy_status status;
    gy_tokens t;
    gy_dictionary found, known;
    gy_dictionary_init(&found, s->ctx);
    gy_dictionary_init(&known, s->ctx);
    GY_TRY_GOTO(done, gy_tokens_init(&t, s->ctx, s->bytes, s->path, s->kind == GY_TOKEN_WORDS));
    GY_TRY_GOTO(done, gy_fit_strings(pool, fit, "vocabulary", &s->vocabulary, &s->n_vocabulary));
    if (s->n_vocabulary == 0) GY_TRY_GOTO(done, learn_vocabulary(s, &t, &found, pool));
    GY_TRY_GOTO(done, count_tokens(s, &t));
    GY_TRY_GOTO(done, number_tokens(s, &t, &known));
done:
    gy_dictionary_clear(&found);
    gy_dictionary_clear(&known);
    gy_tokens_clear(&t);
    return status;
}

/* The tokenizer: the training text's, else the folder's. */
static gy_status find_tokenizer(text *s, gy_pool *pool, const gy_source_options *options,
                                const gy_node *fit, gy_bpe_parts *out)
{
    *out = (gy_bpe_parts){.n = 0};
    GY_TRY(gy_fit_strings(pool, fit, "vocabulary", &out->texts, &out->n));
    GY_TRY(gy_fit_strings(pool, fit, "merges", &out->merges, &out->n_merges));
    if (out->n > 0) return GY_OK;
    GY_REQUIRE(options->tokenizer != NULL, GY_E_CONFIG,
               "no tokenizer" GY_AT "%s" GY_WHY "tokens: bpe needs one" GY_HINT
               "give data.tokenizer: FOLDER",
               s->path);
    return gy_bpe_read(pool, options->tokenizer, out);
}

static gy_status read_bpe(text *s, gy_pool *pool, const gy_source_options *options,
                          const gy_node *fit)
{
    gy_bpe_parts parts;
    gy_bpe *bpe;
    gy_token_list list = {.ctx = s->ctx};
    GY_TRY(find_tokenizer(s, pool, options, fit, &parts));
    GY_TRY(gy_bpe_create(s->ctx, &parts, &bpe));
    gy_status status = gy_bpe_encode_file(bpe, s->path, s->bytes, &list);
    gy_bpe_free(bpe);
    s->numbers = list.v;
    s->tokens = list.n;
    s->vocabulary = parts.texts;
    s->n_vocabulary = parts.n;
    s->merges = parts.merges;
    s->n_merges = parts.n_merges;
    return status;
}

static gy_status open_text(text *s, gy_pool *pool, const gy_source_options *options)
{
    const gy_node *fit;
    GY_TRY(gy_fit_parse(pool, options, &fit));
    s->kind = gy_tokens_kind(fit, options->tokens);
    GY_TRY(gy_bytes_open(s->ctx, s->path, &s->bytes));
    if (s->kind != GY_TOKEN_BYTES) {
        GY_TRY(s->kind == GY_TOKEN_BPE ? read_bpe(s, pool, options, fit)
                                       : read_tokens(s, pool, fit));
        gy_bytes_close(s->bytes);
        s->bytes = NULL;
        return GY_OK;
    }
    s->tokens = gy_bytes_size(s->bytes);
    s->n_vocabulary = 256;
    return gy_new_array(s->ctx, s->sequence + 1, &s->scratch);
}

static gy_status open(gy_context *ctx, gy_pool *pool, const gy_source_text *source,
                      const void *settings, const gy_source_options *options, void **state,
                      gy_source_info *info)
{
    (void)settings;
    text *s;
    GY_REQUIRE(source->n_files == 1, GY_E_DATA,
               "cannot read the source" GY_AT "%s" GY_WHY "text takes one file", source->text);
    GY_TRY(gy_pool_new(pool, &s));
    s->ctx = ctx;
    s->path = source->path;
    s->sequence = options->sequence > 0 ? options->sequence : 256;
    *state = s;
    GY_TRY(open_text(s, pool, options));
    info->samples = (s->tokens - 1) / s->sequence;
    GY_REQUIRE(info->samples > 0, GY_E_DATA,
               "the text is too short" GY_AT "%s" GY_WHY
               "it has %lld tokens, a sample and its target take %lld" GY_HINT
               "use a smaller data.sequence",
               s->path, (long long)s->tokens, (long long)s->sequence + 1);
    info->x = info->y = (gy_shape){1, {s->sequence}};
    info->x_type = s->kind == GY_TOKEN_BYTES ? "uint8" : "int32";
    info->supervised = true;
    info->x_is_tokens = info->y_is_class = true;
    info->vocabulary = info->classes = s->n_vocabulary;
    return GY_OK;
}

static gy_status read(void *state, const int64_t *index, int64_t n, float *x, float *y)
{
    const text *s = state;
    const int64_t length = s->sequence;
    for (int64_t i = 0; i < n; i++) {
        int64_t first = index[i] * length;
        if (s->kind == GY_TOKEN_BYTES)
            GY_TRY(gy_bytes_read(s->bytes, first, length + 1, s->scratch));
        for (int64_t j = 0; j <= length; j++) {
            float token =
                s->kind == GY_TOKEN_BYTES ? (float)s->scratch[j] : (float)s->numbers[first + j];
            if (j < length) x[i * length + j] = token;
            if (j > 0 && y != NULL) y[i * length + j - 1] = token;
        }
    }
    return GY_OK;
}

static void fit(const void *state, gy_buffer *json)
{
    const text *s = state;
    gy_json_string(json, "tokens", gy_token_names[s->kind]);
    if (s->kind != GY_TOKEN_BYTES)
        gy_fit_print_strings(json, "vocabulary", s->vocabulary, s->n_vocabulary);
    if (s->kind == GY_TOKEN_BPE) gy_fit_print_strings(json, "merges", s->merges, s->n_merges);
}

static void close(void *state)
{
    text *s = state;
    gy_bytes_close(s->bytes);
    gy_free(s->ctx, s->scratch);
    gy_free(s->ctx, s->numbers);
}

const gy_format_kind gy_format_text = {
    .kind = {"text", "any text: tokens are bytes, chars, words or bpe (data.tokens)", NULL, 0},
    .example = "input.txt",
    .probe = probe,
    .open = open,
    .read = read,
    .fit = fit,
    .close = close,
};
