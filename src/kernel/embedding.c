/*
 * Embedding. Forward: tokens are spread over threads. Backward: several tokens may share a row, so
 * threads take columns of the table instead; every one sees all tokens.
 */
#include "embedding.h"

#include "elementwise.h"
#include "kernel_impl.h"

#include <math.h>
#include <string.h>

enum { SLICE = 32 }; /* columns that are worth a thread: two cache lines */

/* The row of a token, −1 where there is none. */
static int64_t row_of(float token, int64_t vocabulary)
{
    return token >= 0.0f && token < (float)vocabulary ? (int64_t)token : -1;
}

void gy_embedding_forward(const gy_kernel *k, int64_t n, int64_t vocabulary, int64_t units,
                          const float *tokens, const float *w, float *y)
{
    const int64_t step = gy_block_rows(units);
    GY_SPREAD(gy_team(k, n * units, 1))
    for (int64_t from = 0; from < n; from += step) {
        for (int64_t i = from; i < n && i < from + step; i++) {
            const int64_t row = row_of(tokens[i], vocabulary);
            if (row >= 0)
                memcpy(y + i * units, w + row * units, sizeof *y * (size_t)units);
            else
                k->vector->fill(units, NAN, y + i * units);
        }
    }
}

void gy_embedding_backward(const gy_kernel *k, int64_t n, int64_t vocabulary, int64_t units,
                           const float *tokens, const float *dy, float beta, float *dw)
{
    if (beta == 0.0f) gy_fill(k, vocabulary * units, 0.0f, dw);
    const int team = gy_team(k, n * units, 1);
    const int64_t share = (units + team - 1) / team;
    const int64_t slice = (share + SLICE - 1) / SLICE * SLICE;
    GY_SPREAD(team)
    for (int64_t c = 0; c < units; c += slice) {
        const int64_t width = gy_least(slice, units - c);
        for (int64_t i = 0; i < n; i++) {
            const int64_t row = row_of(tokens[i], vocabulary);
            if (row >= 0)
                k->vector->axpby(width, 1.0f, dy + i * units + c, 1.0f, dw + row * units + c);
        }
    }
}
