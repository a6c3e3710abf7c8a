/* Rows into panels: blocks of WIDTH × WIDTH floats are turned in registers. */
#include "vector.h"
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
        for (; n >= WIDTH && k + WIDTH <= depth; k += WIDTH) {
            vec v[WIDTH];
            UNROLL for (int i = 0; i < WIDTH; i++) v[i] = load(from + i * row + k);
            turn(v);
            UNROLL for (int i = 0; i < WIDTH; i++) store(panel + (k + i) * GY_PANEL + first, v[i]);
        }
        for (; k < depth; k++)
            for (int64_t i = 0; i < WIDTH; i++)
                panel[k * GY_PANEL + first + i] = i < n ? from[i * row + k] : 0.0f;
    }
}
