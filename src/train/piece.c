/*
 * The pieces of a rank's part of a batch that are passed at once: micro-batches, or with grains each
 * grain by itself, in micro-batches where it is larger than one.
 *
 * A grain's samples are copied to where every grain begins: the bits of a product may depend on how
 * its operands lie, and the place of a grain within a rank's part depends on the ranks.
 */
#include "train_impl.h"

#include <string.h>

/* The next part of the grain that holds sample `at` of the global batch. */
static void next_of_grain(const gy_run *run, const gy_batch *batch, int64_t at, gy_piece *p)
{
    int64_t start, n, first;
    gy_part_of(batch->global, p->grain, run->grains, &start, &n);
    for (; start + n <= at; p->turn = -1)
        gy_part_of(batch->global, ++p->grain, run->grains, &start, &n);
    int turns = (int)((n + run->micro - 1) / run->micro);
    p->turn++;
    gy_part_of(n, p->turn, turns, &first, &p->n);
    p->first = start + first - batch->first;
    p->begins = p->turn == 0;
    p->ends = p->turn == turns - 1;
}

bool gy_piece_next(const gy_run *run, gy_part part, const gy_batch *batch, gy_piece *p)
{
    int64_t from = p->first + p->n, left = batch->n - from;
    int64_t each = gy_shape_count(gy_model_input(run->model));
    int64_t targets = gy_shape_count(&gy_feed_info(&run->feed, part)->y);
    if (p->x == NULL) p->turn = -1;
    if (left <= 0) return false;
    if (run->grains > 0) {
        next_of_grain(run, batch, batch->first + from, p);
    } else {
        p->first = from;
        p->n = left < run->micro ? left : run->micro;
    }
    p->x = batch->x + p->first * each;
    p->y = batch->y == NULL ? NULL : batch->y + p->first * targets;
    if (run->grains == 0) return true;
    memcpy(run->piece_x, p->x, (size_t)(p->n * each) * sizeof *run->piece_x);
    p->x = run->piece_x;
    if (p->y != NULL) memcpy(run->piece_y, p->y, (size_t)(p->n * targets) * sizeof *run->piece_y);
    if (p->y != NULL) p->y = run->piece_y;
    return true;
}

gy_status gy_run_make_pieces(gy_run *run, gy_part part)
{
    if (run->grains == 0) return GY_OK;
    int64_t each = gy_shape_count(gy_model_input(run->model));
    int64_t targets = gy_shape_count(&gy_feed_info(&run->feed, part)->y);
    GY_TRY(gy_new_array(run->ctx, run->micro * each, &run->piece_x));
    return gy_new_array(run->ctx, run->micro * targets, &run->piece_y);
}

void gy_run_set_micro(gy_run *run, int64_t most)
{
    int parts = run->grains > 0 ? run->grains : run->ranks;
    int64_t share = (most + parts - 1) / parts; /* the largest of any rank or grain */
    run->micro = run->config->train.micro_batch_size;
    if (run->micro == 0 || run->micro > share) run->micro = share;
    run->micros = (int)((share + run->micro - 1) / run->micro);
}

/* Where ranks of a host share memory, and the all-reduce gains by it. */
bool gy_run_uses_host_memory(const gy_run *run)
{
    const gy_topology *t = gy_comm_topology(run->comm);
    return t->local_ranks > 1 && t->host_memory && gy_sync_wants_host_memory(&run->config->comm);
}

gy_model_use gy_run_use(const gy_run *run)
{
    bool in_host_memory = gy_run_uses_host_memory(run) && run->grains == 0;
    return run->micros > 1 || in_host_memory ? GY_USE_TRAINING : GY_USE_STEPS;
}
