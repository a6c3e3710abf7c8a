/*
 * The cells of recurrent layers, gates and their derivatives in one loop. σ is the sigmoid; x, p
 * and b of a slot are its products with input and hidden state and its bias.
 */
#include "cell.h"
#include "math.h"

#include <stddef.h>

enum { WIDE = GY_PANEL };

static const float zeros[WIDE];

/* A row of a pointer that may be NULL. */
INLINE const float *row_of(const float *x, int64_t r, int64_t step)
{
    return x == NULL ? zeros : x + r * step;
}

/* Where y is not wanted, h is written twice. */
INLINE float *row_of_y(const gy_cell_block *b, int64_t r)
{
    return b->y == NULL ? b->h + r * b->row : b->y + r * b->y_row;
}

/* h = tanh(x + p + b) */
INLINE void forward_rnn(int64_t n, const gy_cell_block *b)
{
    const float *bias = b->bias;
    for (int64_t r = 0; r < b->rows; r++) {
        const float *x = b->slots + r * b->slots_row, *p = b->product + r * WIDE;
        float *h = b->h + r * b->row, *y = row_of_y(b, r);
#pragma omp simd
        for (int64_t u = 0; u < n; u++) h[u] = y[u] = vec_tanh(x[u] + p[u] + bias[u]);
    }
}

INLINE void backward_rnn(int64_t n, const gy_cell_block *b)
{
    for (int64_t r = 0; r < b->rows; r++) {
        const float *dy = row_of(b->dy, r, b->y_row), *p = b->product + r * WIDE;
        const float *h = b->h + r * b->row;
        float *z = b->slots + r * b->slots_row;
#pragma omp simd
        for (int64_t u = 0; u < n; u++) z[u] = (dy[u] + p[u]) * (1.0f - h[u] * h[u]);
    }
}

/*
 * Slots: n, r, z, q.  r = σ(x + p + b)  z = σ(x + p + b)  q = p + b
 * n = tanh(x + b + r q)  h = (1 − z) n + z h_before
 */
INLINE void forward_gru(int64_t n, const gy_cell_block *b)
{
    const int64_t apart = b->slots_apart;
    const float *bias = b->bias;
    for (int64_t r = 0; r < b->rows; r++) {
        float *sn = b->slots + r * b->slots_row, *sr = sn + apart, *sz = sr + apart,
              *sq = sz + apart;
        const float *pr = b->product + 3 * r * WIDE, *pz = pr + WIDE, *pq = pz + WIDE;
        const float *before = row_of(b->h_before, r, b->before_row);
        float *h = b->h + r * b->row, *y = row_of_y(b, r);
#pragma omp simd
        for (int64_t u = 0; u < n; u++) {
            float reset = vec_sigmoid(sr[u] + pr[u] + bias[WIDE + u]);
            float update = vec_sigmoid(sz[u] + pz[u] + bias[2 * WIDE + u]);
            float q = pq[u] + bias[3 * WIDE + u];
            float new = vec_tanh(sn[u] + bias[u] + reset * q);
            sn[u] = new;
            sr[u] = reset;
            sz[u] = update;
            sq[u] = q;
            h[u] = y[u] = new + update *(before[u] - new);
        }
    }
}

INLINE void backward_gru(int64_t n, const gy_cell_block *b)
{
    const int64_t apart = b->slots_apart;
    for (int64_t r = 0; r < b->rows; r++) {
        float *sn = b->slots + r * b->slots_row, *sr = sn + apart, *sz = sr + apart,
              *sq = sz + apart;
        const float *dy = row_of(b->dy, r, b->y_row), *p = b->product + r * WIDE;
        const float *before = row_of(b->h_before, r, b->before_row);
        float *past = b->d_state + r * b->row;
#pragma omp simd
        for (int64_t u = 0; u < n; u++) {
            float new = sn[u], reset = sr[u], update = sz[u], q = sq[u];
            float dh = dy[u] + p[u] + past[u];
            float dn = dh * (1.0f - update) * (1.0f - new *new);
            past[u] = dh * update;
            sn[u] = dn;
            sr[u] = dn * q * reset * (1.0f - reset);
            sz[u] = dh * (before[u] - new) * update * (1.0f - update);
            sq[u] = dn * reset;
        }
    }
}

/*
 * Slots: i, f, g, o.  i, f, o = σ(x + p + b)  g = tanh(x + p + b)
 * c = f c_before + i g  h = o tanh(c), in a loop of its own: no row waits for the c of another
 */
INLINE void forward_lstm(int64_t n, const gy_cell_block *b)
{
    const int64_t apart = b->slots_apart;
    const float *bias = b->bias;
    for (int64_t r = 0; r < b->rows; r++) {
        float *si = b->slots + r * b->slots_row, *sf = si + apart, *sg = sf + apart,
              *so = sg + apart;
        const float *pi = b->product + 4 * r * WIDE, *pf = pi + WIDE, *pg = pf + WIDE,
                    *po = pg + WIDE;
        const float *before = row_of(b->c_before, r, b->before_row);
        float *c = b->c + r * b->row;
#pragma omp simd
        for (int64_t u = 0; u < n; u++) {
            float in = vec_sigmoid(si[u] + pi[u] + bias[u]);
            float forget = vec_sigmoid(sf[u] + pf[u] + bias[WIDE + u]);
            float cell = vec_tanh(sg[u] + pg[u] + bias[2 * WIDE + u]);
            float out = vec_sigmoid(so[u] + po[u] + bias[3 * WIDE + u]);
            si[u] = in;
            sf[u] = forget;
            sg[u] = cell;
            so[u] = out;
            c[u] = forget * before[u] + in * cell;
        }
    }
    for (int64_t r = 0; r < b->rows; r++) {
        const float *c = b->c + r * b->row, *so = b->slots + r * b->slots_row + 3 * apart;
        float *h = b->h + r * b->row, *y = row_of_y(b, r);
#pragma omp simd
        for (int64_t u = 0; u < n; u++) h[u] = y[u] = so[u] * vec_tanh(c[u]);
    }
}

INLINE void backward_lstm(int64_t n, const gy_cell_block *b)
{
    const int64_t apart = b->slots_apart;
    for (int64_t r = 0; r < b->rows; r++) {
        float *si = b->slots + r * b->slots_row, *sf = si + apart, *sg = sf + apart,
              *so = sg + apart;
        const float *dy = row_of(b->dy, r, b->y_row), *p = b->product + r * WIDE;
        const float *c = b->c + r * b->row, *before = row_of(b->c_before, r, b->before_row);
        float *past = b->d_state + r * b->row;
#pragma omp simd
        for (int64_t u = 0; u < n; u++) {
            float in = si[u], forget = sf[u], cell = sg[u], out = so[u];
            float dh = dy[u] + p[u], t = vec_tanh(c[u]);
            float dc = past[u] + dh * out * (1.0f - t * t);
            past[u] = dc * forget;
            si[u] = dc * cell * in * (1.0f - in);
            sf[u] = dc * before[u] * forget * (1.0f - forget);
            sg[u] = dc * in * (1.0f - cell * cell);
            so[u] = dh * t * out * (1.0f - out);
        }
    }
}

/* A whole panel has a loop of constant length. */
#define CASE(name, gates, slots, state)                                                            \
    case GY_CELL_##name:                                                                           \
        if (b->units == WIDE)                                                                      \
            pass(name)(WIDE, b);                                                                   \
        else                                                                                       \
            pass(name)(b->units, b);                                                               \
        break;

void GY_OF_LEVEL(cell_forward)(gy_cell cell, const gy_cell_block *b)
{
#define pass(name) forward_##name
    switch (cell) {
        GY_CELL_LIST(CASE)
    default:
        break;
    }
#undef pass
}

void GY_OF_LEVEL(cell_backward)(gy_cell cell, const gy_cell_block *b)
{
#define pass(name) backward_##name
    switch (cell) {
        GY_CELL_LIST(CASE)
    default:
        break;
    }
#undef pass
}
