/*
 * Where a pass of a recurrent cell has everything.
 *
 *     keep     slots [span, B, slots H]  h [states, B, H]  c [states, B, H]    rows padded, see row_floats()
 *     scratch  R in panels | forward: biases [H / 16, slots, 16], backward: d_state [B, H] | last
 *
 * Before a backward pass span and states are T. Else the slots are of as many positions as stay in the cache from
 * their product with the input to their cell, and h and c of two positions. That is never more than before a
 * backward pass, though gy_recurrent_keep() may say more.
 */
#include "recurrent_impl.h"

enum {
    WORTH = 48, /* rows whose products with the input are worth the reading of W, at least */
    SLOTS_FLOATS = 32 * 1024 /* that stay in a second-level cache: 128 KiB */
};

#define GATES(name, gates, slots, state) gates,
#define SLOTS(name, gates, slots, state) slots,
#define STATE(name, gates, slots, state) state,
static const int cell_gates[] = {GY_CELL_LIST(GATES)};
static const int cell_slots[] = {GY_CELL_LIST(SLOTS)};
static const bool cell_state[] = {GY_CELL_LIST(STATE)};

int gy_cell_gates(gy_cell cell)
{
    return cell_gates[cell];
}

int gy_cell_slots(gy_cell cell)
{
    return cell_slots[cell];
}

bool gy_cell_has_state(gy_cell cell)
{
    return cell_state[cell];
}

/* An odd number of cache lines, so that the rows of a tile do not fall into the same few sets. */
static int64_t row_floats(int64_t n)
{
    return (gy_pieces(n, GY_PANEL) | 1) * GY_PANEL;
}

static int64_t slots_floats(const gy_recurrent *r)
{
    return row_floats(cell_slots[r->cell] * r->units);
}

/* Rows whose products with the input are made at once where none is kept. */
static int64_t rows_at_once(const gy_recurrent *r)
{
    return gy_most(WORTH, SLOTS_FLOATS / slots_floats(r));
}

/* Of the dz of all gates, or less of h. */
static int64_t last_floats(const gy_recurrent *r)
{
    return row_floats(cell_gates[r->cell] * gy_round_up(r->units, GY_UNIT_MOST));
}

gy_recurrent_pass gy_recurrent_lay_out(const gy_kernel *k, const gy_recurrent *r, int64_t batch,
                                       const float *const *recurrent, bool brief, float *keep,
                                       float *scratch)
{
    gy_recurrent_pass p = {.kernel = k,
                           .r = r,
                           .batch = batch,
                           .gates = cell_gates[r->cell],
                           .n_slots = cell_slots[r->cell],
                           .blocks = gy_cell_blocks(r),
                           .row = row_floats(r->units),
                           .depth = gy_units(k->operand, r->units),
                           .last_row = last_floats(r),
                           .weights = recurrent};
    p.slots_row = slots_floats(r);
    p.span = brief ? gy_least(gy_pieces(rows_at_once(r), gy_most(batch, 1)), r->time) : r->time;
    p.states = brief ? gy_least(2, r->time) : r->time;
    p.slots = keep;
    p.h = p.slots + p.span * batch * p.slots_row;
    p.c = p.h + p.states * batch * p.row;
    if (scratch == NULL) return p;
    gy_recurrent_use_packed(&p, scratch);
    p.d_state = scratch + gy_panels_of_r(r);
    p.last = p.d_state + gy_panels_of_bias(r) + batch * p.row;
    return p;
}

void gy_recurrent_keep(const gy_recurrent *r, bool brief, int64_t *fixed, int64_t *per_sample)
{
    const int64_t states = (cell_state[r->cell] ? 2 : 1) * row_floats(r->units);
    *fixed = brief ? rows_at_once(r) * slots_floats(r) : 0;
    *per_sample = brief ? slots_floats(r) + 2 * states : r->time * (slots_floats(r) + states);
}

void gy_recurrent_scratch(const gy_recurrent *r, int64_t *fixed, int64_t *per_sample)
{
    *fixed = gy_panels_of_r(r) + gy_panels_of_bias(r);
    *per_sample = row_floats(r->units) + 2 * last_floats(r);
}
