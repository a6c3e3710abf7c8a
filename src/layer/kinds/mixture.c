/*
 * Mixture of experts (Shazeer et al. 2017): parameters chosen by context. A gate scores the experts
 * at every position; the top_k best run, and their outputs are added with the softmax of the chosen
 * scores as shares (top_k = 1: with the chosen one's probability among all, so that the gate learns).
 *
 * With `balance` > 0 the loss of Fedus et al. (2021) is added, balance · E · Σ f_e P_e over the
 * positions of the whole global (micro-)batch: f_e the share of choices that fell on expert e, P_e its
 * mean probability. f has no gradient.
 *
 * R positions, E experts, K = top_k. A *slot* is one choice, number position · K + k; slots are
 * sorted by expert, so that each expert's are a range of rows.
 */
#include "../layer_list.h"

#include "kernel/elementwise.h"
#include "kernel/gemm.h"

#include <string.h>

enum { EXPERTS = 256 };

typedef struct mixture {
    int64_t experts, top_k, units;
    int activation;
    double balance;
} mixture;

/* Pieces of keep and scratch at a batch. */
typedef struct pieces {
    int64_t rows, n, units, experts, top_k, slots;
    gy_activation a;
    /* keep */
    float *probability; /* [R, E] softmax over all experts */
    float *share;       /* [slots] */
    int32_t *order;     /* [slots] slots sorted by expert */
    int32_t *begin;     /* [E + 1] each expert's first place in `order` */
    float *load;        /* [E] f */
    float *z, *h;       /* [slots, units] before and after the activation, in sorted order */
    /* scratch */
    float *x, *y;   /* [R, n] the rows of one expert */
    float *hidden;  /* [R, units] */
    float *score;   /* [R, E] scores, or their gradient */
    float *d_share; /* [slots] */
} pieces;

static pieces cut(const gy_layer *l, const gy_pass *p)
{
    const mixture *s = l->settings;
    pieces c = {.rows = p->batch * gy_shape_rows(&l->in[0]),
                .n = gy_shape_last(&l->in[0]),
                .units = s->units,
                .experts = s->experts,
                .top_k = s->top_k,
                .a = (gy_activation)s->activation};
    float *keep = p->keep, *scratch = p->scratch;
    c.slots = c.rows * c.top_k;
    c.probability = gy_take_floats(&keep, c.rows * c.experts);
    c.share = gy_take_floats(&keep, c.slots);
    c.order = (int32_t *)(void *)gy_take_floats(&keep, c.slots);
    c.begin = (int32_t *)(void *)gy_take_floats(&keep, c.experts + 1);
    c.load = gy_take_floats(&keep, c.experts);
    c.h = gy_take_floats(&keep, c.slots * c.units);
    c.z = gy_take_floats(&keep, gy_activation_reads_x(c.a) ? c.slots * c.units : 0);
    c.x = gy_take_floats(&scratch, c.rows * c.n);
    c.y = gy_take_floats(&scratch, c.rows * c.n);
    c.hidden = gy_take_floats(&scratch, c.rows * c.units);
    c.score = gy_take_floats(&scratch, c.rows * c.experts);
    c.d_share = gy_take_floats(&scratch, c.slots);
    return c;
}

static gy_status add_params(gy_layer *l, int64_t n)
{
    const mixture *s = l->settings;
    gy_init plain = gy_init_for(GY_ACTIVATION_none), zero = {GY_INIT_zeros, 0};
    gy_layer_param(l, "gate/weight", GY_ROLE_WEIGHT, gy_shape_of(2, s->experts, n), plain);
    for (int64_t e = 0; e < s->experts; e++) {
        const char *name[4];
        static const char *const ends[] = {"up/weight", "up/bias", "down/weight", "down/bias"};
        for (int i = 0; i < 4; i++)
            GY_TRY(gy_pool_format(l->pool, &name[i], "experts/%lld/%s", (long long)e, ends[i]));
        gy_layer_param(l, name[0], GY_ROLE_WEIGHT, gy_shape_of(2, s->units, n),
                       gy_init_for((gy_activation)s->activation));
        gy_layer_param(l, name[1], GY_ROLE_BIAS, gy_shape_of(1, s->units), zero);
        gy_layer_param(l, name[2], GY_ROLE_WEIGHT, gy_shape_of(2, n, s->units), plain);
        gy_layer_param(l, name[3], GY_ROLE_BIAS, gy_shape_of(1, n), zero);
    }
    return GY_OK;
}

/* Where the packed weights of expert e begin, those of the choice being before the first. */
static int64_t packed_at(const mixture *s, int64_t n, int64_t e)
{
    const int64_t expert = gy_linear_packed(n, s->units) + gy_linear_packed(s->units, n);
    return gy_linear_packed(n, s->experts) + e * expert;
}

static void pack(const gy_layer *l, const gy_kernel *k, const float *const *w, float *packed)
{
    const mixture *s = l->settings;
    const int64_t n = gy_shape_last(&l->in[0]);
    gy_linear_pack(k, n, s->experts, *w++, packed);
    for (int64_t e = 0; e < s->experts; e++, w += 4) {
        float *to = packed + packed_at(s, n, e);
        gy_linear_pack(k, n, s->units, w[0], to);
        gy_linear_pack(k, s->units, n, w[2], to + gy_linear_packed(n, s->units));
    }
}

static gy_status shape(gy_layer *l)
{
    const mixture *s = l->settings;
    if (l->in[0].n == 0) return gy_layer_refuse(l, "give it an axis", "its input has no axis");
    if (s->top_k > s->experts)
        return gy_layer_refuse(l, "lower top_k", "top_k %lld is more than %lld experts",
                               (long long)s->top_k, (long long)s->experts);
    int64_t rows = gy_shape_rows(&l->in[0]), n = gy_shape_last(&l->in[0]);
    int64_t slots = rows * s->top_k, wide = gy_activation_reads_x((gy_activation)s->activation);
    GY_TRY(add_params(l, n));
    if (s->balance > 0) l->statistics = (gy_layer_statistics){rows, 1, false};
    l->out = l->in[0];
    l->memory.needs = GY_NEEDS_X;
    l->memory.keep.per_sample = rows * s->experts + 2 * slots + (1 + wide) * slots * s->units;
    l->memory.keep.fixed = 2 * s->experts + 8 * GY_PARAM_ALIGN;
    l->memory.scratch.per_sample = 2 * rows * n + rows * s->units + rows * s->experts + slots;
    l->memory.scratch.fixed = 8 * GY_PARAM_ALIGN;
    l->memory.brief = l->memory.keep;
    l->memory.packed = packed_at(s, n, s->experts);
    l->report.flops = 2.0 * (double)(rows * n) * (double)(s->experts + 2 * s->top_k * s->units);
    return GY_OK;
}

/* The best expert after `chosen` [k] have been taken; the lower one on a tie. */
static int best(const pieces *c, const float *score, const int *chosen, int64_t k)
{
    int found = -1;
    for (int e = 0; e < (int)c->experts; e++) {
        bool taken = false;
        for (int64_t i = 0; i < k; i++) taken |= chosen[i] == e;
        if (!taken && (found < 0 || score[e] > score[found])) found = e;
    }
    return found;
}

/* Chooses at each position; c->d_share holds the expert of each slot meanwhile. */
static void route(const gy_kernel *kernel, const pieces *c)
{
    int32_t *expert = (int32_t *)(void *)c->d_share, *begin = c->begin;
    memset(begin, 0, (size_t)(c->experts + 1) * sizeof *begin);
    gy_activation_forward(kernel, GY_ACTIVATION_softmax, c->rows, c->experts, c->score,
                          c->probability);
    for (int64_t r = 0; r < c->rows; r++) {
        const float *score = c->score + r * c->experts,
                    *probability = c->probability + r * c->experts;
        int chosen[EXPERTS];
        for (int64_t k = 0; k < c->top_k; k++) {
            const int64_t slot = r * c->top_k + k;
            const int e = chosen[k] = best(c, score, chosen, k);
            c->share[slot] = c->top_k == 1 ? probability[e] : score[e];
            expert[slot] = e;
            begin[e + 1]++;
        }
    }
    if (c->top_k > 1)
        gy_activation_forward(kernel, GY_ACTIVATION_softmax, c->rows, c->top_k, c->share, c->share);
    for (int64_t e = 0; e < c->experts; e++) begin[e + 1] += begin[e];
    int32_t at[EXPERTS];
    memcpy(at, begin, (size_t)c->experts * sizeof *at);
    for (int64_t slot = 0; slot < c->slots; slot++) c->order[at[expert[slot]]++] = (int32_t)slot;
}

/* rows[i] = x at the position of the expert's i-th slot. */
static void gather(const pieces *c, int64_t e, const float *x, float *rows)
{
    for (int32_t i = c->begin[e]; i < c->begin[e + 1]; i++)
        memcpy(rows + (i - c->begin[e]) * c->n, x + c->order[i] / c->top_k * c->n,
               (size_t)c->n * sizeof *x);
}

/* y += rows, times the slot's share where asked for. */
static void scatter(const pieces *c, int64_t e, const float *rows, bool shared, float *y)
{
    for (int32_t i = c->begin[e]; i < c->begin[e + 1]; i++) {
        const float *row = rows + (i - c->begin[e]) * c->n;
        float *out = y + c->order[i] / c->top_k * c->n;
        float share = shared ? c->share[c->order[i]] : 1;
        for (int64_t j = 0; j < c->n; j++) out[j] += share * row[j];
    }
}

/* The load-balance loss of the whole (micro-)batch; this rank adds its samples' part. */
static gy_status add_balance(const mixture *s, const pieces *c, const gy_pass *p)
{
    double sums[2 * EXPERTS + 1], loss = 0;
    int64_t n = c->experts;
    for (int64_t e = 0; e < n; e++) {
        sums[e] = c->begin[e + 1] - c->begin[e];
        sums[n + e] = 0;
        for (int64_t r = 0; r < c->rows; r++) sums[n + e] += c->probability[r * n + e];
    }
    sums[2 * n] = (double)c->rows;
    if (p->sum != NULL) GY_TRY(p->sum(p->sum_user, sums, (int)(2 * n + 1)));
    double positions = sums[2 * n];
    for (int64_t e = 0; e < n; e++) {
        c->load[e] = (float)(sums[e] / (positions * (double)c->top_k));
        loss += c->load[e] * sums[n + e] / positions;
    }
    if (p->penalty != NULL)
        *p->penalty += s->balance * (double)n * loss * (double)p->batch * p->scale;
    return GY_OK;
}

static gy_status forward(const gy_layer *l, const gy_pass *p)
{
    const mixture *s = l->settings;
    pieces c = cut(l, p);
    gy_linear_forward(p->kernel, c.rows, c.n, c.experts, p->x[0], p->w[0], p->packed, NULL,
                      GY_ACTIVATION_none, NULL, c.score);
    route(p->kernel, &c);
    if (s->balance > 0 && p->training) GY_TRY(add_balance(s, &c, p));
    gy_fill(p->kernel, c.rows * c.n, 0, p->y);
    for (int64_t e = 0; e < c.experts; e++) {
        const float *const *w = p->w + 1 + 4 * e;
        int64_t n = c.begin[e + 1] - c.begin[e];
        float *h = c.h + c.begin[e] * c.units;
        float *z = gy_activation_reads_x(c.a) ? c.z + c.begin[e] * c.units : NULL;
        if (n == 0) continue;
        gather(&c, e, p->x[0], c.x);
        const float *up = gy_packed_at(p, packed_at(s, c.n, e));
        const float *down = up == NULL ? NULL : up + gy_linear_packed(c.n, c.units);
        gy_linear_forward(p->kernel, n, c.n, c.units, c.x, w[0], up, w[1], c.a, z, h);
        gy_linear_forward(p->kernel, n, c.units, c.n, h, w[2], down, w[3], GY_ACTIVATION_none, NULL,
                          c.y);
        scatter(&c, e, c.y, true, p->y);
    }
    return GY_OK;
}

/*
 * The expert's rows of dy in c->y become share dy; d_share = dy · (W h + b), from dh = Wᵀ dy;
 * c->hidden becomes share dh.
 */
static void split_share(const pieces *c, int64_t e, const float *bias)
{
    for (int32_t i = c->begin[e]; i < c->begin[e + 1]; i++) {
        int64_t row = i - c->begin[e];
        const float *h = c->h + i * c->units;
        float *dh = c->hidden + row * c->units, *dy = c->y + row * c->n;
        float share = c->share[c->order[i]];
        double sum = 0;
        for (int64_t j = 0; j < c->units; j++) sum += (double)dh[j] * h[j];
        for (int64_t j = 0; j < c->n; j++) sum += (double)dy[j] * bias[j];
        c->d_share[c->order[i]] = (float)sum;
        for (int64_t j = 0; j < c->units; j++) dh[j] *= share;
        for (int64_t j = 0; j < c->n; j++) dy[j] *= share;
    }
}

/* An expert that nobody chose: its gradients are only kept, or begun. */
static void leave_out(const gy_layer *l, const gy_pass *p, int64_t first)
{
    for (int64_t i = first; i < first + 4; i++)
        if (p->dw[i] != NULL && p->beta[i] == 0)
            gy_fill(p->kernel, gy_shape_count(&l->params[i].shape), 0, p->dw[i]);
}

static void expert_backward(const gy_layer *l, const gy_pass *p, const pieces *c, int64_t e)
{
    int64_t first = 1 + 4 * e, n = c->begin[e + 1] - c->begin[e];
    const float *const *w = p->w + first, *beta = p->beta + first;
    float *const *dw = p->dw + first;
    const float *h = c->h + c->begin[e] * c->units;
    const float *z = gy_activation_reads_x(c->a) ? c->z + c->begin[e] * c->units : NULL;
    if (n == 0) {
        leave_out(l, p, first);
        return;
    }
    gather(c, e, p->dy, c->y);
    gy_linear_backward(p->kernel, n, c->units, c->n, h, w[2], c->y, c->hidden, NULL, 0, NULL, 0);
    split_share(c, e, w[3]);
    gy_linear_backward(p->kernel, n, c->units, c->n, h, w[2], c->y, NULL, dw[2], beta[2], dw[3],
                       beta[3]);
    gy_activation_backward(p->kernel, c->a, n, c->units, z, h, c->hidden, c->hidden);
    gather(c, e, p->x[0], c->x);
    gy_linear_backward(p->kernel, n, c->n, c->units, c->x, w[0], c->hidden,
                       p->dx[0] != NULL ? c->y : NULL, dw[0], beta[0], dw[1], beta[1]);
    if (p->dx[0] != NULL) scatter(c, e, c->y, false, p->dx[0]);
}

/* From d_share to the gradient of the scores, the balance included. */
static void score_gradient(const mixture *s, const pieces *c, const gy_pass *p, int64_t per_sample)
{
    double weight = s->balance * (double)c->experts * p->scale / (double)per_sample;
    memset(c->score, 0, (size_t)(c->rows * c->experts) * sizeof *c->score);
    for (int64_t e = 0; e < c->experts; e++)
        for (int32_t i = c->begin[e]; i < c->begin[e + 1]; i++) {
            int64_t slot = c->order[i], r = slot / c->top_k;
            double mean = 0; /* Σ share d_share of the position */
            for (int64_t k = r * c->top_k; k < (r + 1) * c->top_k; k++)
                mean += (double)c->share[k] * c->d_share[k];
            if (c->top_k > 1)
                c->score[r * c->experts + e] = (float)(c->share[slot] * (c->d_share[slot] - mean));
            else /* ds_j = d p_c (δ − p_j) */
                for (int64_t j = 0; j < c->experts; j++)
                    c->score[r * c->experts + j] =
                        (float)(mean * ((j == e) - c->probability[r * c->experts + j]));
        }
    for (int64_t r = 0; r < c->rows && s->balance > 0; r++) {
        const float *probability = c->probability + r * c->experts;
        double mean = 0;
        for (int64_t j = 0; j < c->experts; j++) mean += (double)probability[j] * c->load[j];
        for (int64_t j = 0; j < c->experts; j++)
            c->score[r * c->experts + j] += (float)(weight * probability[j] * (c->load[j] - mean));
    }
}

static gy_status backward(const gy_layer *l, const gy_pass *p)
{
    const mixture *s = l->settings;
    pieces c = cut(l, p);
    float *dx = p->dx[0];
    if (dx != NULL) gy_fill(p->kernel, c.rows * c.n, 0, dx);
    for (int64_t e = 0; e < c.experts; e++) expert_backward(l, p, &c, e);
    score_gradient(s, &c, p, gy_shape_rows(&l->in[0]));
    gy_linear_backward(p->kernel, c.rows, c.n, c.experts, p->x[0], p->w[0], c.score,
                       dx != NULL ? c.y : NULL, p->dw[0], p->beta[0], NULL, 0);
    if (dx != NULL) gy_axpby(p->kernel, c.rows * c.n, 1, c.y, 1, dx);
    return GY_OK;
}

static const gy_setting rows[] = {
    {.key = "experts",
     .type = GY_SETTING_INT,
     .offset = offsetof(mixture, experts),
     .min = 1,
     .max = EXPERTS,
     .help = "dense networks to choose from"},
    {.key = "top_k",
     .type = GY_SETTING_INT,
     .offset = offsetof(mixture, top_k),
     .standard = "1",
     .min = 1,
     .max = EXPERTS,
     .help = "how many run at a position"},
    {.key = "units",
     .type = GY_SETTING_INT,
     .offset = offsetof(mixture, units),
     .min = 1,
     .max = GY_COUNT_MAX,
     .help = "width of an expert's hidden layer"},
    GY_SETTING_ACTIVATION(mixture, activation, "gelu"),
    {.key = "balance",
     .type = GY_SETTING_FLOAT,
     .offset = offsetof(mixture, balance),
     .standard = "0",
     .min = 0,
     .max = 1e6,
     .help = "weight of the loss that spreads positions evenly over the experts"},
    GY_SETTING_END,
};

static const gy_layer_sample samples[] = {
    {.yaml = "mixture: {experts: 4, top_k: 2, units: 5, activation: tanh}", .in = {2, {5, 6}}},
    {.yaml = "mixture: {experts: 3, units: 4}", .in = {1, {4}}, .batch = 8},
    {.yaml = "mixture: {experts: 3, top_k: 3, units: 4, activation: silu}", .in = {1, {4}}},
    {.yaml = "mixture: {experts: 9, top_k: 1, units: 3, balance: 0.5}", .in = {2, {2, 5}}},
    {.yaml = "mixture: {experts: 4, top_k: 2, units: 3, balance: 0.1}", .in = {1, {6}}},
    {.yaml = NULL},
};

const gy_layer_kind gy_layer_mixture = {
    .kind = {"mixture", "dense networks chosen at each position by a gate", rows, sizeof(mixture)},
    .has_params = true,
    .pointwise = true,
    .shape = shape,
    .forward = forward,
    .pack = pack,
    .backward = backward,
    .samples = samples,
};
