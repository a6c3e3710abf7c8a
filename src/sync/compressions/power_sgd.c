/* Two thin matrices instead of a gradient's (Vogels, Karimireddy and Jaggi 2019, "PowerSGD: practical
 * low-rank gradient compression for distributed optimization"). A tensor is seen as a matrix M
 * [rows, columns] = [out, everything else]; a step makes one power iteration, from the Q before:
 *
 *     M = residual + g      of this rank
 *     P = M Q               summed over the ranks, then made orthonormal
 *     Q = Mᵀ P              residual = M − P Qᵀ; Q summed over the ranks
 *     g = P Qᵀ
 *
 * What would not be smaller so (biases, norms, small matrices) is sent whole, with P:
 *
 *     first     | P of a tensor, or all of it | … |        second     | Q of a tensor | … |
 *
 * P [rank, rows] and Q [rank, columns] lie by columns: row k is column k.
 *
 * Invariants
 * 1. What every rank computes from the sums is plain C in one order: the same bits on any processor.
 * 2. Residual and Q of the step before stay as they are until it counts.
 * 3. Q is kept with columns of length 1: only their directions matter. One that vanished would
 *    stay so, and is drawn again: the same draw.
 * 4. What is not finite makes all of P, Q and g so: it arrives everywhere.
 * 5. The sums go by `direct`, which tells messages apart by tags: second sums may begin in other
 *    orders on other ranks. */
#include "../compression_list.h"

#include "base/alloc.h"
#include "base/rng.h"
#include "base/setting.h"

#include <math.h>
#include <string.h>

typedef struct settings {
    int64_t rank;
} settings;

static const gy_setting rows[] = {
    {.key = "power_sgd_rank",
     .type = GY_SETTING_INT,
     .offset = offsetof(settings, rank),
     .standard = "4",
     .min = 1,
     .max = 1024,
     .help = "rank of the matrices that stand for a tensor's gradient"},
    GY_SETTING_END,
};

typedef struct part {
    int64_t at, n;         /* of the tensor in the bucket */
    int64_t rows, columns; /* 0: it is sent whole */
    int64_t p, q;          /* in the first sum and in the second */
} part;

typedef struct state {
    gy_context *ctx;
    gy_compression_place place;
    int64_t rank;
    part *parts; /* [n_parts] */
    int n_parts;
    int64_t n_first, n_second;
    float *first, *second; /* as they are summed */
    float *q[2];           /* [n_second] before and after, by *turn */
    gy_all_reduce *sums[2];
    bool first_home;
} state;

/* How a tensor is sent. */
static part part_of(const gy_compression_place *place, const gy_param *tensor)
{
    const int64_t rank = ((const settings *)place->settings)->rank;
    const int64_t height = tensor->shape.d[0], width = tensor->count / height;
    part t = {.at = tensor->offset - place->start, .n = tensor->count};
    if (tensor->shape.n < 2 || rank * (height + width) >= t.n) return t;
    t.rows = height;
    t.columns = width;
    return t;
}

static int64_t floats(const gy_compression_place *place)
{
    const int64_t rank = ((const settings *)place->settings)->rank;
    int64_t n = 0;
    for (int i = 0; i < place->n_tensors; i++) {
        part t = part_of(place, &place->tensors[i]);
        n += t.rows == 0 ? t.n : rank * (t.rows + t.columns);
    }
    return n;
}

/* A column of Q at random, the same on every rank. */
static void draw(const state *s, const part *t, int64_t k, float *column)
{
    const gy_rng key = {.seed = s->place.seed, .use = GY_RNG_COMPRESS};
    for (int64_t j = 0; j < t->columns; j++)
        column[j] = (float)gy_rng_normal(key, (uint64_t)(s->place.start + t->at + j), (uint64_t)k);
}

static void destroy(void *memory)
{
    state *s = memory;
    if (s == NULL) return;
    for (int i = 0; i < 2; i++) {
        gy_all_reduce_free(s->sums[i]);
        gy_free(s->ctx, s->q[i]);
    }
    gy_free(s->ctx, s->first);
    gy_free(s->ctx, s->second);
    gy_free(s->ctx, s->parts);
    gy_free(s->ctx, s);
}

static gy_status prepare(const gy_compression_place *place, state **out)
{
    gy_context *ctx = gy_comm_context(place->comm);
    state *s = NULL;
    GY_TRY(gy_new(ctx, &s));
    *out = s;
    s->ctx = ctx;
    s->place = *place;
    s->rank = ((const settings *)place->settings)->rank;
    s->n_parts = place->n_tensors;
    GY_TRY(gy_new_array(ctx, s->n_parts, &s->parts));
    for (int i = 0; i < s->n_parts; i++) {
        part *t = &s->parts[i];
        *t = part_of(place, &place->tensors[i]);
        t->p = s->n_first;
        t->q = s->n_second;
        s->n_first += t->rows == 0 ? t->n : s->rank * t->rows;
        s->n_second += s->rank * t->columns;
    }
    GY_TRY(gy_new_array(ctx, s->n_first, &s->first));
    GY_TRY(gy_new_array(ctx, s->n_second, &s->second));
    for (int i = 0; i < 2; i++) GY_TRY(gy_new_array(ctx, s->n_second, &s->q[i]));
    for (int i = 0; i < s->n_parts; i++) {
        const part *t = &s->parts[i];
        for (int64_t k = 0; k < s->rank && t->rows > 0; k++)
            draw(s, t, k, s->q[*place->turn] + t->q + k * t->columns);
    }
    return GY_OK;
}

static gy_status create(const gy_compression_place *place, void **out)
{
    gy_status status;
    state *s = NULL;
    GY_TRY_GOTO(fail, gy_comm_agree(place->comm, prepare(place, &s)));
    const gy_reduction first = {.x = s->first, .n = s->n_first, .tag = place->tags[0]},
                       second = {.x = s->second, .n = s->n_second, .tag = place->tags[1]};
    GY_TRY_GOTO(fail, gy_compression_operation(place, &first, &s->sums[0]));
    GY_TRY_GOTO(fail, gy_compression_operation(place, &second, &s->sums[1]));
    *out = s;
    return GY_OK;
fail:
    destroy(s);
    return status;
}

/* Arithmetic: rows are read once for all k, and sums are kept in lanes, for the compiler's vectors. */

enum { LANES = 16, BLOCK = 8 };

static float dot(const float *x, const float *y, int64_t n)
{
    float lanes[LANES] = {0}, sum = 0;
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (int l = 0; l < LANES; l++) lanes[l] += x[i + l] * y[i + l];
    for (; i < n; i++) sum += x[i] * y[i];
    for (int l = 0; l < LANES; l++) sum += lanes[l];
    return sum;
}

static double dot_double(const float *x, const float *y, int64_t n)
{
    double lanes[LANES] = {0}, sum = 0;
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (int l = 0; l < LANES; l++) lanes[l] += (double)x[i + l] * (double)y[i + l];
    for (; i < n; i++) sum += (double)x[i] * (double)y[i];
    for (int l = 0; l < LANES; l++) sum += lanes[l];
    return sum;
}

/* y [n] += scale Σ c[i step] xᵢ, of m rows xᵢ [n] */
static void add_rows(int64_t n, float *restrict y, float scale, const float *c, int64_t step,
                     const float *restrict x, int64_t m)
{
    int64_t i = 0;
    for (; i + 4 <= m; i += 4, x += 4 * n) {
        const float a = scale * c[i * step], b = scale * c[(i + 1) * step];
        const float d = scale * c[(i + 2) * step], e = scale * c[(i + 3) * step];
        for (int64_t j = 0; j < n; j++)
            y[j] += (a * x[j] + b * x[n + j]) + (d * x[2 * n + j] + e * x[3 * n + j]);
    }
    for (; i < m; i++, x += n) {
        const float a = scale * c[i * step];
        for (int64_t j = 0; j < n; j++) y[j] += a * x[j];
    }
}

/* P = M Q */
static void project(const part *t, int64_t rank, const float *m, const float *q, float *p)
{
    for (int64_t i = 0; i < t->rows; i++, m += t->columns)
        for (int64_t k = 0; k < rank; k++)
            p[k * t->rows + i] = dot(m, q + k * t->columns, t->columns);
}

/* Q = Mᵀ P */
static void project_back(const part *t, int64_t rank, const float *m, const float *p, float *q)
{
    memset(q, 0, (size_t)(rank * t->columns) * sizeof *q);
    for (int64_t i = 0; i < t->rows; i += BLOCK) {
        int64_t n = t->rows - i < BLOCK ? t->rows - i : BLOCK;
        for (int64_t k = 0; k < rank; k++)
            add_rows(t->columns, q + k * t->columns, 1, p + k * t->rows + i, 1, m + i * t->columns,
                     n);
    }
}

/* M += scale P Qᵀ */
static void expand(const part *t, int64_t rank, float scale, const float *p, const float *q,
                   float *m)
{
    for (int64_t i = 0; i < t->rows; i++)
        add_rows(t->columns, m + i * t->columns, scale, p + i, t->rows, q, rank);
}

/* Gram–Schmidt, each column twice, which is enough. One that hangs on those before, but for what
 * rounding left of it, becomes zero. */
static void orthonormalize(int64_t n, int64_t rank, float *p)
{
    const double rounding = 1e-6;
    for (int64_t k = 0; k < rank; k++) {
        float *x = p + k * n;
        const double before = sqrt(dot_double(x, x, n));
        for (int64_t turn = 0; turn < 2; turn++)
            for (int64_t l = 0; l < k; l++) {
                const float *y = p + l * n, c = (float)-dot_double(x, y, n);
                add_rows(n, x, 1, &c, 0, y, 1);
            }
        const double after = sqrt(dot_double(x, x, n));
        const bool hangs = isfinite(before) && after <= rounding * before;
        for (int64_t i = 0; i < n; i++) x[i] = hangs ? 0 : (float)((double)x[i] / after);
    }
}

static gy_status begin(void *memory)
{
    state *s = memory;
    const gy_compression_place *place = &s->place;
    const float *q = s->q[*place->turn];
    float *v = gy_compression_add(place);
    for (int i = 0; i < s->n_parts; i++) {
        const part *t = &s->parts[i];
        float *first = s->first + t->p;
        if (t->rows > 0) {
            project(t, s->rank, v + t->at, q + t->q, first);
            continue;
        }
        memcpy(first, v + t->at, (size_t)t->n * sizeof *v);
        memset(v + t->at, 0, (size_t)t->n * sizeof *v);
    }
    s->first_home = false;
    return gy_all_reduce_begin(s->sums[0]);
}

/* P is home: on with Q, and what both leave out while that travels. */
static gy_status go_on(state *s)
{
    const int after = 1 - *s->place.turn;
    float *v = s->place.residual[after], *q = s->q[after];
    for (int i = 0; i < s->n_parts; i++) {
        const part *t = &s->parts[i];
        if (t->rows == 0) continue;
        orthonormalize(t->rows, s->rank, s->first + t->p);
        project_back(t, s->rank, v + t->at, s->first + t->p, s->second + t->q);
    }
    memcpy(q, s->second, (size_t)s->n_second * sizeof *q);
    s->first_home = true;
    GY_TRY(gy_all_reduce_begin(s->sums[1]));
    for (int i = 0; i < s->n_parts; i++) {
        const part *t = &s->parts[i];
        expand(t, s->rank, -1, s->first + t->p, q + t->q, v + t->at);
    }
    return GY_OK;
}

/* Q for the next step: columns of length 1. */
static void keep_directions(const state *s, const part *t)
{
    for (int64_t k = 0; k < s->rank; k++) {
        const float *x = s->second + t->q + k * t->columns;
        float *q = s->q[1 - *s->place.turn] + t->q + k * t->columns;
        const double length = sqrt(dot_double(x, x, t->columns));
        if (length == 0) {
            draw(s, t, k, q);
            continue;
        }
        for (int64_t j = 0; j < t->columns; j++) q[j] = (float)((double)x[j] / length);
    }
}

static void finish(state *s)
{
    for (int i = 0; i < s->n_parts; i++) {
        const part *t = &s->parts[i];
        float *g = s->place.g + t->at;
        if (t->rows == 0) {
            memcpy(g, s->first + t->p, (size_t)t->n * sizeof *g);
            continue;
        }
        memset(g, 0, (size_t)t->n * sizeof *g);
        expand(t, s->rank, 1, s->first + t->p, s->second + t->q, g);
        keep_directions(s, t);
    }
}

static gy_status progress(void *memory, bool *done)
{
    state *s = memory;
    if (!s->first_home) {
        GY_TRY(gy_all_reduce_progress(s->sums[0], done));
        if (*done) GY_TRY(go_on(s));
    }
    if (s->first_home) {
        GY_TRY(gy_all_reduce_progress(s->sums[1], done));
        if (*done) finish(s);
    }
    return GY_OK;
}

/* Q as the first rows of its tensor: what another rank or cut of buckets reads too. */
static void keep(const void *memory, float *v)
{
    const state *s = memory;
    for (int i = 0; i < s->n_parts; i++) {
        const part *t = &s->parts[i];
        memcpy(v + t->at, s->q[*s->place.turn] + t->q, (size_t)(s->rank * t->columns) * sizeof *v);
    }
}

static void take(void *memory, const float *v)
{
    state *s = memory;
    for (int i = 0; i < s->n_parts; i++) {
        const part *t = &s->parts[i];
        for (int64_t k = 0; k < s->rank && t->rows > 0; k++) {
            float *q = s->q[*s->place.turn] + t->q + k * t->columns;
            memcpy(q, v + t->at + k * t->columns, (size_t)t->columns * sizeof *q);
            if (dot_double(q, q, t->columns) == 0) draw(s, t, k, q);
        }
    }
}

const gy_compression_kind gy_compression_power_sgd = {
    .kind = {.name = "power_sgd",
             .help =
                 "matrices of a low rank that stand for tensors; what they leave out is sent later",
             .settings = rows,
             .settings_size = sizeof(settings)},
    .whole_tensors = true,
    .floats = floats,
    .create = create,
    .begin = begin,
    .progress = progress,
    .destroy = destroy,
    .memory = "power_sgd",
    .keep = keep,
    .take = take,
};
