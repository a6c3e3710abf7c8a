/*
 * Finer grids: a line of outputs is made of up to four lines of the input, mixed into one first, and
 * then along itself; backward the same way round.
 *
 * Scratch: a line of the input for each thread.
 */
#include "upsample.h"

#include "kernel_impl.h"

enum { COST = 2, LINES = 4 };

gy_tap gy_upsample_tap(int64_t i, int64_t factor, int64_t in, bool linear)
{
    const int64_t twice = 2 * i + 1 - factor; /* 2 factor (position + ½ − ½) */
    if (!linear) return (gy_tap){i / factor, i / factor, 0.0f};
    if (twice <= 0) return (gy_tap){0, 0, 0.0f};
    const int64_t one = twice / (2 * factor);
    if (one >= in - 1) return (gy_tap){in - 1, in - 1, 0.0f};
    const double share = (double)(twice - one * 2 * factor) / (double)(2 * factor);
    return (gy_tap){one, one + 1, (float)share};
}

static int64_t line_floats(const gy_upsample *u)
{
    return u->in[GY_WIDTH] * u->channels;
}

int64_t gy_upsample_scratch(const gy_upsample *u)
{
    return u->threads * gy_round_up(line_floats(u), 16);
}

/* A line of the input, and how much of it goes into a line of outputs. */
typedef struct line {
    int64_t at; /* floats from the sample's first */
    float share;
} line;

/* Those that line i of a sample's outputs is of. */
static int lines_under(const gy_upsample *u, int64_t i, line out[LINES])
{
    const gy_tap *plane = &u->taps[GY_DEPTH][i / u->out[GY_HEIGHT]];
    const gy_tap *row = &u->taps[GY_HEIGHT][i % u->out[GY_HEIGHT]];
    int n = 0;
    for (int j = 0; j < LINES; j++) {
        const float d = j / 2 == 0 ? 1.0f - plane->share : plane->share;
        const float h = j % 2 == 0 ? 1.0f - row->share : row->share;
        const int64_t front = j / 2 == 0 ? plane->one : plane->other;
        const int64_t top = j % 2 == 0 ? row->one : row->other;
        if (d * h > 0.0f)
            out[n++] = (line){(front * u->in[GY_HEIGHT] + top) * line_floats(u), d * h};
    }
    return n;
}

/* Line i of a sample's outputs; `mixed` is a line's room. */
static void make_line(const gy_vector *v, const gy_upsample *u, int64_t i, const float *x, float *y,
                      float *mixed)
{
    line lines[LINES];
    const int n = lines_under(u, i, lines);
    const float *from = x + lines[0].at;
    if (n > 1) {
        for (int j = 0; j < n; j++)
            v->axpby(line_floats(u), lines[j].share, x + lines[j].at, j == 0 ? 0.0f : 1.0f, mixed);
        from = mixed;
    }
    v->upsample_line(u->out[GY_WIDTH], u->channels, u->taps[GY_WIDTH], from, y);
}

static float *own_line(const gy_upsample *u, gy_member me, float *scratch)
{
    return scratch + me.number * gy_round_up(line_floats(u), 16);
}

static int team_of(const gy_kernel *k, const gy_upsample *u, int64_t batch)
{
    const int64_t n = u->out[GY_DEPTH] * u->out[GY_HEIGHT] * u->out[GY_WIDTH] * u->channels;
    return (int)gy_least(gy_team(k, batch * n, COST), u->threads);
}

static void forward_share(const gy_kernel *k, const gy_upsample *u, int64_t batch, const float *x,
                          float *y, float *scratch, gy_member me)
{
    const int64_t lines = u->out[GY_DEPTH] * u->out[GY_HEIGHT];
    const int64_t in = u->in[GY_DEPTH] * u->in[GY_HEIGHT] * line_floats(u);
    GY_SHARE(me, i, batch * lines)
        make_line(k->vector, u, i % lines, x + i / lines * in,
                  y + i * u->out[GY_WIDTH] * u->channels, own_line(u, me, scratch));
}

void gy_upsample_forward(const gy_kernel *k, const gy_upsample *u, int64_t batch, const float *x,
                         float *y, float *scratch)
{
    GY_TEAM(team_of(k, u, batch), me, forward_share(k, u, batch, x, y, scratch, me));
}

/* A sample's dx. */
static void hand_back(const gy_vector *v, const gy_upsample *u, const float *dy, float *dx,
                      float *mixed)
{
    const int64_t lines = u->out[GY_DEPTH] * u->out[GY_HEIGHT];
    line to[LINES];
    v->fill(u->in[GY_DEPTH] * u->in[GY_HEIGHT] * line_floats(u), 0.0f, dx);
    for (int64_t i = 0; i < lines; i++, dy += u->out[GY_WIDTH] * u->channels) {
        const int n = lines_under(u, i, to);
        float *sum = n == 1 ? dx + to[0].at : mixed;
        if (n > 1) v->fill(line_floats(u), 0.0f, mixed);
        v->upsample_line_gradient(u->out[GY_WIDTH], u->channels, u->taps[GY_WIDTH], dy, sum);
        for (int j = 0; n > 1 && j < n; j++)
            v->axpby(line_floats(u), to[j].share, mixed, 1.0f, dx + to[j].at);
    }
}

static void backward_share(const gy_kernel *k, const gy_upsample *u, int64_t batch, const float *dy,
                           float *dx, float *scratch, gy_member me)
{
    const int64_t in = u->in[GY_DEPTH] * u->in[GY_HEIGHT] * line_floats(u);
    const int64_t out = u->out[GY_DEPTH] * u->out[GY_HEIGHT] * u->out[GY_WIDTH] * u->channels;
    GY_SHARE(me, n, batch)
        hand_back(k->vector, u, dy + n * out, dx + n * in, own_line(u, me, scratch));
}

void gy_upsample_backward(const gy_kernel *k, const gy_upsample *u, int64_t batch, const float *dy,
                          float *dx, float *scratch)
{
    GY_TEAM(team_of(k, u, batch), me, backward_share(k, u, batch, dy, dx, scratch, me));
}
