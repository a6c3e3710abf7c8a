/* gyre bench step CONFIG.yaml, gyre bench step --inference CONFIG.yaml|CHECKPOINT */
#include "../benchmark_list.h"
#include "../grid.h"
#include "../page.h"

#include <stdio.h>
#include <string.h>

typedef struct settings {
    int64_t steps, threads;
    gy_strings set;
    bool inference, json;
} settings;

static const gy_setting rows[] = {
    {.key = "steps",
     .type = GY_SETTING_INT,
     .offset = offsetof(settings, steps),
     .standard = "20",
     .min = 1,
     .max = 1000,
     .help = "steps that are measured"},
    {.key = "threads",
     .type = GY_SETTING_INT,
     .offset = offsetof(settings, threads),
     .standard = "0",
     .min = 0,
     .max = 4096,
     .help = "threads a rank; 0 = as configured"},
    GY_CLI_ROW_SET(settings, "the configuration"),
    {.key = "inference",
     .type = GY_SETTING_BOOL,
     .offset = offsetof(settings, inference),
     .standard = "false",
     .help =
         "forward passes alone, of a configuration or a checkpoint: of a batch, and of one sample"},
    GY_CLI_ROW_JSON(settings, "JSON: a line a layer, then one of the step"),
    GY_SETTING_END,
};

/* A row a layer; they are told one by one. */

typedef struct layer {
    const char *name, *kind, *method;
    double forward_ms, backward_ms, share, gflops;
} layer;

typedef struct output {
    gy_cli *cli;
    bool json;
    layer *layers; /* [n_layers] so far */
    int n_layers, room;
    gy_status status; /* of keeping them */
} output;

static gy_status keep_layer(output *out, const gy_event *e)
{
    enum { FIRST_ROOM = 32 };
    gy_pool *pool = &out->cli->pool;
    if (out->n_layers == out->room) {
        layer *more;
        out->room = out->room == 0 ? FIRST_ROOM : 2 * out->room;
        GY_TRY(gy_pool_array(pool, out->room, &more));
        for (int i = 0; i < out->n_layers; i++) more[i] = out->layers[i];
        out->layers = more;
    }
    layer *l = &out->layers[out->n_layers];
    *l = (layer){.forward_ms = gy_event_number(e, "forward_ms", 0),
                 .backward_ms = gy_event_number(e, "backward_ms", 0),
                 .share = gy_event_number(e, "share", 0),
                 .gflops = gy_event_number(e, "gflops", -1)};
    GY_TRY(gy_pool_string(pool, gy_event_text(e, "name", ""), &l->name));
    GY_TRY(gy_pool_string(pool, gy_event_text(e, "kind", ""), &l->kind));
    GY_TRY(gy_pool_string(pool, gy_event_text(e, "method", ""), &l->method));
    out->n_layers++;
    return GY_OK;
}

static const gy_column layer_columns[] = {
    {"layer", true, 0},     {"kind", true, 2},   {"method", true, 1},   {"forward", false, 0},
    {"backward", false, 0}, {"share", false, 0}, {"GFLOP/s", false, 3}, {NULL, false, 0}};

static const char *layer_cell(const void *of, int row, int column, char out[GY_TEXT])
{
    const layer *l = (const layer *)of + row;
    const char *const texts[] = {l->name, l->kind, l->method};
    enum { TEXTS = 3, SHARE = 5, GFLOPS = 6 };
    if (column < TEXTS) return texts[column];
    out[0] = '\0';
    if (column == SHARE)
        (void)snprintf(out, GY_TEXT, "%.1f%%", 100 * l->share);
    else if (column != GFLOPS)
        (void)snprintf(out, GY_TEXT, "%.3f", column == TEXTS ? l->forward_ms : l->backward_ms);
    else if (l->gflops >= 0)
        (void)snprintf(out, GY_TEXT, "%.1f", l->gflops);
    return out;
}

static void print_layers(const output *out)
{
    const gy_grid grid = {
        .columns = layer_columns, .rows = out->n_layers, .cell = layer_cell, .of = out->layers};
    gy_grid_print(&grid, stdout);
    printf("\n");
}

static void print_phases(const gy_event *event)
{
    printf("%-16s %10s %10s %10s  ms\n", "", "median", "least", "most");
    if (gy_event_number(event, "latency_ms", -1) >= 0) {
        printf("%-16s %10.3f %10.3f\n", "batch", gy_event_number(event, "step_ms", 0),
               gy_event_number(event, "step_least_ms", 0));
        printf("%-16s %10.3f %10.3f\n", "one sample", gy_event_number(event, "latency_ms", 0),
               gy_event_number(event, "latency_least_ms", 0));
    } else {
        printf("%-16s %10.3f\n", "step", gy_event_number(event, "step_ms", 0));
    }
    for (int i = 0; i < event->n; i++) {
        const gy_field *f = &event->fields[i];
        if (f->type == GY_FIELD_PHASE)
            printf("  %-14s %10.3f %10.3f %10.3f\n", f->name, f->number, f->min, f->max);
    }
}

static const char *bytes(const gy_event *event, const char *name, char out[GY_TEXT])
{
    return gy_format_bytes((int64_t)gy_event_number(event, name, 0), out);
}

static void print_memory(const gy_event *event)
{
    char p[GY_TEXT], g[GY_TEXT], o[GY_TEXT], a[GY_TEXT], all[GY_TEXT];
    gy_page_say(
        stdout,
        "%-16s parameters %s, gradients %s, optimizer %s, activations %s; process at most %s",
        "memory", bytes(event, "parameter_bytes", p), bytes(event, "gradient_bytes", g),
        bytes(event, "optimizer_bytes", o), bytes(event, "activation_bytes", a),
        bytes(event, "peak_bytes", all));
}

static const char *plural(double n)
{
    return n == 1 ? "" : "s";
}

static void print(void *user, const gy_event *event)
{
    output *out = user;
    if (out->json) {
        gy_cli_print_json(out->cli, event);
        return;
    }
    if (strcmp(event->type, "layer") == 0) {
        if (out->status == GY_OK) out->status = keep_layer(out, event);
        return;
    }
    if (out->status == GY_OK) print_layers(out);
    const double ranks = gy_event_number(event, "ranks", 1),
                 threads = gy_event_number(event, "threads", 1),
                 steps = gy_event_number(event, "steps", 0);
    printf("%s: %.0f rank%s, %.0f thread%s each, %.0f step%s\n", gy_event_text(event, "name", ""),
           ranks, plural(ranks), threads, plural(threads), steps, plural(steps));
    print_phases(event);
    printf("%-16s %10.1f\n", "samples/s", gy_event_number(event, "samples_per_second", 0));
    printf("%-16s %10.1f a rank, %.1f%% of sgemm's %.1f\n", "GFLOP/s",
           gy_event_number(event, "gflops", 0), 100 * gy_event_number(event, "share_of_sgemm", 0),
           gy_event_number(event, "sgemm_gflops", 0));
    printf("%-16s %10.1f a step\n", "allocations", gy_event_number(event, "allocations_a_step", 0));
    print_memory(event);
}

/* --threads is --set threads, and wins over it. */
static gy_status list_sets(gy_pool *pool, const settings *s, const char *const **out, int *n)
{
    const char **sets;
    GY_TRY(gy_pool_array(pool, s->set.n + 1, &sets));
    for (int i = 0; i < s->set.n; i++) sets[i] = s->set.v[i];
    *n = s->set.n;
    if (s->threads > 0)
        GY_TRY(gy_pool_format(pool, &sets[(*n)++], "threads=%lld", (long long)s->threads));
    *out = sets;
    return GY_OK;
}

static gy_status run(gy_cli *cli, const void *settings_, const gy_strings *operands)
{
    const settings *s = settings_;
    const char *const *sets = NULL;
    int n = 0;
    gy_config *config = NULL;
    gy_status status = gy_cli_operands(&gy_benchmark_step, operands, 1, 1);
    if (status == GY_OK) status = list_sets(&cli->pool, s, &sets, &n);
    GY_TRY(gy_comm_agree(cli->comm, status));
    output out = {.cli = cli, .json = s->json};
    const gy_bench_step_options options = {
        .steps = s->steps, .observer = print, .observer_user = &out};
    if (s->inference) {
        status = gy_bench_inference(cli->ctx, cli->comm, operands->v[0], sets, n, &options);
    } else {
        GY_TRY(gy_config_read(cli->comm, operands->v[0], sets, n, &config));
        status = gy_bench_step(cli->ctx, cli->comm, config, &options);
        gy_config_free(config);
    }
    return status != GY_OK ? status : out.status;
}

const gy_command gy_benchmark_step = {
    .kind = {.name = "step",
             .help = "measures the training step of a configuration, or passes of inference",
             .settings = rows,
             .settings_size = sizeof(settings)},
    .operands = "CONFIG.yaml|CHECKPOINT",
    .of = "bench",
    .run = run};
