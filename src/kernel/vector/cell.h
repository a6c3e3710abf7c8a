/** One block of a step of a recurrent layer: what the cells of vector/cell.c work on. */
#ifndef GY_KERNEL_VECTOR_CELL_H
#define GY_KERNEL_VECTOR_CELL_H

#include "panel.h"
#include "unit.h"

/**
 * X(name, gates, slots, state): the cells, see kernel/recurrent.h. A unit of a cell keeps `slots`
 * numbers from forward to backward. The first `gates` of them start as products with the input, the
 * last `gates` as products with the hidden state; each has a bias. `state`: whether it has a c.
 */
#define GY_CELL_LIST(X)                                                                            \
    X(rnn, 1, 1, false)                                                                            \
    X(gru, 3, 4, false)                                                                            \
    X(lstm, 4, 4, true)
#define GY_CELL_ENUM(name, gates, slots, state) GY_CELL_##name,
typedef enum gy_cell { GY_CELL_LIST(GY_CELL_ENUM) GY_CELL_COUNT } gy_cell;
#undef GY_CELL_ENUM

enum { GY_CELL_SLOTS = 4 }; /* the most that a cell has */

/** Some rows (samples) of up to GY_PANEL units. Pointers are to the first of both. */
typedef struct gy_cell_block {
    int64_t rows, units;
    /**
     * forward: R h [rows, gates, GY_PANEL] of the last `gates` slots;
     * backward: dh [rows, GY_PANEL] as far as it comes from the step after.
     */
    const float *product;
    const float *bias; /* forward: [slots, GY_PANEL] */
    /** forward: products with the input become gates; backward: gates become their gradients. */
    float *slots; /* unit u of slot s of row r: slots[r slots_row + s slots_apart + u] */
    int64_t slots_row, slots_apart;
    const float *h_before, *c_before; /* of the step before; NULL: zeros */
    int64_t before_row;
    float *h, *c;    /* forward: out; backward: in, h is not read */
    int64_t row;     /* floats from row to row of h, c, d_state */
    float *y;        /* forward: a copy of h; NULL: not wanted */
    const float *dy; /* backward; NULL: zeros */
    int64_t y_row;   /* of y or dy */
    /** backward: what reaches the step before past the product: dc of lstm, dh of gru. In place. */
    float *d_state;
} gy_cell_block;

#define GY_VECTOR_CELL_LIST(X)                                                                     \
    X(void, cell_forward, (gy_cell cell, const gy_cell_block *b))                                  \
    X(void, cell_backward, (gy_cell cell, const gy_cell_block *b))

GY_VECTOR_CELL_LIST(GY_UNIT)

#endif
