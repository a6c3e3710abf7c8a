/*
 * A Hugging Face folder of GPT-2: config.json, model.safetensors, and where it has a tokenizer vocab.json
 * and merges.txt. Names may begin with `transformer.`; the tensors stand in the order of the layers.
 */
#include "../exchange_list.h"

#include "data/data.h"
#include "gpt2.h"
#include "safetensors.h"
#include "text/tree.h"

#include <stdlib.h>
#include <string.h>

enum { LARGEST = 16 << 20 };

static const char config_name[] = "config.json", tensors_name[] = "model.safetensors";
static const char vocabulary_name[] = "vocab.json", merges_name[] = "merges.txt";

/* Whether a file is in a folder. */
static gy_status look(gy_pool *pool, const char *folder, const char *name, const char **path,
                      bool *out)
{
    gy_lies there;
    GY_TRY(gy_pool_format(pool, path, "%s/%s", folder, name));
    GY_TRY(gy_path_kind(*path, &there));
    *out = there == GY_IS_FILE;
    return GY_OK;
}

static int probe(gy_context *ctx, const char *path, const void *head, size_t n)
{
    gy_pool pool;
    const char *config;
    bool is = false;
    (void)head;
    if (n > 0) return 0;
    gy_pool_init(&pool, ctx);
    if (look(&pool, path, config_name, &config, &is) != GY_OK) is = false;
    gy_pool_clear(&pool);
    return is ? 90 : 0;
}

static gy_status describe(gy_tensors *t, const char *path, const char *tokenizer)
{
    char *json;
    size_t n;
    GY_TRY(gy_file_read(t->ctx, path, LARGEST, GY_E_DATA, &json, &n));
    gy_status status = gy_gpt2_describe(&t->pool, path, json, n, tokenizer, &t->luggage.config);
    gy_free(t->ctx, json);
    return status;
}

static gy_status take_tokenizer(gy_tensors *t)
{
    gy_buffer fit;
    gy_buffer_init(&fit, t->ctx);
    gy_status status = gy_tokenizer_fit(t->ctx, t->path, &fit);
    if (status == GY_OK) status = gy_pool_string(&t->pool, gy_buffer_text(&fit), &t->luggage.fit);
    gy_buffer_clear(&fit);
    return status;
}

static int by_place(const void *a, const void *b)
{
    int64_t x = gy_gpt2_place(((const gy_tensor *)a)->name);
    int64_t y = gy_gpt2_place(((const gy_tensor *)b)->name);
    return (x > y) - (x < y);
}

/* The tensors of the folder's file, in the order of the layers. */
static gy_status take_tensors(gy_tensors *t, const char *path)
{
    static const char prefix[] = "transformer.";
    gy_tensors *inner;
    gy_tensor *v;
    GY_TRY(gy_pool_new(&t->pool, &inner));
    *inner = (gy_tensors){.ctx = t->ctx, .kind = &gy_exchange_safetensors};
    gy_pool_init(&inner->pool, t->ctx);
    t->state = inner;
    GY_TRY(gy_pool_string(&inner->pool, path, &inner->path));
    GY_TRY(inner->kind->open(inner));
    GY_TRY(gy_pool_array(&t->pool, inner->n + 1, &v));
    for (int i = 0; i < inner->n; i++) {
        v[i] = inner->v[i];
        if (strncmp(v[i].name, prefix, sizeof prefix - 1) == 0) v[i].name += sizeof prefix - 1;
    }
    qsort(v, (size_t)inner->n, sizeof *v, by_place);
    t->v = v;
    t->n = inner->n;
    return GY_OK;
}

static gy_status open(gy_tensors *t)
{
    const char *config, *tensors, *other;
    bool is_there, has_tensors, has_tokens, has_merges;
    t->convention = &gy_convention_gpt2;
    t->ordered = true;
    GY_TRY(look(&t->pool, t->path, config_name, &config, &is_there));
    GY_TRY(look(&t->pool, t->path, tensors_name, &tensors, &has_tensors));
    GY_TRY(look(&t->pool, t->path, vocabulary_name, &other, &has_tokens));
    GY_TRY(look(&t->pool, t->path, merges_name, &other, &has_merges));
    GY_REQUIRE(has_tensors, GY_E_DATA,
               "cannot read the network" GY_AT "%s" GY_WHY "the folder has no %s" GY_HINT
               "save it as one: save_pretrained(…, max_shard_size=\"100GB\")",
               t->path, tensors_name);
    GY_TRY(describe(t, config, has_tokens && has_merges ? t->path : NULL));
    if (has_tokens && has_merges) GY_TRY(take_tokenizer(t));
    return take_tensors(t, tensors);
}

static gy_status read(gy_tensors *t, const gy_tensor *tensor, float *out)
{
    gy_tensors *inner = t->state;
    return inner->kind->read(inner, tensor, out);
}

static void close(gy_tensors *t)
{
    if (t->state != NULL) gy_tensors_close(t->state);
}

static gy_status write_text(gy_context *ctx, gy_pool *pool, const char *folder, const char *name,
                            const gy_buffer *text)
{
    const char *path;
    GY_TRY(text->status);
    GY_TRY(gy_pool_format(pool, &path, "%s/%s", folder, name));
    return gy_file_write(ctx, path, text->text, text->bytes);
}

/* A list of a tokenizer's as a file's text. */
static void print_vocabulary(const gy_node *list, gy_buffer *out)
{
    int64_t number = 0;
    gy_json_begin(out, NULL, '{');
    for (const gy_node *item = list->first; item != NULL; item = item->next, number++)
        if (item->text[0] != '\0') gy_json_int(out, item->text, number);
    gy_json_end(out, '}');
}

static void print_merges(const gy_node *list, gy_buffer *out)
{
    gy_buffer_add(out, "#version: 0.2\n");
    for (const gy_node *item = list->first; item != NULL; item = item->next)
        gy_buffer_format(out, "%s\n", item->text);
}

/* What the training data taught, where that is a tokenizer. */
static gy_status write_tokenizer(const gy_cargo *c, gy_pool *pool, const char *folder)
{
    gy_node *fit;
    gy_buffer text;
    if (c->luggage.fit == NULL) return GY_OK;
    GY_TRY(gy_json_parse(pool, "fit", c->luggage.fit, strlen(c->luggage.fit), &fit));
    const gy_node *tokens = gy_node_find(fit, "vocabulary"), *merges = gy_node_find(fit, "merges");
    if (tokens == NULL || merges == NULL) return GY_OK;
    gy_buffer_init(&text, c->ctx);
    print_vocabulary(tokens, &text);
    gy_status status = write_text(c->ctx, pool, folder, vocabulary_name, &text);
    gy_buffer_reset(&text);
    print_merges(merges, &text);
    if (status == GY_OK) status = write_text(c->ctx, pool, folder, merges_name, &text);
    gy_buffer_clear(&text);
    return status;
}

static gy_status write_tensors(const gy_cargo *c, gy_pool *pool, const char *folder,
                               const gy_homes *homes)
{
    const char *path;
    gy_output *out;
    GY_TRY(gy_pool_format(pool, &path, "%s/%s", folder, tensors_name));
    GY_TRY(gy_output_begin(c->ctx, path, &out));
    gy_status status = gy_safetensors_write(c, pool, &gy_convention_gpt2, homes, out);
    if (status == GY_OK) return gy_output_commit(out);
    gy_error first = *gy_error_last();
    gy_output_abort(out);
    return gy_error_restore(&first);
}

static gy_status write_all(const gy_cargo *c, gy_pool *pool, const char *folder)
{
    gy_homes homes;
    gy_buffer config;
    GY_TRY(gy_homes_make(pool, c->model, &gy_convention_gpt2, &homes));
    gy_buffer_init(&config, c->ctx);
    gy_status status = gy_gpt2_print(c->model, pool, &homes, &config);
    if (status == GY_OK) status = write_text(c->ctx, pool, folder, config_name, &config);
    gy_buffer_clear(&config);
    GY_TRY(status);
    GY_TRY(write_tokenizer(c, pool, folder));
    return write_tensors(c, pool, folder, &homes);
}

static gy_status write(const gy_cargo *c, gy_output *out)
{
    gy_pool pool;
    gy_pool_init(&pool, c->ctx);
    gy_status status = write_all(c, &pool, gy_output_name(out));
    gy_pool_clear(&pool);
    return status;
}

const gy_exchange_kind gy_exchange_huggingface = {
    .kind = {"huggingface", "a folder of Hugging Face's GPT-2, with its tokenizer", NULL, 0},
    .ending = "/",
    .is_particular = true,
    .probe = probe,
    .open = open,
    .read = read,
    .close = close,
    .write = write,
};
