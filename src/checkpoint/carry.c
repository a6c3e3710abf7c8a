/*
 * How the ranks' pieces come to the threads that write.
 *
 *     rank 2, main thread ──MPI──▶ rank 0, main thread ──buffer──▶ rank 0, the thread that writes
 *
 * Nobody asks for anything: all ranks and both threads walk the same pieces in the same order, shard
 * by shard, vector by vector. Whoever holds a piece sends it to whoever writes its shard; that one's
 * thread takes its own from where they lie. The main threads move things whenever they come by
 * (gy_carry): at polls, between steps, and in the end of a save.
 *
 * Invariants
 *  1. MPI is called by main threads alone.
 *  2. taken ≤ arrived ≤ begun ≤ taken + GY_CARRIED: no more pieces of others are in memory.
 *  3. Buffer i mod GY_CARRIED belongs to MPI from begin to arrival of piece i, to the thread from
 *     then until it puts it back. Counts that both use change under the lock.
 *  4. A thread that cannot write any more still takes what is to come, so that senders come to an end.
 *  5. Pieces of a lower shard are sent first: its writer needs no other, so that nobody waits in a ring.
 *
 * Where every rank writes its own shard, each then sends a receipt to rank 0, which takes them in the
 * order of the ranks.
 */
#include "checkpoint_impl.h"

/* The last that begins at or before a place. */
static const gy_held *held_at(const gy_vector *v, int64_t at)
{
    int low = 0, high = v->n_held;
    while (high - low > 1) {
        int middle = low + (high - low) / 2;
        if (v->held[middle].from <= at)
            low = middle;
        else
            high = middle;
    }
    return &v->held[low];
}

gy_piece gy_piece_at(const gy_writer *w, int shard, int vector, int64_t at)
{
    const gy_vector *v = &w->vectors[vector];
    const gy_slice *s = &w->shards[shard].v[vector];
    const gy_held *h = held_at(v, at);
    gy_piece p = {.shard = shard, .vector = vector, .at = at, .owner = h->rank};
    int64_t end = s->offset + s->count, stop = h->to < end ? h->to : end;
    p.n = stop - at < GY_PIECE_FLOATS ? stop - at : GY_PIECE_FLOATS;
    if (p.owner == w->rank) p.x = v->mine + h->at + (at - h->from);
    return p;
}

/* The first piece not before a place; owner −1 behind the last one. @param at  −1: the slice's begin */
static gy_piece piece_from(const gy_writer *w, int shard, int vector, int64_t at)
{
    for (; shard < w->n_shards; shard++, vector = 0) {
        for (; vector < w->n_vectors; vector++, at = -1) {
            const gy_slice *s = &w->shards[shard].v[vector];
            if (at < 0) at = s->offset;
            if (at < s->offset + s->count) return gy_piece_at(w, shard, vector, at);
        }
    }
    return (gy_piece){.owner = -1};
}

static gy_piece piece_after(const gy_writer *w, const gy_piece *p)
{
    return piece_from(w, p->shard, p->vector, p->at + p->n);
}

/* From a piece on, the first that this rank sends. */
static gy_piece to_send(const gy_writer *w, gy_piece p)
{
    while (p.owner >= 0 && (p.owner != w->rank || gy_stage_writer(w, p.shard) == w->rank))
        p = piece_after(w, &p);
    return p;
}

/* From a piece on, the first that this rank receives. */
static gy_piece to_receive(const gy_writer *w, gy_piece p)
{
    while (p.owner >= 0 && (p.owner == w->rank || gy_stage_writer(w, p.shard) != w->rank))
        p = piece_after(w, &p);
    return p;
}

void gy_carrier_start(gy_writer *w)
{
    gy_piece first = {.owner = -1};
    if (gy_stage_carries(w)) first = piece_from(w, 0, 0, -1);
    w->carrier.to_send = to_send(w, first);
    w->carrier.to_receive = to_receive(w, first);
}

gy_status gy_carrier_init(gy_writer *w)
{
    gy_carrier *c = &w->carrier;
    if (w->ranks == 1) return GY_OK;
    for (int i = 0; i < GY_CARRIED; i++) {
        GY_TRY(gy_transfer_create(w->comm, &c->sends[i]));
        GY_TRY(gy_transfer_create(w->comm, &c->receives[i]));
        if (gy_stage_carries(w) && (w->rank == 0 || w->all))
            GY_TRY(gy_new_array(w->ctx, GY_PIECE_FLOATS, &c->buffers[i]));
    }
    return GY_OK;
}

void gy_carrier_clear(gy_writer *w)
{
    for (int i = 0; i < GY_CARRIED; i++) {
        gy_transfer_free(w->carrier.sends[i]);
        gy_transfer_free(w->carrier.receives[i]);
        gy_free(w->ctx, w->carrier.buffers[i]);
    }
    w->carrier = (gy_carrier){.begun = 0};
}

static gy_status send_pieces(gy_writer *w, bool *moved)
{
    gy_carrier *c = &w->carrier;
    for (bool done = true; c->sent < c->sends_begun && done;) {
        GY_TRY(gy_transfer_test(c->sends[c->sent % GY_CARRIED], &done));
        c->sent += done;
        *moved = *moved || done;
    }
    for (; c->to_send.owner >= 0 && c->sends_begun < c->sent + GY_CARRIED; c->sends_begun++) {
        const gy_piece *p = &c->to_send;
        GY_TRY(gy_transfer_send(c->sends[c->sends_begun % GY_CARRIED], p->x,
                                p->n * (int64_t)sizeof *p->x, gy_stage_writer(w, p->shard)));
        c->to_send = to_send(w, piece_after(w, p));
        *moved = true;
    }
    return GY_OK;
}

static gy_status receive_pieces(gy_writer *w, bool *moved)
{
    gy_carrier *c = &w->carrier;
    for (bool done = true; c->arrived < c->begun && done;) {
        GY_TRY(gy_transfer_test(c->receives[c->arrived % GY_CARRIED], &done));
        if (!done) break;
        pthread_mutex_lock(&w->lock);
        c->arrived++;
        pthread_cond_broadcast(&w->changed);
        pthread_mutex_unlock(&w->lock);
        *moved = true;
    }
    pthread_mutex_lock(&w->lock);
    int64_t most = c->taken + GY_CARRIED;
    pthread_mutex_unlock(&w->lock);
    for (; c->to_receive.owner >= 0 && c->begun < most; c->begun++) {
        const gy_piece *p = &c->to_receive;
        int slot = (int)(c->begun % GY_CARRIED);
        GY_TRY(gy_transfer_receive(c->receives[slot], c->buffers[slot],
                                   p->n * (int64_t)sizeof(float), p->owner));
        c->to_receive = to_receive(w, piece_after(w, p));
        *moved = true;
    }
    return GY_OK;
}

static bool pieces_are_done(const gy_writer *w)
{
    const gy_carrier *c = &w->carrier;
    return c->to_send.owner < 0 && c->sent == c->sends_begun && c->to_receive.owner < 0 &&
           c->arrived == c->begun;
}

static void take_receipt(gy_writer *w)
{
    const gy_receipt *r = &w->carrier.receipt;
    pthread_mutex_lock(&w->lock);
    int rank = ++w->carrier.receipts;
    for (int k = 0; k < w->n_vectors; k++) w->shards[rank].v[k].checksum = r->checksums[k];
    if (w->error.status == GY_OK && r->error.status != GY_OK) w->error = r->error;
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
}

/* false where there is nothing to send yet. */
static bool write_receipt(gy_writer *w)
{
    pthread_mutex_lock(&w->lock);
    bool written = w->written;
    pthread_mutex_unlock(&w->lock);
    if (!written) return false;
    w->carrier.receipt = (gy_receipt){.error = w->error};
    for (int k = 0; k < w->n_vectors; k++)
        w->carrier.receipt.checksums[k] = w->shards[w->rank].v[k].checksum;
    return true;
}

static gy_status begin_receipt(gy_writer *w)
{
    gy_carrier *c = &w->carrier;
    if (w->rank == 0)
        GY_TRY(
            gy_transfer_receive(c->receives[0], &c->receipt, sizeof c->receipt, c->receipts + 1));
    else if (write_receipt(w))
        GY_TRY(gy_transfer_send(c->sends[0], &c->receipt, sizeof c->receipt, 0));
    else
        return GY_OK;
    c->receipt_under_way = true;
    return GY_OK;
}

static gy_status carry_receipts(gy_writer *w, bool *moved)
{
    gy_carrier *c = &w->carrier;
    bool done = false;
    if (gy_carrier_is_done(w)) return GY_OK;
    if (!c->receipt_under_way) GY_TRY(begin_receipt(w));
    if (!c->receipt_under_way) return GY_OK;
    GY_TRY(gy_transfer_test(w->rank == 0 ? c->receives[0] : c->sends[0], &done));
    if (!done) return GY_OK;
    c->receipt_under_way = false;
    *moved = true;
    if (w->rank == 0)
        take_receipt(w);
    else
        c->receipts = 1;
    return GY_OK;
}

gy_status gy_carry(gy_writer *w, bool *moved)
{
    if (w->ranks == 1) return GY_OK;
    GY_TRY(send_pieces(w, moved));
    GY_TRY(receive_pieces(w, moved));
    return w->all && pieces_are_done(w) ? carry_receipts(w, moved) : GY_OK;
}

bool gy_carrier_is_done(gy_writer *w)
{
    const gy_carrier *c = &w->carrier;
    if (w->ranks == 1) return true;
    if (!pieces_are_done(w)) return false;
    return !w->all || c->receipts == (w->rank == 0 ? w->ranks - 1 : 1);
}

const float *gy_carrier_take(gy_writer *w)
{
    gy_carrier *c = &w->carrier;
    pthread_mutex_lock(&w->lock);
    while (c->arrived == c->taken && !w->given_up) {
        w->starves = true;
        pthread_cond_wait(&w->changed, &w->lock);
    }
    w->starves = false;
    const float *x = w->given_up ? NULL : c->buffers[c->taken % GY_CARRIED];
    pthread_mutex_unlock(&w->lock);
    return x;
}

void gy_carrier_put_back(gy_writer *w)
{
    pthread_mutex_lock(&w->lock);
    w->carrier.taken++;
    pthread_mutex_unlock(&w->lock);
}

bool gy_carrier_await_receipts(gy_writer *w)
{
    pthread_mutex_lock(&w->lock);
    while (w->carrier.receipts < w->ranks - 1 && !w->given_up) {
        w->starves = true;
        pthread_cond_wait(&w->changed, &w->lock);
    }
    w->starves = false;
    bool came = !w->given_up;
    pthread_mutex_unlock(&w->lock);
    return came;
}
