/*
 * `bench io`: checkpoints of a size or of a configuration, written and read in turns with plain files
 * of as many bytes, which are the limit:
 *
 *     turn     plain files  written, flushed, read
 *              checkpoint   begun (copied), ended (written, flushed, renamed), read, verified
 *
 * What a rank alone does (plain files, verifying) ends with the ranks agreeing. Everything lies in a
 * directory of its own, which goes in the end, whatever happened.
 */
#include "bench.h"

#include <gyre/train.h>

#include "base/clock.h"
#include "base/door.h"
#include "base/spent.h"
#include "config/config.h"
#include "plain.h"
#include "store/file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_TURNS = 100 };

/* X(stage): what is measured, in seconds; those of the system's calls are write, flush and rename. */
#define STAGES(X)                                                                                  \
    X(plain_write)                                                                                 \
    X(plain_flush)                                                                                 \
    X(plain_read) X(copy) X(save) X(write) X(flush) X(rename) X(read) X(verify)
#define ENUM(name) STAGE_##name,
enum { STAGES(ENUM) N_STAGES };
#undef ENUM

typedef struct bench {
    gy_context *ctx;
    gy_comm *comm;
    int rank, ranks;
    gy_pool pool;
    const gy_config *config; /* NULL: none */
    gy_net network;          /* of it */
    gy_optim *optim;
    float *average;
    gy_range whole; /* of its trainable parameters */
    gy_ranges all;  /* that one */
    const gy_bench_io_options *options;
    gy_checkpoint c;
    gy_checkpoint_settings settings;
    gy_param tensor; /* without a configuration */
    gy_params params;
    float *numbers;
    float *values, *buffer_values;
    const char *dir, *plain; /* of this benchmark; this rank's plain file */
    gy_saver *saver;
    int64_t bytes, files, plain_bytes;
    double seconds[N_STAGES][MOST_TURNS];
} bench;

/* Numbers that no file system can make smaller. */
static void fill(float *v, int64_t n)
{
    uint32_t draw = 1;
    for (int64_t i = 0; i < n; i++) {
        draw = draw * 1664525u + 1013904223u;
        v[i] = (float)(draw >> 8) * 0x1p-24f;
    }
}

/* One tensor of all bytes. */
static gy_status make_tensor(bench *b)
{
    const int64_t n = b->options->bytes / (int64_t)sizeof(float) / GY_PARAM_ALIGN * GY_PARAM_ALIGN;
    GY_TRY(gy_new_array(b->ctx, n, &b->numbers));
    fill(b->numbers, n);
    b->values = b->numbers;
    b->tensor = (gy_param){.name = "values", .shape = {1, {n}}, .trainable = true, .count = n};
    b->params = (gy_params){.v = &b->tensor, .n = 1, .floats = n, .trainable = n, .elements = n};
    b->c = (gy_checkpoint){.params = &b->params, .values = b->values};
    return GY_OK;
}

/* Parameters, buffers, optimizer and average, as a run of this configuration has them. */
static void add_slot(gy_checkpoint *c, const char *name, float *v, const gy_params *table)
{
    c->slots[c->n_slots++] = (gy_checkpoint_slot){.name = name, .v = v, .table = table};
}

static gy_status make_model(bench *b)
{
    gy_net_spec spec;
    GY_TRY(gy_config_network(b->config, b->comm, &spec));
    GY_TRY(gy_net_open(b->ctx, &spec, &b->network));
    gy_model *model = b->network.model;
    GY_TRY(gy_model_allocate(model, false));
    GY_TRY(gy_model_start(model, (uint64_t)b->config->seed));
    const gy_params *params = gy_model_params(model);
    b->whole = (gy_range){0, params->trainable};
    b->all = (gy_ranges){&b->whole, 1};
    GY_TRY(gy_optim_create(b->ctx, b->network.kernel, &b->config->optimizer, params, &b->all, NULL,
                           &b->optim));
    b->values = gy_model_values(model);
    b->buffer_values = gy_model_buffer_values(model);
    b->c = (gy_checkpoint){.params = params,
                           .values = b->values,
                           .buffers = gy_model_buffers(model),
                           .buffer_values = b->buffer_values,
                           .config = gy_config_text(b->config)};
    for (int i = 0; i < gy_optim_slots(b->optim); i++)
        add_slot(&b->c, gy_optim_slot_name(b->optim, i), gy_optim_slot(b->optim, i),
                 gy_optim_slot_table(b->optim, i));
    if (b->config->train.parameter_average <= 0) return GY_OK;
    GY_TRY(gy_new_array(b->ctx, params->trainable, &b->average));
    add_slot(&b->c, "average", b->average, NULL);
    return GY_OK;
}

static gy_status choose_settings(bench *b)
{
    const gy_bench_io_options *o = b->options;
    if (b->config != NULL) b->settings = b->config->checkpoint;
    b->settings.keep = 1;
    if (o->shards >= 0) b->settings.shards = o->shards;
    if (o->writer == NULL) return GY_OK;
    for (int i = 0; gy_checkpoint_writers[i] != NULL; i++) {
        b->settings.writer = i;
        if (strcmp(gy_checkpoint_writers[i], o->writer) == 0) return GY_OK;
    }
    return gy_raise(GY_E_USAGE, "unknown writer %s" GY_HINT "use rank0 or all", o->writer);
}

/* On rank 0. @param dir  out: free with gy_free() */
static gy_status make_directory(bench *b, char **dir)
{
    const char *above = b->options->dir != NULL ? b->options->dir : ".";
    const char *pattern;
    gy_lies there;
    GY_TRY(gy_path_kind(above, &there));
    GY_REQUIRE(there == GY_IS_DIRECTORY, GY_E_USAGE,
               "no directory" GY_AT "%s" GY_WHY "files are to be written there" GY_HINT
               "name one with --dir",
               above);
    GY_TRY(gy_pool_format(&b->pool, &pattern, "%s/gyre-bench-io-XXXXXX", above));
    GY_TRY(gy_new_array(b->ctx, (int64_t)strlen(pattern) + 1, dir));
    memcpy(*dir, pattern, strlen(pattern) + 1);
    if (mkdtemp(*dir) != NULL) return GY_OK;
    const int reason = errno;
    gy_free(b->ctx, *dir);
    *dir = NULL;
    return gy_raise(GY_E_CONFIG, "cannot write" GY_AT "%s" GY_WHY "%s", above, strerror(reason));
}

static gy_status find_directory(bench *b)
{
    char *dir = NULL;
    gy_status status = b->rank == 0 ? make_directory(b, &dir) : GY_OK;
    status = gy_comm_agree(b->comm, status);
    if (status == GY_OK) status = gy_comm_broadcast_text(b->comm, &dir);
    if (status == GY_OK) status = gy_pool_string(&b->pool, dir, &b->dir);
    if (status == GY_OK) status = gy_pool_format(&b->pool, &b->plain, "%s/plain-%d", dir, b->rank);
    const bool nobody_knows = b->rank == 0 && dir != NULL && b->dir == NULL;
    if (nobody_knows && rmdir(dir) != 0) {} /* the first failure is told */
    gy_free(b->ctx, dir);
    return gy_comm_agree(b->comm, status);
}

static gy_status prepare(bench *b)
{
    gy_status status = choose_settings(b);
    if (status == GY_OK) status = b->config != NULL ? make_model(b) : make_tensor(b);
    GY_TRY(gy_comm_agree(b->comm, status));
    GY_TRY(find_directory(b));
    GY_TRY(gy_checkpoint_try_room(b->ctx, b->comm, b->dir, &b->settings, &b->c));
    status = gy_saver_create(b->ctx, b->comm, b->dir, &b->settings, &b->saver);
    GY_TRY(gy_comm_agree(b->comm, status));
    const int64_t buffers = b->c.buffers == NULL ? 0 : b->c.buffers->floats;
    const int64_t floats = b->c.params->floats + b->c.n_slots * b->c.params->trainable + buffers;
    b->bytes = floats * (int64_t)sizeof(float);
    if (b->settings.writer == GY_WRITER_ALL)
        b->plain_bytes = b->bytes * (b->rank + 1) / b->ranks - b->bytes * b->rank / b->ranks;
    else
        b->plain_bytes = b->rank == 0 ? b->bytes : 0;
    return GY_OK;
}

/* What the disk can do with these bytes. */
static gy_status pass_plain(bench *b, double seconds[N_STAGES])
{
    gy_status status = GY_OK;
    const gy_plain file = {.path = b->plain,
                           .from = b->c.values,
                           .there = b->c.params->floats * (int64_t)sizeof(float),
                           .bytes = b->plain_bytes};
    GY_TRY(gy_comm_barrier(b->comm));
    if (file.bytes > 0)
        status =
            gy_plain_write(b->ctx, &file, &seconds[STAGE_plain_write], &seconds[STAGE_plain_flush]);
    GY_TRY(gy_comm_agree(b->comm, status));
    if (file.bytes > 0) status = gy_plain_read(b->ctx, &file, &seconds[STAGE_plain_read]);
    return gy_comm_agree(b->comm, status);
}

static gy_status save(bench *b, double seconds[N_STAGES], const char **path)
{
    gy_saved saved;
    double before[GY_SPENTS];
    GY_TRY(gy_comm_barrier(b->comm));
    for (int i = 0; i < GY_SPENTS; i++) before[i] = gy_spent_s(b->ctx, (gy_spent)i);
    double start = gy_clock_s();
    b->c.step++;
    GY_TRY(gy_saver_begin(b->saver, &b->c, true));
    seconds[STAGE_copy] = gy_clock_s() - start;
    GY_TRY(gy_saver_end(b->saver, &saved));
    seconds[STAGE_save] = gy_clock_s() - start;
    for (int i = 0; i < GY_SPENTS; i++)
        seconds[STAGE_write + i] = gy_spent_s(b->ctx, (gy_spent)i) - before[i];
    *path = saved.path;
    return GY_OK;
}

static gy_status verify(bench *b, const char *path, double *seconds)
{
    gy_verify_result result;
    if (b->rank > 0) return GY_OK;
    gy_path_forget(b->ctx, path);
    double start = gy_clock_s();
    GY_TRY(gy_checkpoint_verify(b->ctx, path, NULL, NULL, &result));
    *seconds = gy_clock_s() - start;
    b->files = result.files;
    return GY_OK;
}

static gy_status pass_checkpoint(bench *b, double seconds[N_STAGES])
{
    const gy_checkpoint *c = &b->c;
    const char *path;
    GY_TRY(save(b, seconds, &path));
    gy_path_forget(b->ctx, path);
    GY_TRY(gy_comm_barrier(b->comm));
    double start = gy_clock_s();
    GY_TRY(gy_checkpoint_read(b->ctx, b->comm, path, GY_MATCH_ALL, c->params, b->values, c->buffers,
                              b->buffer_values, c->slots, c->n_slots));
    seconds[STAGE_read] = gy_clock_s() - start;
    return gy_comm_agree(b->comm, verify(b, path, &seconds[STAGE_verify]));
}

static gy_status measure(bench *b, int turns)
{
    for (int turn = 0; turn < turns; turn++) {
        double seconds[N_STAGES] = {0};
        GY_TRY(pass_plain(b, seconds));
        GY_TRY(pass_checkpoint(b, seconds));
        GY_TRY(gy_comm_max(b->comm, seconds, N_STAGES));
        for (int i = 0; i < N_STAGES; i++) b->seconds[i][turn] = seconds[i];
    }
    return GY_OK;
}

static void tell(bench *b, int turns)
{
#define NAME(name) #name "_ms",
    static const char *const names[N_STAGES] = {STAGES(NAME)};
#undef NAME
    gy_report report;
    gy_report_begin(&report, "io");
    gy_report_text(&report, "dir", b->options->dir != NULL ? b->options->dir : ".");
    gy_report_int(&report, "bytes", b->bytes);
    gy_report_int(&report, "files", b->files);
    gy_report_int(&report, "ranks", b->ranks);
    gy_report_text(&report, "writer", gy_checkpoint_writers[b->settings.writer]);
    gy_report_int(&report, "turns", turns);
    for (int i = 0; i < N_STAGES; i++)
        gy_report_float(&report, names[i], 1e3 * gy_bench_median(b->seconds[i], turns));
    gy_bench_tell(b->comm, b->options->observer, b->options->observer_user, &report);
}

/* What was written goes; the first failure stays. */
static gy_status clean(bench *b, gy_status status)
{
    gy_error first = *gy_error_last();
    gy_saver_free(b->saver);
    gy_status removed = GY_OK;
    if (b->rank == 0 && b->dir != NULL) removed = gy_tree_remove(b->dir);
    removed = gy_comm_agree(b->comm, removed);
    return status == GY_OK ? removed : gy_error_restore(&first);
}

gy_status gy_bench_io(gy_context *ctx, gy_comm *comm, const gy_config *config,
                      const gy_bench_io_options *options)
{
    GY_DOOR;
    const int64_t n = options->turns;
    const int turns = (int)(n < 1 ? 1 : n > MOST_TURNS ? MOST_TURNS : n);
    bench *b = NULL;
    GY_TRY(gy_comm_new(comm, &b));
    b->ctx = ctx;
    b->comm = comm;
    b->rank = gy_comm_rank(comm);
    b->ranks = gy_comm_ranks(comm);
    b->config = config;
    b->options = options;
    gy_pool_init(&b->pool, ctx);
    gy_status status = prepare(b);
    if (status == GY_OK) status = measure(b, turns);
    if (status == GY_OK) tell(b, turns);
    status = clean(b, status);
    gy_optim_free(b->optim);
    gy_free(ctx, b->average);
    gy_net_close(&b->network);
    gy_free(ctx, b->numbers);
    gy_pool_clear(&b->pool);
    gy_free(ctx, b);
    return status;
}
