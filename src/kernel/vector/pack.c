/* Packing: rows into panels, blocks of WIDTH × WIDTH floats being turned in registers; copies that are
 * summed on the way. */
#include "panel.h"
#include "wide.h"

/* Lane l of the first and of the second of two vectors whose halves of h lanes change places. */
#define FIRST(l, h) (((l) & (h)) == 0 ? (l) : WIDTH + (l) - (h))
#define SECOND(l, h) (((l) & (h)) == 0 ? (l) + (h) : WIDTH + (l))
#define FOUR(lane, l, h) lane(l, h), lane(l + 1, h), lane(l + 2, h), lane(l + 3, h)
#if WIDTH == 16
#define LANES(lane, h) FOUR(lane, 0, h), FOUR(lane, 4, h), FOUR(lane, 8, h), FOUR(lane, 12, h)
#elif WIDTH == 8
#define LANES(lane, h) FOUR(lane, 0, h), FOUR(lane, 4, h)
#else
#define LANES(lane, h) FOUR(lane, 0, h)
#endif

#define EXCHANGE(h)                                                                                \
    UNROLL for (int i = 0; i < WIDTH; i++) if ((i & (h)) == 0)                                     \
    {                                                                                              \
        vec a = v[i], b = v[i + (h)];                                                              \
        v[i] = __builtin_shufflevector(a, b, LANES(FIRST, h));                                     \
        v[i + (h)] = __builtin_shufflevector(a, b, LANES(SECOND, h));                              \
    }

/* Turns WIDTH × WIDTH floats: halves change places, then halves of halves, … */
INLINE void turn(vec v[WIDTH])
{
#if WIDTH == 16
    EXCHANGE(8)
#endif
#if WIDTH >= 8
    EXCHANGE(4)
#endif
    EXCHANGE(2)
    EXCHANGE(1)
}

void GY_OF_LEVEL(panel_turn)(int64_t rows, int64_t depth, const float *x, int64_t row, float *panel)
{
    for (int64_t first = 0; first < GY_PANEL; first += WIDTH) {
        const float *from = x + first * row;
        int64_t n = rows - first, k = 0;
        for (; k + WIDTH <= depth; k += WIDTH) {
            vec v[WIDTH];
            UNROLL for (int i = 0; i < WIDTH; i++) v[i] =
                i < n ? load(from + i * row + k) : (vec){0};
            turn(v);
            UNROLL for (int i = 0; i < WIDTH; i++) store(panel + (k + i) * GY_PANEL + first, v[i]);
        }
        for (; k < depth; k++)
            for (int64_t i = 0; i < WIDTH; i++) {
                float *to = panel + k * GY_PANEL + first + i;
                if (i < n)
                    memcpy(to, from + i * row + k, sizeof *to);
                else
                    *to = 0.0f;
            }
    }
}

enum { WIDEST = 48, PIECE = 16 }; /* rows summed in float before double takes over */

/* `vectors` is a constant where this is inlined. */
INLINE void copy_and_sum(int vectors, int64_t rows, const float *x, int64_t x_row, float *y,
                         int64_t y_row, float *sums)
{
    vec sum[WIDEST / WIDTH] = {{0}};
    for (int64_t r = 0; r < rows; r++, x += x_row, y += y_row)
        UNROLL for (int v = 0; v < vectors; v++)
        {
            vec value = load(x + v * WIDTH);
            store(y + v * WIDTH, value);
            sum[v] += value;
        }
    UNROLL for (int v = 0; v < vectors; v++) store(sums + v * WIDTH, sum[v]);
}

void GY_OF_LEVEL(panel_sums)(int64_t rows, int64_t width, const float *x, int64_t x_row, float *y,
                             int64_t y_row, double *sums)
{
    for (int64_t from = 0; from < rows; from += PIECE, x += PIECE * x_row, y += PIECE * y_row) {
        const int64_t n = gy_least(rows - from, PIECE);
        float part[WIDEST] = {0};
        if (width == WIDEST) copy_and_sum(WIDEST / WIDTH, n, x, x_row, y, y_row, part);
        for (int64_t r = 0; r < n && width < WIDEST; r++)
            for (int64_t i = 0; i < width; i++) {
                y[r * y_row + i] = x[r * x_row + i];
                part[i] += x[r * x_row + i];
            }
        for (int64_t i = 0; i < width; i++) sums[i] += (double)part[i];
    }
}
