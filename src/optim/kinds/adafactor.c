/*
 * Adafactor (Shazeer and Stern 2018), as PyTorch has it: of the squared gradients of a matrix it keeps
 * the means of rows and of columns alone, r and c, so that v ≈ r c / mean r; of a vector all. Steps are
 * u = g / √v, at most `clip_threshold` long in the mean (root of the mean square), times the rate and
 * the tensor's own mean length.
 *
 *     round 0    sums of squares of rows and columns → the slots, by 1 − t^beta2_decay
 *     round 1    Σ w², Σ u²                           → the length of the step
 *
 * A tensor of more axes is matrices in its last two. All state is on every rank.
 */
#include "../optim_impl.h"
#include "../optim_list.h"

#include "kernel/elementwise.h"
#include "kernel/factored.h"

#include <math.h>

enum { ROW, COLUMN, VECTOR };

typedef struct settings {
    double beta2_decay, epsilon, least_scale, clip_threshold;
} settings;

static const gy_setting rows[] = {
    GY_OPTIM_FLOAT(settings, beta2_decay, "-0.8", -1.0, 0.0,
                   "the mean of squares forgets by 1 − t to this power, at update t"),
    GY_OPTIM_FLOAT(settings, epsilon, "1.1920929e-7", 1e-18, GY_COUNT_MAX, /* its square is one */
                   "least root of the mean of squares"),
    GY_OPTIM_FLOAT(settings, least_scale, "0.001", 0.0, GY_COUNT_MAX,
                   "least length that steps are in proportion to"),
    GY_OPTIM_FLOAT(settings, clip_threshold, "1.0", 1e-30, GY_COUNT_MAX,
                   "mean length of a step before the rate, at most"),
    GY_SETTING_END,
};

/** A tensor as matrices. */
typedef struct view {
    bool factored;
    int64_t matrices, rows, columns; /* of a vector 1, 1, n */
} view;

static view view_of(const gy_param *t)
{
    const int n = t->shape.n;
    view v = {.matrices = 1, .rows = 1, .columns = t->count};
    if (n < 2) return v;
    v.factored = true;
    v.rows = t->shape.d[n - 2];
    v.columns = t->shape.d[n - 1];
    v.matrices = t->count / (v.rows * v.columns);
    return v;
}

static bool without(const gy_param *t, int axis, gy_shape *out)
{
    if (t->shape.n < 2) return false;
    *out = t->shape;
    out->n--;
    for (int i = axis; i < out->n; i++) out->d[i] = t->shape.d[i + 1];
    return true;
}

static bool row_shape(const gy_param *t, gy_shape *out)
{
    return without(t, t->shape.n - 1, out);
}

static bool column_shape(const gy_param *t, gy_shape *out)
{
    return without(t, t->shape.n - 2, out);
}

static bool vector_shape(const gy_param *t, gy_shape *out)
{
    *out = t->shape;
    return t->shape.n < 2;
}

static const gy_slot_kind slots[] = {
    [ROW] = {"row_moment", row_shape},
    [COLUMN] = {"column_moment", column_shape},
    [VECTOR] = {"second_moment", vector_shape},
    {.name = NULL},
};

static int64_t sums(const gy_param *t, int round)
{
    const view v = view_of(t);
    if (round > 0) return 2;
    return v.factored ? v.matrices * (v.rows + v.columns) : t->count;
}

/* With the length of the step still to be found. */
static gy_factored factored_of(const settings *s, const gy_update *u, const gy_tensor_part *p)
{
    const view v = view_of(p->tensor);
    return (gy_factored){.rows = v.rows,
                         .columns = v.columns,
                         .row = p->slots[ROW],
                         .column = v.factored ? p->slots[COLUMN] : p->slots[VECTOR],
                         .epsilon = (float)s->epsilon,
                         .clip = (float)u->clip,
                         .at = p->at,
                         .n = p->n};
}

static void add(const void *values, const gy_kernel *k, const gy_update *u, const gy_tensor_part *p,
                int round, double *out)
{
    const gy_factored f = factored_of(values, u, p);
    if (round == 0) {
        const view v = view_of(p->tensor);
        double *row_sums = v.factored ? out : NULL;
        gy_factored_sums(k, &f, p->g, row_sums, v.factored ? out + v.matrices * v.rows : out);
    } else {
        out[0] += gy_sum_squares(k, p->n, p->w);
        out[1] += gy_factored_squares(k, &f, p->g);
    }
}

/* slot += share (mean − slot) */
static void follow(double share, int64_t n, const double *total, double count, float *slot)
{
    for (int64_t i = 0; i < n; i++)
        slot[i] += (float)(share * (total[i] / count - (double)slot[i]));
}

static void learn(const void *values, const gy_update *u, const gy_param *t, int round,
                  const double *total, float *const *slot)
{
    const settings *s = values;
    const view v = view_of(t);
    const double share = pow((double)u->count, s->beta2_decay);
    if (round > 0) return;
    if (!v.factored) {
        follow(share, t->count, total, 1.0, slot[VECTOR]);
        return;
    }
    const int64_t n = v.matrices * v.rows;
    follow(share, n, total, (double)v.columns, slot[ROW]);
    follow(share, v.matrices * v.columns, total + n, (double)v.rows, slot[COLUMN]);
}

static void update(const void *values, const gy_kernel *k, const gy_update *u,
                   const gy_tensor_part *p)
{
    const settings *s = values;
    gy_factored f = factored_of(s, u, p);
    const double count = (double)p->tensor->count;
    const double scale = fmax(s->least_scale, sqrt(u->sums[0] / count));
    const double length = sqrt(u->sums[1] / count) / s->clip_threshold;
    const double rate = fmin(u->rate, 1.0 / sqrt((double)u->count));
    f.keep = (float)(1.0 - u->rate * u->weight_decay);
    f.rate = (float)(rate * scale / fmax(1.0, length));
    gy_factored_update(k, &f, p->w, p->g);
}

const gy_optim_kind gy_optim_adafactor = {
    .kind = {.name = "adafactor",
             .help =
                 "adam-like steps from the squares of rows and columns alone: hardly any memory",
             .settings = rows,
             .settings_size = sizeof(settings)},
    .slots = slots,
    .rounds = 2,
    .sums = sums,
    .add = add,
    .learn = learn,
    .update = update,
};
