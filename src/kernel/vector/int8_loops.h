/*
 * The loops of a unit (int8.h), included once for each, after:
 *
 *     UNIT                what its functions' names end in
 *     TARGET              their attributes
 *     LANES               sums of a vector: 8 or 16
 *     ints, INTS_ZERO     LANES sums of 32 bits
 *     bytes_at(p)         4 LANES bytes, as they lie
 *     bytes_spread(p)     4 bytes, LANES times
 *     DOT(sum, q, w)      sum[l] + Σ i < 4  q[4 l + i] w[4 l + i]
 *     ints_store(p, sum)  to an array
 *     TILE_ROWS, TILE_PANELS   rows by panels whose sums the registers hold
 *
 * The same text serves an emulation in C of instructions that the machine at hand does not have.
 */
#include "int8.h"

#include "wide.h"

#ifndef GY_KERNEL_VECTOR_INT8_LOOPS_H
#define GY_KERNEL_VECTOR_INT8_LOOPS_H

enum { FINISHED = GY_CODES_PANEL / WIDTH };

/*
 * What the outputs [at, at + 16) of a panel are finished with, zeros where there are none; and, made of it for rows of
 * one scale and zero, y = sum times + plus.
 */
typedef struct panel {
    int64_t at, n; /* n outputs there are */
    vec scale[FINISHED], offset[FINISHED], bias[FINISHED], total[FINISHED];
    vec times[FINISHED], plus[FINISHED];
    float x_scale, x_zero;
} panel;

static void prepare(panel *of, float x_scale, float x_zero)
{
    of->x_scale = x_scale;
    of->x_zero = x_zero;
    for (int i = 0; i < FINISHED; i++) {
        of->times[i] = of->scale[i] * x_scale;
        of->plus[i] = of->bias[i] - of->times[i] * (of->total[i] * x_zero);
    }
}

static void panel_at(const gy_int8_panels *p, int64_t at, panel *of)
{
    of->at = at;
    of->n = gy_least(GY_CODES_PANEL, p->outputs - at);
    if (p->sums != NULL) return;
    for (int i = 0; i < FINISHED; i++) {
        const int64_t k = at + i * WIDTH, end = at + of->n;
        bits total = {0};
        memcpy(&total, p->total + k,
               (size_t)gy_least(WIDTH, gy_most(end - k, 0)) * sizeof(int32_t));
        of->total[i] = __builtin_convertvector(total, vec);
        of->scale[i] = k < end ? get(p->scale, k, end) : (vec){0};
        of->offset[i] = p->offset != NULL && k < end ? get(p->offset, k, end) : (vec){0};
        of->bias[i] = p->bias != NULL && k < end ? get(p->bias, k, end) : (vec){0};
    }
    prepare(of, p->x_scale[0], (float)p->x_zero[0]);
}

/* A row of sums [16]. */
static void finish(const gy_int8_panels *p, panel *of, int64_t row, const int32_t *sum)
{
    float *y = p->y + row * p->y_row + of->at;
    if (p->sums != NULL) {
        memcpy(p->sums + row * p->outputs + of->at, sum, (size_t)of->n * sizeof *sum);
        return;
    }
    const float x_scale = p->x_scale[row], x_zero = (float)p->x_zero[row];
    if (x_scale != of->x_scale || x_zero != of->x_zero) /* NaN each time */
        prepare(of, x_scale, x_zero);
    const float of_offset = p->offset == NULL ? 0 : x_scale * (float)p->x_sum[row];
    for (int i = 0; i < FINISHED; i++) {
        bits whole;
        memcpy(&whole, sum + i * WIDTH, sizeof whole);
        vec value = __builtin_convertvector(whole, vec) * of->times[i] + of->plus[i];
        if (p->offset != NULL) value += of->offset[i] * of_offset;
        if (p->relu) value = rectify(value);
        if (of->n == GY_CODES_PANEL)
            store(y + i * WIDTH, value);
        else if (i * WIDTH < of->n)
            put(y, i * WIDTH, of->n, value);
    }
}

#endif

#define UNIT_2(name, unit) name##_##unit
#define UNIT_1(name, unit) UNIT_2(name, unit)
#define OF_UNIT(name) UNIT_1(name, UNIT)

enum {
    OF_UNIT(bytes) = 4 * LANES,
    OF_UNIT(vectors) = GY_CODES_PANEL / LANES, /* of a panel */
    OF_UNIT(dot_rows) = 4,
    OF_UNIT(dot_outputs) = 2
};

TARGET INLINE int32_t OF_UNIT(total)(ints sum)
{
    int32_t lane[LANES], all = 0;
    ints_store(lane, sum);
    for (int l = 0; l < LANES; l++) all += lane[l];
    return all;
}

TARGET INLINE void OF_UNIT(dots_tile)(const gy_int8_dots *p, int64_t row, int64_t output, int rows,
                                      int outputs)
{
    ints sums[OF_UNIT(dot_rows)][OF_UNIT(dot_outputs)];
    const uint8_t *q = p->q + row * p->inner;
    const int8_t *w = p->w + output * p->w_row;
    UNROLL for (int i = 0; i < rows; i++) UNROLL for (int j = 0; j < outputs; j++) sums[i][j] =
        INTS_ZERO;
    for (int64_t k = 0; k < p->inner; k += OF_UNIT(bytes)) {
        ints of_w[OF_UNIT(dot_outputs)];
        UNROLL for (int j = 0; j < outputs; j++) of_w[j] = bytes_at(w + j * p->w_row + k);
        UNROLL for (int i = 0; i < rows; i++)
        {
            const ints of_q = bytes_at(q + i * p->inner + k);
            UNROLL for (int j = 0; j < outputs; j++) sums[i][j] = DOT(sums[i][j], of_q, of_w[j]);
        }
    }
    UNROLL for (int i = 0; i < rows; i++) UNROLL for (int j = 0; j < outputs; j++)
        p->c[(row + i) * p->outputs + output + j] = OF_UNIT(total)(sums[i][j]);
}

TARGET static void OF_UNIT(dots)(const gy_int8_dots *p)
{
    enum { ROWS = OF_UNIT(dot_rows), OUTPUTS = OF_UNIT(dot_outputs) };
    int64_t j = 0, i;
    for (; j + OUTPUTS <= p->outputs; j += OUTPUTS) {
        for (i = 0; i + ROWS <= p->rows; i += ROWS) OF_UNIT(dots_tile)(p, i, j, ROWS, OUTPUTS);
        for (; i < p->rows; i++) OF_UNIT(dots_tile)(p, i, j, 1, OUTPUTS);
    }
    for (i = 0; j < p->outputs && i < p->rows; i++) OF_UNIT(dots_tile)(p, i, j, 1, 1);
}

/* `rows` and `panels` are constants wherever this is inlined. */
TARGET INLINE void OF_UNIT(panels_tile)(const gy_int8_panels *p, panel *of, int64_t row, int rows,
                                        int panels)
{
    enum { STEP = GY_CODES_PANEL * GY_CODES_STEP, VECTORS = OF_UNIT(vectors) };
    ints sums[TILE_ROWS][TILE_PANELS * VECTORS];
    const int64_t of_panel = p->runs * p->depth * GY_CODES_PANEL;
    const int8_t *b = p->b + of->at / GY_CODES_PANEL * of_panel;
    UNROLL for (int i = 0; i < rows; i++) UNROLL for (int j = 0; j < panels * VECTORS; j++)
        sums[i][j] = INTS_ZERO;
    for (int64_t run = 0; run < p->runs; run++) {
        const uint8_t *q[TILE_ROWS];
        UNROLL for (int i = 0; i < rows; i++) q[i] = p->q[row + i] + p->at[run];
        for (int64_t k = 0; k < p->depth; k += GY_CODES_STEP, b += STEP) {
            ints w[TILE_PANELS * VECTORS];
            UNROLL for (int j = 0; j < panels * VECTORS; j++) w[j] =
                bytes_at(b + j / VECTORS * of_panel + j % VECTORS * OF_UNIT(bytes));
            UNROLL for (int i = 0; i < rows; i++)
            {
                const ints x = bytes_spread(q[i] + k);
                UNROLL for (int j = 0; j < panels * VECTORS; j++) sums[i][j] =
                    DOT(sums[i][j], x, w[j]);
            }
        }
    }
    int32_t sum[TILE_ROWS][TILE_PANELS * GY_CODES_PANEL];
    UNROLL for (int i = 0; i < rows; i++) UNROLL for (int j = 0; j < panels * VECTORS; j++)
        ints_store(&sum[i][j * LANES], sums[i][j]);
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < panels; j++) finish(p, &of[j], row + i, &sum[i][j * GY_CODES_PANEL]);
}

TARGET INLINE void OF_UNIT(panels_rows)(const gy_int8_panels *p, panel *of, int panels)
{
    int64_t i = 0;
    for (; i + TILE_ROWS <= p->rows; i += TILE_ROWS)
        OF_UNIT(panels_tile)(p, of, i, TILE_ROWS, panels);
    for (; i < p->rows; i++) OF_UNIT(panels_tile)(p, of, i, 1, panels);
}

TARGET static void OF_UNIT(panels)(const gy_int8_panels *p)
{
    int64_t at = 0;
    for (; at < p->outputs; at += TILE_PANELS * GY_CODES_PANEL) {
        panel of[TILE_PANELS];
        const int64_t n = gy_least(TILE_PANELS, gy_pieces(p->outputs - at, GY_CODES_PANEL));
        for (int64_t i = 0; i < n; i++) panel_at(p, at + i * GY_CODES_PANEL, &of[i]);
        if (n == TILE_PANELS)
            OF_UNIT(panels_rows)(p, of, TILE_PANELS);
        else
            for (int64_t i = 0; i < n; i++) OF_UNIT(panels_rows)(p, &of[i], 1);
    }
}

#undef OF_UNIT
#undef UNIT_1
#undef UNIT_2
