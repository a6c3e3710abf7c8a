/* alive SECONDS [RANK:MILLISECONDS[:stop] …]: ranks that die, or stand still, by a plan; those that are left
 * agree on who is left, and say what each agreement gave, until they are ended or so many seconds are over. With 0
 * seconds all end their watch, but for those of the plan. alive.py runs it. */
#include "comm/alive.h"

#include <gyre/gyre.h>

#include "base/clock.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void ended(void *user, const char *line)
{
    (void)user;
    if (line != NULL) (void)fprintf(stderr, "alive: %s\n", line);
    _exit(1);
}

static void rest(void)
{
    const struct timespec a_bit = {.tv_nsec = 200000};
    (void)nanosleep(&a_bit, NULL);
}

static void follow_plan(char *const *plan, int n, int rank, double ms)
{
    for (int i = 0; i < n; i++) {
        char *end = NULL;
        if (strtol(plan[i], &end, 10) != rank) continue;
        if (ms < (double)strtol(end + 1, &end, 10)) continue;
        (void)raise(*end == ':' ? SIGSTOP : SIGKILL);
    }
}

/* "dead 1 3: least 0 most 4 of 4 (0.4 ms)" */
static void tell(const gy_comm *comm, const gy_agreed *agreed, double ms)
{
    printf("rank %d: dead", gy_alive_rank(comm));
    for (int r = 0; r < gy_alive_ranks(comm); r++)
        if (gy_alive_is_dead(comm, r)) printf(" %d", r);
    printf(": %lld to %lld, most of %d (%.1f ms)\n", (long long)agreed->least[0],
           (long long)agreed->most[0], agreed->first[0], ms);
    (void)fflush(stdout);
}

/* Only who was heard can be silent. */
static void leave(gy_comm *comm, char *const *plan, int n)
{
    const double start = gy_clock_s();
    while (gy_clock_s() - start < 1) rest();
    follow_plan(plan, n, gy_comm_rank(comm), 0);
    gy_comm_free(comm);
}

int main(int argc, char **argv)
{
    gy_context *ctx = NULL;
    gy_comm *comm = NULL;
    if (gy_context_create(NULL, NULL, &ctx) != GY_OK || gy_comm_start(ctx) != GY_OK ||
        gy_comm_create(ctx, NULL, &comm) != GY_OK || gy_comm_watch(comm, 0, ended, NULL) != GY_OK) {
        (void)fprintf(stderr, "%s\n", gy_error_last()->text);
        return 1;
    }
    const double seconds = argc > 1 ? strtod(argv[1], NULL) : 1;
    gy_alive_set_silence(comm, 2); /* longer than one that lives has to wait for a core */
    gy_alive_survive(comm, seconds > 0);
    if (gy_comm_agree(comm, GY_OK) != GY_OK) return 1;
    if (seconds <= 0) {
        leave(comm, argv + 2, argc - 2);
        return 0;
    }
    const double start = gy_clock_s();
    while (gy_clock_s() - start < seconds) {
        const int64_t words[GY_ALIVE_WORDS] = {gy_comm_rank(comm) % 3, 7};
        const double now = gy_clock_s();
        follow_plan(argv + 2, argc - 2, gy_comm_rank(comm), 1e3 * (now - start));
        rest();
        if (!gy_alive_news(comm)) continue;
        gy_agreed agreed;
        if (gy_alive_agree(comm, words, &agreed) != GY_OK) ended(NULL, gy_error_last()->text);
        tell(comm, &agreed, 1e3 * (gy_clock_s() - now));
    }
    _exit(0); /* MPI would wait for the dead */
}
