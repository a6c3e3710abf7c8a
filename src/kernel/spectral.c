/*
 * The truncated Fourier transform as two skinny products, and back by the same two turned about: few
 * frequencies are kept, so that they take little, and panels (vector/panel.h) are at their best. In
 * real numbers, of C channels at once:
 *
 *     there   wide [h, 2 columns, C] = A x[h]      A [2 columns, width]: cos, −sin
 *             X [2 rows, columns C] = E wide       E [2 rows, 2 height]: of complex numbers
 *     back    wide = Eᵀ Y, y[h] = Aᵀ wide[h]
 *
 * The backward pass is the same: dY there from dy, dx back from dX. All scaling is in spectral_mix.c.
 *
 * Scratch: frequencies of outputs and of inputs of the batch | each thread's: wide, ends of rows | or
 * what the mixing needs.
 */
#include "spectral_impl.h"

#include <math.h>
#include <string.h>

enum { PANEL = GY_PANEL };

int64_t gy_spectral_table(const gy_spectral *s)
{
    const int64_t across = s->rows == 1 ? 0 : 2 * s->rows * 2 * s->height;
    return 2 * (2 * s->columns * s->width + across);
}

/* The angle 2π k p / n. */
static double angle(int64_t k, int64_t p, int64_t n)
{
    return 2 * 3.14159265358979323846 * (double)(k * p % n) / (double)n;
}

/* The matrix [rows, columns] turned, behind it. */
static float *turn(int64_t rows, int64_t columns, const float *from)
{
    float *to = (float *)(uintptr_t)from + rows * columns;
    for (int64_t j = 0; j < columns; j++)
        for (int64_t i = 0; i < rows; i++) *to++ = from[i * columns + j];
    return to;
}

void gy_spectral_fill(gy_spectral *s, float *out)
{
    s->along = out;
    for (int64_t k = 0; k < s->columns; k++)
        for (int64_t p = 0; p < s->width; p++) {
            const double a = angle(k, p, s->width);
            out[k * s->width + p] = (float)cos(a);
            out[(s->columns + k) * s->width + p] = (float)-sin(a);
        }
    out = turn(2 * s->columns, s->width, out);
    s->across = out;
    if (s->rows == 1) return;
    for (int64_t r = 0; r < s->rows; r++)
        for (int64_t p = 0; p < s->height; p++) {
            const double a = angle(2 * r < s->rows ? r : s->height - s->rows + r, p, s->height);
            float *real = out + (2 * r * s->height + p) * 2, *imaginary = real + 2 * s->height;
            real[0] = imaginary[1] = (float)cos(a);
            real[1] = (float)sin(a);
            imaginary[0] = -real[1];
        }
    (void)turn(2 * s->rows, 2 * s->height, out);
}

int64_t gy_spectral_modes(const gy_spectral *s, int64_t n)
{
    return s->rows * 2 * s->columns * n;
}

/* Of a thread's: wide, and a panel of either factor. */
static int64_t wide_floats(const gy_spectral *s)
{
    return gy_round_up(s->height * 2 * s->columns * gy_most(s->channels, s->filters), PANEL);
}

static int64_t ends_floats(const gy_spectral *s)
{
    const int64_t longest = gy_most(2 * s->height, gy_most(s->width, 2 * s->columns));
    return 2 * PANEL * gy_most(longest, 2 * s->rows);
}

static int64_t all_modes(const gy_spectral *s)
{
    return gy_spectral_modes(s, s->channels) + gy_spectral_modes(s, s->filters);
}

int64_t gy_spectral_scratch_per_sample(const gy_spectral *s)
{
    return all_modes(s) + s->threads * gy_mix_per_sample(s);
}

int64_t gy_spectral_scratch_fixed(const gy_spectral *s)
{
    return s->threads * (gy_mix_fixed(s) + wide_floats(s) + ends_floats(s));
}

/* c [m, n] = a [m, inner] b [inner, n]; `ends`: room for 16 columns of b and c. */
static void multiply(const gy_vector *v, int64_t m, int64_t n, int64_t inner, const float *a,
                     const float *b, float *c, float *ends)
{
    gy_panel_product p = {.rows = m,
                          .lines = 1,
                          .columns = 1,
                          .depth = inner,
                          .a = a,
                          .a_row = inner,
                          .a_step = 1,
                          .b = b,
                          .b_step = n,
                          .panels = n / PANEL,
                          .b_panel = PANEL,
                          .c = c,
                          .c_row = n};
    const int64_t whole = n / PANEL * PANEL, rest = n - whole;
    const size_t bytes = sizeof *b * (size_t)rest;
    if (whole > 0) v->panel_product(&p);
    if (rest == 0) return;
    memset(ends, 0, sizeof *ends * (size_t)(inner * PANEL));
    for (int64_t i = 0; i < inner; i++) memcpy(ends + i * PANEL, b + i * n + whole, bytes);
    p.b = ends;
    p.b_step = p.c_row = PANEL;
    p.panels = 1;
    p.c = ends + inner * PANEL;
    v->panel_product(&p);
    for (int64_t i = 0; i < m; i++) memcpy(c + i * n + whole, p.c + i * PANEL, bytes);
}

/* A sample there: x [height, width, n] → its frequencies. */
static void go(const gy_vector *v, const gy_spectral *s, int64_t n, const float *x, float *modes,
               float *wide)
{
    const int64_t both = 2 * s->columns;
    float *ends = wide + wide_floats(s), *to = s->rows == 1 ? modes : wide;
    for (int64_t h = 0; h < s->height; h++)
        multiply(v, both, n, s->width, s->along, x + h * s->width * n, to + h * both * n, ends);
    if (s->rows > 1)
        multiply(v, 2 * s->rows, s->columns * n, 2 * s->height, s->across, wide, modes, ends);
}

/* And back. */
static void come(const gy_vector *v, const gy_spectral *s, int64_t n, const float *modes, float *x,
                 float *wide)
{
    const int64_t both = 2 * s->columns, rows = 2 * s->rows, height = 2 * s->height;
    const float *along = s->along + both * s->width, *from = modes;
    float *ends = wide + wide_floats(s);
    if (s->rows > 1) {
        multiply(v, height, s->columns * n, rows, s->across + rows * height, modes, wide, ends);
        from = wide;
    }
    for (int64_t h = 0; h < s->height; h++)
        multiply(v, s->width, n, both, along, from + h * both * n, x + h * s->width * n, ends);
}

static float *own_scratch(const gy_modes *m, gy_member me)
{
    const gy_spectral *s = m->s;
    return m->scratch + me.number * (wide_floats(s) + ends_floats(s));
}

/* All samples of n channels there, or back; shared by samples. */
static void go_all(const gy_modes *m, int64_t n, const float *x, float *modes, gy_member me)
{
    const gy_spectral *s = m->s;
    GY_SHARE(me, i, m->batch) {
        go(m->kernel->vector, s, n, x + i * s->height * s->width * n,
           modes + i * gy_spectral_modes(s, n), own_scratch(m, me));
        if (me.number == 0) gy_kernel_poll(m->kernel);
    }
    gy_team_wait(me);
}

static void come_all(const gy_modes *m, int64_t n, const float *modes, const float *bias, float *x,
                     gy_member me)
{
    const gy_spectral *s = m->s;
    const int64_t positions = s->height * s->width;
    gy_team_wait(me);
    GY_SHARE(me, i, m->batch) {
        float *to = x + i * positions * n;
        come(m->kernel->vector, s, n, modes + i * gy_spectral_modes(s, n), to, own_scratch(m, me));
        if (bias != NULL) m->kernel->vector->add_bias(positions, n, bias, to);
        if (me.number == 0) gy_kernel_poll(m->kernel);
    }
}

static int team_of(const gy_kernel *k, const gy_spectral *s, int64_t batch)
{
    const int64_t n = batch * s->height * s->width * (s->channels + s->filters);
    return (int)gy_least(gy_team(k, n, 4 * s->columns), s->threads);
}

static gy_modes modes_of(const gy_kernel *k, const gy_spectral *s, int64_t batch, float *scratch)
{
    return (gy_modes){k, s, batch, scratch + batch * all_modes(s)};
}

static void forward_share(const gy_modes *m, const float *x, const float *w, const float *bias,
                          float *modes, float *mixed, float *y, gy_member me)
{
    go_all(m, m->s->channels, x, modes, me);
    gy_mix_forward(m, w, modes, mixed, me);
    come_all(m, m->s->filters, mixed, bias, y, me);
}

void gy_spectral_forward(const gy_kernel *k, const gy_spectral *s, int64_t batch, const float *x,
                         const float *w, const float *bias, float *modes, float *y, float *scratch)
{
    const gy_modes m = modes_of(k, s, batch, scratch);
    GY_TEAM(team_of(k, s, batch), me, forward_share(&m, x, w, bias, modes, scratch, y, me));
}

/* dmixed: of the outputs' frequencies, dmodes: of the inputs'. */
static void backward_share(const gy_modes *m, const float *modes, const float *w, const float *dy,
                           float *dx, float beta, float *dw, float *dmixed, gy_member me)
{
    float *dmodes = dmixed + m->batch * gy_spectral_modes(m->s, m->s->filters);
    go_all(m, m->s->filters, dy, dmixed, me);
    if (dw != NULL) gy_mix_backward_weight(m, modes, dmixed, beta, dw, me);
    if (dx == NULL) return;
    gy_mix_backward_data(m, w, dmixed, dmodes, me);
    come_all(m, m->s->channels, dmodes, NULL, dx, me);
}

void gy_spectral_backward(const gy_kernel *k, const gy_spectral *s, int64_t batch,
                          const float *modes, const float *w, const float *dy, float *dx,
                          float beta, float *dw, float *scratch)
{
    const gy_modes m = modes_of(k, s, batch, scratch);
    GY_TEAM(team_of(k, s, batch), me, backward_share(&m, modes, w, dy, dx, beta, dw, scratch, me));
}
