/* Within a host by shared memory, between hosts by parallel rings.
 *
 * Each rank has a part in a window that its host shares. The vector is cut into slices, as many as
 * the host with the fewest ranks has ranks; slice m is summed by local rank m of every host, and
 * local ranks m of all hosts are the members of a ring (an exchange where the wire is not float32;
 * inside a host nothing is encoded). So a wire carries 2 (H − 1)/H of the vector, however many ranks
 * share it. Local rank m of host h owns block h of slice m.
 *
 *     part of local rank l:   | signal | the rank's x …  [slice l: later the sum] … |
 *
 *     begin → GIVE      all of the host have TAKEN the sums before   → give()   own x to own part
 *             SUM       all have given                               → sum()    own slice of all parts
 *             BETWEEN   (several hosts) own slice is home            → the members' progress
 *             TAKE      all have summed                              → take()   sums of all parts to x
 *             DONE
 *
 * A scatter takes what this rank owns alone; a gather gives that alone, and adds nothing.
 *
 * Invariants
 * 1. A rank writes its own part and its own signal only; the signal only grows, by STAGES a turn.
 * 2. It is raised with release order after the part is written, and read with acquire order before
 *    others' parts are: who sees the signal sees the part.
 * 3. Slice l of part l alone is written after it was given, by its owner, the only one to read it
 *    in SUM; the others read it in TAKE, when it holds the sum.
 * 4. A part is given anew only when all have taken the sums before.
 * 5. Parts are added in the order of local ranks, hosts in the order of the members: the same bits. */
#include "../all_reduce_list.h"
#include "../members_impl.h"

#include <stdatomic.h>
#include <string.h>

enum { SIGNAL_BYTES = 256 }; /* a cache line of its own, and the pages' neighbour fetched with it */

enum stage { GIVE, SUM, BETWEEN, TAKE, DONE };
enum { GIVEN = 1, SUMMED = 2, TAKEN = 3, STAGES = 3 }; /* signal = STAGES · turns + one of these */

typedef struct part {
    _Atomic int64_t *signal;
    float *x; /* [n] */
} part;

typedef struct state {
    gy_comm *comm;
    gy_reduction r;
    MPI_Win window;
    part *parts; /* [local_ranks] */
    int slices;
    int64_t own_from, own_to;
    int64_t before; /* the signal at the end of the turn before */
    enum stage stage;
    int *peers;            /* [hosts] ranks that have this slice on each host */
    gy_ring *ring;         /* between hosts; NULL where there is nothing to pass */
    gy_exchange *exchange; /* or this one */
} state;

static int64_t slice_start(const state *s, int slice)
{
    return gy_block_start(s->r.n, s->slices, slice);
}

/* Given, summed and taken in memory; between hosts a ring of hosts. */
static double cost(const gy_topology *t, const gy_reduction *r)
{
    enum { SIGNALS = 3 };
    const double signal_s = 1e-6;
    double turns = gy_reduction_halves(r) * (t->hosts - 1), bytes = (double)r->n * sizeof(float);
    return SIGNALS * signal_s + 3 * bytes * t->copy_s +
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
    if (s == NULL) return;
    gy_ring_free(s->ring);
    gy_exchange_free(s->exchange);
    if (s->window != MPI_WIN_NULL) {
        (void)MPI_Win_unlock_all(s->window);
        (void)MPI_Win_free(&s->window);
    }
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
    return r.wire == NULL ? gy_ring_create(comm, &members, &r, &s->ring)
                          : gy_exchange_create(comm, &members, &r, &s->exchange);
}

static gy_status share(state *s)
{
    gy_comm *comm = s->comm;
    MPI_Info info;
    void *base = NULL;
    MPI_Aint bytes = SIGNAL_BYTES + (MPI_Aint)s->r.n * (MPI_Aint)sizeof(float);
    GY_MPI(MPI_Info_create(&info));
    int code = MPI_Info_set(info, "alloc_shared_noncontig", "true"); /* each part near its rank */
    if (code == MPI_SUCCESS)
        code = MPI_Win_allocate_shared(bytes, 1, info, comm->local, &base, &s->window);
    (void)MPI_Info_free(&info);
    GY_REQUIRE(code == MPI_SUCCESS, GY_E_COMM,
               "cannot share memory within a host" GY_AT "%s" GY_WHY
               "no room for %lld bytes a rank" GY_HINT
               "see /dev/shm and TMPDIR there, or choose comm.allreduce: ring",
               gy_comm_host(comm, comm->rank), (long long)bytes);
    GY_MPI(MPI_Win_lock_all(MPI_MODE_NOCHECK, s->window));
    for (int l = 0; l < comm->local_ranks; l++) {
        int unit;
        GY_MPI(MPI_Win_shared_query(s->window, l, &bytes, &unit, &base));
        s->parts[l].signal = base;
        s->parts[l].x = (float *)((char *)base + SIGNAL_BYTES);
    }
    memset(s->parts[comm->local_rank].x, 0,
           (size_t)s->r.n * sizeof(float)); /* touched here first */
    atomic_init(s->parts[comm->local_rank].signal, 0);
    GY_MPI(MPI_Win_sync(s->window));
    GY_MPI(MPI_Barrier(comm->local)); /* no signal is read before it is there */
    GY_MPI(MPI_Win_sync(s->window));
    return GY_OK;
}

static gy_status prepare(gy_comm *comm, const gy_reduction *r, state **out)
{
    state *s = NULL;
    GY_TRY(gy_new(comm->ctx, &s));
    *out = s;
    s->comm = comm;
    s->r = *r;
    s->window = MPI_WIN_NULL;
    s->slices = fewest_on_a_host(comm);
    own(comm, r->n, comm->rank, &s->own_from, &s->own_to);
    GY_TRY(gy_new_array(comm->ctx, comm->hosts, &s->peers));
    return gy_new_array(comm->ctx, comm->local_ranks, &s->parts);
}

static gy_status create(gy_comm *comm, const gy_reduction *r, void **out)
{
    gy_status status;
    state *s = NULL;
    GY_TRY_GOTO(fail, gy_comm_agree(comm, prepare(comm, r, &s))); /* what follows is collective */
    GY_TRY_GOTO(fail, share(s));
    GY_TRY_GOTO(fail, gy_comm_agree(comm, join_members(s))); /* and so is destroy */
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
    if (s->ring != NULL) GY_TRY(gy_ring_begin(s->ring));
    if (s->exchange != NULL) GY_TRY(gy_exchange_begin(s->exchange));
    return GY_OK;
}

static gy_status progress_between(state *s, bool *home)
{
    *home = true;
    if (s->ring != NULL) GY_TRY(gy_ring_progress(s->ring, home));
    if (s->exchange != NULL) GY_TRY(gy_exchange_progress(s->exchange, home));
    return GY_OK;
}

static void copy(float *to, const float *from, int64_t at, int64_t end)
{
    if (end > at) memcpy(to + at, from + at, (size_t)(end - at) * sizeof *to);
}

static gy_status give(state *s)
{
    bool gathers = s->r.half == GY_GATHER;
    copy(s->parts[s->comm->local_rank].x, s->r.x, gathers ? s->own_from : 0,
         gathers ? s->own_to : s->r.n);
    tell(s, s->before + GIVEN);
    s->stage = SUM;
    return gathers ? begin_between(s) : GY_OK;
}

static gy_status sum(state *s)
{
    enum { BLOCK = 4096 }; /* stays in the nearest cache while all parts are added */
    float block[BLOCK];
    int mine = s->comm->local_rank;
    int64_t to = mine < s->slices ? slice_start(s, mine + 1) : 0;
    for (int64_t at = mine < s->slices ? slice_start(s, mine) : 0; at < to; at += BLOCK) {
        int64_t n = to - at < BLOCK ? to - at : BLOCK;
        memcpy(block, s->parts[0].x + at, (size_t)n * sizeof *block);
        for (int l = 1; l < s->comm->local_ranks; l++) {
            const float *part_x = s->parts[l].x + at;
            for (int64_t i = 0; i < n; i++) block[i] += part_x[i];
        }
        memcpy(s->parts[mine].x + at, block, (size_t)n * sizeof *block);
    }
    return begin_between(s);
}

static void take(state *s)
{
    bool scatters = s->r.half == GY_SCATTER;
    if (scatters) copy(s->r.x, s->parts[s->comm->local_rank].x, s->own_from, s->own_to);
    for (int m = 0; m < s->slices && !scatters; m++)
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
        bool home;
        GY_TRY(progress_between(s, &home));
        if (home) {
            tell(s, s->before + SUMMED);
            s->stage = TAKE;
        }
    }
    if (s->stage == TAKE && all_have(s, s->before + SUMMED)) take(s);
    *done = s->stage == DONE;
    return GY_OK;
}

const gy_all_reduce_kind gy_all_reduce_hierarchical = {
    .kind = {.name = "hierarchical",
             .help = "shared memory in a host, parallel rings between hosts"},
    .cost = cost,
    .wires = true,
    .own = own,
    .create = create,
    .begin = begin,
    .progress = progress,
    .destroy = destroy,
};
