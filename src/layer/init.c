/*
 * How parameters start.
 *
 * Element i of a parameter is a function of (seed, name, i): four draws come from one place of the
 * counter-based generator, so that neither the other parameters nor the ranks matter.
 */
#include "init.h"

#include "base/hash.h"
#include "kernel/gemm.h"

#include <math.h>
#include <string.h>

#define GY_INIT_NAME(name) #name,
const char *const gy_init_names[GY_INIT_COUNT + 1] = {GY_INIT_LIST(GY_INIT_NAME) NULL};

/* A stream of draws, four at a time. */
typedef struct source {
    gy_rng key;
    uint64_t name; /* hash of the parameter's name */
    uint64_t at;   /* next place */
} source;

static void uniforms(source *s, double out[4])
{
    uint32_t words[4];
    gy_rng_words(s->key, s->name, s->at++, words);
    for (int i = 0; i < 4; i++) out[i] = (words[i] + 0.5) * 0x1p-32; /* (0, 1) */
}

/*
 * The normal quantile of u in (0, 1) to seven figures: Wichura 1988, "Algorithm AS 241: the
 * percentage points of the normal distribution", PPND7. Most draws take the first branch, which
 * needs no function of the library.
 */
static double quantile(double u)
{
    double q = u - 0.5, r = 0.180625 - q * q;
    if (r >= 0)
        return q * (((59.109374720 * r + 159.29113202) * r + 50.434271938) * r + 3.3871327179) /
               (((67.187563600 * r + 78.757757664) * r + 17.895169469) * r + 1);
    r = sqrt(-log(q < 0 ? u : 1 - u));
    double z;
    if (r <= 5) {
        r -= 1.6;
        z = (((0.17023821103 * r + 1.3067284816) * r + 2.7568153900) * r + 1.4234372777) /
            ((0.12021132975 * r + 0.73700164250) * r + 1);
    } else {
        r -= 5;
        z = (((0.017337203997 * r + 0.42868294337) * r + 3.0812263860) * r + 6.6579051150) /
            ((0.012258202635 * r + 0.24197894225) * r + 1);
    }
    return q < 0 ? -z : z;
}

static void normals(source *s, double out[4])
{
    uniforms(s, out);
    for (int i = 0; i < 4; i++) out[i] = quantile(out[i]);
}

static void fill(int64_t n, double value, float *w)
{
    for (int64_t i = 0; i < n; i++) w[i] = (float)value;
}

static void fill_uniform(source *s, int64_t n, double bound, float *w)
{
    double u[4];
    for (int64_t i = 0; i < n; i++) {
        if (i % 4 == 0) uniforms(s, u);
        w[i] = (float)(bound * (2 * u[i % 4] - 1));
    }
}

static void fill_normal(source *s, int64_t n, double std, float *w)
{
    double z[4];
    for (int64_t i = 0; i < n; i++) {
        if (i % 4 == 0) normals(s, z);
        w[i] = (float)(std * z[i % 4]);
    }
}

/* Draws beyond two standard deviations are drawn again. */
static void fill_truncated(source *s, int64_t n, double std, float *w)
{
    double z[4];
    int left = 0;
    for (int64_t i = 0; i < n;) {
        if (left == 0) {
            normals(s, z);
            left = 4;
        }
        double draw = z[4 - left--];
        if (fabs(draw) <= 2) w[i++] = (float)(std * draw);
    }
}

enum { PANEL = 32 }; /* rows orthogonalised together */

static double dot(int64_t n, const float *a, const float *b)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += (double)a[i] * b[i];
    return sum;
}

/*
 * Makes the rows of q [rows, columns], rows ≤ columns, orthonormal: block Gram–Schmidt, every
 * projection done twice ("twice is enough", Giraud et al. 2005). `work` is [PANEL, rows].
 */
static void orthonormal_rows(int64_t rows, int64_t columns, float *q, float *work)
{
    for (int64_t from = 0; from < rows; from += PANEL) {
        int64_t n = rows - from < PANEL ? rows - from : PANEL;
        float *panel = q + from * columns;
        for (int turn = 0; turn < 2 && from > 0; turn++) { /* P −= (P Qᵀ) Q */
            gy_gemm_serial(false, true, n, from, columns, 1, panel, columns, q, columns, 0, work,
                           from);
            gy_gemm_serial(false, false, n, columns, from, -1, work, from, q, columns, 1, panel,
                           columns);
        }
        for (int64_t i = 0; i < n; i++) {
            float *row = panel + i * columns;
            for (int64_t j = 0; j < 2 * i; j++) {
                const float *other = panel + (j % i) * columns;
                double along = dot(columns, row, other);
                for (int64_t k = 0; k < columns; k++) row[k] -= (float)(along * other[k]);
            }
            double norm = sqrt(dot(columns, row, row));
            for (int64_t k = 0; k < columns; k++) row[k] = (float)(row[k] / norm);
        }
    }
}

static gy_status fill_orthogonal(gy_context *ctx, source *s, int64_t rows, int64_t columns,
                                 double scale, float *w)
{
    bool wide = rows <= columns;
    int64_t few = wide ? rows : columns, many = wide ? columns : rows;
    float *q = NULL;
    GY_TRY(gy_alloc_array(ctx, few * (many + PANEL), sizeof *q, (void **)&q));
    fill_normal(s, few * many, 1, q);
    orthonormal_rows(few, many, q, q + few * many);
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < columns; j++)
            w[i * columns + j] = (float)(scale * (wide ? q[i * many + j] : q[j * many + i]));
    gy_free(ctx, q);
    return GY_OK;
}

gy_status gy_init_fill(gy_context *ctx, gy_init init, uint64_t seed, const char *name,
                       const gy_shape *shape, float *w)
{
    uint64_t hash = gy_hash(name, strlen(name));
    source s = {{seed, GY_RNG_INIT, (uint32_t)(hash >> 32)}, hash, 0};
    int64_t n = gy_shape_count(shape), first = shape->n > 0 ? shape->d[0] : 1, area = 1;
    for (int i = 1; i + 1 < shape->n; i++) area *= shape->d[i];
    double fan_in = (double)(n / first), fan_out = (double)(first * area);
    switch (init.kind) {
    case GY_INIT_zeros:
        fill(n, 0, w);
        break;
    case GY_INIT_ones:
        fill(n, init.scale, w);
        break;
    case GY_INIT_constant:
        fill(n, init.scale, w);
        break;
    case GY_INIT_normal:
        fill_normal(&s, n, init.scale, w);
        break;
    case GY_INIT_uniform:
        fill_uniform(&s, n, init.scale, w);
        break;
    case GY_INIT_xavier_normal:
        fill_normal(&s, n, init.scale * sqrt(2 / (fan_in + fan_out)), w);
        break;
    case GY_INIT_xavier_uniform:
        fill_uniform(&s, n, init.scale * sqrt(6 / (fan_in + fan_out)), w);
        break;
    case GY_INIT_he_normal:
        fill_normal(&s, n, init.scale * sqrt(2 / fan_in), w);
        break;
    case GY_INIT_he_uniform:
        fill_uniform(&s, n, init.scale * sqrt(6 / fan_in), w);
        break;
    case GY_INIT_lecun_normal:
        fill_normal(&s, n, init.scale * sqrt(1 / fan_in), w);
        break;
    case GY_INIT_truncated_normal:
        fill_truncated(&s, n, init.scale, w);
        break;
    case GY_INIT_orthogonal:
        return fill_orthogonal(ctx, &s, first, n / first, init.scale, w);
    case GY_INIT_COUNT:
        break;
    }
    return GY_OK;
}
