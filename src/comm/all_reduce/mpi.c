/* The MPI library's own non-blocking all-reduce, for comparison.
 *
 * Pieces of PIECE elements, since MPI counts in int. Whether it moves between two calls of
 * progress() is the library's affair; Open MPI's does not. */
#include "../all_reduce_list.h"
#include "../comm_mpi.h"

enum { PIECE = 1 << 28 };

typedef struct state {
    gy_comm *comm;
    float *x;
    int64_t n;
    int pieces;
    MPI_Request *requests; /* [pieces] */
} state;

static void destroy(void *memory)
{
    state *s = memory;
    gy_free(s->comm->ctx, s->requests); /* a collective under way cannot be taken back */
    gy_free(s->comm->ctx, s);
}

static gy_status create(gy_comm *comm, const gy_reduction *r, void **out)
{
    gy_status status;
    state *s = NULL;
    GY_TRY(gy_new(comm->ctx, &s));
    s->comm = comm;
    s->x = r->x;
    s->n = r->n;
    s->pieces = (int)((r->n + PIECE - 1) / PIECE);
    GY_TRY_GOTO(fail, gy_new_array(comm->ctx, s->pieces, &s->requests));
    for (int i = 0; i < s->pieces; i++) s->requests[i] = MPI_REQUEST_NULL;
    *out = s;
    return GY_OK;
fail:
    destroy(s);
    return status;
}

static gy_status begin(void *memory)
{
    state *s = memory;
    for (int i = 0; i < s->pieces; i++) {
        int64_t at = (int64_t)i * PIECE;
        int count = (int)(s->n - at < PIECE ? s->n - at : PIECE);
        GY_MPI(MPI_Iallreduce(MPI_IN_PLACE, s->x + at, count, MPI_FLOAT, MPI_SUM, s->comm->wire,
                              &s->requests[i]));
    }
    return GY_OK;
}

static gy_status progress(void *memory, bool *done)
{
    state *s = memory;
    return gy_mpi_test(s->requests, s->pieces, done);
}

const gy_all_reduce_kind gy_all_reduce_mpi = {
    .kind = {.name = "mpi", .help = "MPI_Iallreduce of the MPI library"},
    .create = create,
    .begin = begin,
    .progress = progress,
    .destroy = destroy,
};
