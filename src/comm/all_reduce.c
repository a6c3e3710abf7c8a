/* Operations of the kinds in the list, and driving them.
 *
 *     idle → begin → under way → progress … → done = idle
 *
 * What needs no message (one rank, no elements) never reaches a kind. */
#include "all_reduce_list.h"
#include "comm_mpi.h"
#include "patience.h"
#include "host_memory_impl.h"

#define ENTRY(name) &gy_all_reduce_##name.kind,
GY_REGISTRY(gy_all_reduce_registry, "all-reduce", ENTRY, GY_ALL_REDUCE_LIST)

struct gy_all_reduce {
    gy_comm *comm;
    const gy_all_reduce_kind *kind;
    void *state; /* NULL: nothing to do */
    bool under_way;
};

/* With where its vector lies. */
static gy_reduction placed(const gy_comm *comm, const gy_reduction *r)
{
    gy_reduction out = *r;
    out.memory = gy_host_memory_find(comm, r->x, r->n);
    return out;
}

const gy_kind *gy_all_reduce_choose(const gy_comm *comm, const gy_kind *kind, const gy_reduction *r)
{
    const gy_all_reduce_kind *k = (const gy_all_reduce_kind *)kind;
    const gy_reduction at = placed(comm, r);
    while (k->choose != NULL) k = k->choose(comm, &at);
    bool can = (r->wire == NULL || k->wires) && (r->half == GY_WHOLE || k->own != NULL);
    return can ? &k->kind : NULL;
}

double gy_reduction_bytes(const gy_reduction *r)
{
    return (double)r->n * (double)(r->wire != NULL ? r->wire->bytes : sizeof(float));
}

double gy_reduction_halves(const gy_reduction *r)
{
    return r->half == GY_WHOLE ? 2 : 1;
}

int64_t gy_all_reduce_sent(const gy_comm *comm)
{
    return comm->sent;
}

void gy_all_reduce_own(const gy_comm *comm, const gy_kind *kind, int64_t n, int rank, int64_t *from,
                       int64_t *to)
{
    ((const gy_all_reduce_kind *)kind)->own(comm, n, rank, from, to);
}

static gy_status prepare(gy_comm *comm, const gy_kind *kind, const gy_reduction *r,
                         gy_all_reduce **out)
{
    const gy_kind *chosen = gy_all_reduce_choose(comm, kind, r);
    GY_REQUIRE(chosen != NULL, GY_E_CONFIG,
               "wrong value of comm.allreduce" GY_AT "%s" GY_WHY "it has no %s" GY_HINT
               "use auto, direct or hierarchical",
               kind->name, r->wire != NULL ? "wire but float32" : "halves for shard_optimizer");
    GY_TRY(gy_new(comm->ctx, out));
    (*out)->comm = comm;
    (*out)->kind = (const gy_all_reduce_kind *)chosen;
    return GY_OK;
}

/* Agreed twice: no rank enters a kind's create, or leaves it with success, alone. */
gy_status gy_all_reduce_create(gy_comm *comm, const gy_kind *kind, const gy_reduction *r,
                               gy_all_reduce **out)
{
    gy_all_reduce *op = NULL;
    const gy_reduction at = placed(comm, r);
    gy_status status = gy_comm_agree(comm, prepare(comm, kind, r, &op));
    if (status == GY_OK && r->n > 0 && comm->ranks > 1)
        status = gy_comm_agree(comm, op->kind->create(comm, &at, &op->state));
    if (status != GY_OK) {
        gy_all_reduce_free(op);
        return status;
    }
    *out = op;
    return GY_OK;
}

void gy_all_reduce_free(gy_all_reduce *op)
{
    if (op == NULL) return;
    if (op->state != NULL) op->kind->destroy(op->state);
    gy_free(op->comm->ctx, op);
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
    gy_patience patience = gy_patience_begin(op->comm);
    GY_TRY(gy_all_reduce_progress(op, &done));
    while (!done) {
        gy_patience_pause(&patience);
        GY_TRY(gy_all_reduce_progress(op, &done));
    }
    return GY_OK;
}

gy_status gy_all_reduce_run(gy_comm *comm, const gy_kind *kind, const gy_reduction *r)
{
    gy_status status;
    gy_all_reduce *op = NULL;
    GY_TRY_GOTO(fail, gy_all_reduce_create(comm, kind, r, &op));
    GY_TRY_GOTO(fail, gy_all_reduce_begin(op));
    status = gy_all_reduce_wait(op);
fail:
    gy_all_reduce_free(op);
    return status;
}
