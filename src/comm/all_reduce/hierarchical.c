/* Within a host by shared memory, between hosts by parallel rings.
 *
 * Each rank has a part in memory that its host shares: where the vector lies in such memory itself
 * (host_memory.h) that is the part, and nothing is copied, else x is copied to it and back. The vector is
 * cut into slices, as many as the host with the fewest ranks has ranks; slice m is summed by local
 * rank m of every host, and local ranks m of all hosts are the members of a ring (or send directly
 * where the wire is not float32; inside a host nothing is encoded). So a wire carries 2 (H − 1)/H of the
 * vector, however many ranks share it. Local rank m of host h owns block h of slice m.
 *
 *     begin → GIVE      all of the host have TAKEN the sums before   → give()   own x to own part
 *             SUM       all have given                               → sum()    own slice of all parts
 *             BETWEEN   (several hosts) the members' progress
 *                       own slice is home                            → hand()   own slice to all parts
 *             TAKE      all have summed                              → take()   sums of all parts to x
 *             DONE
 *
 * In place give() and take() copy nothing; else hand() does not. A scatter takes what this rank owns
 * alone; a gather gives that alone, and adds nothing: in place it waits in SUM all the same, for who
 * has not begun may still read what is to be overwritten.
 *
 * Invariants
 * 1. A rank raises its own signal only; the signal only grows, by STAGES a turn.
 * 2. It is raised with release order after parts are written, and read with acquire order before
 *    parts of others are: who sees the signal sees what was written.
 * 3. Slice l of all parts is read and written by local rank l alone from when all have given until
 *    that rank has summed. Copying, the others read it from part l afterwards.
 * 4. A part is given anew only when all have taken the sums before. In place that needs no word:
 *    who has come to TAKE's end knows that all have summed, and reads its own part alone.
 * 5. Parts are added in the order of local ranks, hosts in the order of the members: the same bits,
 *    in place or not. */
#include "../all_reduce_list.h"
#include "../host_memory_impl.h"
#include "../comm_mpi.h"
#include "../rows_impl.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>

enum { SIGNAL = 64 }; /* floats: a cache line of its own, and the neighbours fetched with it */

enum stage { GIVE, SUM, BETWEEN, TAKE, DONE };
enum { GIVEN = 1, SUMMED = 2, TAKEN = 3, STAGES = 3 }; /* signal = STAGES · turns + one of these */

typedef struct part {
    _Atomic int64_t *signal;
    float *x; /* [n] */
} part;

typedef struct state {
    gy_comm *comm;
    gy_reduction r;
    bool in_place;
    part *parts; /* [local_ranks] */
    int slices;
    int64_t own_from, own_to;
    int64_t before; /* the signal at the end of the turn before */
    enum stage stage;
    int *peers;         /* [hosts] ranks that have this slice on each host */
    gy_engine *between; /* hosts; NULL where there is nothing to pass */
} state;

static int64_t slice_start(const state *s, int slice)
{
    return gy_block_start(s->r.n, s->slices, slice);
}

/* Given, summed and taken in memory, or summed alone; between hosts a ring of hosts. */
static double cost(const gy_topology *t, const gy_reduction *r)
{
    enum { SIGNALS = 3 };
    const double signal_s = 1e-6;
    double turns = gy_reduction_halves(r) * (t->hosts - 1), bytes = (double)r->n * sizeof(float);
    if (!t->host_memory || r->by_messages) return HUGE_VAL; /* it cannot */
    return SIGNALS * signal_s + (r->memory != NULL ? 1 : 3) * bytes * t->copy_s +
           turns * (t->message_s + gy_reduction_bytes(r) / t->hosts * t->byte_s);
}

static bool all_have(const state *s, int64_t signal)
{
    for (int l = 0; l < s->comm->local_ranks; l++)
        if (atomic_load_explicit(s->parts[l].signal, memory_order_acquire) < signal) return false;
    return true;
}

static void tell(state *s, int64_t signal)
{
    atomic_store_explicit(s->parts[s->comm->local_rank].signal, signal, memory_order_release);
}

static void destroy(void *memory)
{
    state *s = memory;
    gy_engine_free(s->between);
    gy_free(s->comm->ctx, s->peers);
    gy_free(s->comm->ctx, s->parts);
    gy_free(s->comm->ctx, s);
}

/* The rank that is number `local` of a host. */
static int rank_at(const gy_comm *comm, int host, int local)
{
    int r = 0;
    while (comm->host_of[r] != host || local-- > 0) r++;
    return r;
}

static int fewest_on_a_host(const gy_comm *comm)
{
    int fewest = comm->ranks;
    for (int h = 0; h < comm->hosts; h++) {
        int count = 0;
        for (int r = 0; r < comm->ranks; r++) count += comm->host_of[r] == h;
        if (count < fewest) fewest = count;
    }
    return fewest;
}

static void own(const gy_comm *comm, int64_t n, int rank, int64_t *from, int64_t *to)
{
    int slice = 0, slices = fewest_on_a_host(comm), host = comm->host_of[rank];
    for (int r = 0; r < rank; r++) slice += comm->host_of[r] == host;
    int64_t start = gy_block_start(n, slices, slice < slices ? slice : slices);
    int64_t length = slice < slices ? gy_block_start(n, slices, slice + 1) - start : 0;
    *from = start + gy_block_start(length, comm->hosts, host);
    *to = start + gy_block_start(length, comm->hosts, host + 1);
}

static gy_row_maker *rows_between(const gy_reduction *r)
{
    return r->wire == NULL ? gy_ring_rows : gy_direct_rows;
}

/* Signals, and parts where they are copied to. */
static gy_room_size size(const gy_comm *comm, const gy_reduction *r)
{
    const gy_members members = {.me = comm->host, .n = comm->hosts};
    gy_room_size needs = {.floats = SIGNAL + (r->memory != NULL ? 0 : r->n)};
    if (comm->hosts > 1) needs.bytes = gy_engine_bytes(comm, &members, rows_between(r), r);
    return needs;
}

static gy_status join_members(state *s)
{
    gy_comm *comm = s->comm;
    int slice = comm->local_rank;
    if (comm->hosts == 1 || slice >= s->slices) return GY_OK;
    int64_t from = slice_start(s, slice), n = slice_start(s, slice + 1) - from;
    if (n == 0) return GY_OK;
    gy_members members = {.me = comm->host, .n = comm->hosts, .ranks = s->peers};
    gy_reduction r = s->r;
    r.x = s->parts[slice].x + from;
    r.n = n;
    for (int h = 0; h < comm->hosts; h++) s->peers[h] = rank_at(comm, h, slice);
    return gy_engine_create(comm, &members, rows_between(&r), &r, &s->between);
}

static gy_status find_parts(state *s)
{
    const gy_host_memory *memory = gy_room_memory(s->r.room);
    const int64_t place = s->in_place ? s->r.x - gy_host_memory_values(s->r.memory) : SIGNAL;
    GY_REQUIRE(gy_host_memory_is_real(memory), GY_E_COMM,
               "cannot share memory within a host" GY_AT "%s" GY_WHY
               "its ranks do not see each other's memory, or there is no more of it" GY_HINT
               "choose comm.allreduce: ring",
               gy_comm_host(s->comm, s->comm->rank));
    for (int l = 0; l < s->comm->local_ranks; l++) {
        float *own_memory = gy_host_memory_part(memory, l);
        s->parts[l].signal = (_Atomic int64_t *)(void *)own_memory;
        s->parts[l].x = (s->in_place ? gy_host_memory_part(s->r.memory, l) : own_memory) + place;
    }
    return GY_OK;
}

static gy_status create(gy_comm *comm, const gy_reduction *r, void **out)
{
    gy_status status;
    state *s = NULL;
    GY_TRY(gy_new(comm->ctx, &s));
    s->comm = comm;
    s->r = *r;
    s->in_place = r->memory != NULL;
    s->slices = fewest_on_a_host(comm);
    own(comm, r->n, comm->rank, &s->own_from, &s->own_to);
    GY_TRY_GOTO(fail, gy_new_array(comm->ctx, comm->hosts, &s->peers));
    GY_TRY_GOTO(fail, gy_new_array(comm->ctx, comm->local_ranks, &s->parts));
    GY_TRY_GOTO(fail, find_parts(s));
    GY_TRY_GOTO(fail, join_members(s));
    *out = s;
    return GY_OK;
fail:
    destroy(s);
    return status;
}

static gy_status begin(void *memory)
{
    state *s = memory;
    s->before = atomic_load_explicit(s->parts[s->comm->local_rank].signal, memory_order_relaxed);
    s->stage = GIVE;
    return GY_OK;
}

static gy_status begin_between(state *s)
{
    s->stage = BETWEEN;
    return s->between != NULL ? gy_engine_begin(s->between) : GY_OK;
}

static void copy(float *to, const float *from, int64_t at, int64_t end)
{
    if (end > at && to != from) memcpy(to + at, from + at, (size_t)(end - at) * sizeof *to);
}

static gy_status give(state *s)
{
    bool gathers = s->r.half == GY_GATHER;
    copy(s->parts[s->comm->local_rank].x, s->r.x, gathers ? s->own_from : 0,
         gathers ? s->own_to : s->r.n);
    tell(s, s->before + GIVEN);
    s->stage = SUM;
    return gathers && !s->in_place ? begin_between(s) : GY_OK;
}

/* All parts, to this rank's, and in place at once to the others where no other host adds. */
static gy_status sum(state *s)
{
    enum { BLOCK = 4096 }; /* stays in the nearest cache while all parts are added */
    float block[BLOCK];
    int mine = s->comm->local_rank;
    bool hands = s->in_place && s->comm->hosts == 1 && s->r.half == GY_WHOLE;
    int64_t to = mine < s->slices && s->r.half != GY_GATHER ? slice_start(s, mine + 1) : 0;
    for (int64_t at = mine < s->slices ? slice_start(s, mine) : 0; at < to; at += BLOCK) {
        int64_t n = to - at < BLOCK ? to - at : BLOCK;
        memcpy(block, s->parts[0].x + at, (size_t)n * sizeof *block);
        for (int l = 1; l < s->comm->local_ranks; l++) {
            const float *part_x = s->parts[l].x + at;
            for (int64_t i = 0; i < n; i++) block[i] += part_x[i];
        }
        for (int l = 0; l < s->comm->local_ranks; l++)
            if (l == mine || hands) memcpy(s->parts[l].x + at, block, (size_t)n * sizeof *block);
    }
    return begin_between(s);
}

/* What this rank has summed, or owns, to the others of its host, where sum() has not done it. */
static void hand(state *s)
{
    int mine = s->comm->local_rank;
    bool handed = s->comm->hosts == 1 && s->r.half == GY_WHOLE;
    bool hands = s->in_place && mine < s->slices && s->r.half != GY_SCATTER && !handed;
    for (int l = 0; l < s->comm->local_ranks && hands; l++)
        copy(s->parts[l].x, s->parts[mine].x, slice_start(s, mine), slice_start(s, mine + 1));
    tell(s, s->before + SUMMED);
    s->stage = TAKE;
}

static void take(state *s)
{
    bool scatters = s->r.half == GY_SCATTER;
    if (scatters) copy(s->r.x, s->parts[s->comm->local_rank].x, s->own_from, s->own_to);
    for (int m = 0; m < s->slices && !scatters && !s->in_place; m++)
        copy(s->r.x, s->parts[m].x, slice_start(s, m), slice_start(s, m + 1));
    tell(s, s->before + TAKEN);
    s->stage = DONE;
}

static gy_status progress(void *memory, bool *done)
{
    state *s = memory;
    if (s->stage == GIVE && all_have(s, s->before)) GY_TRY(give(s));
    if (s->stage == SUM && all_have(s, s->before + GIVEN)) GY_TRY(sum(s));
    if (s->stage == BETWEEN) {
        bool home = true;
        if (s->between != NULL) GY_TRY(gy_engine_progress(s->between, &home));
        if (home) hand(s);
    }
    if (s->stage == TAKE && all_have(s, s->before + SUMMED)) take(s);
    *done = s->stage == DONE;
    return GY_OK;
}

const gy_all_reduce_kind gy_all_reduce_hierarchical = {
    .kind = {.name = "hierarchical",
             .help = "shared memory in a host, parallel rings between hosts"},
    .cost = cost,
    .in_place = true,
    .own = own,
    .size = size,
    .create = create,
    .begin = begin,
    .progress = progress,
    .destroy = destroy,
};
