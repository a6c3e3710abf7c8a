/*
 * A rod that conducts heat and makes some by itself. How much a cell makes follows from itself and its
 * neighbours by a term that stands for something costly; a network learns it while the program runs, and
 * takes its place from half time on. A second field keeps the term, to compare.
 *
 *     mpirun -n 3 heat closure.yaml runs/rod 2000 2       two of the ranks train it
 *     mpirun -n 2 heat runs/rod runs/rod 2000             goes on from its checkpoint, on all
 *
 * The samples are never copied: sample i is the cells i, i + 1, i + 2 of the field as it lies.
 */
#include <gyre/network.h>

#include <math.h>
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CELLS = 600 };

static const double CONDUCTS = 0.4,
                    MAKES = 3e-4; /* a step: of the second difference, of the term */

/* This rank's part of the rod, with a cell of each neighbour at its ends. */
typedef struct part {
    MPI_Comm comm;
    int rank, ranks, first, n;
    double *u, *v, *term; /* [n + 2] the field, [n + 2] that by the network, [n] what cells make */
} part;

static void check(gy_status status)
{
    if (status == GY_OK) return;
    fprintf(stderr, "heat: %s\n", gy_error_last()->text);
    MPI_Abort(MPI_COMM_WORLD, 1);
}

static double costly_term(double left, double here, double right)
{
    return 2 * here * (1 - here) * exp(-fabs(right - left));
}

static part make_part(MPI_Comm comm)
{
    part p = {.comm = comm};
    MPI_Comm_rank(comm, &p.rank);
    MPI_Comm_size(comm, &p.ranks);
    p.first = CELLS * p.rank / p.ranks;
    p.n = CELLS * (p.rank + 1) / p.ranks - p.first;
    p.u = calloc((size_t)p.n + 2, sizeof *p.u);
    p.v = calloc((size_t)p.n + 2, sizeof *p.v);
    p.term = calloc((size_t)p.n, sizeof *p.term);
    for (int i = 0; i < p.n; i++) {
        const double x = (p.first + i + 0.5) / CELLS;
        p.u[i + 1] = p.v[i + 1] = exp(-100 * (x - 0.3) * (x - 0.3)) + 0.3 * fabs(sin(12 * x));
    }
    return p;
}

static void exchange_ends(const part *p, double *u)
{
    const int left = p->rank > 0 ? p->rank - 1 : MPI_PROC_NULL;
    const int right = p->rank + 1 < p->ranks ? p->rank + 1 : MPI_PROC_NULL;
    MPI_Sendrecv(u + 1, 1, MPI_DOUBLE, left, 0, u + p->n + 1, 1, MPI_DOUBLE, right, 0, p->comm,
                 MPI_STATUS_IGNORE);
    MPI_Sendrecv(u + p->n, 1, MPI_DOUBLE, right, 0, u, 1, MPI_DOUBLE, left, 0, p->comm,
                 MPI_STATUS_IGNORE);
}

/* A step of time, by p->term. */
static void advance(const part *p, double *u)
{
    double before = u[0];
    for (int i = 0; i < p->n; i++) {
        const double here = u[i + 1];
        u[i + 1] = here + CONDUCTS * (before - 2 * here + u[i + 2]) + MAKES * p->term[i];
        before = here;
    }
}

/* What the network sees of a field, and where its answer lies: [n, 3] of overlapping windows, [n]. */
static gy_view windows(const part *p, double *u)
{
    return (gy_view){GY_DOUBLE, u, 2, {p->n, 3}, {1, 1}};
}

static gy_view answers(const part *p)
{
    return (gy_view){GY_DOUBLE, p->term, 1, {p->n}, {1}};
}

/* The field goes on by the term; a network that is given learns it. */
static void step_by_term(part *p, gy_network *net, double *loss)
{
    exchange_ends(p, p->u);
    for (int i = 0; i < p->n; i++) p->term[i] = costly_term(p->u[i], p->u[i + 1], p->u[i + 2]);
    const gy_view x = windows(p, p->u), y = answers(p);
    if (net != NULL) check(gy_network_step_view(net, &x, &y, NULL, loss));
    advance(p, p->u);
}

static void step_by_network(part *p, gy_network *net)
{
    exchange_ends(p, p->v);
    const gy_view x = windows(p, p->v), y = answers(p);
    check(gy_network_apply_view(net, NULL, &x, &y));
    advance(p, p->v);
}

static double field_error(const part *p)
{
    double sums[2] = {0, 0};
    for (int i = 1; i <= p->n; i++) {
        sums[0] += (p->u[i] - p->v[i]) * (p->u[i] - p->v[i]);
        sums[1] += p->u[i] * p->u[i];
    }
    MPI_Allreduce(MPI_IN_PLACE, sums, 2, MPI_DOUBLE, MPI_SUM, p->comm);
    return sqrt(sums[0] / sums[1]);
}

/* The ranks that train open it together, alike but for their samples; the others take what those have saved. */
static void run(part *p, gy_context *ctx, const char *from, const char *run_dir, int steps,
                bool trains, MPI_Comm trainers)
{
    const gy_network_options options = {.training = true, .most = CELLS / p->ranks + 1};
    gy_comm *comm = NULL;
    gy_network *net = NULL;
    double loss = NAN;
    if (trains) {
        check(gy_comm_create(ctx, &trainers, &comm));
        check(gy_network_open(ctx, comm, from, &options, &net));
    }
    if (p->rank == 0) printf("begins with %lld updates\n", (long long)gy_network_steps(net));
    for (int t = 0; t < steps / 2; t++) {
        step_by_term(p, net, &loss);
        if (p->rank == 0 && t == 0) printf("loss at first %.2e\n", loss);
    }
    if (p->rank == 0) printf("loss at half time %.2e\n", loss);
    if (trains) check(gy_network_save(net, run_dir));
    MPI_Barrier(p->comm);
    if (!trains) check(gy_network_open(ctx, NULL, run_dir, NULL, &net));

    memcpy(p->v, p->u, ((size_t)p->n + 2) * sizeof *p->u);
    for (int t = steps / 2; t < steps; t++) {
        step_by_term(p, NULL, NULL);
        step_by_network(p, net);
    }
    const double error = field_error(p);
    if (p->rank == 0) printf("field by the network off by %.2f %%\n", 100 * error);
    gy_network_close(net);
    gy_comm_free(comm);
}

int main(int argc, char **argv)
{
    gy_context *ctx;
    MPI_Comm trainers;
    MPI_Init(&argc, &argv);
    part p = make_part(MPI_COMM_WORLD);
    const int some = argc < 5 ? p.ranks : atoi(argv[4]);
    if (argc < 4 || some < 1) {
        if (p.rank == 0)
            fprintf(stderr, "usage: heat CONFIGURATION|RUN RUN_DIR STEPS [RANKS, at least 1]\n");
        MPI_Abort(MPI_COMM_WORLD, 2);
    }
    const bool trains = p.rank < some;
    MPI_Comm_split(MPI_COMM_WORLD, trains ? 0 : MPI_UNDEFINED, p.rank, &trainers);
    check(gy_context_create(NULL, NULL, &ctx));
    run(&p, ctx, argv[1], argv[2], atoi(argv[3]), trains, trainers);
    gy_context_free(ctx);
    if (trains) MPI_Comm_free(&trainers);
    free(p.u);
    free(p.v);
    free(p.term);
    MPI_Finalize();
    return 0;
}
