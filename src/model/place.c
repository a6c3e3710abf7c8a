/*
 * The places of items that live in ranges of steps, in one arena.
 *
 * Greedy (Pisarchyk and Lee 2020, "Efficient memory management for deep neural net inference"): one
 * after the other they go into the smallest gap that fits among those placed before that are live at
 * the same time; the largest first, or those that live longest: what takes less. That takes time with
 * the square of the items, so many of them are placed in the order of time instead, each in the
 * smallest hole that those leave that have ended.
 */
#include "model_impl.h"

#include <stdlib.h>
#include <string.h>

enum { MANY = 6000 }; /* items that take about half a second */

static int by_size(const void *a, const void *b)
{
    const gy_item *x = a, *y = b;
    if (x->floats != y->floats) return x->floats < y->floats ? 1 : -1;
    return x->storage - y->storage;
}

static int by_span(const void *a, const void *b)
{
    const gy_item *x = a, *y = b;
    const int difference = (y->last - y->first) - (x->last - x->first);
    return difference != 0 ? difference : by_size(a, b);
}

static int (*const orders[])(const void *, const void *) = {by_size, by_span};
enum { ORDERS = sizeof orders / sizeof *orders };

/* placed[n] ascend by offset; the best place for `it` among those live with it. */
static int64_t best_place(gy_item *const *placed, int n, const gy_item *it)
{
    int64_t end = 0, best = -1, best_gap = INT64_MAX;
    for (int i = 0; i < n; i++) {
        const gy_item *p = placed[i];
        if (p->last < it->first || p->first > it->last) continue;
        int64_t gap = p->offset - end;
        if (gap >= it->floats && gap < best_gap) {
            best = end;
            best_gap = gap;
        }
        if (p->offset + p->floats > end) end = p->offset + p->floats;
    }
    return best >= 0 ? best : end;
}

/* Keeps placed[n + 1] in the order of offsets. */
static void insert(gy_item **placed, int n, gy_item *it)
{
    for (; n > 0 && placed[n - 1]->offset > it->offset; n--) placed[n] = placed[n - 1];
    placed[n] = it;
}

/* Places the items, of which the first `fixed` have theirs. @return floats of the arena */
static int64_t place_all(int fixed, int n, gy_item *items, gy_item **placed)
{
    int64_t floats = 0;
    for (int i = 0, done = 0; i < n; i++) {
        gy_item *it = &items[i];
        if (it->floats == 0) continue;
        if (i >= fixed) it->offset = best_place(placed, done, it);
        if (it->offset + it->floats > floats) floats = it->offset + it->floats;
        insert(placed, done++, it);
    }
    return floats;
}

static gy_status place_greedily(gy_context *ctx, int fixed, int n, gy_item *items, int64_t *floats)
{
    gy_status status;
    gy_item **placed = NULL, *best = NULL;
    const size_t bytes = (size_t)n * sizeof *items;
    GY_TRY_GOTO(fail, gy_new_array(ctx, n, &placed));
    GY_TRY_GOTO(fail, gy_new_array(ctx, n, &best));
    *floats = INT64_MAX;
    for (int order = 0; order < ORDERS; order++) {
        qsort(items + fixed, (size_t)(n - fixed), sizeof *items, orders[order]);
        const int64_t taken = place_all(fixed, n, items, placed);
        if (taken >= *floats) continue;
        *floats = taken;
        memcpy(best, items, bytes);
    }
    memcpy(items, best, bytes);
fail:
    gy_free(ctx, placed);
    gy_free(ctx, best);
    return status;
}

/* Holes [n] between the items that are live, ascending and apart; beyond `end` all is free. */
typedef struct holes {
    struct hole {
        int64_t from, to;
    } * v;
    int n;
    int64_t end;
} holes;

static void take_out(holes *h, int i, int n)
{
    h->n -= n;
    memmove(h->v + i, h->v + i + n, (size_t)(h->n - i) * sizeof *h->v);
}

static int64_t fill(holes *h, int64_t floats)
{
    int best = -1;
    for (int i = 0; i < h->n; i++) {
        const int64_t room = h->v[i].to - h->v[i].from;
        if (room >= floats && (best < 0 || room < h->v[best].to - h->v[best].from)) best = i;
    }
    if (best < 0) {
        h->end += floats;
        return h->end - floats;
    }
    struct hole *hole = &h->v[best];
    const int64_t offset = hole->from;
    hole->from += floats;
    if (hole->from == hole->to) take_out(h, best, 1);
    return offset;
}

static void leave(holes *h, int64_t from, int64_t to)
{
    int i = h->n;
    while (i > 0 && h->v[i - 1].from > from) i--;
    const bool left = i > 0 && h->v[i - 1].to == from, right = i < h->n && h->v[i].from == to;
    if (left && right) {
        h->v[i - 1].to = h->v[i].to;
        take_out(h, i, 1);
    } else if (left) {
        h->v[i - 1].to = to;
    } else if (right) {
        h->v[i].from = from;
    } else {
        memmove(h->v + i + 1, h->v + i, (size_t)(h->n++ - i) * sizeof *h->v);
        h->v[i] = (struct hole){from, to};
    }
    if (h->v[h->n - 1].to == h->end) h->end = h->v[--h->n].from;
}

static int by_first(const void *a, const void *b)
{
    const gy_item *x = a, *y = b;
    return x->first != y->first ? x->first - y->first : by_size(a, b);
}

static int by_last(const void *a, const void *b)
{
    const gy_item *x = *(gy_item *const *)a, *y = *(gy_item *const *)b;
    return x->last != y->last ? x->last - y->last : x->storage - y->storage;
}

/* Behind the fixed ones. */
static gy_status place_in_time(gy_context *ctx, int fixed, int n, gy_item *items, int64_t *floats)
{
    gy_status status;
    gy_item **ends = NULL;
    holes h = {.n = 0};
    GY_TRY_GOTO(fail, gy_new_array(ctx, n, &ends));
    GY_TRY_GOTO(fail, gy_new_array(ctx, n + 1, &h.v));
    for (int i = 0; i < fixed; i++)
        if (items[i].offset + items[i].floats > h.end) h.end = items[i].offset + items[i].floats;
    *floats = h.end;
    qsort(items + fixed, (size_t)(n - fixed), sizeof *items, by_first);
    for (int i = fixed; i < n; i++) ends[i - fixed] = &items[i];
    qsort(ends, (size_t)(n - fixed), sizeof *ends, by_last);
    for (int i = fixed, ended = 0; i < n; i++) {
        for (; ends[ended]->last < items[i].first; ended++)
            if (ends[ended]->floats > 0)
                leave(&h, ends[ended]->offset, ends[ended]->offset + ends[ended]->floats);
        items[i].offset = items[i].floats == 0 ? 0 : fill(&h, items[i].floats);
        if (h.end > *floats) *floats = h.end;
    }
fail:
    gy_free(ctx, ends);
    gy_free(ctx, h.v);
    return status;
}

gy_status gy_items_place(gy_context *ctx, int fixed, int n, gy_item *items, int64_t *floats)
{
    return n - fixed > MANY ? place_in_time(ctx, fixed, n, items, floats)
                            : place_greedily(ctx, fixed, n, items, floats);
}
