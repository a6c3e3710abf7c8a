/*
 * Embedding. Forward: tokens are spread over threads. Backward: several tokens may share a row, so
 * threads take rows of the table instead, by turns; every one looks at all tokens. (Slices of the
 * columns were four times slower on two cores: what one prefetches the other has just written.)
 */
#include "embedding.h"

#include "kernel_impl.h"

#include <math.h>
#include <string.h>

enum { ROWS = 8 }; /* of a turn */

/* The row of a token, −1 where there is none. */
static int64_t row_of(float token, int64_t vocabulary)
{
    return token >= 0.0f && token < (float)vocabulary ? (int64_t)token : -1;
}

void gy_embedding_forward(const gy_kernel *k, int64_t n, int64_t vocabulary, int64_t units,
                          const float *tokens, const float *w, float *y)
{
    const int64_t step = gy_block_rows(units);
    GY_SPREAD(gy_team(k, n * units, 1), from, n, step, {
        for (int64_t i = from; i < n && i < from + step; i++) {
            const int64_t row = row_of(tokens[i], vocabulary);
            if (row >= 0)
                memcpy(y + i * units, w + row * units, sizeof *y * (size_t)units);
            else
                k->vector->fill(units, NAN, y + i * units);
        }
    });
}

void gy_embedding_forward_form(const gy_kernel *k, int64_t n, const float *tokens, const gy_form *w,
                               float *y)
{
    const int64_t units = w->columns, step = gy_block_rows(units);
    GY_SPREAD(gy_team(k, n * units, 1), from, n, step, {
        for (int64_t i = from; i < n && i < from + step; i++) {
            const int64_t row = row_of(tokens[i], w->rows);
            if (row >= 0) w->kind->expand(w, row, 1, y + i * units);
            for (int64_t j = 0; row < 0 && j < units; j++) y[i * units + j] = NAN;
        }
    });
}

void gy_embedding_backward(const gy_kernel *k, int64_t n, int64_t vocabulary, int64_t units,
                           const float *tokens, const float *dy, float beta, float *dw)
{
    const int64_t lines = beta == 0.0f ? n + vocabulary : n;
    const int team = gy_team(k, lines * units, 1);
    GY_SPREAD(team, own, team, 1, {
        for (int64_t row = own * ROWS; beta == 0.0f && row < vocabulary; row += team * ROWS)
            k->vector->fill(gy_least(ROWS, vocabulary - row) * units, 0.0f, dw + row * units);
        for (int64_t i = 0; i < n; i++) {
            const int64_t row = row_of(tokens[i], vocabulary);
            if (row >= 0 && row / ROWS % team == own)
                k->vector->axpby(units, 1.0f, dy + i * units, 1.0f, dw + row * units);
        }
    });
}
