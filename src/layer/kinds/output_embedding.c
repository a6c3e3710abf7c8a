/*
 * Output embedding (Press and Wolf 2017): y = x Wᵀ with the weight of the embedding that `share`
 * names.
 */
#include "../layer_list.h"

#include "kernel/gemm.h"
#include "kernel/product.h"

static gy_status shape(gy_layer *l)
{
    char text[GY_SHAPE_TEXT];
    if (l->shared.n != 2)
        return gy_layer_refuse(l, "name the embedding: share: NAME", "share names no embedding");
    int64_t n = gy_shape_last(&l->in[0]), vocabulary = l->shared.d[0];
    if (l->in[0].n == 0 || n != l->shared.d[1])
        return gy_layer_refuse(l, "make the widths agree",
                               "the embedding has %lld units, the input is %s",
                               (long long)l->shared.d[1], gy_shape_text(&l->in[0], text));
    gy_layer_param(l, "weight", GY_ROLE_EMBEDDING, l->shared, (gy_init){GY_INIT_normal, 0.02});
    l->out = l->in[0];
    l->out.d[l->out.n - 1] = vocabulary;
    l->memory.needs = GY_NEEDS_X;
    l->memory.packed = gy_linear_packed(n, vocabulary);
    l->fuse.offers = GY_FUSE_LOSS;
    l->report.flops = 2.0 * (double)gy_shape_count(&l->in[0]) * (double)vocabulary;
    return GY_OK;
}

static void pack(const gy_layer *l, const gy_kernel *k, const float *const *w, float *packed)
{
    gy_linear_pack(k, l->shared.d[1], l->shared.d[0], w[0], packed);
}

static gy_status forward(const gy_layer *l, const gy_pass *p)
{
    const int64_t rows = p->batch * gy_shape_rows(&l->in[0]);
    if (p->w[0] == NULL)
        gy_product_forward(p->kernel, rows, p->x[0], p->form[0], NULL, GY_ACTIVATION_none, p->y);
    else
        gy_linear_forward(p->kernel, rows, gy_shape_last(&l->in[0]), gy_shape_last(&l->out),
                          p->x[0], p->w[0], p->packed, NULL, GY_ACTIVATION_none, NULL, p->y);
    return GY_OK;
}

static gy_status backward(const gy_layer *l, const gy_pass *p)
{
    gy_linear_backward(p->kernel, p->batch * gy_shape_rows(&l->in[0]), gy_shape_last(&l->in[0]),
                       gy_shape_last(&l->out), p->x[0], p->w[0], p->dy, p->dx[0], p->dw[0],
                       p->beta[0], NULL, 0);
    return GY_OK;
}

static const gy_layer_sample samples[] = {
    {.yaml = "repeat: {times: 1, layers: [embedding: {vocabulary: 7, units: 4, name: words}, "
             "output_embedding: {share: words}]}",
     .in = {1, {5}},
     .vocabulary = 7},
    {.yaml = NULL},
};

const gy_layer_kind gy_layer_output_embedding = {
    .kind = {"output_embedding", "products with the rows of a shared embedding", NULL, 0},
    .takes_forms = true,
    .pointwise = true,
    .shape = shape,
    .forward = forward,
    .pack = pack,
    .backward = backward,
    .samples = samples,
};
