/*
 * Threads of OpenMP that each apply one network to cells of their own: the network is shared, each has a
 * workspace. What a cell gives does not depend on how cells are shared out. threads RUN
 */
#include <gyre/network.h>

#include <omp.h>
#include <stdio.h>
#include <stdlib.h>

enum { CELLS = 10000, BLOCK = 128 };

static void fail(void)
{
    fprintf(stderr, "threads: %s\n", gy_error_last()->text);
    exit(1);
}

/* y of all cells by a team: each thread with its workspace, a block at a time. */
static void apply(gy_network *net, gy_workspace **work, int team, const float *x, float *y)
{
#pragma omp parallel for num_threads(team) schedule(dynamic)
    for (int at = 0; at < CELLS; at += BLOCK) {
        const int n = CELLS - at < BLOCK ? CELLS - at : BLOCK;
        if (gy_network_apply(net, work[omp_get_thread_num()], n, x + 3 * at, y + at) != GY_OK)
            fail();
    }
}

int main(int n, char **argv)
{
    static float x[3 * CELLS], together[CELLS], alone[CELLS];
    const int team = 4;
    gy_context *ctx;
    gy_network *net;
    gy_workspace *work[4];
    for (int i = 0; i < 3 * CELLS; i++) x[i] = (float)(i * 7919 % 1000) / 1000;
    if (n < 2 || gy_context_create(NULL, NULL, &ctx) != GY_OK) return 2;
    if (gy_network_open(ctx, NULL, argv[1], NULL, &net) != GY_OK) fail();
    for (int t = 0; t < team; t++)
        if (gy_workspace_create(net, BLOCK, &work[t]) != GY_OK) fail();

    apply(net, work, team, x, together);
    if (gy_network_apply(net, NULL, CELLS, x, alone) != GY_OK) fail();
    int apart = 0;
    for (int i = 0; i < CELLS; i++) apart += together[i] != alone[i];
    printf("%d cells by %d threads, %d of them otherwise than by one\n", CELLS, team, apart);

    for (int t = 0; t < team; t++) gy_workspace_free(work[t]);
    gy_network_close(net);
    gy_context_free(ctx);
    return 0;
}
