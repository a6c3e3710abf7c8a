/* The engine: walks two lists of rows, cut into messages of a segment at most.
 *
 *     sends      | row | row | row …        receives   | row | row | row …
 *                  done  begun                           done  begun
 *
 *     sends.begun     handed to MPI                     → send()
 *     sends.done      x no longer in use                → leave()
 *     receives.begun  awaited                           → post()
 *     receives.done   arrived, and added or in place    → take()
 *
 * Invariants
 * 1. Each list is begun and done in its order, so what is added to an element is added in the order of
 *    the rows: the same bits every time. At most `window` are begun and not done.
 * 2. A message is sent when its row's `after` has received what it sends; x is overwritten or added to
 *    when `after` has sent what was there.
 * 3. What is added, and what is encoded, arrives in a buffer; what is put as it is arrives in x.
 * 4. Sums are made in float32. What was decoded is encoded to the same again where it is cut alike:
 *    so a sum that its owner rounded is the same everywhere, however many pass it on.
 *
 * While one message is added the next is on its way. Nothing waits. */
#include "rows_impl.h"

#include "base/count.h"
#include "base/param.h"
#include "comm_mpi.h"
#include "room.h"

/* A message of a list. */
typedef struct spot {
    int64_t number;
    int row;
    int64_t at; /* elements of the row before it */
} spot;

typedef struct side {
    gy_row_list rows;
    spot begun, done;
    char *buffers[GY_WINDOW]; /* by number mod window */
    MPI_Request requests[GY_WINDOW];
} side;

struct gy_engine {
    gy_comm *comm;
    gy_members members;
    gy_row_maker *rows;
    gy_reduction r;
    int64_t segment; /* elements */
    int window;
    side out, in;
};

void gy_row_add(gy_row_list *list, const gy_row *row)
{
    if (list->v != NULL) list->v[list->n] = *row;
    list->n++;
}

int gy_row_last(const gy_row_list *list)
{
    return list->n - 1;
}

int64_t gy_block_start(int64_t n, int blocks, int b)
{
    int64_t units = gy_pieces(n, GY_PARAM_ALIGN);
    int64_t each = units / blocks, rest = units % blocks;
    int64_t start = (b * each + (b < rest ? b : rest)) * GY_PARAM_ALIGN;
    return start < n ? start : n;
}

gy_row gy_block_row(const gy_members *m, int64_t n, int b)
{
    int64_t from = gy_block_start(n, m->n, b);
    return (gy_row){.from = from, .n = gy_block_start(n, m->n, b + 1) - from, .after = -1};
}

void gy_own_block(const gy_comm *comm, int64_t n, int rank, int64_t *from, int64_t *to)
{
    *from = gy_block_start(n, comm->ranks, rank);
    *to = gy_block_start(n, comm->ranks, rank + 1);
}

/* What keeps a wire busy in both directions, or what a host copies well. Between hosts just below the
 * 64 KiB from which Open MPI's TCP asks the receiver before it sends: what is below goes its way
 * without a look of either side, and no answer queues behind other data. */
static int64_t segment_of(const gy_comm *comm, int64_t n)
{
    enum { BETWEEN_HOSTS = 15 << 10, IN_A_HOST = 1 << 17 }; /* 60 and 512 KiB, measured */
    int64_t most = comm->hosts > 1 ? BETWEEN_HOSTS : IN_A_HOST;
    return n < most ? n : most;
}

int64_t gy_message_bytes(const gy_wire *wire, int64_t n)
{
    return wire == NULL ? n * (int64_t)sizeof(float)
                        : (int64_t)(wire->head + (size_t)n * wire->bytes);
}

int64_t gy_message_room(const gy_wire *wire, int64_t n)
{
    return gy_round_up(gy_message_bytes(wire, n), GY_ALIGN);
}

/* Of a segment, which an int counts. */
static int bytes_of(const gy_wire *wire, int64_t n)
{
    return (int)gy_message_bytes(wire, n);
}

/* The room: rows, then buffers; to send only where there is a wire. */

static int64_t buffer_bytes(const gy_comm *comm, const gy_reduction *r)
{
    return gy_message_room(r->wire, segment_of(comm, r->n));
}

static int64_t row_bytes(const gy_row_list *list)
{
    return gy_round_up(list->n * (int64_t)sizeof *list->v, GY_ALIGN);
}

static gy_rows count(const gy_members *members, gy_row_maker *rows, const gy_reduction *r)
{
    gy_rows n = {.window = 2};
    rows(members, r, &n);
    return n;
}

int64_t gy_engine_bytes(const gy_comm *comm, const gy_members *members, gy_row_maker *rows,
                        const gy_reduction *r)
{
    const gy_rows n = count(members, rows, r);
    const int buffers = r->wire == NULL ? n.window : 2 * n.window;
    return row_bytes(&n.sends) + row_bytes(&n.receives) + buffers * buffer_bytes(comm, r);
}

static char *furnish(side *s, char *room, int buffers, int64_t bytes)
{
    for (int i = 0; i < GY_WINDOW; i++) s->requests[i] = MPI_REQUEST_NULL;
    for (int i = 0; i < buffers; i++, room += bytes) s->buffers[i] = room;
    return room;
}

gy_status gy_engine_create(gy_comm *comm, const gy_members *members, gy_row_maker *rows,
                           const gy_reduction *r, gy_engine **out)
{
    gy_engine *e = NULL;
    GY_TRY(gy_new(comm->ctx, &e));
    *e = (gy_engine){.comm = comm, .members = *members, .rows = rows, .r = *r};
    const gy_rows n = count(members, rows, r);
    const int64_t bytes = buffer_bytes(comm, r);
    e->segment = segment_of(comm, r->n);
    e->window = n.window;
    char *room = furnish(&e->in, gy_room_bytes(r->room), n.window, bytes);
    room = furnish(&e->out, room, r->wire != NULL ? n.window : 0, bytes);
    e->in.rows.v = (gy_row *)(void *)room;
    e->out.rows.v = (gy_row *)(void *)(room + row_bytes(&n.receives));
    *out = e;
    return GY_OK;
}

void gy_engine_free(gy_engine *e)
{
    if (e == NULL) return;
    for (int i = 0; i < GY_WINDOW; i++) {
        gy_mpi_drop(e->comm, &e->in.requests[i], true);
        gy_mpi_drop(e->comm, &e->out.requests[i], false);
    }
    gy_free(e->comm->ctx, e);
}

static bool at_end(const side *s, const spot *at)
{
    return at->row == s->rows.n;
}

/* To the next row with something in it, where this one is at its end. */
static void settle(const side *s, spot *at)
{
    while (!at_end(s, at) && at->at >= s->rows.v[at->row].n) {
        at->at = 0;
        at->row++;
    }
}

static void advance(const gy_engine *e, const side *s, spot *at)
{
    at->number++;
    at->at += e->segment;
    settle(s, at);
}

static int64_t length_of(const gy_engine *e, const gy_row *row, const spot *at)
{
    int64_t left = row->n - at->at;
    return left < e->segment ? left : e->segment;
}

/* Whether the other side has come as far as these n elements of a row need it. */
static bool may(const gy_row *row, const spot *at, int64_t n, const side *other)
{
    if (row->after < 0 || other->done.row > row->after) return true;
    if (other->done.row < row->after) return false;
    const gy_row *before = &other->rows.v[row->after];
    const int64_t reaches = row->from + at->at + n, ends = before->from + before->n;
    return before->from + other->done.at >= (reaches < ends ? reaches : ends);
}

static bool is_full(const gy_engine *e, const side *s)
{
    return at_end(s, &s->begun) || s->begun.number - s->done.number == e->window;
}

static int rank_of(const gy_engine *e, int member)
{
    return e->members.ranks == NULL ? member : e->members.ranks[member];
}

static gy_status post(gy_engine *e, bool *moved)
{
    side *s = &e->in;
    while (!is_full(e, s)) {
        const gy_row *row = &s->rows.v[s->begun.row];
        const int slot = (int)(s->begun.number % e->window);
        const int64_t n = length_of(e, row, &s->begun);
        if (!row->add && !may(row, &s->begun, n, &e->out)) break;
        const bool in_place = !row->add && e->r.wire == NULL;
        void *to = in_place ? (void *)(e->r.x + row->from + s->begun.at) : s->buffers[slot];
        GY_TRY(gy_mpi_begin_receive(e->comm, e->comm->wire, to, bytes_of(e->r.wire, n),
                                    rank_of(e, row->peer), e->r.tag, &s->requests[slot]));
        advance(e, s, &s->begun);
        *moved = true;
    }
    return GY_OK;
}

static void add(float *restrict x, const float *restrict y, int64_t n)
{
    for (int64_t i = 0; i < n; i++) x[i] += y[i];
}

static void use(const gy_wire *wire, bool adds, const char *in, float *x, int64_t n)
{
    if (wire != NULL)
        (adds ? wire->add : wire->decode)(n, in, x);
    else if (adds)
        add(x, (const float *)(const void *)in, n);
}

static gy_status take(gy_engine *e, bool *moved)
{
    side *s = &e->in;
    if (s->done.number == s->begun.number) return GY_OK;
    const gy_row *row = &s->rows.v[s->done.row];
    const int slot = (int)(s->done.number % e->window);
    const int64_t n = length_of(e, row, &s->done);
    bool arrived = false;
    if (row->add && !may(row, &s->done, n, &e->out)) return GY_OK;
    GY_TRY(gy_mpi_test(&s->requests[slot], 1, &arrived));
    if (!arrived) return GY_OK;
    use(e->r.wire, row->add, s->buffers[slot], e->r.x + row->from + s->done.at, n);
    advance(e, s, &s->done);
    *moved = true;
    return GY_OK;
}

/* As it travels. */
static const void *encode(const gy_wire *wire, bool rounds, float *x, int64_t n, char *out)
{
    if (wire == NULL) return x;
    wire->encode(n, x, out);
    if (rounds) wire->decode(n, out, x);
    return out;
}

static gy_status send(gy_engine *e, bool *moved)
{
    side *s = &e->out;
    while (!is_full(e, s)) {
        const gy_row *row = &s->rows.v[s->begun.row];
        const int slot = (int)(s->begun.number % e->window);
        const int64_t n = length_of(e, row, &s->begun);
        const int bytes = bytes_of(e->r.wire, n);
        if (!may(row, &s->begun, n, &e->in)) break;
        const void *from =
            encode(e->r.wire, row->round, e->r.x + row->from + s->begun.at, n, s->buffers[slot]);
        GY_TRY(gy_mpi_begin_send(e->comm, e->comm->wire, from, bytes, rank_of(e, row->peer),
                                 e->r.tag, &s->requests[slot]));
        e->comm->sent += bytes;
        advance(e, s, &s->begun);
        *moved = true;
    }
    return GY_OK;
}

static gy_status leave(gy_engine *e, bool *moved)
{
    side *s = &e->out;
    while (s->done.number < s->begun.number) {
        bool gone = false;
        GY_TRY(gy_mpi_test(&s->requests[s->done.number % e->window], 1, &gone));
        if (!gone) return GY_OK;
        advance(e, s, &s->done);
        *moved = true;
    }
    return GY_OK;
}

static void start(side *s)
{
    s->begun = (spot){.number = 0};
    settle(s, &s->begun);
    s->done = s->begun;
}

/* Rows are listed anew, since others had the room meanwhile. */
gy_status gy_engine_begin(gy_engine *e)
{
    bool moved;
    gy_rows list = {{e->out.rows.v, 0}, {e->in.rows.v, 0}, e->window};
    e->rows(&e->members, &e->r, &list);
    e->out.rows.n = list.sends.n;
    e->in.rows.n = list.receives.n;
    start(&e->out);
    start(&e->in);
    GY_TRY(post(e, &moved));
    return send(e, &moved);
}

gy_status gy_engine_progress(gy_engine *e, bool *done)
{
    bool moved = true;
    while (moved) {
        moved = false;
        GY_TRY(take(e, &moved));
        GY_TRY(leave(e, &moved));
        GY_TRY(post(e, &moved));
        GY_TRY(send(e, &moved));
    }
    *done = at_end(&e->in, &e->in.done) && at_end(&e->out, &e->out.done);
    return GY_OK;
}
