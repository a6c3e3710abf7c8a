/*
 * Batch norm (Ioffe and Szegedy 2015): each channel over all positions of all samples. In training by
 * the statistics of the batch, which the buffers follow; in evaluation by the buffers.
 *
 * sync: the sums of all ranks are added, Σ 1, Σ x, Σ x² in double forward and Σ 1, Σ dy,
 * Σ dy (x − mean) backward. Ranks may have different numbers of samples, or none: each calls sum once
 * a pass. Statistics of no samples at all change nothing.
 *
 * Kept: mean and 1 / deviation of each channel. Where a relu follows, the passes do it on their way.
 */
#include "../layer_list.h"

#include "../norm.h"
#include "kernel/norm.h"

#include <math.h>

enum { GAMMA, BETA };    /* parameters */
enum { MEAN, VARIANCE }; /* buffers */
enum { DOUBLE = (int)(sizeof(double) / sizeof(float)) };

typedef struct batch_norm {
    double momentum, epsilon;
    bool sync;
} batch_norm;

/* Pieces of keep and scratch. */
typedef struct pieces {
    int64_t rows, n;
    float *mean, *scale; /* keep [C] */
    double *count, *first,
        *second;                  /* scratch: of the batch [1], of each channel [C], in one piece */
    double *partial;              /* [2 GY_COLUMN_PARTS C] */
    float *gain, *slope, *offset; /* [C] */
} pieces;

static pieces cut(const gy_layer *l, const gy_pass *p)
{
    const int64_t n = gy_shape_last(&l->in[0]);
    float *keep = p->keep, *scratch = p->scratch;
    pieces c = {.rows = p->batch * gy_shape_rows(&l->in[0]), .n = n};
    if (keep != NULL) {
        c.mean = gy_take_floats(&keep, n);
        c.scale = gy_take_floats(&keep, n);
    }
    c.count = (double *)(void *)gy_take_floats(&scratch, DOUBLE * (1 + 2 * n));
    c.first = c.count + 1;
    c.second = c.first + n;
    c.partial = (double *)(void *)gy_take_floats(&scratch, DOUBLE * 2 * GY_COLUMN_PARTS * n);
    c.gain = gy_take_floats(&scratch, n);
    c.slope = gy_take_floats(&scratch, n);
    c.offset = gy_take_floats(&scratch, n);
    return c;
}

static gy_status shape(gy_layer *l)
{
    const batch_norm *s = l->settings;
    if (l->in[0].n == 0) return gy_layer_refuse(l, "give it an axis", "its input has no axis");
    const int64_t n = gy_shape_last(&l->in[0]);
    gy_norm_params(l, n, true);
    gy_layer_buffer(l, "mean", gy_shape_of(1, n), 0);
    gy_layer_buffer(l, "variance", gy_shape_of(1, n), 1);
    l->statistics = (gy_layer_statistics){gy_shape_rows(&l->in[0]), 2, !s->sync};
    l->out = l->in[0];
    l->memory.needs = GY_NEEDS_X;
    l->relation.in_place = true;
    l->memory.keep.fixed = 2 * gy_align_floats(n);
    l->memory.scratch.fixed = gy_align_floats(DOUBLE * (1 + 2 * n)) +
                              gy_align_floats(DOUBLE * 2 * GY_COLUMN_PARTS * n) +
                              3 * gy_align_floats(n);
    l->report.flops = 8.0 * (double)gy_shape_count(&l->out);
    return GY_OK;
}

/* count, first and second of all ranks. */
static gy_status add_up(const gy_layer *l, const gy_pass *p, const pieces *c)
{
    const batch_norm *s = l->settings;
    *c->count = (double)c->rows;
    if (s->sync && p->sum != NULL) return p->sum(p->sum_user, c->count, (int)(1 + 2 * c->n));
    return GY_OK;
}

/* Mean and Σ (x − mean)² of the batch in first and second. */
static gy_status measure(const gy_layer *l, const gy_pass *p, const pieces *c)
{
    gy_column_moments(p->kernel, c->rows, c->n, p->x[0], c->partial, c->first, c->second);
    for (int64_t i = 0; i < c->n; i++) {
        c->second[i] += (double)c->rows * c->first[i] * c->first[i];
        c->first[i] *= (double)c->rows;
    }
    GY_TRY(add_up(l, p, c));
    for (int64_t i = 0; i<c->n && * c->count> 0; i++) {
        c->first[i] /= *c->count;
        c->second[i] -= *c->count * c->first[i] * c->first[i];
        if (c->second[i] < 0) c->second[i] = 0;
    }
    return GY_OK;
}

/* The buffers go `momentum` of the way; the variance is the unbiased one. */
static void follow(const gy_layer *l, const gy_pass *p, const pieces *c)
{
    const batch_norm *s = l->settings;
    const double others = fmax(*c->count - 1, 1), keep = 1 - s->momentum;
    float *mean = p->buffer[MEAN], *variance = p->buffer[VARIANCE];
    for (int64_t i = 0; i<c->n && * c->count> 0; i++) {
        mean[i] = (float)(keep * (double)mean[i] + s->momentum * c->first[i]);
        variance[i] = (float)(keep * (double)variance[i] + s->momentum * c->second[i] / others);
    }
}

static gy_status forward(const gy_layer *l, const gy_pass *p)
{
    const batch_norm *s = l->settings;
    const pieces c = cut(l, p);
    const float *mean = p->training ? c.mean : p->buffer[MEAN];
    if (p->training) {
        GY_TRY(measure(l, p, &c));
        follow(l, p, &c);
    }
    for (int64_t i = 0; i < c.n; i++) {
        double variance =
            p->training ? c.second[i] / fmax(*c.count, 1) : (double)p->buffer[VARIANCE][i];
        float scale = (float)(1 / sqrt(variance + s->epsilon));
        c.gain[i] = scale * p->w[GAMMA][i];
        if (!p->training) continue;
        c.mean[i] = (float)c.first[i];
        c.scale[i] = scale;
    }
    const gy_column_norm norm = {mean, c.gain, p->w[BETA], (l->fuse.does & GY_FUSE_RELU) != 0};
    gy_column_norm_forward(p->kernel, c.rows, c.n, p->x[0], &norm, p->y);
    return GY_OK;
}

/* dw = beta dw + this rank's sums; those of all ranks are added later, with all gradients. */
static void add_gradients(const gy_pass *p, const pieces *c)
{
    float *dgamma = p->dw[GAMMA], *dbeta = p->dw[BETA];
    for (int64_t i = 0; i < c->n && dgamma != NULL; i++)
        dgamma[i] = (float)(c->second[i] * (double)c->scale[i]) +
                    (p->beta[GAMMA] == 0 ? 0 : p->beta[GAMMA] * dgamma[i]);
    for (int64_t i = 0; i < c->n && dbeta != NULL; i++)
        dbeta[i] = (float)c->first[i] + (p->beta[BETA] == 0 ? 0 : p->beta[BETA] * dbeta[i]);
}

static gy_status backward(const gy_layer *l, const gy_pass *p)
{
    const pieces c = cut(l, p);
    const gy_column_norm norm = {c.mean, c.gain, p->w[BETA], (l->fuse.does & GY_FUSE_RELU) != 0};
    for (int64_t i = 0; i < c.n; i++) c.gain[i] = c.scale[i] * p->w[GAMMA][i]; /* as in forward */
    gy_column_products(p->kernel, c.rows, c.n, p->x[0], &norm, p->dy, c.partial, c.first, c.second);
    add_gradients(p, &c);
    if (p->dx[0] == NULL) return GY_OK; /* on every rank */
    GY_TRY(add_up(l, p, &c));
    for (int64_t i = 0; i < c.n; i++) {
        double n = fmax(*c.count, 1), scale = (double)c.scale[i];
        double gain = scale * (double)p->w[GAMMA][i];
        c.slope[i] = (float)(gain * scale * scale * c.second[i] / n);
        c.offset[i] = (float)(gain * c.first[i] / n);
    }
    gy_column_norm_backward(p->kernel, c.rows, c.n, p->x[0], &norm, c.slope, c.offset, p->dy,
                            p->dx[0]);
    return GY_OK;
}

static const gy_setting rows[] = {
    {.key = "momentum",
     .type = GY_SETTING_FLOAT,
     .offset = offsetof(batch_norm, momentum),
     .standard = "0.1",
     .min = 0,
     .max = 1,
     .help = "share of a step's statistics in the running ones"},
    GY_NORM_ROW_EPSILON(batch_norm),
    {.key = "sync",
     .type = GY_SETTING_BOOL,
     .offset = offsetof(batch_norm, sync),
     .standard = "true",
     .help = "statistics of the whole batch, or of the micro-batches that all ranks pass at once; "
             "false: of each rank's part"},
    GY_SETTING_END,
};

static const gy_layer_sample samples[] = {
    {.yaml = "batch_norm: {}", .in = {1, {5}}, .batch = 7},
    {.yaml = "batch_norm: {momentum: 0.3, epsilon: 0.1}", .in = {3, {3, 4, 6}}},
    {.yaml = "batch_norm: {sync: false}", .in = {2, {5, 70}}},
    {.yaml = "repeat: {times: 2, tied: true, layers: [batch_norm: {momentum: 1}]}",
     .in = {2, {4, 3}},
     .batch = 5},
    {.yaml = "repeat: {times: 2, layers: [batch_norm: {}, activation: {kind: relu}]}",
     .in = {3, {3, 2, 5}}},
    {.yaml = NULL},
};

const gy_layer_kind gy_layer_batch_norm = {
    .kind = {"batch_norm", "channels to mean 0 and variance 1 over the batch", rows,
             sizeof(batch_norm)},
    .has_params = true,
    .fuses = GY_FUSE_RELU, /* its backward pass reads no y */
    .pointwise = true,
    .shape = shape,
    .forward = forward,
    .backward = backward,
    .samples = samples,
};
