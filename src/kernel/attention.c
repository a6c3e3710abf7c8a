/*
 * Attention by blocks of ROWS queries, one key/value head of one sample after the other.
 *
 * Keys and values of a head are first packed into panels of 16, as they are or transposed, so that
 * all products run in the panel kernel (vector/panel.h):
 *
 *     forward    S = Q Kᵀ   P = softmax(S)      O = P V
 *     backward   S = Q Kᵀ   P = exp(S − lse)    dP = dO Vᵀ   dS = P (dP − Σ P dP)
 *                dV += Pᵀ dO   dK += dSᵀ Q      dQ = dS K
 *
 * Σ P dP is Σ dO O as well, but not to the rounding of dP: where one P is near 1 they would not cancel.
 *
 * What is multiplied is packed in the kernel's precision (vector/operand.h): K and V once, P, dS, Q and
 * dO of each block, along their rows or down their columns; numbers of float32 lie so as they are.
 *
 * Q is divided by √width beforehand. Of a causal block the keys behind its last query are left out;
 * what else is masked is zero in P and dS. A thread's scratch is O(keys).
 */
#include "attention.h"

#include "kernel_impl.h"

#include <math.h>
#include <string.h>

/* STEP: rows of the panel kernel's tiles, or whole ones */
enum { ROWS = 48, STEP = 12, LINE = 16 };

/* What a thread works on, and its scratch. */
typedef struct work {
    const gy_kernel *k;
    const gy_operand *operand;
    const gy_attention *a;
    gy_drop drop;
    float scale;
    int64_t keys, padded, wide; /* of the keys and of a head's width whole panels */
    int64_t line;               /* floats from row to row of scores: no power of two */
    float *key_t, *value_t;     /* [padded / 16][width][16], the width in units */
    float *key, *value;         /* [wide / 16][padded][16], the keys in units */
    float *d_key, *d_value;     /* [padded][wide] */
    float *score, *slope;       /* [ROWS][line]: P; dP, then dS */
    float *query, *d_out, *out; /* [ROWS][wide]; `out`: results of a block */
} work;

/* Rows of queries, and how many keys they see: the first `see`, each next one `more` more. */
typedef struct block {
    int64_t from, rows, see, more, keys; /* keys: seen by the last row */
} block;

static int64_t whole(int64_t n)
{
    return gy_round_up(n, GY_PANEL);
}

/* The next n floats of a scratch, of which *at are taken. */
static float *take(float *scratch, int64_t *at, int64_t n)
{
    int64_t from = *at;
    *at += n;
    return scratch == NULL ? NULL : scratch + from;
}

/* Cuts one thread's scratch; returns its floats. */
static int64_t cut(work *w, const gy_attention *a, bool backward, float *scratch)
{
    w->a = a;
    w->keys = a->before + a->time;
    w->padded = whole(w->keys);
    w->wide = whole(a->width);
    w->line = w->padded + LINE;
    const int64_t packed = w->padded * w->wide, rows = ROWS * w->wide, scores = ROWS * w->line;
    int64_t at = 0;
    w->key_t = take(scratch, &at, packed);
    w->score = take(scratch, &at, scores);
    w->query = take(scratch, &at, rows);
    w->out = take(scratch, &at, rows);
    w->value = take(scratch, &at, backward ? 0 : packed);
    w->key = take(scratch, &at, backward ? packed : 0);
    w->value_t = take(scratch, &at, backward ? packed : 0);
    w->d_key = take(scratch, &at, backward ? packed : 0);
    w->d_value = take(scratch, &at, backward ? packed : 0);
    w->slope = take(scratch, &at, backward ? scores : 0);
    w->d_out = take(scratch, &at, backward ? rows : 0);
    return at;
}

int64_t gy_attention_scratch(const gy_attention *a, bool backward, int threads)
{
    work w;
    return threads * cut(&w, a, backward, NULL);
}

static work begin(const gy_kernel *k, const gy_attention *a, bool backward, gy_member me,
                  float *scratch)
{
    work w;
    const int64_t floats = cut(&w, a, backward, NULL);
    (void)cut(&w, a, backward, scratch + me.number * floats);
    w.k = k;
    w.operand = k->operand;
    w.drop = gy_drop_of(a->key, a->step, a->dropout);
    w.scale = (float)(1.0 / sqrt((double)a->width));
    return w;
}

static block block_at(const gy_attention *a, int64_t from)
{
    block b = {.from = from, .rows = gy_least(ROWS, a->time - from), .more = a->causal};
    b.see = a->causal ? a->before + from + 1 : a->before + a->time;
    b.keys = b.see + (b.rows - 1) * b.more;
    return b;
}

/* The rows of a head from a position on. */
static float *rows_at(gy_heads h, int64_t width, int64_t sample, int64_t head, int64_t position)
{
    return h.x + sample * h.sample + position * h.row + head * width;
}

/* to [rows][wide] = factor x, with zeros behind the width. */
static void copy_in(const work *w, int64_t rows, float factor, const float *x, int64_t row,
                    float *to)
{
    w->k->vector->attention_rows(rows, w->a->width, &factor, 0, x, row, to, w->wide);
    for (int64_t r = 0; w->a->width < w->wide && r < rows; r++)
        for (int64_t c = w->a->width; c < w->wide; c++) to[r * w->wide + c] = 0;
}

/* The panel kernel on all panels of a head's width, or on those of the first `keys` keys. */
static void product(const work *w, gy_panel_product p)
{
    p.lines = p.columns = 1;
    w->operand->product(&p);
}

/* x [rows, n] packed along its rows, to y where it does not lie so. */
static const float *along(const work *w, int64_t rows, int64_t n, const float *x, int64_t row,
                          float *y)
{
    if (w->operand->group == 1) return x;
    w->operand->along(rows, n, x, row, y, row);
    return y;
}

/* Packs x [rows, n] down its columns, in place. */
static void down(const work *w, int64_t rows, int64_t n, float *x, int64_t row)
{
    if (w->operand->group > 1) w->operand->down(rows, n, x, row, x, row);
}

/* Panels of 16 keys, and of 16 columns, of the rows of a head. */
static void turn_keys(const work *w, const float *x, int64_t row, float *panels)
{
    const int64_t units = gy_units(w->operand, w->a->width);
    for (int64_t r = 0; r < w->keys; r += GY_PANEL)
        w->operand->turn(gy_least(GY_PANEL, w->keys - r), w->a->width, x + r * row, row,
                         panels + r * units);
}

static void pack_keys(const work *w, const float *x, int64_t row, float *panels)
{
    const int64_t floats = gy_units(w->operand, w->padded) * GY_PANEL;
    for (int64_t c = 0; c < w->a->width; c += GY_PANEL, panels += floats) {
        const int64_t n = gy_least(GY_PANEL, w->a->width - c);
        if (n < GY_PANEL) memset(panels, 0, sizeof *panels * (size_t)floats);
        w->operand->down(w->keys, n, x + c, row, panels, GY_PANEL);
    }
}

/* score [rows, keys] = x Kᵀ, but for what the mask hides in whole panels */
static void scores(const work *w, const block *b, const float *x, const float *key_t, float *score)
{
    const int64_t units = gy_units(w->operand, w->a->width);
    int64_t open = b->more > 0 ? b->see / GY_PANEL * GY_PANEL : whole(b->keys); /* for all rows */
    int64_t next = open > 0 ? open : GY_PANEL;
    for (int64_t n = 0; n < b->keys; n = next, next += GY_PANEL) {
        const int64_t skip = n >= open ? n - b->see + 1 : 0, from = skip > 0 ? skip : 0;
        product(w, (gy_panel_product){.rows = b->rows - from,
                                      .depth = units,
                                      .a = x + from * w->wide,
                                      .a_row = w->wide,
                                      .a_step = 1,
                                      .b = key_t + n * units,
                                      .b_step = GY_PANEL,
                                      .b_panel = GY_PANEL * units,
                                      .panels = (next - n) / GY_PANEL,
                                      .c = score + from * w->line + n,
                                      .c_row = w->line});
    }
}

/* y [rows, wide] = score [rows, keys] K */
static void mix(const work *w, const block *b, const float *score, const float *panels, float *y)
{
    const int64_t step = b->more > 0 ? STEP : b->rows;
    for (int64_t r = 0; r < b->rows; r += step) {
        const int64_t rows = gy_least(step, b->rows - r);
        const int64_t see = b->see + (r + rows - 1) * b->more;
        product(w, (gy_panel_product){.rows = rows,
                                      .depth = gy_units(w->operand, see),
                                      .a = score + r * w->line,
                                      .a_row = w->line,
                                      .a_step = 1,
                                      .b = panels,
                                      .b_step = GY_PANEL,
                                      .b_panel = GY_PANEL * gy_units(w->operand, w->padded),
                                      .panels = w->wide / GY_PANEL,
                                      .c = y + r * w->wide,
                                      .c_row = w->wide});
    }
}

/* dK [keys, wide] += scoreᵀ x: keys that all rows see, then those that only later rows do */
static void gather(const work *w, const block *b, const float *score, const float *x, float *dk)
{
    const gy_operand *o = w->operand;
    int64_t next = b->see;
    for (int64_t n = 0; n < b->keys; n = next, next = gy_least(n + STEP, b->keys)) {
        const int64_t skip = n == 0 ? 0 : (n - b->see + 1) / o->group * o->group / o->per;
        product(w, (gy_panel_product){.rows = next - n,
                                      .depth = gy_units(o, b->rows) - skip,
                                      .a = score + skip * w->line + n,
                                      .a_row = 1,
                                      .a_step = w->line,
                                      .b = x + skip * w->wide,
                                      .b_step = w->wide,
                                      .b_panel = GY_PANEL,
                                      .panels = w->wide / GY_PANEL,
                                      .c = dk + n * w->wide,
                                      .c_row = w->wide,
                                      .add = true});
    }
}

/* Draws the mask of a block anew and drops in place. */
static void drop(const work *w, const block *b, int64_t sample, int64_t head, float *score)
{
    if (w->a->dropout == 0) return;
    for (int64_t r = 0; r < b->rows; r++)
        w->k->vector->dropout(w->drop.key, (uint64_t)(w->a->first + sample),
                              (head * w->a->time + b->from + r) * w->keys, b->see + r * b->more,
                              w->drop.limit, w->drop.scale, score + r * w->line,
                              score + r * w->line);
}

static void forward_block(const work *w, const block *b, int64_t sample, int64_t head, gy_heads q,
                          gy_heads out, float *lse)
{
    const int64_t width = w->a->width;
    float inverse[ROWS];
    copy_in(w, b->rows, w->scale, rows_at(q, width, sample, head, b->from), q.row, w->query);
    scores(w, b, along(w, b->rows, w->wide, w->query, w->wide, w->query), w->key_t, w->score);
    w->k->vector->attention_softmax(b->rows, b->see, b->more, w->line, w->score, lse + b->from,
                                    inverse);
    drop(w, b, sample, head, w->score);
    mix(w, b, along(w, b->rows, b->keys, w->score, w->line, w->score), w->value, w->out);
    float *to = rows_at(out, width, sample, head, b->from);
    w->k->vector->attention_rows(b->rows, width, inverse, 1, w->out, w->wide, to, out.row);
}

/* What a forward pass is given and makes. */
typedef struct forward {
    gy_heads q, key, value, out;
    float *lse;
} forward;

/* A thread's share of the samples and key/value heads. */
static void forward_share(const gy_kernel *k, const gy_attention *a, const forward *f, gy_member me,
                          float *scratch)
{
    const int64_t group = a->heads / a->key_value_heads;
    const work w = begin(k, a, false, me, scratch);
    GY_SHARE(me, i, a->batch * a->key_value_heads) {
        const int64_t sample = i / a->key_value_heads, from = i % a->key_value_heads;
        turn_keys(&w, rows_at(f->key, a->width, sample, from, 0), f->key.row, w.key_t);
        pack_keys(&w, rows_at(f->value, a->width, sample, from, 0), f->value.row, w.value);
        for (int64_t head = from * group; head < (from + 1) * group; head++)
            for (int64_t row = 0; row < a->time; row += ROWS) {
                const block b = block_at(a, row);
                forward_block(&w, &b, sample, head, f->q, f->out,
                              f->lse + (sample * a->heads + head) * a->time);
            }
        if (me.number == 0) gy_kernel_poll(k);
    }
}

void gy_attention_forward(const gy_kernel *k, const gy_attention *a, gy_heads q, gy_heads key,
                          gy_heads value, gy_heads out, float *lse, float *scratch)
{
    const int64_t scores = a->batch * a->heads * a->time * (a->before + a->time);
    const forward f = {q, key, value, out, lse};
    GY_TEAM(gy_team(k, scores, a->width), me, forward_share(k, a, &f, me, scratch));
}

static void backward_block(const work *w, const block *b, const gy_attention_back *s,
                           int64_t sample, int64_t head)
{
    const int64_t width = w->a->width;
    const gy_vector *v = w->k->vector;
    const float *d_out = rows_at(s->d_out, width, sample, head, b->from);
    const float *lse = s->lse + (sample * w->a->heads + head) * w->a->time + b->from;
    copy_in(w, b->rows, w->scale, rows_at(s->q, width, sample, head, b->from), s->q.row, w->query);
    copy_in(w, b->rows, 1, d_out, s->d_out.row, w->d_out);
    scores(w, b, along(w, b->rows, w->wide, w->query, w->wide, w->out), w->key_t, w->score);
    scores(w, b, along(w, b->rows, w->wide, w->d_out, w->wide, w->out), w->value_t, w->slope);
    down(w, b->rows, w->wide, w->query, w->wide);
    down(w, b->rows, w->wide, w->d_out, w->wide);
    drop(w, b, sample, head, w->slope);
    v->attention_slope(b->rows, b->see, b->more, w->line, lse, w->score, w->slope);
    drop(w, b, sample, head, w->score);
    down(w, b->rows, b->keys, w->score, w->line);
    gather(w, b, w->score, w->d_out, w->d_value);
    const float *slope = along(w, b->rows, b->keys, w->slope, w->line, w->score);
    mix(w, b, slope, w->key, w->out);
    down(w, b->rows, b->keys, w->slope, w->line);
    gather(w, b, w->slope, w->query, w->d_key);
    float *d_q = rows_at(s->d_q, width, sample, head, b->from);
    v->attention_rows(b->rows, width, &w->scale, 0, w->out, w->wide, d_q, s->d_q.row);
}

static void backward_share(const gy_kernel *k, const gy_attention *a, const gy_attention_back *s,
                           gy_member me, float *scratch)
{
    const int64_t keys = a->before + a->time, width = a->width,
                  group = a->heads / a->key_value_heads;
    const float one = 1;
    const work w = begin(k, a, true, me, scratch);
    GY_SHARE(me, i, a->batch * a->key_value_heads) {
        const int64_t sample = i / a->key_value_heads, from = i % a->key_value_heads;
        const float *key = rows_at(s->key, width, sample, from, 0);
        const float *value = rows_at(s->value, width, sample, from, 0);
        turn_keys(&w, key, s->key.row, w.key_t);
        turn_keys(&w, value, s->value.row, w.value_t);
        pack_keys(&w, key, s->key.row, w.key);
        memset(w.d_key, 0, (size_t)(w.padded * w.wide) * sizeof *w.d_key);
        memset(w.d_value, 0, (size_t)(w.padded * w.wide) * sizeof *w.d_value);
        for (int64_t head = from * group; head < (from + 1) * group; head++)
            for (int64_t row = 0; row < a->time; row += ROWS) {
                const block b = block_at(a, row);
                backward_block(&w, &b, s, sample, head);
            }
        k->vector->attention_rows(keys, width, &one, 0, w.d_key, w.wide,
                                  rows_at(s->d_key, width, sample, from, 0), s->d_key.row);
        k->vector->attention_rows(keys, width, &one, 0, w.d_value, w.wide,
                                  rows_at(s->d_value, width, sample, from, 0), s->d_value.row);
        if (me.number == 0) gy_kernel_poll(k);
    }
}

void gy_attention_backward(const gy_kernel *k, const gy_attention *a, const gy_attention_back *s,
                           float *scratch)
{
    const int64_t scores = a->batch * a->heads * a->time * (a->before + a->time);
    GY_TEAM(gy_team(k, scores, 2 * a->width), me, backward_share(k, a, s, me, scratch));
}

void gy_rotary_table(int64_t positions, int64_t width, float *table)
{
    for (int64_t i = 0; i < width; i += 2) {
        const double turn = pow(10000.0, -(double)i / (double)width);
        for (int64_t p = 0; p < positions; p++) {
            table[p * width + i] = (float)cos((double)p * turn);
            table[p * width + i + 1] = (float)sin((double)p * turn);
        }
    }
}

void gy_rotate(const gy_kernel *k, gy_heads x, int64_t batch, int64_t time, int64_t heads,
               int64_t width, const float *table, int64_t from, bool back)
{
    GY_SPREAD(gy_team(k, batch * time * heads, width), i, batch * time, 1, {
        const int64_t sample = i / time, position = i % time;
        const float *turn = table + (from + position) * width;
        for (int64_t h = 0; h < heads; h++)
            k->vector->rotate(width, turn, back, rows_at(x, width, sample, h, position));
    });
}
