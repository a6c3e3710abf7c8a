/*
 * A training step of a network in memory over ranks beside the same step of one rank alone, in turns: what the
 * ranks cost. Each rank has n samples in both.
 *
 *     mpirun -n 2 bench_inside_step NETWORK.yaml N…
 *
 * µs a step, the medians of a few rounds, of which the least is told; of the slowest rank.
 */
#include <gyre/network.h>

#include "base/clock.h"
#include "bench.h"

#include <math.h>
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>

enum { ROUNDS = 9, STEPS = 400, WARM = 20 };

typedef struct samples {
    int64_t n;
    float *x, *y;
} samples;

static double median(gy_network *net, const samples *s)
{
    static double times[STEPS];
    (void)MPI_Barrier(MPI_COMM_WORLD);
    for (int i = -WARM; i < STEPS; i++) {
        const double start = gy_clock_s();
        gy_bench_check(gy_network_step(net, s->n, s->x, s->y, NULL, NULL));
        if (i >= 0) times[i] = 1e6 * (gy_clock_s() - start);
    }
    return gy_bench_median(times, STEPS);
}

static void measure(gy_network *alone, gy_network *together, samples *s, int rank)
{
    int64_t shape[GY_NETWORK_AXES];
    const int64_t x = s->n * gy_bench_count(gy_network_input(alone, shape), shape);
    const int64_t y = s->n * gy_bench_count(gy_network_target(alone, shape), shape);
    double least[2] = {INFINITY, INFINITY}, slowest[2];
    s->x = malloc((size_t)x * sizeof *s->x);
    s->y = calloc((size_t)y, sizeof *s->y);
    if (s->x == NULL || s->y == NULL) exit(1);
    for (int64_t i = 0; i < x; i++) s->x[i] = (float)(i * 7919 % 2003 - 1001) / 1001;
    for (int i = 0; i < ROUNDS; i++) {
        least[0] = fmin(least[0], median(alone, s));
        least[1] = fmin(least[1], median(together, s));
    }
    (void)MPI_Reduce(least, slowest, 2, MPI_DOUBLE, MPI_MAX, 0, MPI_COMM_WORLD);
    if (rank == 0)
        printf("%6lld  %10.2f  %10.2f  %10.2f\n", (long long)s->n, slowest[0], slowest[1],
               slowest[1] - slowest[0]);
    free(s->x);
    free(s->y);
}

int main(int argc, char **argv)
{
    const gy_network_options options = {.training = true};
    MPI_Comm world = MPI_COMM_WORLD;
    gy_context *ctx = NULL;
    gy_comm *comm = NULL;
    gy_network *alone = NULL, *together = NULL;
    int rank = 0;
    if (argc < 3) {
        printf("usage: bench_inside_step NETWORK.yaml N...\n");
        return 2;
    }
    (void)MPI_Init(&argc, &argv);
    (void)MPI_Comm_rank(world, &rank);
    gy_bench_check(gy_context_create(NULL, NULL, &ctx));
    gy_bench_check(gy_comm_create(ctx, &world, &comm));
    gy_bench_check(gy_network_open(ctx, NULL, argv[1], &options, &alone));
    gy_bench_check(gy_network_open(ctx, comm, argv[1], &options, &together));
    if (rank == 0) printf("%6s  %10s  %10s  %10s\n", "n", "alone", "together", "more");
    for (int i = 2; i < argc; i++) {
        samples s = {.n = atoll(argv[i])};
        measure(alone, together, &s, rank);
    }
    gy_network_close(together);
    gy_network_close(alone);
    gy_comm_free(comm);
    gy_context_free(ctx);
    (void)MPI_Finalize();
    return 0;
}
