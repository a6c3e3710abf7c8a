/* Exchanges between partners at distances 1, 2, 4, …: few messages, for small vectors.
 *
 * Up to DOUBLING elements by recursive doubling: whole vectors, log2 p rounds. Above by recursive
 * halving and doubling (Rabenseifner 2004, "Optimization of collective reduction operations"):
 * 2 log2 p rounds, each of half the length of the one before. Where p is no power of two, the ranks
 * above the largest one fold their part into a partner first and get the result back at the end.
 *
 * All of it is one schedule of rounds, written at creation:
 *
 *     for each round:  send x[give] to peer, receive x[take] from peer, added or put in place
 *
 * Partners add the same two numbers, so that they hold the same bits; halving leaves each sum with
 * one rank that passes it on. One round is under way at a time. */
#include "../all_reduce_list.h"
#include "../comm_mpi.h"

#include "base/number.h"

enum { DOUBLING = 2048, ROUNDS = 64 };

typedef struct range {
    int from, to;
} range;

typedef struct round_of_tree {
    int peer;
    range give, take; /* empty: no message */
    bool add;
} round_of_tree;

typedef struct state {
    gy_comm *comm;
    float *x;
    float *buffer; /* [n] what is to be added */
    int tag;
    round_of_tree rounds[ROUNDS];
    int n_rounds, now;
    MPI_Request requests[2];
} state;

static void schedule(state *s, int peer, range give, range take, bool add)
{
    s->rounds[s->n_rounds++] =
        (round_of_tree){.peer = peer, .give = give, .take = take, .add = add};
}

static void schedule_doubling(state *s, int members, range all)
{
    for (int d = 1; d < members; d *= 2) schedule(s, s->comm->rank ^ d, all, all, true);
}

static void schedule_halving(state *s, int members, range all)
{
    range mine = all, given[ROUNDS];
    int levels = 0;
    for (int d = members / 2; d >= 1; d /= 2) {
        int middle = mine.from + (mine.to - mine.from) / 2;
        range low = {mine.from, middle}, high = {middle, mine.to};
        bool upper = (s->comm->rank & d) != 0;
        mine = upper ? high : low;
        given[levels] = upper ? low : high;
        schedule(s, s->comm->rank ^ d, given[levels], mine, true);
        levels++;
    }
    for (int d = 1; d < members; d *= 2) {
        range other = given[--levels];
        schedule(s, s->comm->rank ^ d, mine, other, false);
        mine = (range){mine.from < other.from ? mine.from : other.from,
                       mine.to > other.to ? mine.to : other.to};
    }
}

static void schedule_all(state *s, int n)
{
    const range all = {0, n}, none = {0, 0};
    int rank = s->comm->rank, ranks = s->comm->ranks, members = 1;
    while (members <= ranks / 2) members *= 2;
    if (rank >= members) { /* folded into rank − members */
        schedule(s, rank - members, all, none, false);
        schedule(s, rank - members, none, all, false);
        return;
    }
    bool folds = rank + members < ranks;
    if (folds) schedule(s, rank + members, none, all, true);
    if (n <= DOUBLING)
        schedule_doubling(s, members, all);
    else
        schedule_halving(s, members, all);
    if (folds) schedule(s, rank + members, all, none, false);
}

/* Rounds of messages; partners at the larger distances are on other hosts, all ranks of a host at
 * once. */
static double cost(const gy_topology *t, const gy_reduction *r)
{
    double rounds = 0, bytes = gy_reduction_bytes(r);
    for (int members = 1; members < t->ranks; members *= 2) rounds++;
    bool folds = ((t->ranks - 1) & t->ranks) != 0;
    if (folds) rounds += 2;
    if (r->n <= DOUBLING) return rounds * (t->message_s + bytes * t->byte_s);
    double flows = t->hosts > 1 ? t->local_ranks * (1 - 1.0 / t->hosts) : 1 - 1.0 / t->ranks;
    return 2 * rounds * t->message_s + (2 * flows + 2 * folds) * bytes * t->byte_s +
           2 * bytes * t->copy_s;
}

static void destroy(void *memory)
{
    state *s = memory;
    if (s->requests[0] != MPI_REQUEST_NULL) (void)MPI_Request_free(&s->requests[0]);
    if (s->requests[1] != MPI_REQUEST_NULL) {
        (void)MPI_Cancel(&s->requests[1]);
        (void)MPI_Wait(&s->requests[1], MPI_STATUS_IGNORE);
    }
    gy_free(s->comm->ctx, s->buffer);
    gy_free(s->comm->ctx, s);
}

static gy_status create(gy_comm *comm, const gy_reduction *r, void **out)
{
    gy_status status;
    state *s = NULL;
    int length;
    GY_TRY(gy_int(r->n, &length));
    GY_TRY(gy_new(comm->ctx, &s));
    s->comm = comm;
    s->x = r->x;
    s->tag = r->tag;
    s->requests[0] = s->requests[1] = MPI_REQUEST_NULL;
    GY_TRY_GOTO(fail, gy_new_array(comm->ctx, r->n, &s->buffer));
    schedule_all(s, length);
    *out = s;
    return GY_OK;
fail:
    destroy(s);
    return status;
}

static gy_status post(state *s)
{
    const round_of_tree *r = &s->rounds[s->now];
    int take = r->take.to - r->take.from, give = r->give.to - r->give.from;
    if (take > 0)
        GY_MPI(MPI_Irecv((r->add ? s->buffer : s->x) + r->take.from, take, MPI_FLOAT, r->peer,
                         s->tag, s->comm->wire, &s->requests[1]));
    s->comm->sent += give * (int64_t)sizeof(float);
    if (give > 0)
        GY_MPI(MPI_Isend(s->x + r->give.from, give, MPI_FLOAT, r->peer, s->tag, s->comm->wire,
                         &s->requests[0]));
    return GY_OK;
}

static gy_status begin(void *memory)
{
    state *s = memory;
    s->now = 0;
    return post(s);
}

static void add(float *restrict x, const float *restrict y, range r)
{
    for (int i = r.from; i < r.to; i++) x[i] += y[i];
}

static gy_status progress(void *memory, bool *done)
{
    state *s = memory;
    while (s->now < s->n_rounds) {
        bool both;
        GY_TRY(gy_mpi_test(s->requests, 2, &both));
        if (!both) break;
        const round_of_tree *r = &s->rounds[s->now++];
        if (r->add) add(s->x, s->buffer, r->take);
        if (s->now < s->n_rounds) GY_TRY(post(s));
    }
    *done = s->now == s->n_rounds;
    return GY_OK;
}

const gy_all_reduce_kind gy_all_reduce_tree = {
    .kind = {.name = "tree", .help = "recursive halving and doubling; for small vectors"},
    .cost = cost,
    .create = create,
    .begin = begin,
    .progress = progress,
    .destroy = destroy,
};
