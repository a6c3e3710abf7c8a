#include "layer_random.h"

#include "base/rng.h"

#include <stdbool.h>
#include <string.h>

/* A text in the making. */
typedef struct writer {
    char *text; /* [GY_RANDOM_LAYERS] */
    size_t at;
    gy_rng key;
    uint64_t draws;
} writer;

static int draw(writer *w, int n)
{
    return (int)(gy_rng_word(w->key, w->draws++, 0) % (uint64_t)n);
}

static void put(writer *w, const char *text)
{
    size_t n = strlen(text);
    if (w->at + n >= GY_RANDOM_LAYERS) return;
    memcpy(w->text + w->at, text, n + 1);
    w->at += n;
}

static void put_list(writer *w, int depth);

/* A layer of 4 inputs and outputs, or a composite of such. */
static void put_layer(writer *w, int depth)
{
    static const char *const plain[] = {
        "dense: {units: 4}",
        "dense: {units: 4, activation: tanh}",
        "dense: {units: 4, activation: gelu, trainable: false}",
        "activation: {kind: tanh}",
        "activation: {kind: silu}",
        "activation: {kind: none}",
        "dropout: {rate: 0.25}",
        "flatten",
        "activation: {kind: sigmoid}",
        "dense: {units: 4, activation: gelu}",
        "layer_norm: {epsilon: 1}",
    };
    enum { PLAIN = sizeof plain / sizeof *plain };
    int kind = draw(w, depth > 0 ? PLAIN + 5 : PLAIN);
    if (kind < PLAIN) {
        put(w, plain[kind]);
    } else if (kind < PLAIN + 2) {
        put(w, "residual: {layers: ");
        put_list(w, depth - 1);
        put(w, "}");
    } else if (kind == PLAIN + 2) {
        put(w, draw(w, 2) == 0 ? "repeat: {times: 2, layers: "
                               : "repeat: {times: 3, tied: true, layers: ");
        put_list(w, depth - 1);
        put(w, "}");
    } else {
        bool multiply = draw(w, 2) == 1;
        put(w, multiply ? "parallel: {merge: multiply, branches: [" : "parallel: {branches: [");
        for (int i = draw(w, 3); i >= 0; i--) {
            put_list(w, depth - 1);
            put(w, i > 0 ? ", " : "]}");
        }
        if (multiply) put(w, ", activation: {kind: tanh}"); /* keeps it bounded */
    }
}

static void put_list(writer *w, int depth)
{
    put(w, "[");
    for (int i = draw(w, 4); i > 0; i--) {
        put_layer(w, depth);
        put(w, i > 1 ? ", " : "");
    }
    put(w, "]");
}

void gy_random_layers(uint64_t seed, char *text)
{
    writer w = {.text = text, .key = {seed, GY_RNG_INIT, 9}};
    text[0] = '\0';
    put(&w, "repeat: {times: 1, layers: [activation: {kind: tanh}, residual: {layers: ");
    put_list(&w, 3);
    put(&w, "}, ");
    put_layer(&w, 3);
    put(&w, "]}");
}
