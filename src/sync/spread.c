/* Parameters that their owners updated, on their way to all ranks while the next forward pass goes on.
 *
 *     w   0            to                                     n
 *         |  b3  |   b2   |   b1   |   b0   |
 *          home    needed    to come
 *
 * The forward pass reads from the start, so the last bucket is the first to go, a few at a
 * time: who comes first must not wait for the others' messages.
 *
 * Invariants
 * 1. Every rank spreads all buckets of a step, in the order n_buckets − 1 … 0.
 * 2. A bucket under way belongs to its operation: nobody reads or writes that part of w before it was
 *    waited for by gy_sync_need().
 * 3. All is home before the next spread begins: the forward pass has needed everything by then. */
#include "sync_impl.h"

#include "base/clock.h"
#include "comm/patience.h"

#include <assert.h>

void gy_sync_drive_spread(gy_sync *s)
{
    for (int i = s->away; i > s->next && s->failure.status == GY_OK; i--) {
        gy_bucket *b = &s->buckets[i];
        if (!b->spread_home) {
            gy_sync_keep(s, gy_all_reduce_progress(b->spread, &b->spread_home));
            if (b->spread_home) gy_sync_note_home(s, i, "parameters of bucket");
        }
        if (b->spread_home && i == s->away) s->away--;
    }
    while (s->next >= 0 && s->away - s->next < GY_SYNC_AHEAD && s->failure.status == GY_OK) {
        gy_bucket *b = &s->buckets[s->next];
        gy_sync_note_begin(s, s->next--);
        b->spread_home = false;
        gy_sync_keep(s, gy_all_reduce_begin(b->spread));
    }
}

gy_status gy_sync_spread(gy_sync *s)
{
    if (!gy_sync_is_sharded(s)) return GY_OK;
    assert(s->away < 0); /* the spread before was needed to its end */
    s->next = s->away = s->n_buckets - 1;
    gy_sync_drive_spread(s);
    return s->overlap ? gy_sync_failure(s) : gy_sync_need(s, s->n, NULL);
}

/* Whether parameters [0, to) are there, perhaps after a push. */
static gy_status look(gy_sync *s, int64_t to, bool push, bool *home)
{
    gy_driver_hold(s->driver);
    if (push) gy_sync_drive_spread(s);
    *home = s->away < 0 || s->buckets[s->away].start >= to;
    gy_status status = gy_sync_failure(s);
    gy_driver_release(s->driver);
    return status;
}

gy_status gy_sync_need(gy_sync *s, int64_t to, double *waited_s)
{
    bool home;
    if (look(s, to, false, &home) != GY_OK || home) return gy_sync_failure(s);
    double since = gy_clock_s();
    gy_patience patience = gy_patience_begin(s->comm);
    GY_TRY(look(s, to, true, &home));
    while (!home) {
        GY_TRY(gy_patience_pause(&patience));
        GY_TRY(look(s, to, true, &home));
    }
    if (waited_s != NULL) *waited_s += gy_clock_s() - since;
    return GY_OK;
}
