/* The ring: a pipelined reduce-scatter and all-gather over point-to-point messages (Patarasuk and
 * Yuan 2009, "Bandwidth optimal all-reduce algorithms for clusters of workstations").
 *
 * x is cut into one block a member, a block into segments. Each member sends to the one after it
 *
 *     turn     0     1     …  p−2   |  p−1  p     …  2p−3
 *     block    me−1  me−2  …  me+1  |  me   me−1  …  me+2        (mod p)
 *              own   partial sums   |  sums
 *              scatter              |  gather
 *
 * and what it receives at turn t is what it sends at turn t + 1. Strung together, the segments of
 * turns 0 … 2p−2 are the *track*; every segment has its number on it. A half of the all-reduce is the
 * first or the last part of the track. So the whole state is how far
 * along the track each of four things has come:
 *
 *     sent_done ≤ sent ≤ held            received ≤ posted
 *
 *     sent       handed to MPI           → send()
 *     sent_done  x no longer in use      → finish_sends()
 *     posted     awaited                 → post()
 *     received   arrived, and added or in place  → take()
 *
 * With `lap` segments in turns 0 … p−1, the invariants are
 *
 * 1. A segment is sent once it is held: those of the first turn from the start, the others when
 *    received.
 * 2. A segment below `lap` arrives in a buffer of its own and is added to x: that of a lower turn
 *    is added first, so each element is added in the order of the ring from its block's number on,
 *    by one member, who passes its result to all: the same bits everywhere and every time.
 * 3. A segment q ≥ lap is a sum and arrives in x itself. It is posted only when q − lap, the partial
 *    sum sent from the same place, has left (sent_done > q − lap).
 * 4. At most WINDOW are posted and as many sent but not done; all complete in their order.
 *
 * While one segment is added the next is on its way. Nothing waits. */
#include "members_impl.h"

enum { WINDOW = 2 };

/* A segment of the track. */
typedef struct spot {
    int64_t number;
    int turn;
    int64_t at; /* within its block */
} spot;

struct gy_ring {
    gy_comm *comm;
    gy_members members;
    float *x;
    int64_t n;
    int tag;
    int first;                        /* turn */
    int64_t segment;                  /* elements, at most */
    int64_t lap, to_receive, to_send; /* numbers at which these end */
    spot sent, posted, received;
    int64_t sent_done;
    float *buffers[WINDOW];                      /* [segment] each */
    MPI_Request sends[WINDOW], receives[WINDOW]; /* by number mod WINDOW */
};

static int64_t block_start(const gy_ring *ring, int block)
{
    return gy_block_start(ring->n, ring->members.n, block);
}

static int block_of(const gy_ring *ring, int turn)
{
    int p = ring->members.n;
    return (ring->members.me - 1 - turn + 2 * p) % p;
}

static int64_t block_length(const gy_ring *ring, int turn)
{
    int block = block_of(ring, turn);
    return block_start(ring, block + 1) - block_start(ring, block);
}

static int64_t segments_before(const gy_ring *ring, int turn)
{
    int64_t sum = 0;
    for (int t = 0; t < turn; t++)
        sum += (block_length(ring, t) + ring->segment - 1) / ring->segment;
    return sum;
}

static spot spot_at_turn(const gy_ring *ring, int turn)
{
    spot s = {.number = segments_before(ring, turn), .turn = turn};
    while (s.turn < 2 * ring->members.n && block_length(ring, s.turn) == 0) s.turn++;
    return s;
}

static float *place_of(const gy_ring *ring, const spot *s)
{
    return ring->x + block_start(ring, block_of(ring, s->turn)) + s->at;
}

static int length_of(const gy_ring *ring, const spot *s)
{
    int64_t left = block_length(ring, s->turn) - s->at;
    return (int)(left < ring->segment ? left : ring->segment);
}

static void advance(const gy_ring *ring, spot *s)
{
    s->number++;
    s->at += ring->segment;
    while (s->turn < 2 * ring->members.n && s->at >= block_length(ring, s->turn)) {
        s->at = 0;
        s->turn++;
    }
}

/* The part of the track that is wanted. */
static void lay_track(gy_ring *ring, gy_half half)
{
    int p = ring->members.n;
    int last = half == GY_SCATTER ? p - 2 : 2 * p - 3;
    ring->first = half == GY_GATHER ? p - 1 : 0;
    ring->lap = segments_before(ring, p);
    ring->to_send = segments_before(ring, last + 1);
    ring->to_receive = segments_before(ring, last + 2);
    ring->sent = ring->posted = ring->received = spot_at_turn(ring, 2 * p); /* idle */
    ring->sent_done = ring->sent.number;
}

gy_status gy_ring_create(gy_comm *comm, const gy_members *members, const gy_reduction *r,
                         gy_ring **out)
{
    gy_status status;
    gy_ring *ring = NULL;
    GY_TRY(gy_new(comm->ctx, &ring));
    ring->comm = comm;
    ring->members = *members;
    ring->x = r->x;
    ring->n = r->n;
    ring->tag = r->tag;
    for (int i = 0; i < WINDOW; i++) ring->sends[i] = ring->receives[i] = MPI_REQUEST_NULL;
    int64_t longest = block_start(ring, 1);
    ring->segment = gy_segment(comm, longest);
    lay_track(ring, r->half);
    for (int i = 0; i < WINDOW; i++)
        GY_TRY_GOTO(fail, gy_new_array(comm->ctx, ring->segment, &ring->buffers[i]));
    *out = ring;
    return GY_OK;
fail:
    gy_ring_free(ring);
    return status;
}

static int neighbour(const gy_ring *ring, int by)
{
    int p = ring->members.n;
    return gy_member_rank(&ring->members, (ring->members.me + by + p) % p);
}

void gy_ring_free(gy_ring *ring)
{
    if (ring == NULL) return;
    for (int i = 0; i < WINDOW; i++) {
        if (ring->receives[i] != MPI_REQUEST_NULL) {
            (void)MPI_Cancel(&ring->receives[i]);
            (void)MPI_Wait(&ring->receives[i], MPI_STATUS_IGNORE);
        }
        if (ring->sends[i] != MPI_REQUEST_NULL) (void)MPI_Request_free(&ring->sends[i]);
        gy_free(ring->comm->ctx, ring->buffers[i]);
    }
    gy_free(ring->comm->ctx, ring);
}

static void add(float *restrict x, const float *restrict y, int n)
{
    for (int i = 0; i < n; i++) x[i] += y[i];
}

static gy_status post(gy_ring *ring, bool *moved)
{
    spot *s = &ring->posted;
    while (s->number < ring->to_receive && s->number - ring->received.number < WINDOW) {
        bool sum = s->number >= ring->lap;
        if (sum && ring->sent_done <= s->number - ring->lap) break;
        int slot = (int)(s->number % WINDOW);
        GY_MPI(MPI_Irecv(sum ? place_of(ring, s) : ring->buffers[slot], length_of(ring, s),
                         MPI_FLOAT, neighbour(ring, -1), ring->tag, ring->comm->wire,
                         &ring->receives[slot]));
        advance(ring, s);
        *moved = true;
    }
    return GY_OK;
}

static gy_status take(gy_ring *ring, bool *moved)
{
    spot *s = &ring->received;
    if (s->number == ring->posted.number) return GY_OK;
    int slot = (int)(s->number % WINDOW), arrived = 0;
    GY_MPI(MPI_Test(&ring->receives[slot], &arrived, MPI_STATUS_IGNORE));
    if (!arrived) return GY_OK;
    if (s->number < ring->lap) add(place_of(ring, s), ring->buffers[slot], length_of(ring, s));
    advance(ring, s);
    *moved = true;
    return GY_OK;
}

static gy_status send(gy_ring *ring, bool *moved)
{
    spot *s = &ring->sent;
    while (s->number < ring->to_send && s->number < ring->received.number &&
           s->number - ring->sent_done < WINDOW) {
        GY_MPI(MPI_Isend(place_of(ring, s), length_of(ring, s), MPI_FLOAT, neighbour(ring, 1),
                         ring->tag, ring->comm->wire, &ring->sends[s->number % WINDOW]));
        ring->comm->sent += length_of(ring, s) * (int64_t)sizeof(float);
        advance(ring, s);
        *moved = true;
    }
    return GY_OK;
}

static gy_status finish_sends(gy_ring *ring, bool *moved)
{
    while (ring->sent_done < ring->sent.number) {
        int gone = 0;
        GY_MPI(MPI_Test(&ring->sends[ring->sent_done % WINDOW], &gone, MPI_STATUS_IGNORE));
        if (!gone) return GY_OK;
        ring->sent_done++;
        *moved = true;
    }
    return GY_OK;
}

gy_status gy_ring_begin(gy_ring *ring)
{
    bool moved;
    ring->sent = spot_at_turn(ring, ring->first);
    ring->posted = ring->received = spot_at_turn(ring, ring->first + 1); /* the first is held */
    ring->sent_done = ring->sent.number;
    GY_TRY(post(ring, &moved));
    return send(ring, &moved);
}

gy_status gy_ring_progress(gy_ring *ring, bool *done)
{
    bool moved = true;
    while (moved) {
        moved = false;
        GY_TRY(take(ring, &moved));
        GY_TRY(finish_sends(ring, &moved));
        GY_TRY(post(ring, &moved));
        GY_TRY(send(ring, &moved));
    }
    *done = ring->received.number == ring->to_receive && ring->sent_done == ring->to_send;
    return GY_OK;
}
