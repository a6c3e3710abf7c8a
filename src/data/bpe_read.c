/* A tokenizer's folder: the vocabulary as JSON (text: number), the merges a line each. */
#include "bpe.h"

#include "base/number.h"
#include "fit.h"
#include "store/file.h"
#include "text/tree.h"

#include <string.h>

enum { LARGEST = 64 << 20, TOKENS = 1 << 24 };

/* The one of two names that is there. */
static gy_status find(gy_pool *pool, const char *folder, const char *name, const char *other,
                      const char **out)
{
    gy_lies there;
    GY_TRY(gy_pool_format(pool, out, "%s/%s", folder, other));
    GY_TRY(gy_path_kind(*out, &there));
    if (there == GY_IS_FILE) return GY_OK;
    GY_TRY(gy_pool_format(pool, out, "%s/%s", folder, name));
    GY_TRY(gy_path_kind(*out, &there));
    GY_REQUIRE(there == GY_IS_FILE, GY_E_DATA,
               "cannot read the tokenizer" GY_AT "%s" GY_WHY "the folder holds neither %s nor %s",
               folder, name, other);
    return GY_OK;
}

static gy_status read_whole(gy_pool *pool, const char *path, const char **text, size_t *n)
{
    char *bytes, *copy;
    GY_TRY(gy_file_read(pool->ctx, path, LARGEST, GY_E_DATA, &bytes, n));
    gy_status status = gy_pool_alloc(pool, *n + 1, (void **)&copy);
    if (status == GY_OK) memcpy(copy, bytes, *n);
    gy_free(pool->ctx, bytes);
    *text = copy;
    return status;
}

/* The number of a token, which no other one has. */
static gy_status number_of(const char *path, const gy_node *token, int64_t *out)
{
    bool whole = token->type == GY_NODE_SCALAR && !token->quoted && gy_number_int(token->text, out);
    GY_REQUIRE(whole && *out >= 0 && *out < TOKENS, GY_E_DATA,
               "cannot read the tokenizer" GY_AT "%s" GY_WHY
               "the token %s has no number of its own",
               path, token->key);
    return GY_OK;
}

static gy_status read_texts(gy_pool *pool, const char *path, gy_bpe_parts *out)
{
    const char *text;
    const char **texts;
    size_t n;
    gy_node *map;
    int64_t number = 0;
    GY_TRY(read_whole(pool, path, &text, &n));
    GY_TRY(gy_json_parse(pool, path, text, n, &map));
    GY_REQUIRE(map->type == GY_NODE_MAP && map->n > 0, GY_E_DATA,
               "cannot read the tokenizer" GY_AT "%s" GY_WHY "it is no object of tokens", path);
    for (const gy_node *token = map->first; token != NULL; token = token->next) {
        GY_TRY(number_of(path, token, &number));
        if (number >= out->n) out->n = number + 1;
    }
    GY_TRY(gy_pool_array(pool, out->n, &texts));
    for (const gy_node *token = map->first; token != NULL; token = token->next) {
        GY_TRY(number_of(path, token, &number));
        GY_REQUIRE(texts[number] == NULL, GY_E_DATA,
                   "cannot read the tokenizer" GY_AT "%s" GY_WHY "two tokens have the number %lld",
                   path, (long long)number);
        texts[number] = token->key;
    }
    for (int64_t i = 0; i < out->n; i++)
        if (texts[i] == NULL) texts[i] = "";
    out->texts = texts;
    return GY_OK;
}

static gy_status read_merges(gy_pool *pool, const char *path, gy_bpe_parts *out)
{
    static const char version[] = "#version";
    const char *text;
    const char **merges;
    size_t n;
    int64_t lines = 1;
    GY_TRY(read_whole(pool, path, &text, &n));
    for (size_t i = 0; i < n; i++) lines += text[i] == '\n';
    GY_TRY(gy_pool_array(pool, lines, &merges));
    char *rest = (char *)text; /* pool memory is ours to change */
    for (char *line; (line = strtok_r(rest, "\r\n", &rest)) != NULL;)
        if (strncmp(line, version, sizeof version - 1) != 0) merges[out->n_merges++] = line;
    out->merges = merges;
    return GY_OK;
}

gy_status gy_bpe_read(gy_pool *pool, const char *folder, gy_bpe_parts *out)
{
    const char *vocabulary, *merges;
    *out = (gy_bpe_parts){.n = 0};
    GY_TRY(find(pool, folder, "vocab.json", "encoder.json", &vocabulary));
    GY_TRY(find(pool, folder, "merges.txt", "vocab.bpe", &merges));
    GY_TRY(read_texts(pool, vocabulary, out));
    return read_merges(pool, merges, out);
}

gy_status gy_tokenizer_fit(gy_context *ctx, const char *folder, gy_buffer *json)
{
    gy_bpe_parts parts;
    gy_bpe *bpe = NULL;
    gy_pool pool;
    gy_pool_init(&pool, ctx);
    gy_status status = gy_bpe_read(&pool, folder, &parts);
    if (status == GY_OK) status = gy_bpe_create(ctx, &parts, &bpe); /* whether it can be used */
    if (status == GY_OK) {
        gy_json_begin(json, NULL, '{');
        gy_json_string(json, "tokens", gy_token_names[GY_TOKEN_BPE]);
        gy_fit_print_strings(json, "vocabulary", parts.texts, parts.n);
        gy_fit_print_strings(json, "merges", parts.merges, parts.n_merges);
        gy_json_end(json, '}');
        status = json->status;
    }
    gy_bpe_free(bpe);
    gy_pool_clear(&pool);
    return status;
}
