/*
 * The trace of a run: each rank's spans, gathered by rank 0 at the end, a rank at a time, into one file. All
 * count from the moment when they had met at the start: clocks of hosts need not agree.
 */
#include "train_impl.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/trace.h"
#include "comm/comm.h"
#include "report/timeline.h"

#include <string.h>

enum { SPANS = 1 << 18, PIECE = 1 << 16 }; /* a rank: 10 MB; bytes that are sent at once */

gy_status gy_run_open_trace(gy_run *run)
{
    gy_status status = GY_OK;
    if (run->options->trace == NULL) return GY_OK;
    if (run->rank == 0) status = gy_output_begin(run->ctx, run->options->trace, &run->timeline);
    if (status == GY_OK) status = gy_trace_begin(run->ctx, SPANS);
    GY_TRY(gy_comm_agree(run->comm, status));
    GY_TRY(gy_comm_barrier(run->comm));
    run->trace_zero_s = gy_clock_s();
    return GY_OK;
}

/* Adds the text of another rank as it comes; all of it is taken whatever becomes of the file. */
static gy_status add_from(gy_run *run, int rank, gy_status *added)
{
    char piece[PIECE];
    int64_t left;
    GY_TRY(gy_comm_receive(run->comm, &left, sizeof left, rank));
    if (*added == GY_OK)
        *added = gy_output_add(run->timeline, gy_timeline_comma, strlen(gy_timeline_comma));
    for (; left > 0; left -= PIECE) {
        const int64_t n = left < PIECE ? left : PIECE;
        GY_TRY(gy_comm_receive(run->comm, piece, n, rank));
        if (*added == GY_OK) *added = gy_output_add(run->timeline, piece, (size_t)n);
    }
    return GY_OK;
}

static gy_status add_all(gy_run *run, const gy_buffer *own)
{
    gy_output *out = run->timeline;
    gy_status added = gy_output_add(out, gy_timeline_head, strlen(gy_timeline_head));
    if (added == GY_OK) added = gy_output_add(out, own->text, own->bytes);
    for (int r = 1; r < run->ranks; r++) GY_TRY(add_from(run, r, &added));
    if (added == GY_OK) added = gy_output_add(out, gy_timeline_foot, strlen(gy_timeline_foot));
    return added;
}

static gy_status gather(gy_run *run, const gy_buffer *own)
{
    int64_t left = (int64_t)own->bytes;
    if (run->rank == 0) return add_all(run, own);
    GY_TRY(gy_comm_send(run->comm, &left, sizeof left, 0));
    for (const char *at = own->text; left > 0; at += PIECE, left -= PIECE)
        GY_TRY(gy_comm_send(run->comm, at, left < PIECE ? left : PIECE, 0));
    return GY_OK;
}

static gy_status write_all(gy_run *run)
{
    gy_buffer own;
    int64_t n, left_out;
    (void)gy_trace_spans(run->ctx, &n, &left_out);
    if (left_out > 0 && run->rank == 0)
        gy_log(run->ctx, GY_WARNING, "the trace has the first %lld spans, not the %lld after them",
               (long long)n, (long long)left_out);
    gy_buffer_init(&own, run->ctx);
    gy_timeline_print(run->ctx, run->rank, gy_comm_host(run->comm, run->rank), run->trace_zero_s,
                      &own);
    gy_status status = gy_comm_agree(run->comm, own.status);
    if (status == GY_OK) status = gy_comm_agree(run->comm, gather(run, &own));
    gy_buffer_clear(&own);
    GY_TRY(status);
    if (run->rank == 0) {
        status = gy_output_commit(run->timeline);
        run->timeline = NULL;
    }
    return gy_comm_agree(run->comm, status);
}

gy_status gy_run_write_trace(gy_run *run, gy_status status)
{
    const gy_error first = *gy_error_last();
    const bool agreed = status == GY_OK || status == GY_STOPPED || gy_comm_agreed(run->comm);
    if (!gy_trace_is_on(run->ctx) || !agreed) return status;
    gy_status written = write_all(run);
    if (written != GY_OK && (status == GY_OK || status == GY_STOPPED)) return written;
    return status == GY_OK ? GY_OK : gy_error_restore(&first);
}

void gy_run_close_trace(gy_run *run)
{
    gy_output_abort(run->timeline);
    gy_trace_end(run->ctx);
}
