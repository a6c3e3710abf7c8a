/* How often a parked rank says so: at first at once, then in every beat where ranks are few; the more there
 * are, the more seldom, so that the lowest, who hears them all, is not flooded. One rank of many, by a clock
 * of its own; nobody else is there. */
#include "gy_test.h"

#include "comm/alive_impl.h"

#include <string.h>

enum { LOOKS_A_S = 200, SECONDS = 4 }; /* a parked rank's thread looks every 5 ms */

static gy_comm *comm;
static gy_post *post;

/* How often the last of so many ranks says in SECONDS that it is parked; `again` ends it with another death. */
static int tell(int ranks, bool again)
{
    static bool left[GY_SET_RANKS];
    static gy_parked parked[GY_SET_RANKS];
    static gy_alive alive;
    gy_watch w = {.comm = comm, .post = post, .rank = ranks - 1, .ranks = ranks, .alive = &alive};
    int told = 0;
    double last = -1;
    CU_ASSERT_EQUAL_FATAL(pthread_mutex_init(&w.lock, NULL), 0);
    memset(&alive, 0, sizeof alive);
    alive.left = left;
    alive.parked = parked;
    alive.parking.on = true;
    alive.parked_told = -1e9; /* long ago */
    gy_rank_set_put(&alive.dead, 1);
    for (int look = 0; look <= SECONDS * LOOKS_A_S; look++) {
        const double now = 1000 + (look + 0.001 * (look % 7)) / LOOKS_A_S;
        if (again && look == SECONDS * LOOKS_A_S) gy_park_again(&w);
        gy_park_look(&w, now);
        if (alive.parked_told != now) continue;
        if (told++ == 0) CU_ASSERT_EQUAL(look, 0);
        last = now;
    }
    CU_ASSERT(!again || last >= 1000 + SECONDS);
    pthread_mutex_destroy(&w.lock);
    return told;
}

static void tells_seldom_where_many_do(void)
{
    int before = SECONDS * LOOKS_A_S;
    const int sizes[] = {3, 40, 63, 64, 65, 128, 300, 1000, GY_SET_RANKS};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        const int ranks = sizes[i], told = tell(ranks, false);
        if (ranks < 64) CU_ASSERT(told > SECONDS * LOOKS_A_S * 3 / 4); /* the clock is uneven */
        CU_ASSERT(ranks < 64 || told <= before);
        CU_ASSERT(told >= 2 * SECONDS); /* a letter that is lost costs half a second at most */
        CU_ASSERT((double)ranks * (told - 1) / SECONDS <= 13000);
        if (ranks >= 64) before = told;
    }
    CU_ASSERT(tell(1000, false) < tell(64, false) / 4);
}

static void tells_at_once_of_another_death(void)
{
    CU_ASSERT_EQUAL(tell(GY_SET_RANKS, true), tell(GY_SET_RANKS, false) + 1);
}

static void with_a_post(void (*test)(void))
{
    gy_context *ctx = NULL;
    CU_ASSERT_EQUAL_FATAL(gy_context_create(NULL, NULL, &ctx), GY_OK);
    CU_ASSERT_EQUAL_FATAL(gy_comm_alone(ctx, &comm), GY_OK);
    CU_ASSERT_EQUAL_FATAL(gy_post_open(comm, &post), GY_OK);
    test();
    gy_post_close(post);
    gy_comm_free(comm);
    gy_context_free(ctx);
}

static void parked_ranks_do_not_flood(void)
{
    with_a_post(tells_seldom_where_many_do);
}

static void another_death_is_told_at_once(void)
{
    with_a_post(tells_at_once_of_another_death);
}

GY_TEST_MAIN(GY_TEST(parked_ranks_do_not_flood), GY_TEST(another_death_is_told_at_once))
