/* Embedding: the row of a table for each token. */
#include "../layer_list.h"

#include "kernel/embedding.h"

typedef struct embedding {
    int64_t vocabulary, units;
} embedding;

static gy_status shape(gy_layer *l)
{
    const embedding *s = l->settings;
    char text[GY_SHAPE_TEXT];
    if (l->in[0].n != 1)
        return gy_layer_refuse(l, "give it a sequence of tokens", "its input %s is not [T]",
                               gy_shape_text(&l->in[0], text));
    gy_layer_param(l, "weight", GY_ROLE_EMBEDDING, gy_shape_of(2, s->vocabulary, s->units),
                   (gy_init){GY_INIT_normal, 0.02});
    l->out = gy_shape_of(2, l->in[0].d[0], s->units);
    l->memory.needs = GY_NEEDS_X;
    return GY_OK;
}

static gy_status forward(const gy_layer *l, const gy_pass *p)
{
    const embedding *s = l->settings;
    if (p->w[0] == NULL)
        gy_embedding_forward_form(p->kernel, p->batch * l->in[0].d[0], p->x[0], p->form[0], p->y);
    else
        gy_embedding_forward(p->kernel, p->batch * l->in[0].d[0], s->vocabulary, s->units, p->x[0],
                             p->w[0], p->y);
    return GY_OK;
}

static gy_status backward(const gy_layer *l, const gy_pass *p)
{
    const embedding *s = l->settings;
    if (p->dw[0] != NULL)
        gy_embedding_backward(p->kernel, p->batch * l->in[0].d[0], s->vocabulary, s->units, p->x[0],
                              p->dy, p->beta[0], p->dw[0]);
    return GY_OK;
}

static const gy_setting rows[] = {
    {.key = "vocabulary",
     .type = GY_SETTING_INT,
     .offset = offsetof(embedding, vocabulary),
     .min = 1,
     .max = 1 << 24, /* tokens are float32 */
     .help = "number of tokens"},
    {.key = "units",
     .type = GY_SETTING_INT,
     .offset = offsetof(embedding, units),
     .min = 1,
     .max = GY_COUNT_MAX,
     .help = "width of a token's row"},
    GY_SETTING_END,
};

static const gy_layer_sample samples[] = {
    {.yaml = "embedding: {vocabulary: 11, units: 5}", .in = {1, {4}}, .vocabulary = 11},
    {.yaml = "embedding: {vocabulary: 3, units: 40}", .in = {1, {6}}, .vocabulary = 3, .batch = 5},
    {.yaml = NULL},
};

const gy_layer_kind gy_layer_embedding = {
    .kind = {"embedding", "a row of a table for each token", rows, sizeof(embedding)},
    .has_params = true,
    .takes_tokens = true,
    .takes_forms = true,
    .pointwise = true,
    .shape = shape,
    .forward = forward,
    .backward = backward,
    .samples = samples,
};
