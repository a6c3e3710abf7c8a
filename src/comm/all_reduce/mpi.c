/* The MPI library's own non-blocking collectives, for comparison: its all-reduce of floats; for halves
 * and wires what `direct` does, every block to its owner and the sums back.
 *
 * The all-reduce goes in pieces of PIECE elements, since MPI counts in int. Whether it moves between
 * two calls of progress() is the library's affair; Open MPI's does not. In the room lie messages as
 * they travel: | to rank 0 | to rank 1 | … | from rank 0 | from rank 1 | … */
#include "../all_reduce_list.h"
#include "../comm_mpi.h"
#include "../rows_impl.h"

#include "base/number.h"

#include <string.h>

enum { PIECE = 1 << 28 };

enum stage { SUM, SCATTER, GATHER, DONE };

typedef struct state {
    gy_comm *comm;
    gy_reduction r;
    gy_members all;
    enum stage stage;
    int pieces;
    MPI_Request *requests; /* [pieces] */
    char *out, *in;        /* messages; in the room */
    int *bytes, *mine,
        *at; /* [ranks] of each block; of this rank's, again and again; where it lies */
} state;

static bool sums_at_once(const gy_reduction *r)
{
    return r->half == GY_WHOLE && r->wire == NULL;
}

static int64_t bytes_of(const gy_reduction *r, int64_t n)
{
    return n == 0 ? 0 : gy_message_bytes(r->wire, n);
}

/* A message, at most. */
static int64_t room_of(const gy_comm *comm, const gy_reduction *r)
{
    return gy_message_room(r->wire, gy_block_start(r->n, comm->ranks, 1));
}

static gy_room_size size(const gy_comm *comm, const gy_reduction *r)
{
    return (gy_room_size){.bytes = sums_at_once(r) ? 0 : 2 * comm->ranks * room_of(comm, r)};
}

static void destroy(void *memory)
{
    state *s = memory;
    gy_free(s->comm->ctx, s->requests); /* a collective under way cannot be taken back */
    gy_free(s->comm->ctx, s->bytes);
    gy_free(s->comm->ctx, s);
}

static gy_status lay_out(state *s)
{
    const int ranks = s->comm->ranks;
    const int64_t each = room_of(s->comm, &s->r);
    int most;
    GY_TRY(gy_int(ranks * each, &most));
    GY_TRY(gy_new_array(s->comm->ctx, 3 * ranks, &s->bytes));
    s->mine = s->bytes + ranks;
    s->at = s->mine + ranks;
    s->out = gy_room_bytes(s->r.room);
    s->in = s->out + ranks * each;
    for (int i = 0; i < ranks; i++) {
        s->bytes[i] = (int)bytes_of(&s->r, gy_block_row(&s->all, s->r.n, i).n);
        s->at[i] = (int)(i * each);
    }
    for (int i = 0; i < ranks; i++) s->mine[i] = s->bytes[s->comm->rank];
    return GY_OK;
}

static gy_status create(gy_comm *comm, const gy_reduction *r, void **out)
{
    gy_status status;
    state *s = NULL;
    GY_TRY(gy_new(comm->ctx, &s));
    s->comm = comm;
    s->r = *r;
    s->all = (gy_members){.me = comm->rank, .n = comm->ranks};
    s->pieces = sums_at_once(r) ? (int)((r->n + PIECE - 1) / PIECE) : 1;
    GY_TRY_GOTO(fail, gy_new_array(comm->ctx, s->pieces, &s->requests));
    for (int i = 0; i < s->pieces; i++) s->requests[i] = MPI_REQUEST_NULL;
    if (!sums_at_once(r)) GY_TRY_GOTO(fail, lay_out(s));
    *out = s;
    return GY_OK;
fail:
    destroy(s);
    return status;
}

static gy_status begin_sum(state *s)
{
    s->stage = SUM;
    for (int i = 0; i < s->pieces; i++) {
        int64_t at = (int64_t)i * PIECE;
        int count = (int)(s->r.n - at < PIECE ? s->r.n - at : PIECE);
        GY_MPI(MPI_Iallreduce(MPI_IN_PLACE, s->r.x + at, count, MPI_FLOAT, MPI_SUM, s->comm->wire,
                              &s->requests[i]));
    }
    return GY_OK;
}

static void pack(state *s, int block)
{
    const gy_row row = gy_block_row(&s->all, s->r.n, block);
    char *out = s->out + s->at[block];
    if (s->r.wire != NULL)
        s->r.wire->encode(row.n, s->r.x + row.from, out);
    else
        memcpy(out, s->r.x + row.from, (size_t)row.n * sizeof(float));
}

static void unpack(state *s, int from, int block, bool adds)
{
    const gy_row row = gy_block_row(&s->all, s->r.n, block);
    const char *in = s->in + s->at[from];
    float *x = s->r.x + row.from;
    if (s->r.wire != NULL)
        (adds ? s->r.wire->add : s->r.wire->decode)(row.n, in, x);
    else if (adds)
        for (int64_t i = 0; i < row.n; i++) x[i] += ((const float *)(const void *)in)[i];
    else
        memcpy(x, in, (size_t)row.n * sizeof *x);
}

static gy_status begin_scatter(state *s)
{
    s->stage = SCATTER;
    for (int i = 0; i < s->comm->ranks; i++) pack(s, i);
    GY_MPI(MPI_Ialltoallv(s->out, s->bytes, s->at, MPI_BYTE, s->in, s->mine, s->at, MPI_BYTE,
                          s->comm->wire, s->requests));
    return GY_OK;
}

static gy_status begin_gather(state *s)
{
    const int me = s->comm->rank;
    s->stage = GATHER;
    pack(s, me);
    GY_MPI(MPI_Iallgatherv(s->out + s->at[me], s->bytes[me], MPI_BYTE, s->in, s->bytes, s->at,
                           MPI_BYTE, s->comm->wire, s->requests));
    return GY_OK;
}

static gy_status begin(void *memory)
{
    state *s = memory;
    if (sums_at_once(&s->r)) return begin_sum(s);
    return s->r.half == GY_GATHER ? begin_gather(s) : begin_scatter(s);
}

/* What a stage has brought. */
static gy_status go_on(state *s)
{
    const int me = s->comm->rank, ranks = s->comm->ranks;
    const bool gathers = s->stage == SCATTER && s->r.half == GY_WHOLE;
    for (int t = 1; t < ranks && s->stage == SCATTER; t++)
        unpack(s, (me + ranks - t) % ranks, me, true);
    for (int i = 0; i < ranks && s->stage == GATHER; i++) unpack(s, i, i, false);
    s->stage = DONE;
    return gathers ? begin_gather(s) : GY_OK;
}

static gy_status progress(void *memory, bool *done)
{
    state *s = memory;
    bool arrived = s->stage != DONE;
    while (arrived) {
        GY_TRY(gy_mpi_test(s->requests, s->pieces, &arrived));
        if (arrived) GY_TRY(go_on(s));
        arrived = arrived && s->stage != DONE;
    }
    *done = s->stage == DONE;
    return GY_OK;
}

const gy_all_reduce_kind gy_all_reduce_mpi = {
    .kind = {.name = "mpi", .help = "the MPI library's own: MPI_Iallreduce"},
    .own = gy_own_block,
    .size = size,
    .create = create,
    .begin = begin,
    .progress = progress,
    .destroy = destroy,
};
