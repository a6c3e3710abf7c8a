/*
 * Dense layer on the last axis: y = a(x Wᵀ + b). With rank r > 0 the weight is the product of two
 * factors, up [units, r] and down [r, n]: y = a((x downᵀ) upᵀ + b).
 */
#include "../layer_list.h"

#include "kernel/elementwise.h"
#include "kernel/gemm.h"
#include "kernel/product.h"

typedef struct dense {
    int64_t units, rank;
    int activation;
    bool bias;
} dense;

/* Pieces of keep and scratch at a batch. */
typedef struct pieces {
    int64_t rows, in, out, rank;
    gy_activation a;
    float *z, *h;   /* keep: before the activation [rows, out]; after `down` [rows, rank] */
    float *dz, *dh; /* scratch; dz in the place of z where that is kept */
} pieces;

static bool keeps_z(const dense *s)
{
    return gy_activation_reads_x((gy_activation)s->activation);
}

static pieces cut(const gy_layer *l, const gy_pass *p)
{
    const dense *s = l->settings;
    pieces c = {.rows = p->batch * gy_shape_rows(&l->in[0]),
                .in = gy_shape_last(&l->in[0]),
                .out = s->units,
                .rank = s->rank,
                .a = (gy_activation)s->activation};
    float *keep = p->keep, *scratch = p->scratch;
    if (keeps_z(s) && keep != NULL) c.z = gy_take_floats(&keep, c.rows * c.out);
    if (s->rank > 0) {
        c.dh = gy_take_floats(&scratch, c.rows * c.rank);
        c.h = keep != NULL ? keep : c.dh;
    }
    if (s->activation != GY_ACTIVATION_none) c.dz = keeps_z(s) ? c.z : scratch;
    return c;
}

static gy_status shape(gy_layer *l)
{
    const dense *s = l->settings;
    if (l->in[0].n == 0) return gy_layer_refuse(l, "give it an axis", "its input has no axis");
    int64_t in = gy_shape_last(&l->in[0]), rows = gy_shape_rows(&l->in[0]);
    gy_init init = gy_init_for((gy_activation)s->activation);
    if (s->rank > 0) {
        gy_init plain = gy_init_for(GY_ACTIVATION_none);
        gy_layer_param(l, "down", GY_ROLE_WEIGHT, gy_shape_of(2, s->rank, in), plain);
        gy_layer_param(l, "up", GY_ROLE_WEIGHT, gy_shape_of(2, s->units, s->rank), init);
        l->memory.packed = gy_linear_packed(in, s->rank) + gy_linear_packed(s->rank, s->units);
        l->report.flops = 2.0 * (double)(rows * s->rank) * (double)(in + s->units);
    } else {
        gy_layer_param(l, "weight", GY_ROLE_WEIGHT, gy_shape_of(2, s->units, in), init);
        l->memory.packed = gy_linear_packed(in, s->units);
        l->report.flops = 2.0 * (double)(rows * s->units) * (double)in;
    }
    if (s->bias)
        gy_layer_param(l, "bias", GY_ROLE_BIAS, gy_shape_of(1, s->units),
                       (gy_init){GY_INIT_zeros, 0});
    l->out = l->in[0];
    l->out.d[l->out.n - 1] = s->units;
    l->memory.needs = GY_NEEDS_X;
    if (s->activation != GY_ACTIVATION_none) {
        l->relation.remakes = keeps_z(s) ? GY_REMAKE_OF_KEEP : GY_REMAKE_NOT;
        if (!keeps_z(s)) l->memory.needs |= GY_NEEDS_Y;
        *(keeps_z(s) ? &l->memory.keep : &l->memory.scratch) =
            (gy_size){rows * s->units, GY_PARAM_ALIGN};
    } else {
        l->fuse.offers = GY_FUSE_LOSS;
    }
    if (s->rank > 0) {
        gy_size h = {rows * s->rank, GY_PARAM_ALIGN};
        l->memory.keep =
            (gy_size){l->memory.keep.per_sample + h.per_sample, l->memory.keep.fixed + h.fixed};
        l->memory.scratch = (gy_size){l->memory.scratch.per_sample + h.per_sample,
                                      l->memory.scratch.fixed + h.fixed};
    }
    return GY_OK;
}

static void pack(const gy_layer *l, const gy_kernel *k, const float *const *w, float *packed)
{
    const dense *s = l->settings;
    const int64_t in = gy_shape_last(&l->in[0]);
    if (s->rank == 0) {
        gy_linear_pack(k, in, s->units, w[0], packed);
        return;
    }
    gy_linear_pack(k, in, s->rank, w[0], packed);
    gy_linear_pack(k, s->rank, s->units, w[1], packed + gy_linear_packed(in, s->rank));
}

/* y = a(x Wᵀ + b) of a parameter, whatever it is. */
static void multiply(const gy_pass *p, int64_t rows, int64_t in, int64_t out, const float *x, int w,
                     const float *packed, const float *bias, gy_activation a, float *z, float *y)
{
    if (p->w[w] == NULL)
        gy_product_forward(p->kernel, rows, x, p->form[w], bias, a, y);
    else
        gy_linear_forward(p->kernel, rows, in, out, x, p->w[w], packed, bias, a, z, y);
}

static gy_status forward(const gy_layer *l, const gy_pass *p)
{
    const dense *s = l->settings;
    pieces c = cut(l, p);
    int at = s->rank > 0 ? 1 : 0; /* the factor next to the output */
    const float *bias = s->bias ? p->w[at + 1] : NULL, *x = p->x[0];
    if (s->rank > 0) { /* h = x downᵀ */
        multiply(p, c.rows, c.in, c.rank, x, 0, p->packed, NULL, GY_ACTIVATION_none, NULL, c.h);
        x = c.h;
    }
    const float *packed = gy_packed_at(p, at * gy_linear_packed(c.in, c.rank));
    multiply(p, c.rows, s->rank > 0 ? c.rank : c.in, c.out, x, at, packed, bias, c.a, c.z, p->y);
    return GY_OK;
}

/* y = a(z), and a'(z) in the place of z: one exponential serves both. */
static gy_status remake(const gy_layer *l, const gy_pass *p)
{
    pieces c = cut(l, p);
    gy_activation_slope(p->kernel, c.a, c.rows * c.out, c.z, p->y, c.z);
    return GY_OK;
}

static gy_status backward(const gy_layer *l, const gy_pass *p)
{
    const dense *s = l->settings;
    pieces c = cut(l, p);
    int at = s->rank > 0 ? 1 : 0;
    const float *dz = p->dy;
    float *db = s->bias ? p->dw[at + 1] : NULL, beta_b = s->bias ? p->beta[at + 1] : 0;
    if (c.a != GY_ACTIVATION_none) {
        if (p->remade)
            gy_multiply(p->kernel, c.rows * c.out, p->dy, c.z, c.dz);
        else
            gy_activation_backward(p->kernel, c.a, c.rows, c.out, c.z, p->y, p->dy, c.dz);
        dz = c.dz;
    }
    if (s->rank == 0) {
        gy_linear_backward(p->kernel, c.rows, c.in, c.out, p->x[0], p->w[0], dz, p->dx[0], p->dw[0],
                           p->beta[0], db, beta_b);
        return GY_OK;
    }
    gy_linear_backward(p->kernel, c.rows, c.rank, c.out, c.h, p->w[1], dz, c.dh, p->dw[1],
                       p->beta[1], db, beta_b);
    gy_linear_backward(p->kernel, c.rows, c.in, c.rank, p->x[0], p->w[0], c.dh, p->dx[0], p->dw[0],
                       p->beta[0], NULL, 0);
    return GY_OK;
}

static const gy_setting rows[] = {
    {.key = "units",
     .type = GY_SETTING_INT,
     .offset = offsetof(dense, units),
     .min = 1,
     .max = GY_COUNT_MAX,
     .help = "outputs"},
    GY_SETTING_ACTIVATION(dense, activation, "none"),
    {.key = "bias",
     .type = GY_SETTING_BOOL,
     .offset = offsetof(dense, bias),
     .standard = "true",
     .help = "whether outputs have a bias"},
    {.key = "rank",
     .type = GY_SETTING_INT,
     .offset = offsetof(dense, rank),
     .standard = "0",
     .min = 0,
     .max = GY_COUNT_MAX,
     .help = "above 0: the weight is a product of two factors of that rank, up and down"},
    GY_SETTING_END,
};

static const gy_layer_sample samples[] = {
    {.yaml = "dense: {units: 3}", .in = {1, {5}}},
    {.yaml = "dense: {units: 17, activation: relu}", .in = {1, {9}}, .batch = 7},
    {.yaml = "dense: {units: 4, activation: gelu}", .in = {2, {3, 5}}},
    {.yaml = "dense: {units: 4, activation: tanh, bias: false}", .in = {3, {2, 2, 3}}},
    {.yaml = "dense: {units: 5, activation: softmax}", .in = {2, {2, 4}}},
    {.yaml = "dense: {units: 6, rank: 2}", .in = {1, {5}}},
    {.yaml = "dense: {units: 6, rank: 3, activation: silu}", .in = {2, {3, 4}}},
    {.yaml = "dense: {units: 4, rank: 2, activation: sigmoid, bias: false}", .in = {1, {4}}},
    {.yaml = NULL},
};

const gy_layer_kind gy_layer_dense = {
    .kind = {"dense", "each output a weighted sum of the last axis", rows, sizeof(dense)},
    .has_params = true,
    .takes_forms = true,
    .pointwise = true,
    .shape = shape,
    .forward = forward,
    .pack = pack,
    .backward = backward,
    .remake = remake,
    .samples = samples,
};
