/*
 * `bench all_reduce`: sizes by kinds, in turns that all ranks begin together; against what passing
 * bytes to the next rank costs here. No algorithm that passes messages alone is faster than the
 * bound; one in host memory may be.
 */
#include "bench.h"

#include <gyre/train.h>

#include "base/clock.h"
#include "base/door.h"
#include "comm/all_reduce.h"
#include "comm/host_memory.h"
#include "sync/wire_list.h"

#include <string.h>

enum { LEAST_TURNS = 5, MOST_TURNS = 50 };

static const double A_WHILE_S = 0.4; /* for one kind and size */

typedef struct bench {
    gy_comm *comm;
    const gy_bench_all_reduce_options *options;
    const gy_wire *wire;
    float *x;                    /* [most] */
    gy_host_memory *host_memory; /* [most] for kinds that gain by it, as training has it */
    int64_t most;
} bench;

typedef struct result {
    double median_s, least_s;
    int64_t sent; /* bytes of this rank a turn */
} result;

static void tell(const bench *b, gy_report *report)
{
    gy_bench_tell(b->comm, b->options->observer, b->options->observer_user, report);
}

static gy_status measure_topology(const bench *b)
{
    gy_report report;
    GY_TRY(gy_comm_measure(b->comm));
    const gy_topology *t = gy_comm_topology(b->comm);
    gy_report_begin(&report, "topology");
    gy_report_int(&report, "ranks", t->ranks);
    gy_report_int(&report, "hosts", t->hosts);
    gy_report_float(&report, "message_us", 1e6 * t->message_s);
    gy_report_float(&report, "gb_per_second", 1e-9 / t->byte_s);
    gy_report_float(&report, "copy_gb_per_second", 1e-9 / t->copy_s);
    tell(b, &report);
    return GY_OK;
}

/* Turns that take a while, by how long the first one took. */
static int turns_for(double first_s)
{
    double turns = A_WHILE_S / first_s;
    return turns < LEAST_TURNS ? LEAST_TURNS : turns > MOST_TURNS ? MOST_TURNS : (int)turns;
}

static gy_status take_turns(const bench *b, gy_all_reduce *op, result *out)
{
    double seconds[MOST_TURNS];
    int64_t before = gy_all_reduce_sent(b->comm);
    int n = 0;
    for (int turns = LEAST_TURNS; n < turns; n++) {
        GY_TRY(gy_comm_barrier(b->comm));
        double start = gy_clock_s();
        GY_TRY(gy_all_reduce_begin(op));
        GY_TRY(gy_all_reduce_wait(op));
        seconds[n] = gy_clock_s() - start;
        GY_TRY(gy_comm_max(b->comm, &seconds[n], 1)); /* the same on every rank */
        if (n == 0) turns = turns_for(seconds[0]);
    }
    out->sent = (gy_all_reduce_sent(b->comm) - before) / n;
    out->median_s = gy_bench_median(seconds + 1, n - 1); /* the first warms up */
    out->least_s = seconds[1];
    return GY_OK;
}

static gy_status measure(const bench *b, const gy_kind *kind, int64_t bytes, double shift_s)
{
    gy_report report;
    gy_all_reduce *op = NULL;
    result r;
    bool in_place = ((const gy_all_reduce_kind *)kind)->in_place;
    gy_reduction reduction = {.x = in_place ? gy_host_memory_values(b->host_memory) : b->x,
                              .n = bytes / (int64_t)sizeof(float),
                              .wire = b->wire};
    GY_TRY(gy_all_reduce_create(b->comm, kind, &reduction, &op));
    const char *chosen = gy_all_reduce_chosen(op)->name;
    gy_status status = take_turns(b, op, &r);
    gy_all_reduce_free(op);
    GY_TRY(status);
    int ranks = gy_comm_ranks(b->comm);
    double bound = 2.0 * (ranks - 1) / ranks * shift_s;
    if (b->wire != NULL) bound *= (double)b->wire->bytes / sizeof(float);
    gy_report_begin(&report, "all_reduce");
    gy_report_text(&report, "kind", kind->name);
    gy_report_text(&report, "chosen", chosen);
    gy_report_int(&report, "bytes", bytes);
    gy_report_float(&report, "median_ms", 1e3 * r.median_s);
    gy_report_float(&report, "least_ms", 1e3 * r.least_s);
    gy_report_int(&report, "sent_bytes", r.sent);
    gy_report_float(&report, "share_of_bound", bound / r.median_s);
    tell(b, &report);
    return GY_OK;
}

static bool wanted(const gy_bench_all_reduce_options *o, const gy_kind *kind)
{
    for (int i = 0; i < o->n_kinds; i++)
        if (strcmp(o->kinds[i], kind->name) == 0) return true;
    return o->n_kinds == 0;
}

static gy_status measure_size(const bench *b, int64_t bytes)
{
    double shift_s = 0;
    GY_TRY(gy_comm_time_shift(b->comm, bytes, LEAST_TURNS, &shift_s));
    for (int k = 0; k < gy_all_reduce_registry.n; k++)
        if (wanted(b->options, gy_all_reduce_registry.kinds[k]))
            GY_TRY(measure(b, gy_all_reduce_registry.kinds[k], bytes, shift_s));
    return GY_OK;
}

static gy_status check(bench *b)
{
    const gy_bench_all_reduce_options *o = b->options;
    GY_REQUIRE(gy_comm_ranks(b->comm) > 1, GY_E_USAGE,
               "nothing to measure" GY_AT "bench all_reduce" GY_WHY
               "there is one rank, which has nobody to add up with" GY_HINT
               "start several, as mpirun -n 4 gyre bench all_reduce");
    for (int i = 0; i < o->n_kinds; i++)
        GY_REQUIRE(gy_registry_find(&gy_all_reduce_registry, o->kinds[i]) != NULL, GY_E_USAGE,
                   "unknown all-reduce %s" GY_HINT "see gyre help comm", o->kinds[i]);
    const gy_kind *wire =
        gy_registry_find(&gy_wire_registry, o->wire != NULL ? o->wire : "float32");
    GY_REQUIRE(wire != NULL, GY_E_USAGE, "unknown wire %s" GY_HINT "see gyre help comm", o->wire);
    b->wire = ((const gy_wire_kind *)wire)->wire;
    return GY_OK;
}

gy_status gy_bench_all_reduce(gy_context *ctx, gy_comm *comm,
                              const gy_bench_all_reduce_options *options)
{
    GY_DOOR;
    static const int64_t usual[] = {4 << 10, 64 << 10, 1 << 20, 4 << 20, 16 << 20, 64 << 20};
    bench b = {.comm = comm, .options = options};
    const int64_t *bytes = options->bytes != NULL ? options->bytes : usual;
    int n = options->bytes != NULL ? options->n_bytes : (int)(sizeof usual / sizeof *usual);
    for (int i = 0; i < n; i++) b.most = bytes[i] > b.most ? bytes[i] : b.most;
    gy_status status = check(&b);
    const int64_t floats = b.most / (int64_t)sizeof(float) + 1;
    if (status == GY_OK) status = gy_new_array(ctx, floats, &b.x);
    status = gy_comm_agree(comm, status);
    if (status == GY_OK) status = gy_host_memory_create(comm, floats, &b.host_memory);
    if (status == GY_OK) status = measure_topology(&b);
    for (int i = 0; i < n && status == GY_OK; i++) status = measure_size(&b, bytes[i]);
    gy_host_memory_free(b.host_memory);
    gy_free(ctx, b.x);
    return status;
}
