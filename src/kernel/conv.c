/* Convolution: choice of the algorithm, bias and activation around it. */
#include "conv_impl.h"

#include "form/form_list.h"
#include "product.h"

#include <stddef.h>

#define NAME(name) #name,
const char *const gy_conv_names[GY_CONV_COUNT + 1] = {GY_CONV_LIST(NAME) NULL};

#define METHOD(name) [GY_CONV_##name] = &gy_conv_by_##name,
static const gy_conv_method *const methods[GY_CONV_COUNT] = {GY_CONV_METHOD_LIST(METHOD)};

bool gy_conv_can(const gy_conv *c, gy_conv_algorithm a)
{
    return a == GY_CONV_auto || methods[a]->can(c);
}

/*
 * Measured: Winograd gains nothing with fewer channels, which its transforms then outweigh, or where
 * most of its tiles lie beyond the edge; large products are BLAS's; the rest goes directly.
 */
static gy_conv_algorithm choose(const gy_conv *c)
{
    enum { LEAST_CHANNELS = 16, LARGE_PRODUCT = 128 * 1024 };
    if (gy_conv_can(c, GY_CONV_winograd)) {
        int64_t height = c->axis[GY_HEIGHT].out, width = c->axis[GY_WIDTH].out;
        int64_t side = 7 - c->axis[GY_HEIGHT].size; /* of a tile */
        int64_t tiles = gy_pieces(height, side) * gy_pieces(width, side);
        bool full = 3 * height * width >= side * side * tiles;
        if (full && c->channels >= LEAST_CHANNELS && c->filters >= LEAST_CHANNELS)
            return GY_CONV_winograd;
    }
    bool product = gy_conv_is_product(c) && c->channels * c->filters >= LARGE_PRODUCT;
    return product ? GY_CONV_gemm : GY_CONV_direct;
}

void gy_conv_plan(gy_conv *c, gy_conv_algorithm wanted, int threads)
{
    c->algorithm = wanted == GY_CONV_auto ? choose(c) : wanted;
    c->threads = threads;
    c->scratch = methods[c->algorithm]->scratch(c);
    c->per_sample = 0;
}

/*
 * Measured: without instructions for products of 8 bits Winograd's fewer products of floats win; few filters a
 * group leave most of a panel empty, few channels most of a step's work to what is around it.
 */
static bool codes_win(const gy_conv *c, gy_simd level)
{
    enum { FEW_FILTERS = 4, FEW_CODES = 16 };
    const int64_t line = c->axis[GY_WIDTH].size * c->channels / c->groups;
    if (c->filters / c->groups < FEW_FILTERS || line < FEW_CODES) return false;
    return gy_simd_has_vnni(level) || choose(c) != GY_CONV_winograd;
}

bool gy_conv_plan_form(gy_conv *c, const gy_form_kind *form, gy_simd level, int threads)
{
    const bool product = gy_conv_is_product(c);
    if (!product && (form != &gy_form_int8 || !gy_conv_int8_can(c) || !codes_win(c, level)))
        return false;
    c->algorithm = GY_CONV_gemm;
    c->threads = threads;
    c->scratch = 0;
    c->per_sample = product ? 0 : gy_conv_int8_scratch(c);
    return true;
}

int64_t gy_conv_packed(const gy_conv *c)
{
    return methods[c->algorithm]->packed(c);
}

void gy_conv_pack(const gy_kernel *k, const gy_conv *c, const float *w, float *packed)
{
    const gy_conv_pass pass = {.kernel = k, .c = c, .w = w};
    methods[c->algorithm]->pack(&pass, packed);
}

int gy_conv_threads(const gy_conv_pass *p)
{
    return (int)gy_least(gy_kernel_threads(p->kernel), p->c->threads);
}

void gy_conv_finish(const gy_conv_pass *p, int64_t rows, float *restrict y)
{
    const float *restrict bias = p->bias;
    int64_t n = p->c->filters;
    if (bias == NULL && !p->relu) return;
    for (int64_t r = 0; r < rows; r++, y += n) {
        if (bias != NULL)
            for (int64_t i = 0; i < n; i++) y[i] += bias[i];
        if (p->relu) /* NaN stays */
            for (int64_t i = 0; i < n; i++) y[i] = y[i] < 0 ? 0 : y[i];
    }
}

void gy_conv_combine(const gy_conv_pass *p, const float *parts, int64_t n, gy_member me)
{
    float *restrict dw = p->dw;
    GY_SHARE(me, i, n) {
        float sum = parts[i];
        for (int t = 1; t < me.team; t++) sum += parts[t * n + i];
        dw[i] = p->beta == 0 ? sum : p->beta * dw[i] + sum;
    }
}

/* What the method has left of the activation. */
static void activate(const gy_conv_pass *pass, gy_activation a, float *y)
{
    const gy_conv *c = pass->c;
    const bool fused = pass->relu || a == GY_ACTIVATION_none;
    if (!fused || pass->y != y)
        gy_activation_forward(pass->kernel, a, pass->batch * gy_windows_out(c->axis), c->filters,
                              pass->y, y);
}

void gy_conv_forward(const gy_kernel *k, const gy_conv *c, int64_t batch, const float *x,
                     const float *w, const float *packed, const float *bias, gy_activation a,
                     float *z, float *y, float *scratch)
{
    gy_conv_pass pass = {.kernel = k,
                         .c = c,
                         .batch = batch,
                         .x = x,
                         .w = w,
                         .packed = packed,
                         .bias = bias,
                         .relu = a == GY_ACTIVATION_relu && z == NULL,
                         .y = z == NULL ? y : z,
                         .scratch = scratch};
    methods[c->algorithm]->forward(&pass);
    activate(&pass, a, y);
}

void gy_conv_forward_form(const gy_kernel *k, const gy_conv *c, int64_t batch, const float *x,
                          const gy_form *w, const float *bias, gy_activation a, float *y,
                          float *scratch)
{
    const gy_conv_pass pass = {.kernel = k,
                               .c = c,
                               .batch = batch,
                               .x = x,
                               .form = w,
                               .bias = bias,
                               .relu = a == GY_ACTIVATION_relu,
                               .y = y,
                               .scratch = scratch};
    if (gy_conv_is_product(c)) {
        gy_product_forward(k, batch * gy_windows_out(c->axis), x, w, bias, a, y);
        return;
    }
    gy_conv_int8_forward(&pass);
    activate(&pass, a, y);
}

void gy_conv_backward_data(const gy_kernel *k, const gy_conv *c, int64_t batch, const float *w,
                           const float *dz, float *dx, float *scratch)
{
    gy_conv_pass pass = {
        .kernel = k, .c = c, .batch = batch, .w = w, .dz = dz, .dx = dx, .scratch = scratch};
    methods[c->algorithm]->backward_data(&pass);
}

void gy_conv_backward_weight(const gy_kernel *k, const gy_conv *c, int64_t batch, const float *x,
                             const float *dz, float beta, float *dw, float *scratch)
{
    gy_conv_pass pass = {.kernel = k,
                         .c = c,
                         .batch = batch,
                         .x = x,
                         .dz = dz,
                         .dw = dw,
                         .beta = beta,
                         .scratch = scratch};
    methods[c->algorithm]->backward_weight(&pass);
}
