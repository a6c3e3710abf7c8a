/* The sums of grains: bins and planes of this rank's grains, made one with those of the others.
 *
 *     bins    |   b   |                 the greatest over the ranks, first of all; then every rank
 *     planes  |  p1   |  p2   |  p3   | lifts its planes to it, and buckets of floats sum them
 *
 * That the planes are one vector of 3n floats to the buckets is all that an all-reduce sees: every
 * addition is exact, so that it may add in any order. Nothing overlaps with the backward pass: the
 * bins are known when a rank's last grain is done.
 *
 * Why not one sum in fixed point: its scale must be known before the first grain is added, and the
 * greatest gradient is known after the last.
 *
 * It costs 13 bytes on the wire for a float's 4, 14 bytes of memory a parameter, 0.6 ns a grain and
 * parameter, the overlap, and what small products lose. Whole steps in ms, `bench step`, one thread a
 * rank, EPYC (Zen 4), plain → grains:
 *
 *     workload  parameters   1 rank, V = 8   1 rank, V = 16   2 ranks, V = 8   2 ranks, V = 16
 *     mlp       10.0 M       149 → 305       149 → 455        91 → 197         91 → 296
 *     lenet     3.3 M                        79 → 164                          46 → 96
 *     gru       2.7 M                        691 → 1001                        380 → 540
 *     resnet20  0.27 M                       251 → 248                         128 → 136 */
#include "grains.h"
#include "compression_list.h"
#include "sync_impl.h"
#include "wire_list.h"

#include "base/clock.h"
#include "base/count.h"
#include "base/param.h"
#include "comm/all_reduce_list.h"
#include "kernel/exact.h"

#include <string.h>

struct gy_grains {
    gy_context *ctx;
    gy_comm *comm;
    const gy_kernel *kernel;
    gy_exact sums;
    uint8_t *greatest;      /* [n] bins over all ranks, up to a whole float; NULL for one rank */
    gy_all_reduce *maximum; /* of these */
    float *planes;          /* [GY_EXACT_PLANES, n], the last two padded before */
    gy_sync *sync;          /* over the planes */
};

/* Bins travel four to a float, and the greater of two is taken instead of their sum. */

static void pack(int64_t n, const float *x, void *out)
{
    memcpy(out, x, (size_t)n * sizeof *x);
}

static void unpack(int64_t n, const void *in, float *x)
{
    memcpy(x, in, (size_t)n * sizeof *x);
}

static void take_greater(int64_t n, const void *in, float *x)
{
    const uint8_t *restrict other = in;
    uint8_t *restrict own = (uint8_t *)x;
    for (int64_t i = 0; i < n * (int64_t)sizeof *x; i++)
        own[i] = own[i] > other[i] ? own[i] : other[i];
}

static const gy_wire bins = {
    .bytes = sizeof(float), .encode = pack, .decode = unpack, .add = take_greater};

static gy_status make_maximum(gy_grains *g)
{
    const gy_reduction r = {.x = (float *)(void *)g->greatest,
                            .n = gy_pieces(g->sums.n, sizeof(float)),
                            .tag = GY_SYNC_BUCKETS, /* planes have those below */
                            .wire = &bins,
                            .by_messages = true};
    if (gy_comm_ranks(g->comm) == 1) return GY_OK;
    return gy_all_reduce_create(g->comm, &gy_all_reduce_auto.kind, &r, &g->maximum);
}

static gy_status find_greatest(gy_grains *g)
{
    memcpy(g->greatest, g->sums.bins, (size_t)g->sums.n);
    GY_TRY(gy_all_reduce_begin(g->maximum));
    return gy_all_reduce_wait(g->maximum);
}

/* Where a plane begins: on a cache line. */
static int64_t stride(int64_t n)
{
    return gy_round_up(n, GY_PARAM_ALIGN);
}

static gy_status allocate(gy_context *ctx, bool alone, int64_t n, gy_grains **out)
{
    gy_grains *g = NULL;
    GY_TRY(gy_new(ctx, &g));
    *out = g;
    g->ctx = ctx;
    GY_TRY(gy_new_array(ctx, n, &g->sums.bins));
    if (!alone) GY_TRY(gy_new_array(ctx, gy_round_up(n, sizeof(float)), &g->greatest));
    return gy_new_array(ctx, GY_EXACT_PLANES * stride(n), &g->planes);
}

/* Plain sums by messages, whatever the settings want of gradients. */
static gy_sync_settings plain(const gy_sync_settings *settings)
{
    gy_sync_settings out = *settings;
    out.overlap = false;
    out.shard_optimizer = false;
    out.compression.kind = &gy_compression_none.kind;
    out.wire.kind = &gy_wire_float32.kind;
    return out;
}

static gy_sync_vector planes_of(const gy_grains *g)
{
    return (gy_sync_vector){.g = g->planes, .n = GY_EXACT_PLANES * stride(g->sums.n)};
}

gy_status gy_grains_create(gy_context *ctx, gy_comm *comm, const gy_kernel *k,
                           const gy_sync_settings *settings, int64_t n, gy_grains **out)
{
    gy_status status;
    gy_grains *g = NULL;
    const gy_sync_settings sums = plain(settings);
    bool alone = gy_comm_ranks(comm) == 1;
    GY_TRY_GOTO(fail, gy_comm_agree(comm, allocate(ctx, alone, n, &g)));
    g->comm = comm;
    g->kernel = k;
    g->sums.n = n;
    g->sums.width = gy_exact_width(settings->reproducible_grains);
    for (int p = 0; p < GY_EXACT_PLANES; p++) g->sums.planes[p] = g->planes + p * stride(n);
    const gy_sync_vector planes = planes_of(g);
    GY_TRY_GOTO(fail, gy_sync_create(ctx, comm, &sums, &planes, &g->sync));
    GY_TRY_GOTO(fail, make_maximum(g));
    *out = g;
    return GY_OK;
fail:
    gy_grains_free(g);
    return status;
}

void gy_grains_drop(gy_grains *g)
{
    gy_all_reduce_free(g->maximum);
    g->maximum = NULL;
    gy_sync_drop(g->sync);
}

gy_status gy_grains_remake(gy_grains *g, const gy_sync_settings *settings)
{
    const gy_sync_settings sums = plain(settings);
    const gy_sync_vector planes = planes_of(g);
    GY_TRY(gy_sync_remake(g->sync, &sums, &planes));
    return make_maximum(g);
}

void gy_grains_free(gy_grains *g)
{
    if (g == NULL) return;
    gy_all_reduce_free(g->maximum);
    gy_sync_free(g->sync);
    gy_free(g->ctx, g->planes);
    gy_free(g->ctx, g->greatest);
    gy_free(g->ctx, g->sums.bins);
    gy_free(g->ctx, g);
}

int64_t gy_grains_bytes(int64_t n)
{
    return 2 * n + GY_EXACT_PLANES * stride(n) * (int64_t)sizeof(float);
}

int64_t gy_grains_sent(int64_t n)
{
    return n + GY_EXACT_PLANES * stride(n) * (int64_t)sizeof(float);
}

int64_t gy_grains_room_bytes(const gy_grains *g)
{
    return gy_sync_room_bytes(g->sync);
}

int gy_grains_buckets(const gy_grains *g)
{
    return gy_sync_buckets(g->sync);
}

const char *gy_grains_algorithm(const gy_grains *g)
{
    return gy_sync_algorithm(g->sync);
}

void gy_grains_begin(gy_grains *g)
{
    gy_exact_clear(g->kernel, &g->sums);
}

void gy_grains_add(gy_grains *g, int64_t from, int64_t n, const float *x)
{
    gy_exact_add(g->kernel, &g->sums, from, n, x);
}

gy_status gy_grains_finish(gy_grains *g, double *waited_s)
{
    double since = gy_clock_s(), waited;
    if (gy_comm_ranks(g->comm) > 1) {
        GY_TRY(find_greatest(g));
        gy_exact_raise(g->kernel, &g->sums, g->greatest);
        gy_sync_begin(g->sync);
        GY_TRY(gy_sync_finish(g->sync, &waited));
    }
    *waited_s = gy_clock_s() - since;
    return GY_OK;
}

void gy_grains_take(const gy_grains *g, int64_t from, int64_t n, float *y)
{
    gy_exact_take(g->kernel, &g->sums, from, n, y);
}
