/* The exchange: everybody sends its part of a block to the owner, who adds them all, then the owner
 * sends the sum to everybody. Half as deep as two messages can be, and what travels is encoded once
 * a part and once a sum, however many members there are: sums are made in float32.
 *
 * Blocks are cut into segments. Both what is sent and what is received is a *track* of segments:
 *
 *     leg      scatter: turns 1 … p−1                gather: turns 1 … p−1
 *     sent     block me+t, own part, to me+t         block me, the sum, to me+t         (mod p)
 *     received block me, from me−t: added            block me−t, from me−t: put in place
 *
 * A half of the all-reduce is one leg. Invariants
 * 1. Parts of a block are added in the order me, me−1, me−2, …, by its owner alone. The owner rounds
 *    the sum to what the wire can hold before it sends it: the same bits everywhere.
 * 2. A sum is sent once the last part has been added to its segment.
 * 3. No sum is awaited before all own parts have left (they lie where the sums will).
 * 4. At most WINDOW are posted and as many sent but not done; all complete in their order. Between
 *    two members segments travel in the order of the track on both sides. */
#include "members_impl.h"

#include <string.h>

enum { WINDOW = 4 };

/* A segment of a track. */
typedef struct spot {
    int64_t number;
    bool sum; /* the gather's leg */
    int turn; /* p: behind the end */
    int64_t at;
} spot;

struct gy_exchange {
    gy_comm *comm;
    gy_members members;
    gy_reduction r;
    int64_t segment;        /* elements, at most */
    int64_t parts, to_send; /* segments that are sent: own parts; all */
    spot sent, posted, received;
    int64_t sent_done;
    int64_t summed;                 /* elements of the own block that are sums */
    char *out[WINDOW], *in[WINDOW]; /* [segment] encoded; out only where there is a wire */
    MPI_Request sends[WINDOW], receives[WINDOW]; /* by number mod WINDOW */
};

static int member(const gy_exchange *e, int by)
{
    int p = e->members.n;
    return (e->members.me + by + p) % p;
}

static int64_t start_of(const gy_exchange *e, int block)
{
    return gy_block_start(e->r.n, e->members.n, block);
}

/* The block of a segment that is sent (to > 0) or received (to < 0). */
static int block_of(const gy_exchange *e, const spot *s, int to)
{
    return (to > 0) == s->sum ? e->members.me : member(e, to * s->turn);
}

static int64_t block_length(const gy_exchange *e, const spot *s, int to)
{
    int block = block_of(e, s, to);
    return start_of(e, block + 1) - start_of(e, block);
}

static float *place_of(const gy_exchange *e, const spot *s, int to)
{
    return e->r.x + start_of(e, block_of(e, s, to)) + s->at;
}

static int length_of(const gy_exchange *e, const spot *s, int to)
{
    int64_t left = block_length(e, s, to) - s->at;
    return (int)(left < e->segment ? left : e->segment);
}

static bool at_end(const gy_exchange *e, const spot *s)
{
    return s->turn == e->members.n;
}

/* To the first segment at or behind the start of s->turn. */
static void settle(const gy_exchange *e, spot *s, int to)
{
    while (!at_end(e, s) && s->at >= block_length(e, s, to)) {
        s->at = 0;
        s->turn++;
        if (!at_end(e, s) || s->sum || e->r.half == GY_SCATTER) continue;
        s->sum = true;
        s->turn = 1;
    }
}

static void advance(const gy_exchange *e, spot *s, int to)
{
    s->number++;
    s->at += e->segment;
    settle(e, s, to);
}

static spot first_spot(const gy_exchange *e, int to)
{
    spot s = {.turn = 1, .sum = e->r.half == GY_GATHER};
    settle(e, &s, to);
    return s;
}

static int bytes_of(const gy_exchange *e, int n)
{
    const gy_wire *wire = e->r.wire;
    return wire == NULL ? n * (int)sizeof(float) : (int)wire->head + n * (int)wire->bytes;
}

static gy_status allocate(gy_exchange *e)
{
    int64_t room = bytes_of(e, (int)e->segment);
    for (int i = 0; i < WINDOW; i++) {
        GY_TRY(gy_new_array(e->comm->ctx, room, &e->in[i]));
        if (e->r.wire != NULL) GY_TRY(gy_new_array(e->comm->ctx, room, &e->out[i]));
    }
    return GY_OK;
}

gy_status gy_exchange_create(gy_comm *comm, const gy_members *members, const gy_reduction *r,
                             gy_exchange **out)
{
    gy_exchange *e = NULL;
    GY_TRY(gy_new(comm->ctx, &e));
    e->comm = comm;
    e->members = *members;
    e->r = *r;
    for (int i = 0; i < WINDOW; i++) e->sends[i] = e->receives[i] = MPI_REQUEST_NULL;
    int64_t longest = start_of(e, 1);
    e->segment = gy_segment(comm, longest);
    spot s = first_spot(e, 1);
    for (; !at_end(e, &s); advance(e, &s, 1)) e->parts += !s.sum;
    e->to_send = s.number;
    e->sent = e->posted = e->received = s; /* idle */
    e->sent_done = s.number;
    gy_status status = allocate(e);
    if (status != GY_OK) {
        gy_exchange_free(e);
        return status;
    }
    *out = e;
    return GY_OK;
}

void gy_exchange_free(gy_exchange *e)
{
    if (e == NULL) return;
    for (int i = 0; i < WINDOW; i++) {
        if (e->receives[i] != MPI_REQUEST_NULL) {
            (void)MPI_Cancel(&e->receives[i]);
            (void)MPI_Wait(&e->receives[i], MPI_STATUS_IGNORE);
        }
        if (e->sends[i] != MPI_REQUEST_NULL) (void)MPI_Request_free(&e->sends[i]);
        gy_free(e->comm->ctx, e->in[i]);
        gy_free(e->comm->ctx, e->out[i]);
    }
    gy_free(e->comm->ctx, e);
}

static gy_status post(gy_exchange *e, bool *moved)
{
    spot *s = &e->posted;
    while (!at_end(e, s) && s->number - e->received.number < WINDOW) {
        if (s->sum && e->sent_done < e->parts) break;
        int slot = (int)(s->number % WINDOW), n = length_of(e, s, -1);
        bool in_place = s->sum && e->r.wire == NULL;
        GY_MPI(MPI_Irecv(in_place ? (void *)place_of(e, s, -1) : e->in[slot], bytes_of(e, n),
                         MPI_BYTE, gy_member_rank(&e->members, member(e, -s->turn)), e->r.tag,
                         e->comm->wire, &e->receives[slot]));
        advance(e, s, -1);
        *moved = true;
    }
    return GY_OK;
}

static void add(float *restrict x, const float *restrict y, int n)
{
    for (int i = 0; i < n; i++) x[i] += y[i];
}

/* A sum is what the wire can hold of it, for its owner too. */
static void round_sum(const gy_exchange *e, char *spare, float *x, int n)
{
    if (e->r.wire == NULL || e->r.half == GY_SCATTER) return;
    e->r.wire->encode(n, x, spare);
    e->r.wire->decode(n, spare, x);
}

static void put(gy_exchange *e, const spot *s)
{
    const gy_wire *wire = e->r.wire;
    char *in = e->in[s->number % WINDOW];
    float *x = place_of(e, s, -1);
    int n = length_of(e, s, -1);
    if (s->sum) {
        if (wire != NULL) wire->decode(n, in, x);
        return;
    }
    if (wire != NULL)
        wire->add(n, in, x);
    else
        add(x, (const float *)(const void *)in, n);
    if (s->turn < e->members.n - 1) return;
    round_sum(e, in, x, n);
    e->summed = s->at + n;
}

static gy_status take(gy_exchange *e, bool *moved)
{
    spot *s = &e->received;
    if (s->number == e->posted.number) return GY_OK;
    int arrived = 0;
    GY_MPI(MPI_Test(&e->receives[s->number % WINDOW], &arrived, MPI_STATUS_IGNORE));
    if (!arrived) return GY_OK;
    put(e, s);
    advance(e, s, -1);
    *moved = true;
    return GY_OK;
}

static gy_status send(gy_exchange *e, bool *moved)
{
    spot *s = &e->sent;
    while (!at_end(e, s) && s->number - e->sent_done < WINDOW) {
        int slot = (int)(s->number % WINDOW), n = length_of(e, s, 1);
        if (s->sum && e->summed < s->at + n) break;
        const void *from = place_of(e, s, 1);
        if (e->r.wire != NULL) {
            e->r.wire->encode(n, from, e->out[slot]);
            from = e->out[slot];
        }
        GY_MPI(MPI_Isend(from, bytes_of(e, n), MPI_BYTE,
                         gy_member_rank(&e->members, member(e, s->turn)), e->r.tag, e->comm->wire,
                         &e->sends[slot]));
        e->comm->sent += bytes_of(e, n);
        advance(e, s, 1);
        *moved = true;
    }
    return GY_OK;
}

static gy_status finish_sends(gy_exchange *e, bool *moved)
{
    while (e->sent_done < e->sent.number) {
        int gone = 0;
        GY_MPI(MPI_Test(&e->sends[e->sent_done % WINDOW], &gone, MPI_STATUS_IGNORE));
        if (!gone) return GY_OK;
        e->sent_done++;
        *moved = true;
    }
    return GY_OK;
}

gy_status gy_exchange_begin(gy_exchange *e)
{
    bool moved;
    int me = e->members.me;
    int64_t mine = start_of(e, me), n = start_of(e, me + 1) - mine;
    e->sent = first_spot(e, 1);
    e->posted = e->received = first_spot(e, -1);
    e->sent_done = 0;
    e->summed = e->r.half == GY_GATHER ? n : 0;
    for (int64_t at = 0; at < e->summed; at += e->segment)
        round_sum(e, e->in[0], e->r.x + mine + at,
                  (int)(n - at < e->segment ? n - at : e->segment));
    GY_TRY(post(e, &moved));
    return send(e, &moved);
}

gy_status gy_exchange_progress(gy_exchange *e, bool *done)
{
    bool moved = true;
    while (moved) {
        moved = false;
        GY_TRY(take(e, &moved));
        GY_TRY(finish_sends(e, &moved));
        GY_TRY(post(e, &moved));
        GY_TRY(send(e, &moved));
    }
    *done = at_end(e, &e->received) && e->sent_done == e->to_send;
    return GY_OK;
}
