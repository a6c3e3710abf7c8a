/*
 * Convolution of x as codes, for weights of 8 bits: each sample becomes whole numbers of 7 bits once, by one range,
 * within a frame of the code that stands for zero. A line of a window then lies in one piece, so that the
 * product reads the codes where they are: a pointer for each position (as the indirect convolution of Dukhan
 * 2019), an offset for each line.
 *
 * Scratch: codes [batch, framed image] | scales [batch] | zeros [batch]
 * Work of a thread: spare panel | packed panels | totals of the filters of a group
 */
#include "codes.h"
#include "conv_impl.h"
#include "gemm_impl.h"

#include "form/int8.h"

#include <string.h>

enum { POSITIONS = 96, MOST_RUNS = 1024, SLACK = 64 };

/* Positions along an axis, what is put before and behind it too. */
static int64_t framed(const gy_window *w)
{
    const int64_t read = (w->out - 1) * w->stride + gy_window_reach(w);
    return gy_most(read, w->before + w->in);
}

static int64_t image_bytes(const gy_conv *c)
{
    return framed(&c->axis[GY_DEPTH]) * framed(&c->axis[GY_HEIGHT]) * framed(&c->axis[GY_WIDTH]) *
           c->channels;
}

/* Floats that a sample's codes take; behind the last step of a run something may be read. */
static int64_t image(const gy_conv *c)
{
    return gy_pieces(image_bytes(c) + GY_CODES_STEP, (int64_t)sizeof(float));
}

int64_t gy_conv_int8_scratch(const gy_conv *c)
{
    return image(c) + 2;
}

/* How a window lies in a framed image. */
typedef struct window {
    int64_t runs, run, depth; /* bytes of a run, and with what fills it up */
    int64_t at[MOST_RUNS];
} window;

/* A line of a window is one run where its pixels lie side by side. */
static bool lines_are_runs(const gy_conv *c)
{
    return c->groups == 1 && c->axis[GY_WIDTH].dilation == 1;
}

static int64_t runs_of(const gy_conv *c)
{
    return gy_windows_size(c->axis) / (lines_are_runs(c) ? c->axis[GY_WIDTH].size : 1);
}

static void lay_out(const gy_conv *c, window *out)
{
    const gy_window *d = &c->axis[GY_DEPTH], *h = &c->axis[GY_HEIGHT], *w = &c->axis[GY_WIDTH];
    const int64_t columns = lines_are_runs(c) ? 1 : w->size;
    out->runs = runs_of(c);
    out->run = gy_windows_size(c->axis) * (c->channels / c->groups) / out->runs;
    out->depth = gy_round_up(out->run, GY_CODES_STEP);
    for (int64_t i = 0; i < out->runs; i++) {
        const int64_t column = i % columns, row = i / columns % h->size,
                      plane = i / columns / h->size;
        out->at[i] = ((plane * d->dilation * framed(h) + row * h->dilation) * framed(w) +
                      column * w->dilation) *
                     c->channels;
    }
}

bool gy_conv_int8_can(const gy_conv *c)
{
    const int64_t runs = runs_of(c);
    const int64_t run = gy_windows_size(c->axis) * (c->channels / c->groups) / runs;
    const int64_t panel = runs * gy_round_up(run, GY_CODES_STEP) * GY_CODES_PANEL;
    return runs <= MOST_RUNS && 2 * panel + SLACK + c->filters * (int64_t)sizeof(int32_t) <=
                                    gy_gemm_packed_work * (int64_t)sizeof(float);
}

/* x as codes, in scratch. */
typedef struct coded {
    uint8_t *q;
    int64_t bytes; /* of a sample */
    float *scales;
    int32_t *zeros;
} coded;

static coded in_scratch(const gy_conv_pass *p)
{
    float *at = p->scratch;
    coded x = {.q = (uint8_t *)(void *)at, .bytes = image(p->c) * (int64_t)sizeof *at};
    x.scales = at + p->batch * image(p->c);
    x.zeros = (int32_t *)(void *)(x.scales + p->batch);
    return x;
}

/* A sample in its frame. */
static void take(const gy_conv_pass *p, const coded *x, int64_t sample)
{
    const gy_conv *c = p->c;
    const gy_window *d = &c->axis[GY_DEPTH], *h = &c->axis[GY_HEIGHT], *w = &c->axis[GY_WIDTH];
    const int64_t line = w->in * c->channels, pixels = gy_windows_in(c->axis) * c->channels;
    const float *from = p->x + sample * pixels;
    uint8_t *q = x->q + sample * x->bytes;
    gy_code code = gy_code_of(p->kernel, p->form, pixels, from);
    memset(q, code.zero, (size_t)x->bytes);
    for (int64_t i = 0; i < d->in * h->in; i++, from += line) {
        const int64_t plane = i / h->in + d->before, row = i % h->in + h->before;
        gy_code_take(p->kernel, &code, line, from,
                     q + ((plane * framed(h) + row) * framed(w) + w->before) * c->channels);
    }
    x->scales[sample] = code.scale;
    x->zeros[sample] = code.zero;
}

/* Positions at once: where their windows begin, and of what samples they are. */
typedef struct places {
    const uint8_t *q[POSITIONS];
    float scale[POSITIONS];
    int32_t zero[POSITIONS], sum[POSITIONS];
} places;

static void find(const gy_conv_pass *p, const coded *x, int group, int64_t from, int64_t n,
                 places *out)
{
    const gy_conv *c = p->c;
    const gy_window *d = &c->axis[GY_DEPTH], *h = &c->axis[GY_HEIGHT], *w = &c->axis[GY_WIDTH];
    for (int64_t i = 0; i < n;) { /* line by line */
        const int64_t line = (from + i) / w->out, column = (from + i) % w->out, row = line % h->out,
                      plane = line / h->out % d->out, sample = line / h->out / d->out;
        const int64_t end = gy_least(n, i + w->out - column);
        const uint8_t *q =
            x->q + sample * x->bytes + group * (c->channels / c->groups) +
            ((plane * d->stride * framed(h) + row * h->stride) * framed(w) + column * w->stride) *
                c->channels;
        for (; i < end; i++, q += w->stride * c->channels) {
            out->q[i] = q;
            out->scale[i] = x->scales[sample];
            out->zero[i] = x->zeros[sample];
        }
    }
}

/* With affine weights: Σ (q − zero) under each window. */
static void sum_up(const window *of, int64_t n, places *to)
{
    for (int64_t i = 0; i < n; i++) {
        const gy_code code = {.zero = to->zero[i]};
        to->sum[i] = 0;
        for (int64_t run = 0; run < of->runs; run++)
            to->sum[i] += gy_code_sum(code, of->run, to->q[i] + of->at[run]);
    }
}

/* A group's weights, as many as the work holds at once, by this member's positions. */
static void multiply(const gy_conv_pass *p, const coded *x, const window *of, int group,
                     gy_member me)
{
    const gy_conv *c = p->c;
    const gy_form *w = p->form;
    const int64_t filters = c->filters / c->groups, positions = p->batch * gy_windows_out(c->axis);
    const int64_t end = gy_share(me, positions, 1);
    int32_t *total = (int32_t *)(void *)(p->kernel->work + me.number * gy_gemm_packed_work);
    int8_t *spare = (int8_t *)(total + filters);
    gy_int8_packing packing = {filters, w->columns, of->runs, of->depth, NULL};
    const int64_t panel = gy_int8_panel_bytes(&packing);
    const int64_t room =
        gy_gemm_packed_work * (int64_t)sizeof(float) - ((char *)spare - (char *)total);
    const int64_t most = (room - panel) / panel * GY_CODES_PANEL;
    places at;
    for (int64_t j = 0; j < filters; j += most) {
        const int64_t first = group * filters + j;
        packing.n = gy_least(most, filters - j);
        packing.w = GY_FORM_V(w, GY_INT8_CODES, int8_t) + first * w->columns;
        gy_int8_pack(p->kernel, &packing, spare, spare + panel, total);
        for (int64_t from = gy_share(me, positions, 0); from < end; from += POSITIONS) {
            const int64_t n = gy_least(POSITIONS, end - from);
            find(p, x, group, from, n, &at);
            if (gy_int8_is_affine(w)) sum_up(of, n, &at);
            p->kernel->int8->panels(&(gy_int8_panels){
                .rows = n,
                .outputs = packing.n,
                .runs = of->runs,
                .depth = of->depth,
                .q = at.q,
                .at = of->at,
                .b = spare + panel,
                .x_scale = at.scale,
                .x_zero = at.zero,
                .scale = GY_FORM_V(w, GY_INT8_SCALES, float) + first,
                .total = total,
                .offset =
                    gy_int8_is_affine(w) ? GY_FORM_V(w, GY_INT8_OFFSETS, float) + first : NULL,
                .x_sum = at.sum,
                .bias = p->bias == NULL ? NULL : p->bias + first,
                .relu = p->relu,
                .y = p->y + from * c->filters + first,
                .y_row = c->filters});
        }
    }
}

static void forward_share(const gy_conv_pass *p, const coded *x, gy_member me)
{
    window of;
    lay_out(p->c, &of);
    for (int g = 0; g < p->c->groups; g++) multiply(p, x, &of, g, me);
}

void gy_conv_int8_forward(const gy_conv_pass *p)
{
    const coded x = in_scratch(p);
    GY_SPREAD(gy_conv_threads(p), n, p->batch, 1, { take(p, &x, n); });
    GY_TEAM(gy_conv_threads(p), me, forward_share(p, &x, me));
}
