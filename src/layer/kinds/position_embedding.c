/*
 * Position embedding: a row for each position is added. learned (Gehring et al. 2017): weight;
 * sinusoidal (Vaswani et al. 2017): position p, column j: sin (j even) or cos (j odd) of
 * p / 10000^(2 ⌊j / 2⌋ / n).
 *
 * Where sequences come in pieces, a piece's rows begin at gy_pass.position.
 */
#include "../layer_list.h"

#include "kernel/elementwise.h"

#include <math.h>

enum { LEARNED, SINUSOIDAL };
static const char *const kinds[] = {"learned", "sinusoidal", NULL};

typedef struct position_embedding {
    int kind;
    int64_t length;
} position_embedding;

/* What a running layer has: `length` rows, of which sinusoidal ones are its own. */
typedef struct places {
    int64_t length;
    float *rows; /* NULL: learned */
} places;

static void fill(int64_t length, int64_t n, float *rows)
{
    for (int64_t j = 0; j < n; j++) {
        double rate = pow(10000, -(double)(j - j % 2) / (double)n);
        for (int64_t p = 0; p < length; p++) {
            double angle = (double)p * rate;
            rows[p * n + j] = (float)(j % 2 == 0 ? sin(angle) : cos(angle));
        }
    }
}

static gy_status shape(gy_layer *l)
{
    const position_embedding *s = l->settings;
    char text[GY_SHAPE_TEXT];
    if (l->in[0].n != 2)
        return gy_layer_refuse(l, "give it a sequence", "its input %s is not [T, n]",
                               gy_shape_text(&l->in[0], text));
    int64_t longest = l->window > 0 ? l->window : l->in[0].d[0], n = l->in[0].d[1];
    places *own;
    GY_TRY(gy_pool_new(l->pool, &own));
    own->length = s->length > 0 ? s->length : longest;
    if (own->length < longest)
        return gy_layer_refuse(l, "raise length", "a sequence has %lld positions, length is %lld",
                               (long long)longest, (long long)own->length);
    if (s->kind == LEARNED) {
        gy_layer_param(l, "weight", GY_ROLE_EMBEDDING, gy_shape_of(2, own->length, n),
                       (gy_init){GY_INIT_normal, 0.02});
    } else {
        GY_TRY(gy_pool_array(l->pool, longest * n, &own->rows));
        fill(longest, n, own->rows);
        own->length = longest;
    }
    l->state = own;
    l->out = l->in[0];
    l->relation.in_place = true;
    l->memory.bounded = true;
    l->relation.adds = s->kind == SINUSOIDAL;
    l->report.flops = (double)gy_shape_count(&l->out);
    return GY_OK;
}

static gy_status forward(const gy_layer *l, const gy_pass *p)
{
    const places *own = l->state;
    int64_t each = gy_shape_count(&l->out), time = l->in[0].d[0];
    GY_REQUIRE(p->position + time <= own->length, GY_E_SHAPE,
               "layer %s" GY_AT "%s" GY_WHY "position %lld is beyond its %lld" GY_HINT
               "generate less",
               l->path, l->where, (long long)(p->position + time - 1), (long long)own->length);
    const float *rows = own->rows != NULL ? own->rows : p->w[0];
    gy_add_rows(p->kernel, p->batch, each, p->x[0], rows + p->position * l->in[0].d[1], p->y);
    return GY_OK;
}

/* dw[t] = Σ over samples dy[t]; rows beyond T get none. */
static gy_status backward(const gy_layer *l, const gy_pass *p)
{
    const places *own = l->state;
    int64_t each = gy_shape_count(&l->out), all = own->length * l->in[0].d[1];
    if (p->dw[0] != NULL) {
        gy_column_sum(p->kernel, p->batch, each, p->dy, p->beta[0], p->dw[0]);
        if (p->beta[0] == 0) gy_fill(p->kernel, all - each, 0, p->dw[0] + each);
    }
    if (p->dx[0] != NULL && p->dx[0] != p->dy) gy_copy(p->kernel, p->batch * each, p->dy, p->dx[0]);
    return GY_OK;
}

static const gy_setting rows[] = {
    {.key = "kind",
     .type = GY_SETTING_CHOICE,
     .offset = offsetof(position_embedding, kind),
     .standard = "learned",
     .choices = kinds,
     .help = "learned: a parameter; sinusoidal: sines and cosines of falling rates"},
    {.key = "length",
     .type = GY_SETTING_INT,
     .offset = offsetof(position_embedding, length),
     .standard = "0",
     .min = 0,
     .max = GY_COUNT_MAX,
     .help = "positions there are; 0: as many as the sequence has"},
    GY_SETTING_END,
};

static const gy_layer_sample samples[] = {
    {.yaml = "position_embedding: {}", .in = {2, {4, 5}}},
    {.yaml = "position_embedding: {length: 6}", .in = {2, {3, 4}}},
    {.yaml = "position_embedding: {kind: sinusoidal}", .in = {2, {5, 3}}},
    {.yaml = "position_embedding: {kind: sinusoidal, length: 9}", .in = {2, {4, 6}}},
    {.yaml = NULL},
};

const gy_layer_kind gy_layer_position_embedding = {
    .kind = {"position_embedding", "adds a row for each position", rows,
             sizeof(position_embedding)},
    .has_params = true,
    .pointwise = true,
    .shape = shape,
    .forward = forward,
    .backward = backward,
    .samples = samples,
};
