/*
 * Multi-head self-attention (Vaswani et al. 2017): queries, keys and values are products of the
 * input; each head weighs the values by softmax(q kᵀ / √width); the heads side by side go through a
 * last product. Fewer key/value heads than heads share them (Ainslie et al. 2023); `rotary` turns
 * queries and keys by their position (Su et al. 2021).
 *
 * The weights of query, key and value are joined (gy_layer_join), so that one product makes all three.
 *
 * In forms of their own (form/form.h) each has a product of its own.
 *
 * In generation (l->window > 0) carry holds the keys and values of the positions before.
 */
#include "../layer_list.h"

#include "kernel/attention.h"
#include "kernel/elementwise.h"
#include "kernel/gemm.h"
#include "kernel/product.h"

#include <assert.h>

typedef struct attention {
    int64_t heads, key_value_heads, units; /* 0: heads; the input's */
    bool causal, rotary, bias;
    double dropout;
} attention;

/* Parameters: weights of query, key, value, then their biases; weight and bias of the output. */
enum { QUERY, KEY, VALUE, PARTS };

/* Sizes, of the settings and the input; l->state. */
typedef struct sizes {
    int64_t time, in, units, shared; /* shared: width of all key/value heads */
    int64_t all;                     /* units + 2 shared: columns of the joint product */
    gy_attention a;                  /* of one sample */
    float *turn;                     /* rotary's table */
} sizes;

/* Pieces of keep and scratch at a batch. */
typedef struct pieces {
    int64_t rows;
    gy_attention a;
    gy_heads q, key, value;       /* in keep: [rows, all] */
    float *out;                   /* keep: [rows, units] the heads' outputs */
    float *lse;                   /* keep: [batch, heads, time] */
    float *d_out;                 /* scratch: [rows, units] */
    gy_heads d_q, d_key, d_value; /* scratch: [rows, all] */
    float *rest;                  /* scratch of the kernel */
} pieces;

/* Query, key and value in rows of the joint product. */
static void split(const sizes *z, float *joint, gy_heads *q, gy_heads *key, gy_heads *value)
{
    *q = *key = *value = (gy_heads){joint, z->all, z->time * z->all};
    key->x += z->units;
    value->x += z->units + z->shared;
}

static pieces cut(const gy_layer *l, const gy_pass *p)
{
    const sizes *z = l->state;
    const attention *s = l->settings;
    pieces c = {.rows = p->batch * z->time, .a = z->a};
    float *keep = p->keep, *scratch = p->scratch;
    c.a.batch = p->batch;
    c.a.before = p->position;
    c.a.dropout = p->training ? (float)s->dropout : 0;
    c.a.key = (gy_rng){p->seed, GY_RNG_DROPOUT, p->stream};
    c.a.step = p->step;
    c.a.first = p->first;
    split(z, gy_take_floats(&keep, c.rows * z->all), &c.q, &c.key, &c.value);
    c.out = gy_take_floats(&keep, c.rows * z->units);
    c.lse = gy_take_floats(&keep, p->batch * s->heads * z->time);
    if (p->dy != NULL) {
        c.d_out = gy_take_floats(&scratch, c.rows * z->units);
        split(z, gy_take_floats(&scratch, c.rows * z->all), &c.d_q, &c.d_key, &c.d_value);
    }
    c.rest = scratch;
    return c;
}

static int64_t part_rows(const sizes *z, int part)
{
    return part == QUERY ? z->units : z->shared;
}

static void add_params(gy_layer *l, const sizes *z)
{
    const attention *s = l->settings;
    static const char *const weights[] = {"query/weight", "key/weight", "value/weight"};
    static const char *const biases[] = {"query/bias", "key/bias", "value/bias"};
    gy_init init = gy_init_for(GY_ACTIVATION_none), zero = {GY_INIT_zeros, 0};
    for (int i = 0; i < PARTS; i++)
        gy_layer_param(l, weights[i], GY_ROLE_WEIGHT, gy_shape_of(2, part_rows(z, i), z->in), init);
    for (int i = 0; i < PARTS && s->bias; i++)
        gy_layer_param(l, biases[i], GY_ROLE_BIAS, gy_shape_of(1, part_rows(z, i)), zero);
    gy_layer_join(l, QUERY, PARTS);
    if (s->bias) gy_layer_join(l, PARTS, PARTS);
    gy_layer_param(l, "output/weight", GY_ROLE_WEIGHT, gy_shape_of(2, z->in, z->units), init);
    if (s->bias) gy_layer_param(l, "output/bias", GY_ROLE_BIAS, gy_shape_of(1, z->in), zero);
}

static gy_status check(const gy_layer *l, int64_t units, int64_t groups)
{
    const attention *s = l->settings;
    if (units % s->heads != 0)
        return gy_layer_refuse(l, "change heads or units", "%lld units are not %lld equal heads",
                               (long long)units, (long long)s->heads);
    if (s->heads % groups != 0)
        return gy_layer_refuse(l, "let them divide heads", "%lld key_value_heads for %lld heads",
                               (long long)groups, (long long)s->heads);
    if (s->rotary && units / s->heads % 2 != 0)
        return gy_layer_refuse(l, "change heads or units",
                               "rotary turns pairs, but a head is %lld wide",
                               (long long)(units / s->heads));
    if (l->window > 0 && !s->causal)
        return gy_layer_refuse(l, "use a model with causal: true",
                               "it looks ahead, so it cannot go on position by position");
    return GY_OK;
}

static void set_memory(gy_layer *l, const sizes *z)
{
    const attention *s = l->settings;
    int64_t scores = s->heads * z->time;
    gy_attention longest = z->a;
    if (l->window > 0) longest.before = l->window - z->time;
    l->memory.keep.per_sample = z->time * (z->all + z->units) + scores;
    l->memory.keep.fixed = 3 * GY_PARAM_ALIGN;
    l->memory.brief = l->memory.keep;
    l->memory.scratch.per_sample = z->time * (z->all + z->units);
    l->memory.scratch.fixed = 8 * GY_PARAM_ALIGN + gy_attention_scratch(&longest, true, l->threads);
    if (l->window > 0) l->memory.carry.per_sample = l->window * 2 * z->shared;
    l->memory.bounded = true;
    l->memory.packed = gy_linear_packed(z->in, z->all) + gy_linear_packed(z->units, z->in);
}

static gy_status shape(gy_layer *l)
{
    const attention *s = l->settings;
    char text[GY_SHAPE_TEXT];
    if (l->in[0].n != 2)
        return gy_layer_refuse(l, "give it a sequence", "its input %s is not [T, n]",
                               gy_shape_text(&l->in[0], text));
    int64_t time = l->in[0].d[0], in = l->in[0].d[1], units = s->units > 0 ? s->units : in;
    int64_t groups = s->key_value_heads > 0 ? s->key_value_heads : s->heads;
    GY_TRY(check(l, units, groups));
    sizes *z;
    GY_TRY(gy_pool_new(l->pool, &z));
    int64_t width = units / s->heads, shared = groups * width;
    *z = (sizes){.time = time, .in = in, .units = units, .shared = shared};
    z->all = units + 2 * shared;
    z->a = (gy_attention){.batch = 1,
                          .time = time,
                          .heads = s->heads,
                          .key_value_heads = groups,
                          .width = width,
                          .causal = s->causal};
    l->state = z;
    if (s->rotary) {
        int64_t positions = l->window > 0 ? l->window : time;
        GY_TRY(gy_pool_array(l->pool, positions * width, &z->turn));
        gy_rotary_table(positions, width, z->turn);
    }
    add_params(l, z);
    set_memory(l, z);
    l->out = l->in[0];
    l->memory.needs = GY_NEEDS_X;
    double seen = s->causal ? (double)(time + 1) / 2 : (double)time; /* keys, on average */
    l->report.flops = 2.0 * (double)time * (double)(in * (z->all + units)) +
                      4.0 * (double)time * seen * (double)units;
    return GY_OK;
}

/* The joint weights of query, key and value, then that of the output. */
static void pack(const gy_layer *l, const gy_kernel *k, const float *const *w, float *packed)
{
    const sizes *z = l->state;
    const int output = ((const attention *)l->settings)->bias ? 2 * PARTS : PARTS;
    gy_linear_pack(k, z->in, z->all, w[QUERY], packed);
    gy_linear_pack(k, z->units, z->in, w[output], packed + gy_linear_packed(z->in, z->all));
}

/* Puts a piece's keys and values behind those before, and looks at all of them. */
static void carry_on(const gy_layer *l, const gy_pass *p, pieces *c)
{
    const sizes *z = l->state;
    int64_t row = 2 * z->shared;
    assert(p->position + z->time <= l->window);
    gy_heads past = {p->carry, row, l->window * row};
    for (int64_t i = 0; i < c->rows; i++) {
        int64_t sample = i / z->time, position = p->position + i % z->time;
        gy_copy(p->kernel, row, c->key.x + i * z->all,
                past.x + sample * past.sample + position * row);
    }
    c->key = c->value = past;
    c->value.x += z->shared;
}

static void rotate(const gy_layer *l, const gy_pass *p, const pieces *c, gy_heads q, gy_heads key,
                   bool back)
{
    const sizes *z = l->state;
    const gy_attention *a = &c->a;
    if (z->turn == NULL) return;
    gy_rotate(p->kernel, q, p->batch, a->time, a->heads, a->width, z->turn, p->position, back);
    gy_rotate(p->kernel, key, p->batch, a->time, a->key_value_heads, a->width, z->turn, p->position,
              back);
}

/* [Q K V] = x Wᵀ + b */
static void project(const sizes *z, const gy_pass *p, const pieces *c, const float *bias)
{
    if (p->w[QUERY] != NULL) {
        gy_linear_forward(p->kernel, c->rows, z->in, z->all, p->x[0], p->w[QUERY], p->packed, bias,
                          GY_ACTIVATION_none, NULL, c->q.x);
        return;
    }
    float *const to[PARTS] = {c->q.x, c->key.x, c->value.x};
    for (int i = 0; i < PARTS; i++) {
        gy_product_forward_rows(p->kernel, c->rows, p->x[0], p->form[i], bias, to[i], z->all);
        if (bias != NULL) bias += part_rows(z, i);
    }
}

/* y = out Wᵀ + b */
static void put_out(const sizes *z, const gy_pass *p, const pieces *c, int output,
                    const float *bias)
{
    if (p->w[output] == NULL)
        gy_product_forward(p->kernel, c->rows, c->out, p->form[output], bias, GY_ACTIVATION_none,
                           p->y);
    else
        gy_linear_forward(p->kernel, c->rows, z->units, z->in, c->out, p->w[output],
                          gy_packed_at(p, gy_linear_packed(z->in, z->all)), bias,
                          GY_ACTIVATION_none, NULL, p->y);
}

static gy_status forward(const gy_layer *l, const gy_pass *p)
{
    const sizes *z = l->state;
    bool bias = ((const attention *)l->settings)->bias;
    pieces c = cut(l, p);
    int output = bias ? 2 * PARTS : PARTS;
    project(z, p, &c, bias ? p->w[PARTS] : NULL);
    rotate(l, p, &c, c.q, c.key, false);
    if (l->window > 0) carry_on(l, p, &c);
    gy_heads out = {c.out, z->units, z->time * z->units};
    gy_attention_forward(p->kernel, &c.a, c.q, c.key, c.value, out, c.lse, c.rest);
    put_out(z, p, &c, output, bias ? p->w[output + 1] : NULL);
    return GY_OK;
}

static gy_status backward(const gy_layer *l, const gy_pass *p)
{
    const sizes *z = l->state;
    bool bias = ((const attention *)l->settings)->bias;
    pieces c = cut(l, p);
    int output = bias ? 2 * PARTS : PARTS;
    gy_linear_backward(p->kernel, c.rows, z->units, z->in, c.out, p->w[output], p->dy, c.d_out,
                       p->dw[output], p->beta[output], bias ? p->dw[output + 1] : NULL,
                       bias ? p->beta[output + 1] : 0);
    gy_heads d_out = {c.d_out, z->units, z->time * z->units};
    gy_attention_backward(p->kernel, &c.a,
                          &(gy_attention_back){.q = c.q,
                                               .key = c.key,
                                               .value = c.value,
                                               .lse = c.lse,
                                               .d_out = d_out,
                                               .d_q = c.d_q,
                                               .d_key = c.d_key,
                                               .d_value = c.d_value},
                          c.rest);
    rotate(l, p, &c, c.d_q, c.d_key, true);
    gy_linear_backward(p->kernel, c.rows, z->in, z->all, p->x[0], p->w[QUERY], c.d_q.x, p->dx[0],
                       p->dw[QUERY], p->beta[QUERY], bias ? p->dw[PARTS] : NULL,
                       bias ? p->beta[PARTS] : 0);
    return GY_OK;
}

static const gy_setting rows[] = {
    {.key = "heads",
     .type = GY_SETTING_INT,
     .offset = offsetof(attention, heads),
     .min = 1,
     .max = 65536,
     .help = "parts of the width that look for themselves"},
    {.key = "causal",
     .type = GY_SETTING_BOOL,
     .offset = offsetof(attention, causal),
     .standard = "false",
     .help = "whether a position sees only itself and those before"},
    {.key = "units",
     .type = GY_SETTING_INT,
     .offset = offsetof(attention, units),
     .standard = "0",
     .min = 0,
     .max = GY_COUNT_MAX,
     .help = "width of all heads together; 0: that of the input"},
    {.key = "rotary",
     .type = GY_SETTING_BOOL,
     .offset = offsetof(attention, rotary),
     .standard = "false",
     .help = "whether queries and keys are turned by their position"},
    {.key = "key_value_heads",
     .type = GY_SETTING_INT,
     .offset = offsetof(attention, key_value_heads),
     .standard = "0",
     .min = 0,
     .max = 65536,
     .help = "heads of keys and values, each for as many heads; 0: as many as heads"},
    {.key = "bias",
     .type = GY_SETTING_BOOL,
     .offset = offsetof(attention, bias),
     .standard = "true",
     .help = "whether query, key, value and output have biases"},
    {.key = "dropout",
     .type = GY_SETTING_FLOAT,
     .offset = offsetof(attention, dropout),
     .standard = "0",
     .min = 0,
     .max = 0.999,
     .help = "share of the weights of positions that are dropped in training"},
    GY_SETTING_END,
};

static const gy_layer_sample samples[] = {
    {.yaml = "attention: {heads: 2}", .in = {2, {5, 8}}},
    {.yaml = "attention: {heads: 1, causal: true, units: 16}", .in = {2, {7, 16}}},
    {.yaml = "attention: {heads: 3, causal: true, bias: false}", .in = {2, {50, 6}}, .batch = 2},
    {.yaml = "attention: {heads: 4, key_value_heads: 2, rotary: true}", .in = {2, {6, 8}}},
    {.yaml = "attention: {heads: 2, units: 32, key_value_heads: 1, rotary: true, causal: true, "
             "bias: false}",
     .in = {2, {5, 16}}},
    {.yaml = "attention: {heads: 2, dropout: 0.3, causal: true}", .in = {2, {5, 6}}},
    {.yaml = "attention: {heads: 2, units: 12, dropout: 0.2}", .in = {2, {4, 7}}},
    {.yaml = "repeat: {times: 1, layers: [residual: {name: s, layers: ["
             "dense: {name: value, units: 16}, dense: {name: key, units: 16}, "
             "dense: {name: output, units: 16}, dense: {name: query, units: 16}]}, "
             "attention: {heads: 2, share: s}, dense: {units: 16, share: s/key}]}",
     .in = {2, {3, 16}}},
    {.yaml = "repeat: {times: 1, layers: [residual: {name: s, layers: ["
             "dense: {name: query, units: 16}, dense: {name: key, units: 16, trainable: false}, "
             "dense: {name: value, units: 16}, dense: {name: output, units: 16}]}, "
             "attention: {heads: 2, share: s}]}",
     .in = {2, {3, 16}}},
    {.yaml = NULL},
};

const gy_layer_kind gy_layer_attention = {
    .kind = {"attention", "each position a weighted sum of others, by likeness", rows,
             sizeof(attention)},
    .has_params = true,
    .takes_forms = true,
    .shape = shape,
    .forward = forward,
    .pack = pack,
    .backward = backward,
    .samples = samples,
};
