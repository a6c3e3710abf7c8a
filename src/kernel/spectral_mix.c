/*
 * Frequencies times complex weights, a product for each frequency over the batch, in real numbers: the
 * pairs (real, imaginary) of the weights lie side by side, and what they are multiplied with is
 *
 *     G [real | imaginary, batch, 2 C]: (s Xr, −s Xi) pairs for the real part of Y, (s Xi, s Xr) for
 *                                       the imaginary one; s the frequency's scale
 *
 *     forward   Y = G wᵀ,   w [filters, 2 C] of the frequency
 *     data      P = dY w,   dXr = s (Pr[even] + Pi[odd]), dXi = s (Pi[even] − Pr[odd])
 *     weights   dw += dYᵀ G
 *
 * Scratch of a thread: G or P [2, batch, 2 C] | Y [2, batch, filters] | panels of w, or dw.
 */
#include "spectral_impl.h"

#include <string.h>

enum { PANEL = GY_PANEL };

static int64_t pairs(const gy_spectral *s)
{
    return gy_round_up(2 * s->channels, PANEL);
}

static int64_t outputs(const gy_spectral *s)
{
    return gy_round_up(s->filters, PANEL);
}

int64_t gy_mix_per_sample(const gy_spectral *s)
{
    return 2 * (pairs(s) + outputs(s));
}

int64_t gy_mix_fixed(const gy_spectral *s)
{
    return outputs(s) * pairs(s);
}

/* A frequency, and where its things are. */
typedef struct mode {
    const gy_spectral *s;
    int64_t number, modes; /* of so many */
    int64_t row, column;
    float scale;
    float *g, *y, *w; /* scratch */
} mode;

static mode mode_at(const gy_modes *m, int64_t i, gy_member me)
{
    const gy_spectral *s = m->s;
    const int64_t column = i % s->columns;
    const float whole = 1.0F / (float)(s->height * s->width);
    float *own = m->scratch + me.number * (m->batch * gy_mix_per_sample(s) + gy_mix_fixed(s));
    return (mode){.s = s,
                  .number = i,
                  .modes = s->rows * s->columns,
                  .row = i / s->columns,
                  .column = column,
                  .scale = column == 0 ? whole : 2 * whole,
                  .g = own,
                  .y = own + m->batch * 2 * pairs(s),
                  .w = own + m->batch * gy_mix_per_sample(s)};
}

/* Where the n numbers of a frequency of the batch's first sample lie, and from part to part. */
static int64_t place_of(const mode *f, int64_t n)
{
    return (f->row * 2 * f->s->columns + f->column) * n;
}

static int64_t part_step(const mode *f, int64_t n)
{
    return f->s->columns * n;
}

/* G from X. */
static void gather(const mode *f, int64_t batch, const float *x)
{
    const int64_t n = f->s->channels, wide = pairs(f->s);
    const float scale = f->scale;
    for (int64_t b = 0; b < batch; b++, x += gy_spectral_modes(f->s, n)) {
        const float *real = x + place_of(f, n), *imaginary = real + part_step(f, n);
        float *first = f->g + b * wide, *second = first + batch * wide;
        for (int64_t c = 0; c < n; c++) {
            first[2 * c] = second[2 * c + 1] = scale * real[c];
            second[2 * c] = scale * imaginary[c];
            first[2 * c + 1] = -second[2 * c];
        }
        for (int64_t i = 2 * n; i < wide; i++) first[i] = second[i] = 0.0F;
    }
}

void gy_mix_forward(const gy_modes *m, const float *w, const float *x, float *y, gy_member me)
{
    const gy_spectral *s = m->s;
    const gy_vector *v = m->kernel->vector;
    const int64_t n = 2 * s->channels, filters = s->filters, wide = outputs(s);
    const size_t bytes = sizeof *y * (size_t)filters;
    GY_SHARE(me, i, s->rows * s->columns) {
        const mode f = mode_at(m, i, me);
        gather(&f, m->batch, x);
        for (int64_t at = 0; at < filters; at += PANEL)
            v->panel_turn(gy_least(PANEL, filters - at), n, w + (at * f.modes + i) * n, f.modes * n,
                          f.w + at * n);
        v->panel_product(&(gy_panel_product){.rows = 2 * m->batch,
                                             .lines = 1,
                                             .columns = 1,
                                             .depth = n,
                                             .a = f.g,
                                             .a_row = pairs(s),
                                             .a_step = 1,
                                             .b = f.w,
                                             .b_step = PANEL,
                                             .panels = wide / PANEL,
                                             .b_panel = n * PANEL,
                                             .c = f.y,
                                             .c_row = wide});
        for (int64_t b = 0; b < m->batch; b++) {
            float *real = y + b * gy_spectral_modes(s, filters) + place_of(&f, filters);
            memcpy(real, f.y + b * wide, bytes);
            memcpy(real + part_step(&f, filters), f.y + (m->batch + b) * wide, bytes);
        }
    }
}

/* dX from P. */
static void scatter(const mode *f, int64_t batch, float *dx)
{
    const int64_t n = f->s->channels, wide = pairs(f->s);
    const float scale = f->scale;
    for (int64_t b = 0; b < batch; b++, dx += gy_spectral_modes(f->s, n)) {
        const float *first = f->g + b * wide, *second = first + batch * wide;
        float *real = dx + place_of(f, n), *imaginary = real + part_step(f, n);
        for (int64_t c = 0; c < n; c++) {
            real[c] = scale * (first[2 * c] + second[2 * c + 1]);
            imaginary[c] = scale * (second[2 * c] - first[2 * c + 1]);
        }
    }
}

/* The weights of a frequency as rows that are whole panels. */
static void take_weights(const mode *f, const float *w)
{
    const int64_t n = 2 * f->s->channels, wide = pairs(f->s);
    for (int64_t i = 0; i < f->s->filters; i++) {
        memcpy(f->w + i * wide, w + (i * f->modes + f->number) * n, sizeof *w * (size_t)n);
        memset(f->w + i * wide + n, 0, sizeof *w * (size_t)(wide - n));
    }
}

void gy_mix_backward_data(const gy_modes *m, const float *w, const float *dy, float *dx,
                          gy_member me)
{
    const gy_spectral *s = m->s;
    const int64_t filters = s->filters, wide = pairs(s);
    GY_SHARE(me, i, s->rows * s->columns) {
        const mode f = mode_at(m, i, me);
        gy_panel_product p = {.rows = m->batch,
                              .lines = 1,
                              .columns = 1,
                              .depth = filters,
                              .a_row = gy_spectral_modes(s, filters),
                              .a_step = 1,
                              .b = f.w,
                              .b_step = wide,
                              .panels = wide / PANEL,
                              .b_panel = PANEL,
                              .c_row = wide};
        take_weights(&f, w);
        for (int64_t part = 0; part < 2; part++) {
            p.a = dy + place_of(&f, filters) + part * part_step(&f, filters);
            p.c = f.g + part * m->batch * wide;
            m->kernel->vector->panel_product(&p);
        }
        scatter(&f, m->batch, dx);
    }
}

void gy_mix_backward_weight(const gy_modes *m, const float *x, const float *dy, float beta,
                            float *dw, gy_member me)
{
    const gy_spectral *s = m->s;
    const int64_t filters = s->filters, wide = pairs(s), n = 2 * s->channels;
    GY_SHARE(me, i, s->rows * s->columns) {
        const mode f = mode_at(m, i, me);
        gather(&f, m->batch, x);
        m->kernel->vector->panel_product(
            &(gy_panel_product){.rows = filters,
                                .lines = 2,
                                .columns = 1,
                                .depth = m->batch,
                                .a = dy + place_of(&f, filters),
                                .a_row = 1,
                                .a_line = part_step(&f, filters),
                                .a_step = gy_spectral_modes(s, filters),
                                .b = f.g,
                                .b_line = m->batch * wide,
                                .b_step = wide,
                                .panels = wide / PANEL,
                                .b_panel = PANEL,
                                .c = f.w,
                                .c_row = wide});
        for (int64_t j = 0; j < filters; j++) {
            float *to = dw + (j * f.modes + i) * n;
            const float *from = f.w + j * wide;
            for (int64_t c = 0; c < n; c++) to[c] = from[c] + (beta == 0 ? 0 : beta * to[c]);
        }
    }
}
