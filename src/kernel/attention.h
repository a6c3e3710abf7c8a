/**
 * Scaled dot-product attention (Vaswani et al. 2017), in blocks of query rows: for each head
 *
 *     P = softmax(Q Kᵀ / √width) where a query may look, O = dropout(P) V
 *
 * The probabilities are not kept; the backward pass makes them again from each row's log-sum-exp
 * (Dao et al. 2022, "FlashAttention").
 */
#ifndef GY_KERNEL_ATTENTION_H
#define GY_KERNEL_ATTENTION_H

#include "base/rng.h"
#include "kernel.h"

#include <stdbool.h>

typedef struct gy_attention {
    int64_t batch, time; /* samples, queries of each */
    int64_t before;      /* keys before that of the first query: keys = before + time */
    int64_t heads,
        key_value_heads; /* query head h reads key/value head h / (heads / key_value_heads) */
    int64_t width;       /* of a head */
    bool causal;         /* query i sees keys 0 … before + i */
    float dropout;       /* rate on the probabilities; 0: none */
    gy_rng key;          /* of the mask, which is a function of it, the step, the
                                       sample and the probability's place alone */
    int64_t step, first; /* training step; number of the first sample */
} gy_attention;

/** Rows of some heads side by side, [batch][positions][heads·width]. */
typedef struct gy_heads {
    float *x;
    int64_t row, sample; /* floats from row to row, from sample to sample */
} gy_heads;

/** Floats that a call needs besides, on the kernel's `threads`. */
int64_t gy_attention_scratch(const gy_attention *a, bool backward, int threads);

/**
 * @param key, value  keys of each sample from the first
 * @param out         written; heads as those of q
 * @param lse         [batch, heads, time] log Σ exp of each row's scores, for the backward pass
 * @param scratch     gy_attention_scratch() floats, 64-byte aligned, contents lost
 *
 * Spread over the kernel's threads by samples and key/value heads; polls between them.
 */
void gy_attention_forward(const gy_kernel *k, const gy_attention *a, gy_heads q, gy_heads key,
                          gy_heads value, gy_heads out, float *lse, float *scratch);

/** What a forward pass was given and made, and the gradients: d_q, d_key, d_value are written. */
typedef struct gy_attention_back {
    gy_heads q, key, value;
    const float *lse;
    gy_heads d_out, d_q, d_key, d_value;
} gy_attention_back;

void gy_attention_backward(const gy_kernel *k, const gy_attention *a, const gy_attention_back *b,
                           float *scratch);

/**
 * Rotary positions (Su et al. 2021), in place: pair (2i, 2i + 1) of every head is turned by the
 * angle of its position.
 *
 * @param x      [batch][time][heads·width], width even
 * @param table  gy_rotary_table(): its row `from` is the first position's
 * @param back   turns the other way, as gradients want it
 */
void gy_rotate(const gy_kernel *k, gy_heads x, int64_t batch, int64_t time, int64_t heads,
               int64_t width, const float *table, int64_t from, bool back);

/** Fills table [positions][width]: cosine and sine of p · 10000^(−2i/width), pair by pair. */
void gy_rotary_table(int64_t positions, int64_t width, float *table);

#endif
