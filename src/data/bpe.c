/*
 * Encoding (Sennrich et al. 2016; Radford et al. 2019):
 *
 *     text → words (text/words.h) → bytes → tokens of one byte → neighbours merged, best pair first → tokens
 *
 * GPT-2 writes tokens with a printable character for each byte: those that are printable stand for
 * themselves, the others for U+0100 and on. What a word became is remembered, since most come again.
 */
#include "bpe.h"

#include "base/count.h"
#include "dictionary.h"
#include "text/utf8.h"
#include "text/words.h"

#include <string.h>

enum {
    BYTES = 256,
    BLOCK = 1 << 20, /* of a file */
    REMEMBERED = 64, /* bytes of the longest word that is */
    WORDS = 1 << 20  /* that are */
};

static const char end_of_text[] = "<|endoftext|>";

/* A pair of neighbours, and what it becomes. */
typedef struct pair {
    int32_t left, right, merged; /* merged −1: the place is free */
    int32_t rank;
} pair;

/* Where the tokens of a word are remembered. */
typedef struct place {
    int64_t at;
    int32_t n;
} place;

struct gy_bpe {
    gy_context *ctx;
    gy_pool pool;
    gy_words *words;
    const char **bytes; /* [n] of each token */
    uint8_t *lengths;   /* [n] */
    int64_t n;
    int32_t of_byte[BYTES];
    int64_t special; /* the token that ends a text; −1: none */
    pair *pairs;     /* [room] open addressing, at most half full */
    uint64_t room;
    gy_dictionary known; /* words */
    place *places;       /* [WORDS] of their tokens in `kept` */
    gy_token_list kept;
    gy_token_list word; /* in the making */
};

static bool stands_for_itself(int byte)
{
    return (byte > ' ' && byte < 0x7f) || (byte > 0xa0 && byte != 0xad && byte <= 0xff);
}

/* Which byte a character stands for, −1: none. */
static int byte_of(int character)
{
    if (character < BYTES) return stands_for_itself(character) ? character : -1;
    for (int byte = 0, next = BYTES; byte < BYTES; byte++)
        if (!stands_for_itself(byte) && next++ == character) return byte;
    return -1;
}

/* The next character of a valid UTF-8 text, of at most two bytes; −1: longer. */
static int next_character(const char **at)
{
    const unsigned char *s = (const unsigned char *)*at;
    if (s[0] < 0x80) return *(*at)++;
    if (s[0] >= 0xe0) return -1;
    *at += 2;
    return (s[0] & 0x1f) << 6 | (s[1] & 0x3f);
}

static gy_status refuse(const char *why, const char *text)
{
    return gy_raise(GY_E_DATA, "cannot use the tokenizer" GY_AT "'%.60s'" GY_WHY "%s", text, why);
}

/* The bytes that a token's text stands for. */
static gy_status take_text(gy_bpe *b, int64_t number, const char *text)
{
    char *out;
    size_t n = strlen(text), length = 0;
    if (gy_utf8_valid(text, n) < n) return refuse("a token is no UTF-8", text);
    GY_TRY(gy_pool_alloc(&b->pool, n + 1, (void **)&out));
    b->bytes[number] = out;
    for (const char *at = text; *at != '\0';) {
        int character = next_character(&at), byte = character < 0 ? -1 : byte_of(character);
        if (byte < 0 || length == UINT8_MAX)
            return refuse("a token has a character that stands for no byte, or is too long", text);
        out[length++] = (char)byte;
    }
    b->lengths[number] = (uint8_t)length;
    return GY_OK;
}

static gy_status take_texts(gy_bpe *b, const gy_bpe_parts *parts, gy_dictionary *numbers)
{
    int64_t number;
    b->n = parts->n;
    b->special = -1;
    GY_TRY(gy_pool_array(&b->pool, b->n, &b->bytes));
    GY_TRY(gy_pool_array(&b->pool, b->n, &b->lengths));
    for (int i = 0; i < BYTES; i++) b->of_byte[i] = -1;
    for (int64_t i = 0; i < b->n; i++) {
        GY_TRY(take_text(b, i, parts->texts[i]));
        if (b->lengths[i] == 1) b->of_byte[(unsigned char)b->bytes[i][0]] = (int32_t)i;
        if (strcmp(parts->texts[i], end_of_text) == 0) b->special = i;
        /* numbers that stand for nothing are texts of their own, so that all keep their places */
        const char *text = parts->texts[i];
        if (text[0] == '\0') GY_TRY(gy_pool_format(&b->pool, &text, " %lld", (long long)i));
        GY_TRY(gy_dictionary_add(numbers, text, strlen(text), &number));
        if (number != i) return refuse("two tokens have the same text", text);
    }
    for (int i = 0; i < BYTES; i++)
        GY_REQUIRE(b->of_byte[i] >= 0, GY_E_DATA,
                   "cannot use the tokenizer" GY_WHY "the byte %d has no token" GY_HINT
                   "give a byte-level one, as GPT-2's",
                   i);
    return GY_OK;
}

/* The place of a pair, or the free one where it would go. */
static pair *find_pair(const gy_bpe *b, int32_t left, int32_t right)
{
    uint64_t key = (uint64_t)(uint32_t)left << 32 | (uint32_t)right;
    uint64_t at = (key * 0x9e3779b97f4a7c15u) >> 20;
    for (;; at++) {
        pair *p = &b->pairs[at & (b->room - 1)];
        if (p->merged < 0 || (p->left == left && p->right == right)) return p;
    }
}

static gy_status take_merges(gy_bpe *b, const gy_bpe_parts *parts, const gy_dictionary *numbers)
{
    for (b->room = 64; b->room < 2 * (uint64_t)parts->n_merges;) b->room *= 2;
    GY_TRY(gy_pool_array(&b->pool, b->room, &b->pairs));
    for (uint64_t i = 0; i < b->room; i++) b->pairs[i].merged = -1;
    for (int64_t i = 0; i < parts->n_merges; i++) {
        const char *line = parts->merges[i], *blank = strchr(line, ' ');
        const char *joined;
        if (blank == NULL) return refuse("a merge is not `left right`", line);
        GY_TRY(gy_pool_format(&b->pool, &joined, "%.*s%s", (int)(blank - line), line, blank + 1));
        int64_t left = gy_dictionary_find(numbers, line, (size_t)(blank - line));
        int64_t right = gy_dictionary_find(numbers, blank + 1, strlen(blank + 1));
        int64_t merged = gy_dictionary_find(numbers, joined, strlen(joined));
        if (left < 0 || right < 0 || merged < 0) return refuse("a merge names no token", line);
        pair *p = find_pair(b, (int32_t)left, (int32_t)right);
        if (p->merged < 0) *p = (pair){(int32_t)left, (int32_t)right, (int32_t)merged, (int32_t)i};
    }
    return GY_OK;
}

static gy_status create(gy_bpe *b, const gy_bpe_parts *parts)
{
    gy_dictionary numbers;
    gy_dictionary_init(&numbers, b->ctx);
    gy_status status = take_texts(b, parts, &numbers);
    if (status == GY_OK) status = take_merges(b, parts, &numbers);
    gy_dictionary_clear(&numbers);
    GY_TRY(status);
    GY_TRY(gy_words_create(b->ctx, &b->words));
    return gy_new_array(b->ctx, WORDS, &b->places);
}

gy_status gy_bpe_create(gy_context *ctx, const gy_bpe_parts *parts, gy_bpe **out)
{
    gy_bpe *b;
    GY_TRY(gy_new(ctx, &b));
    b->ctx = b->kept.ctx = b->word.ctx = ctx;
    gy_pool_init(&b->pool, ctx);
    gy_dictionary_init(&b->known, ctx);
    gy_status status = create(b, parts);
    if (status == GY_OK)
        *out = b;
    else
        gy_bpe_free(b);
    return status;
}

void gy_bpe_free(gy_bpe *b)
{
    if (b == NULL) return;
    gy_context *ctx = b->ctx;
    gy_words_free(b->words);
    gy_dictionary_clear(&b->known);
    gy_free(ctx, b->places);
    gy_free(ctx, b->kept.v);
    gy_free(ctx, b->word.v);
    gy_pool_clear(&b->pool);
    gy_free(ctx, b);
}

static gy_status append(gy_token_list *list, const int32_t *v, int64_t n)
{
    if (list->n + n > list->room) {
        int32_t *more;
        int64_t room = gy_most(2 * list->room, list->n + n + 1024);
        GY_TRY(gy_new_array(list->ctx, room, &more));
        if (list->n > 0) memcpy(more, list->v, (size_t)list->n * sizeof *more);
        gy_free(list->ctx, list->v);
        list->v = more;
        list->room = room;
    }
    if (n > 0) memcpy(list->v + list->n, v, (size_t)n * sizeof *v);
    list->n += n;
    return GY_OK;
}

/* Merges the best pair wherever it is; false where there is none. */
static bool merge_best(const gy_bpe *b, gy_token_list *word)
{
    const pair *best = NULL;
    int32_t *v = word->v;
    int64_t n = 0;
    for (int64_t i = 0; i + 1 < word->n; i++) {
        const pair *p = find_pair(b, v[i], v[i + 1]);
        if (p->merged >= 0 && (best == NULL || p->rank < best->rank)) best = p;
    }
    if (best == NULL) return false;
    for (int64_t i = 0; i < word->n; n++) {
        bool here = i + 1 < word->n && v[i] == best->left && v[i + 1] == best->right;
        v[n] = here ? best->merged : v[i];
        i += here ? 2 : 1;
    }
    word->n = n;
    return true;
}

static gy_status encode_word(gy_bpe *b, const char *text, size_t n, gy_token_list *out)
{
    bool keeps = n <= REMEMBERED && memchr(text, '\0', n) == NULL;
    int64_t number = keeps ? gy_dictionary_find(&b->known, text, n) : -1;
    if (number >= 0) return append(out, b->kept.v + b->places[number].at, b->places[number].n);
    b->word.n = 0;
    for (size_t i = 0; i < n; i++) GY_TRY(append(&b->word, &b->of_byte[(unsigned char)text[i]], 1));
    while (merge_best(b, &b->word)) continue;
    GY_TRY(append(out, b->word.v, b->word.n));
    if (!keeps || b->known.n == WORDS) return GY_OK;
    GY_TRY(gy_dictionary_add(&b->known, text, n, &number));
    b->places[number] = (place){b->kept.n, (int32_t)b->word.n};
    return append(&b->kept, b->word.v, b->word.n);
}

/* Bytes before the token that ends a text; n where it is not there. */
static size_t before_special(const gy_bpe *b, const char *text, size_t n)
{
    const size_t length = sizeof end_of_text - 1;
    for (const char *at = text; b->special >= 0 && (at = memchr(at, '<', n - (size_t)(at - text)));
         at++)
        if (n - (size_t)(at - text) >= length && memcmp(at, end_of_text, length) == 0)
            return (size_t)(at - text);
    return n;
}

gy_status gy_bpe_encode(gy_bpe *b, const char *what, int64_t begin, const char *text, size_t n,
                        gy_token_list *out)
{
    size_t valid = gy_utf8_valid(text, n), to;
    GY_REQUIRE(valid == n, GY_E_DATA,
               "cannot read the text" GY_AT "%s, byte %lld" GY_WHY "it is no UTF-8" GY_HINT
               "use data.tokens: bytes",
               what, (long long)(begin + (int64_t)valid));
    for (size_t at = 0; at < n;) {
        const size_t end = at + before_special(b, text + at, n - at);
        for (; at < end; at = to) {
            GY_TRY(gy_words_next(b->words, text, end, at, &to));
            GY_TRY(encode_word(b, text + at, to - at, out));
        }
        if (end == n) break;
        int32_t special = (int32_t)b->special;
        GY_TRY(append(out, &special, 1));
        at = end + sizeof end_of_text - 1;
    }
    return GY_OK;
}

/* The last place where a text can be cut so that no word is another one: after a line's end that stands
 * alone between signs. 0: none. */
static size_t find_cut(const char *text, size_t n)
{
    for (size_t i = n; i > 2; i--) {
        unsigned char before = (unsigned char)text[i - 3], after = (unsigned char)text[i - 1];
        if (text[i - 2] == '\n' && before > ' ' && before < 0x7f && after > ' ' && after < 0x7f)
            return i - 1;
    }
    return 0;
}

gy_status gy_bpe_encode_file(gy_bpe *b, const char *path, gy_bytes *bytes, gy_token_list *out)
{
    const int64_t size = gy_bytes_size(bytes);
    int64_t room = BLOCK;
    char *block = NULL;
    gy_status status = GY_OK;
    for (int64_t at = 0; at < size && status == GY_OK;) {
        int64_t n = gy_least(room, size - at);
        if (block == NULL) GY_TRY(gy_new_array(b->ctx, room, &block));
        status = gy_bytes_read(bytes, at, n, block);
        size_t cut = at + n == size ? (size_t)n : find_cut(block, (size_t)n);
        if (status == GY_OK && cut > 0) status = gy_bpe_encode(b, path, at, block, cut, out);
        at += (int64_t)cut;
        if (cut > 0) continue;
        gy_free(b->ctx, block); /* a longer piece */
        block = NULL;
        room *= 2;
    }
    gy_free(b->ctx, block);
    return status;
}

void gy_bpe_print(const gy_bpe *b, int64_t token, gy_buffer *out)
{
    if (token >= 0 && token < b->n) gy_buffer_add_bytes(out, b->bytes[token], b->lengths[token]);
}
