/*
 * The pieces of a rank's part of a batch that are passed at once: micro-batches, or with grains each
 * grain by itself, in micro-batches where it is larger than one.
 *
 * A grain's samples are copied to where every grain begins: the bits of a product may depend on how
 * its operands lie, and the place of a grain within a rank's part depends on the ranks.
 */
#include "network.h"

#include "base/part.h"

#include <string.h>

/* The next part of the grain that holds sample `at` of the global batch. */
static void next_of_grain(const gy_net *net, const gy_samples *part, int64_t at, gy_piece *p)
{
    int64_t start, n, first;
    gy_part_of(part->global, p->grain, net->grains, &start, &n);
    for (; start + n <= at; p->turn = -1)
        gy_part_of(part->global, ++p->grain, net->grains, &start, &n);
    int turns = (int)((n + net->micro - 1) / net->micro);
    p->turn++;
    gy_part_of(n, p->turn, turns, &first, &p->n);
    p->first = start + first - part->first;
    p->begins = p->turn == 0;
    p->ends = p->turn == turns - 1;
}

bool gy_piece_next(const gy_net *net, const gy_samples *part, gy_piece *p)
{
    int64_t from = p->first + p->n, left = part->n - from;
    int64_t each = gy_shape_count(gy_model_input(net->model)), targets = net->task.targets;
    if (p->x == NULL) p->turn = -1;
    if (left <= 0) return false;
    if (net->grains > 0) {
        next_of_grain(net, part, part->first + from, p);
    } else {
        p->first = from;
        p->n = left < net->micro ? left : net->micro;
    }
    p->x = part->x + p->first * each;
    p->y = part->y == NULL ? NULL : part->y + p->first * targets;
    p->w = part->w == NULL ? NULL : part->w + p->first * net->task.weights;
    if (net->grains == 0) return true;
    memcpy(net->x, p->x, (size_t)(p->n * each) * sizeof *net->x);
    p->x = net->x;
    if (p->y != NULL) memcpy(net->y, p->y, (size_t)(p->n * targets) * sizeof *net->y);
    if (p->y != NULL) p->y = net->y;
    return true;
}
