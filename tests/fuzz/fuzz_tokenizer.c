/*
 * A tokenizer's folder: any bytes are a tokenizer or an error, and one that is made cuts a text into tokens
 * that print it. What stands before the first line `---` is vocab.json, the rest merges.txt.
 */
#include "data/bpe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void check(bool holds)
{
    if (!holds) abort();
}

static void write_file(const char *dir, const char *name, const uint8_t *bytes, size_t n)
{
    char path[64];
    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "wb");
    check(f != NULL && fwrite(bytes, 1, n, f) == n && fclose(f) == 0);
}

static void cut(gy_context *ctx, gy_bpe *bpe)
{
    static const char text[] = "It's a  tést\n\n of 12 words<|endoftext|> \xf0\x9f\x98\x80";
    gy_token_list list = {.ctx = ctx};
    gy_buffer out;
    gy_buffer_init(&out, ctx);
    check(gy_bpe_encode(bpe, "text", 0, text, sizeof text - 1, &list) == GY_OK);
    for (int64_t i = 0; i < list.n; i++) gy_bpe_print(bpe, list.v[i], &out);
    check(out.bytes == sizeof text - 1 && memcmp(out.text, text, out.bytes) == 0);
    gy_buffer_clear(&out);
    gy_free(ctx, list.v);
}

static void read_folder(gy_context *ctx, const char *dir)
{
    gy_bpe_parts parts;
    gy_bpe *bpe = NULL;
    gy_pool pool;
    gy_pool_init(&pool, ctx);
    gy_status status = gy_bpe_read(&pool, dir, &parts);
    if (status == GY_OK) status = gy_bpe_create(ctx, &parts, &bpe);
    check(status == GY_OK || status == GY_E_DATA);
    if (bpe != NULL) cut(ctx, bpe);
    gy_bpe_free(bpe);
    gy_pool_clear(&pool);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static const char between[] = "\n---\n";
    char dir[] = "/tmp/gyre-fuzz-XXXXXX", path[64];
    gy_context *ctx = NULL;
    size_t vocabulary = n, merges = n;
    for (size_t i = 0; i + sizeof between - 1 <= n && merges == n; i++) {
        if (memcmp(bytes + i, between, sizeof between - 1) != 0) continue;
        vocabulary = i;
        merges = i + sizeof between - 1;
    }
    check(gy_context_create(NULL, NULL, &ctx) == GY_OK && mkdtemp(dir) != NULL);
    write_file(dir, "vocab.json", bytes, vocabulary);
    write_file(dir, "merges.txt", bytes + merges, n - merges);
    read_folder(ctx, dir);
    (void)snprintf(path, sizeof path, "%s/vocab.json", dir);
    check(unlink(path) == 0);
    (void)snprintf(path, sizeof path, "%s/merges.txt", dir);
    check(unlink(path) == 0 && rmdir(dir) == 0);
    check(gy_context_balance(ctx) == 0);
    gy_context_free(ctx);
    return 0;
}
