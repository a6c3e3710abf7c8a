/* Operations of the kinds in the list, and driving them.
 *
 *     idle → begin → under way → progress … → done = idle
 *
 * What needs no message (one rank, no elements) never reaches a kind. */
#include "all_reduce_list.h"
#include "comm_mpi.h"

#include <sched.h>

#define ENTRY(name) &gy_all_reduce_##name.kind,
GY_REGISTRY(gy_all_reduce_registry, "all-reduce", ENTRY, GY_ALL_REDUCE_LIST)

enum { PATIENCE = 8 }; /* fruitless looks before the core is offered to others */

struct gy_all_reduce {
    gy_context *ctx;
    const gy_all_reduce_kind *kind;
    void *state; /* NULL: nothing to do */
    bool under_way;
};

/* Agreed twice: no rank enters a kind's create, or leaves it with success, alone. */
gy_status gy_all_reduce_create(gy_comm *comm, const gy_kind *kind, float *x, int64_t n, int tag,
                               gy_all_reduce **out)
{
    gy_all_reduce *op = NULL;
    gy_status status = gy_comm_agree(comm, gy_new(comm->ctx, &op));
    if (status != GY_OK) {
        gy_free(comm->ctx, op);
        return status;
    }
    op->ctx = comm->ctx;
    op->kind = (const gy_all_reduce_kind *)kind;
    while (op->kind->choose != NULL) op->kind = op->kind->choose(comm, n);
    if (n > 0 && comm->ranks > 1) {
        status = gy_comm_agree(comm, op->kind->create(comm, x, n, tag, &op->state));
        if (status != GY_OK) {
            gy_all_reduce_free(op);
            return status;
        }
    }
    *out = op;
    return GY_OK;
}

void gy_all_reduce_free(gy_all_reduce *op)
{
    if (op == NULL) return;
    if (op->state != NULL) op->kind->destroy(op->state);
    gy_free(op->ctx, op);
}

const gy_kind *gy_all_reduce_chosen(const gy_all_reduce *op)
{
    return &op->kind->kind;
}

gy_status gy_all_reduce_begin(gy_all_reduce *op)
{
    if (op->state == NULL) return GY_OK;
    GY_TRY(op->kind->begin(op->state));
    op->under_way = true;
    return GY_OK;
}

gy_status gy_all_reduce_progress(gy_all_reduce *op, bool *done)
{
    bool arrived = false;
    if (op->under_way) {
        GY_TRY(op->kind->progress(op->state, &arrived));
        op->under_way = !arrived;
    }
    *done = !op->under_way;
    return GY_OK;
}

gy_status gy_all_reduce_wait(gy_all_reduce *op)
{
    bool done = false;
    GY_TRY(gy_all_reduce_progress(op, &done));
    for (int looks = 1; !done; looks++) {
        if (looks % PATIENCE == 0) (void)sched_yield();
        GY_TRY(gy_all_reduce_progress(op, &done));
    }
    return GY_OK;
}

gy_status gy_all_reduce_run(gy_comm *comm, const gy_kind *kind, float *x, int64_t n)
{
    gy_status status;
    gy_all_reduce *op = NULL;
    GY_TRY_GOTO(fail, gy_all_reduce_create(comm, kind, x, n, 0, &op));
    GY_TRY_GOTO(fail, gy_all_reduce_begin(op));
    status = gy_all_reduce_wait(op);
fail:
    gy_all_reduce_free(op);
    return status;
}
