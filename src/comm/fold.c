/* Small reductions whose result has the same bits on every rank: reduced to rank 0 by operations
 * that do not commute, so that MPI keeps the order of the ranks, then sent to all.
 *
 * The record of a step travels whole, as one element of one type, so that MPI cannot cut it and the
 * operation can read its counts. A NaN wins every minimum and maximum: it must not get lost. */
#include "comm_mpi.h"

#include <math.h>

static double smaller(double a, double b)
{
    return isnan(a) || a <= b ? a : b;
}

static double larger(double a, double b)
{
    return isnan(a) || a >= b ? a : b;
}

/* MPI calls each with x = x of lower ranks, y = y of higher ranks, and takes y. */
static void sum(void *lower, void *higher, int *n, MPI_Datatype *type)
{
    (void)type;
    const double *x = lower;
    double *y = higher;
    for (int i = 0; i < *n; i++) y[i] = x[i] + y[i];
}

static void minimum(void *lower, void *higher, int *n, MPI_Datatype *type)
{
    (void)type;
    const double *x = lower;
    double *y = higher;
    for (int i = 0; i < *n; i++) y[i] = smaller(x[i], y[i]);
}

static void maximum(void *lower, void *higher, int *n, MPI_Datatype *type)
{
    (void)type;
    const double *x = lower;
    double *y = higher;
    for (int i = 0; i < *n; i++) y[i] = larger(x[i], y[i]);
}

static void merge(const gy_record_message *lower, gy_record_message *higher)
{
    const gy_record *x = &lower->record;
    gy_record *y = &higher->record;
    for (int i = 0; i < y->n_sum; i++) y->sum[i] = x->sum[i] + y->sum[i];
    for (int i = 0; i < y->n_min; i++) y->min[i] = smaller(x->min[i], y->min[i]);
    for (int i = 0; i < y->n_max; i++) {
        if (isnan(x->max[i]) || x->max[i] >= y->max[i]) y->max_rank[i] = x->max_rank[i];
        y->max[i] = larger(x->max[i], y->max[i]);
    }
    if (x->status >= y->status) higher->status_rank = lower->status_rank;
    if (x->status > y->status) y->status = x->status;
}

static void merge_all(void *lower, void *higher, int *n, MPI_Datatype *type)
{
    (void)type;
    for (int i = 0; i < *n; i++)
        merge((const gy_record_message *)lower + i, (gy_record_message *)higher + i);
}

gy_status gy_comm_fold_init(gy_comm *comm)
{
    enum { IN_ORDER = 0 };
    GY_MPI(MPI_Op_create(sum, IN_ORDER, &comm->sum));
    GY_MPI(MPI_Op_create(minimum, IN_ORDER, &comm->min));
    GY_MPI(MPI_Op_create(maximum, IN_ORDER, &comm->max));
    GY_MPI(MPI_Op_create(merge_all, IN_ORDER, &comm->reduce_record));
    GY_MPI(MPI_Type_contiguous((int)sizeof(gy_record_message), MPI_BYTE, &comm->record));
    GY_MPI(MPI_Type_commit(&comm->record));
    return GY_OK;
}

void gy_comm_fold_clear(gy_comm *comm)
{
    MPI_Op *const all[] = {&comm->sum, &comm->min, &comm->max, &comm->reduce_record};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (*all[i] != MPI_OP_NULL) (void)MPI_Op_free(all[i]);
    if (comm->record != MPI_DATATYPE_NULL) (void)MPI_Type_free(&comm->record);
}

static gy_status fold(gy_comm *comm, void *x, int n, MPI_Datatype type, MPI_Op op)
{
    if (comm->ranks == 1 || n == 0) return GY_OK;
    if (comm->rank == 0)
        GY_MPI(MPI_Reduce(MPI_IN_PLACE, x, n, type, op, 0, comm->calls));
    else
        GY_MPI(MPI_Reduce(x, NULL, n, type, op, 0, comm->calls));
    GY_MPI(MPI_Bcast(x, n, type, 0, comm->calls));
    return GY_OK;
}

gy_status gy_comm_sum(gy_comm *comm, double *x, int n)
{
    return fold(comm, x, n, MPI_DOUBLE, comm->sum);
}

gy_status gy_comm_min(gy_comm *comm, double *x, int n)
{
    return fold(comm, x, n, MPI_DOUBLE, comm->min);
}

gy_status gy_comm_max(gy_comm *comm, double *x, int n)
{
    return fold(comm, x, n, MPI_DOUBLE, comm->max);
}

gy_status gy_comm_max_bytes(gy_comm *comm, const uint8_t *x, uint8_t *out, int64_t n)
{
    enum { PIECE = 1 << 28 };
    for (int64_t at = 0; at < n; at += PIECE) {
        int count = (int)(n - at < PIECE ? n - at : PIECE);
        GY_MPI(MPI_Allreduce(x + at, out + at, count, MPI_UINT8_T, MPI_MAX, comm->calls));
    }
    return GY_OK;
}

gy_status gy_comm_reduce(gy_comm *comm, gy_record *record)
{
    gy_record_message message = {.record = *record, .status_rank = comm->rank};
    for (int i = 0; i < record->n_max; i++) message.record.max_rank[i] = comm->rank;
    GY_TRY(fold(comm, &message, 1, comm->record, comm->reduce_record));
    *record = message.record;
    if (record->status == GY_OK) return GY_OK;
    return gy_comm_spread_error(comm, record->status, message.status_rank);
}
