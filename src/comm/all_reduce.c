/* Operations of the kinds in the list, and driving them.
 *
 *     idle → begin → under way → progress … → done = idle
 *
 * What needs no message (one rank, no elements) never reaches a kind. */
#include "all_reduce_list.h"
#include "comm_mpi.h"
#include "host_memory_impl.h"
#include "patience.h"
#include "rows_impl.h"

#define ENTRY(name) &gy_all_reduce_##name.kind,
GY_REGISTRY(gy_all_reduce_registry, "all-reduce", ENTRY, GY_ALL_REDUCE_LIST)

struct gy_all_reduce {
    gy_comm *comm;
    const gy_all_reduce_kind *kind;
    gy_room *room;     /* its own; NULL: none */
    gy_engine *engine; /* of a kind of rows; NULL: another, or nothing to do */
    void *state;       /* of another kind; NULL likewise */
    bool under_way;
};

/* With where its vector lies. */
static gy_reduction placed(const gy_comm *comm, const gy_reduction *r)
{
    gy_reduction out = *r;
    out.memory = gy_host_memory_find(comm, r->x, r->n);
    return out;
}

static const gy_all_reduce_kind *choose(const gy_comm *comm, const gy_kind *kind,
                                        const gy_reduction *at)
{
    const gy_all_reduce_kind *k = (const gy_all_reduce_kind *)kind;
    while (k->choose != NULL) k = k->choose(comm, at);
    return k;
}

const gy_kind *gy_all_reduce_choose(const gy_comm *comm, const gy_kind *kind, const gy_reduction *r)
{
    const gy_reduction at = placed(comm, r);
    return &choose(comm, kind, &at)->kind;
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

static bool is_nothing(const gy_comm *comm, const gy_reduction *r)
{
    return r->n == 0 || comm->ranks == 1;
}

void gy_all_reduce_add_size(const gy_comm *comm, const gy_kind *kind, const gy_reduction *r,
                            gy_room_size *size)
{
    const gy_members all = {.me = comm->rank, .n = comm->ranks};
    const gy_reduction at = placed(comm, r);
    gy_room_size own = {.floats = 0};
    if (is_nothing(comm, r)) return;
    const gy_all_reduce_kind *k = choose(comm, kind, &at);
    if (k->rows != NULL)
        own.bytes = gy_engine_bytes(comm, &all, k->rows, &at);
    else
        own = k->size(comm, &at);
    if (own.bytes > size->bytes) size->bytes = own.bytes;
    if (own.floats > size->floats) size->floats = own.floats;
}

static gy_status make(gy_all_reduce *op, const gy_reduction *at)
{
    const gy_members all = {.me = op->comm->rank, .n = op->comm->ranks};
    if (op->kind->rows != NULL)
        return gy_engine_create(op->comm, &all, op->kind->rows, at, &op->engine);
    return op->kind->create(op->comm, at, &op->state);
}

/* With a room of its own where it was given none. */
static gy_status furnish(gy_all_reduce *op, gy_reduction *at)
{
    gy_room_size size = {.floats = 0};
    if (at->room == NULL) {
        gy_all_reduce_add_size(op->comm, &op->kind->kind, at, &size);
        GY_TRY(gy_room_create(op->comm, &size, &op->room));
        at->room = op->room;
    }
    return gy_comm_agree(op->comm, make(op, at));
}

gy_status gy_all_reduce_create(gy_comm *comm, const gy_kind *kind, const gy_reduction *r,
                               gy_all_reduce **out)
{
    gy_all_reduce *op = NULL;
    gy_reduction at = placed(comm, r);
    gy_status status = gy_new(comm->ctx, &op);
    if (status == GY_OK) *op = (gy_all_reduce){.comm = comm, .kind = choose(comm, kind, &at)};
    status = gy_comm_agree(comm, status);
    if (status == GY_OK && !is_nothing(comm, r)) status = furnish(op, &at);
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
    gy_engine_free(op->engine);
    if (op->state != NULL) op->kind->destroy(op->state);
    gy_room_free(op->room);
    gy_free(op->comm->ctx, op);
}

const gy_kind *gy_all_reduce_chosen(const gy_all_reduce *op)
{
    return &op->kind->kind;
}

gy_status gy_all_reduce_begin(gy_all_reduce *op)
{
    if (op->engine == NULL && op->state == NULL) return GY_OK;
    GY_TRY(op->engine != NULL ? gy_engine_begin(op->engine) : op->kind->begin(op->state));
    op->under_way = true;
    return GY_OK;
}

gy_status gy_all_reduce_progress(gy_all_reduce *op, bool *done)
{
    *done = true;
    if (!op->under_way) return GY_OK;
    GY_TRY(op->engine != NULL ? gy_engine_progress(op->engine, done)
                              : op->kind->progress(op->state, done));
    op->under_way = !*done;
    return GY_OK;
}

gy_status gy_all_reduce_wait(gy_all_reduce *op)
{
    bool done = false;
    gy_patience patience = gy_patience_begin(op->comm);
    GY_TRY(gy_all_reduce_progress(op, &done));
    while (!done) {
        GY_TRY(gy_patience_pause(&patience));
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
