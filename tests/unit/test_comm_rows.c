/* Lists of rows without messages: all members play in one process, more than a machine has cores, in an
 * order that is drawn. Both ends list the same, nobody waits for ever, what is on its way is not
 * overwritten, and sums are exact. */
#include "gy_test.h"

#include "base/rng.h"
#include "comm/all_reduce_list.h"
#include "comm/rows_impl.h"

#include <stdlib.h>
#include <string.h>

enum { SEGMENT = 48, ROWS = 1024, FEW = 4, MOST = 5000, MEMBERS = 70 };

typedef struct spot {
    int row;
    int64_t at;
} spot;

typedef struct message {
    const gy_row *row;
    int64_t at, n;
    float begun[SEGMENT]; /* x as it was when it was begun */
    bool taken;
} message;

typedef struct player {
    gy_members m;
    gy_row out_rows[ROWS], in_rows[ROWS];
    gy_rows rows;
    spot begun, left, taken;
    message *messages; /* all that it has begun */
    int n_begun, n_left;
    float x[MOST];
} player;

static player *players;
static uint64_t draws;

static int64_t draw(int64_t n)
{
    const gy_rng key = {.seed = 3, .use = 1};
    return (int64_t)(gy_rng_uniform(key, draws++, 0) * (double)n);
}

static float whole(int rank, int64_t i)
{
    return (float)((i * 31 + rank * 17) % 1021 - 510);
}

static void settle(const gy_row_list *list, spot *s)
{
    while (s->row < list->n && s->at >= list->v[s->row].n) *s = (spot){s->row + 1, 0};
}

static int64_t length_of(const gy_row *row, int64_t at)
{
    return row->n - at < SEGMENT ? row->n - at : SEGMENT;
}

/* As rows_impl.h says of `after`. */
static bool may(const gy_row *row, int64_t at, const gy_row_list *others, const spot *done)
{
    if (row->after < 0 || done->row > row->after) return true;
    const gy_row *before = &others->v[row->after];
    const int64_t reaches = row->from + at + length_of(row, at);
    return done->row == row->after && (before->from + done->at >= reaches);
}

static bool begin_send(player *p)
{
    const gy_row *row = &p->rows.sends.v[p->begun.row];
    if (p->begun.row == p->rows.sends.n || p->n_begun - p->n_left == FEW) return false;
    if (!may(row, p->begun.at, &p->rows.receives, &p->taken)) return false;
    message *m = &p->messages[p->n_begun++];
    *m = (message){.row = row, .at = p->begun.at, .n = length_of(row, p->begun.at)};
    memcpy(m->begun, p->x + row->from + m->at, (size_t)m->n * sizeof *m->begun);
    p->begun.at += SEGMENT;
    settle(&p->rows.sends, &p->begun);
    return true;
}

/* MPI may want what was begun until it says so, even when it has arrived. */
static bool leave(player *p)
{
    if (p->n_left == p->n_begun) return false;
    const message *m = &p->messages[p->n_left++];
    CU_ASSERT_EQUAL(memcmp(m->begun, p->x + m->row->from + m->at, (size_t)m->n * sizeof *m->begun),
                    0);
    p->left.at += SEGMENT;
    settle(&p->rows.sends, &p->left);
    return true;
}

static bool take(player *p)
{
    const gy_row *row = &p->rows.receives.v[p->taken.row];
    if (p->taken.row == p->rows.receives.n) return false;
    if (!may(row, p->taken.at, &p->rows.sends, &p->left)) return false;
    player *from = &players[row->peer];
    int i = 0;
    while (i < from->n_begun && (from->messages[i].taken || from->messages[i].row->peer != p->m.me))
        i++;
    if (i == from->n_begun) return false;
    message *m = &from->messages[i];
    m->taken = true;
    CU_ASSERT(m->row->from + m->at == row->from + p->taken.at &&
              m->n == length_of(row, p->taken.at));
    float *x = p->x + row->from + p->taken.at;
    for (int64_t k = 0; k < m->n; k++) x[k] = (row->add ? x[k] : 0) + m->begun[k];
    p->taken.at += SEGMENT;
    settle(&p->rows.receives, &p->taken);
    return true;
}

static bool is_done(const player *p)
{
    return p->left.row == p->rows.sends.n && p->taken.row == p->rows.receives.n;
}

static void play(gy_row_maker *list, int ranks, const gy_reduction *r)
{
    int done = 0;
    const int64_t lazy = draw(5); /* 4: sends are done when nothing else can be */
    for (int i = 0; i < ranks; i++) {
        player *p = &players[i];
        p->m = (gy_members){.me = i, .n = ranks};
        p->rows = (gy_rows){{p->out_rows, 0}, {p->in_rows, 0}, FEW};
        list(&p->m, r, &p->rows);
        CU_ASSERT_FATAL(p->rows.sends.n <= ROWS && p->rows.receives.n <= ROWS);
        p->begun = p->left = p->taken = (spot){0, 0};
        p->n_begun = p->n_left = 0;
        settle(&p->rows.sends, &p->begun);
        settle(&p->rows.receives, &p->taken);
        p->left = p->begun;
    }
    for (bool moves = true; moves && done < ranks;) {
        moves = false;
        done = 0;
        const int64_t first = draw(ranks);
        for (int k = 0; k < ranks; k++) {
            player *p = &players[(first + k) % ranks];
            for (int64_t turns = draw(6); turns >= 0; turns--) moves |= begin_send(p);
            if (draw(4) >= lazy) moves |= leave(p);
            moves |= take(p);
            done += is_done(p);
        }
        for (int i = 0; i < ranks && !moves; i++) moves |= leave(&players[i]);
    }
    CU_ASSERT_EQUAL(done, ranks);
}

static void fill(int ranks, int64_t n)
{
    for (int r = 0; r < ranks; r++)
        for (int64_t i = 0; i < n; i++) players[r].x[i] = whole(r, i);
}

static void check(int ranks, int64_t n)
{
    int64_t wrong = 0;
    for (int64_t i = 0; i < n; i++) {
        float sum = 0;
        for (int r = 0; r < ranks; r++) sum += whole(r, i);
        for (int r = 0; r < ranks; r++) wrong += players[r].x[i] != sum;
    }
    CU_ASSERT_EQUAL(wrong, 0);
}

static void all_play(gy_row_maker *list, int ranks, int64_t n, const gy_wire *wire)
{
    gy_reduction r = {.n = n, .wire = wire};
    fill(ranks, n);
    play(list, ranks, &r);
    check(ranks, n);
    fill(ranks, n);
    r.half = GY_SCATTER;
    play(list, ranks, &r);
    r.half = GY_GATHER;
    play(list, ranks, &r);
    check(ranks, n);
}

static void everybody_has_the_sum(void)
{
    static const int64_t counts[] = {1, 17, 1000, MOST};
    static const gy_wire any = {.bytes = 2};
    static const int more[] = {31, 33, 64, MEMBERS};
    const int sizes = GY_TEST_SANITIZED ? 12 : 14;
    players = calloc(MEMBERS, sizeof *players);
    CU_ASSERT_PTR_NOT_NULL_FATAL(players);
    for (int i = 0; i < MEMBERS; i++)
        players[i].messages = calloc(ROWS, sizeof *players[i].messages);
    for (int k = 0; k < gy_all_reduce_registry.n; k++) {
        gy_row_maker *list = ((const gy_all_reduce_kind *)gy_all_reduce_registry.kinds[k])->rows;
        for (int c = 0; c < 4 && list != NULL; c++)
            for (int p = 2; p < sizes; p++) {
                const int ranks = p < 10 ? p : more[p - 10];
                for (int turn = 0; turn < (ranks < 6 ? 5 : 1); turn++) {
                    all_play(list, ranks, counts[c], NULL);
                    all_play(list, ranks, counts[c], &any);
                }
            }
    }
    for (int i = 0; i < MEMBERS; i++) free(players[i].messages);
    free(players);
}

GY_TEST_MAIN(GY_TEST(everybody_has_the_sum))
