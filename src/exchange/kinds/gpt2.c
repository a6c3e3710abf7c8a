/*
 * GPT-2: what config.json says, as a configuration, and a model, as config.json.
 *
 *     wte, wpe                        tokens, positions
 *     h.N.ln_1, .attn, .ln_2,         blocks/N/block/norm1, attention, norm2,
 *        .mlp.c_fc, .mlp.c_proj          mlp/up, mlp/down
 *     ln_f                            norm
 */
#include "gpt2.h"

#include "../settings.h"
#include "base/number.h"
#include "kernel/activation.h"
#include "text/tree.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { ENDS = 3, BLOCK = 5 /* layers with parameters: around the blocks, in each */ };

static const char *const block_layers[BLOCK] = {"ln_1", "attn", "ln_2", "mlp.c_fc", "mlp.c_proj"};
static const char *const block_kinds[BLOCK] = {"layer_norm", "attention", "layer_norm", "dense",
                                               "dense"};

/* Activations that are called otherwise. */
static const struct {
    const char *theirs, *ours;
} activations[] = {
    {"gelu_new", "gelu_tanh"},          {"gelu", "gelu"},  {"relu", "relu"}, {"silu", "silu"},
    {"gelu_pytorch_tanh", "gelu_tanh"}, {"swish", "silu"}, {"tanh", "tanh"}};
enum { ACTIVATIONS = sizeof activations / sizeof *activations };

/* Reading config.json. */
typedef struct reader {
    const char *path;
    const gy_node *root;
} reader;

static gy_status refuse(const reader *r, const char *key, const char *why)
{
    return gy_raise(GY_E_DATA, "cannot use the network" GY_AT "%s, %s" GY_WHY "%s", r->path, key,
                    why);
}

static const char *text_of(const reader *r, const char *key, const char *otherwise)
{
    const gy_node *n = gy_node_find(r->root, key);
    return n == NULL || n->type != GY_NODE_SCALAR || (!n->quoted && strcmp(n->text, "null") == 0)
               ? otherwise
               : n->text;
}

static gy_status int_of(const reader *r, const char *key, int64_t otherwise, int64_t *out)
{
    const char *text = text_of(r, key, NULL);
    *out = otherwise;
    bool whole = text == NULL ? otherwise > 0 : gy_number_int(text, out);
    return whole && *out > 0 && *out <= 1 << 24 ? GY_OK : refuse(r, key, "it is no count");
}

static gy_status float_of(const reader *r, const char *key, double otherwise, double *out)
{
    const char *text = text_of(r, key, NULL);
    *out = otherwise;
    if (text == NULL || (gy_number_float(text, out) && *out >= 0 && *out < 1)) return GY_OK;
    return refuse(r, key, "it is no number from 0 to 1");
}

/* What must be as in GPT-2, for ours has nothing else. */
static gy_status check_words(const reader *r)
{
    static const struct {
        const char *key, *must;
    } words[] = {{"model_type", "gpt2"},
                 {"scale_attn_weights", "true"},
                 {"scale_attn_by_inverse_layer_idx", "false"},
                 {"add_cross_attention", "false"},
                 {"tie_word_embeddings", "true"}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        char why[64];
        const char *text = text_of(r, words[i].key, words[i].must);
        (void)snprintf(why, sizeof why, "only %s is known", words[i].must);
        if (strcmp(text, words[i].must) != 0) return refuse(r, words[i].key, why);
    }
    return GY_OK;
}

/* Sizes of a GPT-2. */
typedef struct sizes {
    int64_t vocabulary, positions, units, layers, heads, inner;
    double embedding_dropout, dropout, epsilon;
    const char *activation;
} sizes;

static gy_status read_sizes(const reader *r, sizes *z)
{
    GY_TRY(int_of(r, "vocab_size", 50257, &z->vocabulary));
    GY_TRY(int_of(r, "n_positions", 1024, &z->positions));
    GY_TRY(int_of(r, "n_embd", 768, &z->units));
    GY_TRY(int_of(r, "n_layer", 12, &z->layers));
    GY_TRY(int_of(r, "n_head", 12, &z->heads));
    GY_TRY(int_of(r, "n_inner", 4 * z->units, &z->inner));
    GY_TRY(float_of(r, "embd_pdrop", 0.1, &z->embedding_dropout));
    GY_TRY(float_of(r, "resid_pdrop", 0.1, &z->dropout));
    GY_TRY(float_of(r, "layer_norm_epsilon", 1e-5, &z->epsilon));
    const char *word = text_of(r, "activation_function", activations[0].theirs);
    for (int i = 0; i < ACTIVATIONS; i++)
        if (strcmp(activations[i].theirs, word) == 0) z->activation = activations[i].ours;
    if (z->activation == NULL) return refuse(r, "activation_function", "it is not known");
    return check_words(r);
}

static void print_yaml(const sizes *z, const char *tokenizer, gy_buffer *b)
{
    gy_buffer_format(b, "data:\n  sequence: %" PRId64 "\n", z->positions);
    if (tokenizer != NULL) {
        gy_buffer_add(b, "  tokens: bpe\n  tokenizer: ");
        gy_yaml_scalar(b, tokenizer);
        gy_buffer_add(b, "\n");
    }
    gy_buffer_format(b,
                     "model:\n  input: [%" PRId64 "]\n  layers:\n"
                     "    - embedding: {vocabulary: %" PRId64 ", units: %" PRId64
                     ", name: tokens}\n"
                     "    - position_embedding: {length: %" PRId64 ", name: positions}\n",
                     z->positions, z->vocabulary, z->units, z->positions);
    if (z->embedding_dropout > 0)
        gy_buffer_format(b, "    - dropout: {rate: %.17g}\n", z->embedding_dropout);
    gy_buffer_format(b,
                     "    - repeat:\n        name: blocks\n        times: %" PRId64 "\n"
                     "        layers:\n"
                     "          - transformer_block: {heads: %" PRId64
                     ", causal: true, mlp: %.17g, "
                     "activation: %s, dropout: %.17g, epsilon: %.17g, name: block}\n",
                     z->layers, z->heads, (double)z->inner / (double)z->units, z->activation,
                     z->dropout, z->epsilon);
    gy_buffer_format(b,
                     "    - layer_norm: {epsilon: %.17g, name: norm}\n"
                     "    - output_embedding: {share: tokens, name: logits}\n"
                     "loss: cross_entropy\nmetrics: [perplexity]\n",
                     z->epsilon);
    gy_buffer_add(b, "optimizer: {kind: adamw, learning_rate: 3.0e-5}\n"
                     "train: {epochs: 1, batch_size: 8}\n");
}

gy_status gy_gpt2_describe(gy_pool *pool, const char *path, const char *json, size_t n,
                           const char *tokenizer, const char **yaml)
{
    reader r = {.path = path};
    sizes z = {.activation = NULL};
    gy_node *root;
    gy_buffer text;
    GY_TRY(gy_json_parse(pool, path, json, n, &root));
    r.root = root;
    GY_REQUIRE(root->type == GY_NODE_MAP, GY_E_DATA,
               "cannot use the network" GY_AT "%s" GY_WHY "it is no JSON object", path);
    GY_TRY(read_sizes(&r, &z));
    gy_buffer_init(&text, pool->ctx);
    print_yaml(&z, tokenizer, &text);
    gy_status status = text.status;
    if (status == GY_OK) status = gy_pool_string(pool, gy_buffer_text(&text), yaml);
    gy_buffer_clear(&text);
    return status;
}

int64_t gy_gpt2_place(const char *name)
{
    int block = 0, at = 0;
    if (strncmp(name, "wte.", 4) == 0) return 0;
    if (strncmp(name, "wpe.", 4) == 0) return 1;
    if (strncmp(name, "ln_f.", 5) == 0) return INT64_MAX - 1;
    if (sscanf(name, "h.%8d.%n", &block, &at) != 1 || at == 0 || block < 0) return INT64_MAX;
    for (int i = 0; i < BLOCK; i++) {
        size_t n = strlen(block_layers[i]);
        if (strncmp(name + at, block_layers[i], n) == 0 && name[at + (int)n] == '.')
            return ENDS + (int64_t)BLOCK * block + i;
    }
    return INT64_MAX;
}

static gy_status no_gpt2(const char *path, const char *why)
{
    return gy_raise(GY_E_CONFIG,
                    "cannot write a GPT-2" GY_AT "layer %s" GY_WHY "%s" GY_HINT
                    "export to .safetensors or .h5",
                    path, why);
}

/* The layer of a kind that must stand at a place. */
static gy_status rename_home(gy_homes *homes, int i, const char *kind, const char *path)
{
    gy_home *home = &homes->v[i];
    char why[96];
    (void)snprintf(why, sizeof why, "a %s is needed there, it is a %s", kind, home->kind);
    if (strcmp(home->kind, kind) != 0) return no_gpt2(home->path, why);
    home->path = path;
    return GY_OK;
}

static gy_status rename_homes(gy_pool *pool, gy_homes *homes)
{
    const char *path;
    const int last = homes->n - 1;
    if (homes->n < ENDS + BLOCK || (homes->n - ENDS) % BLOCK != 0)
        return no_gpt2(homes->n > 0 ? homes->v[0].path : "", "it has not GPT-2's layers");
    for (int i = 2; i < last; i++) {
        int n = (i - 2) / BLOCK, k = (i - 2) % BLOCK;
        GY_TRY(k == 1 ? gy_pool_format(pool, &path, "h.%d", n)
                      : gy_pool_format(pool, &path, "h.%d.%s", n, block_layers[k]));
        GY_TRY(rename_home(homes, i, block_kinds[k], path));
    }
    GY_TRY(rename_home(homes, 0, "embedding", "wte"));
    GY_TRY(rename_home(homes, 1, "position_embedding", "wpe"));
    return rename_home(homes, last, "layer_norm", "ln_f");
}

/* One of the model's layers, as GPT-2 has them; what is said of all blocks must be the same. */
static gy_status look_at(const gy_layer *l, sizes *z)
{
    const char *kind = l->kind->kind.name;
    if (strcmp(kind, "embedding") == 0) {
        z->vocabulary = gy_layer_int(l, "vocabulary");
        z->units = gy_layer_int(l, "units");
    } else if (strcmp(kind, "position_embedding") == 0) {
        z->positions = l->n_params > 0 ? l->params[0].shape.d[0] : 0;
    } else if (strcmp(kind, "layer_norm") == 0) {
        z->epsilon = gy_layer_float(l, "epsilon");
    } else if (strcmp(kind, "attention") == 0) {
        int64_t heads = gy_layer_int(l, "heads"), shared = gy_layer_int(l, "key_value_heads");
        int64_t units = gy_layer_int(l, "units");
        bool is = gy_layer_bool(l, "causal") && !gy_layer_bool(l, "rotary") &&
                  gy_layer_bool(l, "bias") && (shared == 0 || shared == heads) &&
                  (units == 0 || units == z->units) && (z->heads == 0 || heads == z->heads);
        if (!is) return no_gpt2(l->path, "its attention is another one than GPT-2's");
        z->heads = heads;
        z->layers++;
    } else if (strcmp(kind, "dense") == 0) {
        const char *word = gy_activation_names[gy_layer_choice(l, "activation")];
        bool down = gy_shape_last(&l->out) == z->units && strcmp(word, "none") == 0;
        if (!gy_layer_bool(l, "bias") || gy_layer_int(l, "rank") > 0)
            return no_gpt2(l->path, "it has no bias, or low-rank factors");
        if (down) return GY_OK;
        z->inner = gy_shape_last(&l->out);
        for (int i = 0; i < ACTIVATIONS; i++)
            if (strcmp(activations[i].ours, word) == 0 && z->activation == NULL)
                z->activation = activations[i].theirs;
        if (z->activation == NULL) return no_gpt2(l->path, "GPT-2 has no such activation");
    }
    return GY_OK;
}

gy_status gy_gpt2_print(const gy_model *model, gy_pool *pool, gy_homes *homes, gy_buffer *json)
{
    sizes z = {.activation = NULL};
    const int n = gy_model_layers(model);
    GY_TRY(rename_homes(pool, homes));
    for (int i = 0; i < n; i++) GY_TRY(look_at(gy_model_unit_at(model, i).layer, &z));
    const gy_layer *last = gy_model_unit_at(model, n - 1).layer;
    if (strcmp(last->kind->kind.name, "output_embedding") != 0)
        return no_gpt2(last->path, "the last layer must be an output_embedding");
    gy_json_begin(json, NULL, '{');
    gy_json_string(json, "model_type", "gpt2");
    gy_json_begin(json, "architectures", '[');
    gy_json_string(json, NULL, "GPT2LMHeadModel");
    gy_json_end(json, ']');
    gy_json_int(json, "vocab_size", z.vocabulary);
    gy_json_int(json, "n_positions", z.positions);
    gy_json_int(json, "n_embd", z.units);
    gy_json_int(json, "n_layer", z.layers);
    gy_json_int(json, "n_head", z.heads);
    gy_json_int(json, "n_inner", z.inner);
    gy_json_string(json, "activation_function", z.activation);
    gy_json_float(json, "layer_norm_epsilon", z.epsilon);
    gy_json_bool(json, "tie_word_embeddings", true);
    gy_json_end(json, '}');
    return json->status;
}
