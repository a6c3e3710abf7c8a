/* Byte-level BPE: the same tokens however a file is cut into pieces, and bytes that come back. */
#include "gy_test.h"

#include "data/bpe.h"

#include <stdio.h>
#include <string.h>

/* The printable character of a byte, as GPT-2 has it. */
static void add_byte(int byte, int *next, char out[3])
{
    bool own = (byte > ' ' && byte < 0x7f) || (byte > 0xa0 && byte != 0xad);
    int c = own ? byte : (*next)++;
    if (c < 0x80)
        (void)snprintf(out, 3, "%c", c);
    else
        (void)snprintf(out, 3, "%c%c", 0xc0 | c >> 6, 0x80 | (c & 0x3f));
}

/* A tokenizer of all bytes and some merges. */
static gy_bpe *make(gy_context *ctx)
{
    enum { MERGES = 5, SPECIAL = 256 + MERGES, ALL };
    static const char *const merges[MERGES] = {"t h", "th e", "\xc4\xa0 the", "a a", "aa aa"};
    static const char *const merged[] = {"th", "the", "\xc4\xa0the", "aa", "aaaa"};
    static char bytes[256][3];
    const char *texts[ALL];
    gy_bpe *bpe = NULL;
    for (int i = 0, next = 256; i < 256; i++) {
        add_byte(i, &next, bytes[i]);
        texts[i] = bytes[i];
    }
    for (int i = 0; i < MERGES; i++) texts[256 + i] = merged[i];
    texts[SPECIAL] = "<|endoftext|>";
    const gy_bpe_parts parts = {texts, ALL, merges, MERGES};
    CU_ASSERT_EQUAL_FATAL(gy_bpe_create(ctx, &parts, &bpe), GY_OK);
    return bpe;
}

static void words_are_merged(void)
{
    gy_context *ctx = gy_test_context();
    gy_bpe *bpe = make(ctx);
    gy_token_list list = {.ctx = ctx};
    static const char text[] = "the the aaaaaaa<|endoftext|>the";
    static const int32_t want[] = {257, 258, ' ', 260, 259, 'a', 261, 257};
    CU_ASSERT_EQUAL(gy_bpe_encode(bpe, "text", 0, text, strlen(text), &list), GY_OK);
    CU_ASSERT_EQUAL_FATAL(list.n, 8);
    CU_ASSERT(memcmp(list.v, want, sizeof want) == 0);
    list.n = 0;
    CU_ASSERT_EQUAL(gy_bpe_encode(bpe, "text", 7, "a\xff", 2, &list), GY_E_DATA);
    CU_ASSERT(strstr(gy_error_last()->text, "byte 8") != NULL);
    gy_free(ctx, list.v);
    gy_bpe_free(bpe);
    gy_test_end(ctx);
}

/* A text of several pieces of a file: lines, long runs of white space, no line's end for long. */
static void pieces_change_no_token(void)
{
    enum { SIZE = 5 << 20 };
    gy_context *ctx = gy_test_context();
    gy_bpe *bpe = make(ctx);
    gy_bytes *bytes = NULL;
    gy_token_list whole = {.ctx = ctx}, pieces = {.ctx = ctx};
    char *text = malloc(SIZE);
    static const char *const parts[] = {"the end.\n", " \n\n  the", "12 34\n",
                                        "\n",         "a\xc3\xa9 ", "aaaa"};
    size_t n = 0;
    for (unsigned i = 1; n + 16 < SIZE; i = i * 1664525u + 1013904223u) {
        const char *part = n > SIZE / 2 && n < SIZE * 3 / 4 ? "aaaa " : parts[(i >> 16) % 6];
        n += (size_t)snprintf(text + n, SIZE - n, "%s", part);
    }
    CU_ASSERT_EQUAL(gy_bpe_encode(bpe, "text", 0, text, n, &whole), GY_OK);
    CU_ASSERT_EQUAL_FATAL(gy_bytes_of(ctx, "text", text, (int64_t)n, &bytes), GY_OK);
    CU_ASSERT_EQUAL(gy_bpe_encode_file(bpe, "text", bytes, &pieces), GY_OK);
    CU_ASSERT_EQUAL_FATAL(whole.n, pieces.n);
    CU_ASSERT(memcmp(whole.v, pieces.v, (size_t)whole.n * sizeof *whole.v) == 0);
    gy_bytes_close(bytes);
    gy_free(ctx, whole.v);
    gy_free(ctx, pieces.v);
    gy_bpe_free(bpe);
    free(text);
    gy_test_end(ctx);
}

GY_TEST_MAIN(GY_TEST(words_are_merged), GY_TEST(pieces_change_no_token))
