/* gyre bench step CONFIG.yaml */
#include "../benchmark_list.h"

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
     .help = "forward passes alone"},
    GY_CLI_ROW_JSON(settings, "JSON: a line a layer, then one of the step"),
    GY_SETTING_END,
};

static void print_layer(const gy_event *event)
{
    const gy_field *gflops = gy_event_field(event, "gflops");
    printf("  %-24s %-18s %-9s %9.3f %9.3f %6.1f%%", gy_event_text(event, "name", ""),
           gy_event_text(event, "kind", ""), gy_event_text(event, "method", ""),
           gy_event_number(event, "forward_ms", 0), gy_event_number(event, "backward_ms", 0),
           100 * gy_event_number(event, "share", 0));
    if (gflops != NULL) printf(" %9.1f", gflops->number);
    printf("\n");
}

static void print_phases(const gy_event *event)
{
    printf("%-16s %10s %10s %10s  ms\n", "", "median", "least", "most");
    printf("%-16s %10.3f\n", "step", gy_event_number(event, "step_ms", 0));
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
    printf("%-16s parameters %s, gradients %s, optimizer %s, activations %s; process at most %s\n",
           "memory", bytes(event, "parameter_bytes", p), bytes(event, "gradient_bytes", g),
           bytes(event, "optimizer_bytes", o), bytes(event, "activation_bytes", a),
           bytes(event, "peak_bytes", all));
}

typedef struct output {
    gy_cli *cli;
    bool json;
    int layers; /* so far */
} output;

static void print(void *user, const gy_event *event)
{
    output *out = user;
    if (out->json) {
        gy_cli_print_json(out->cli, event);
        return;
    }
    if (strcmp(event->type, "layer") == 0) {
        if (out->layers++ == 0)
            printf("  %-24s %-18s %-9s %9s %9s %7s %9s\n", "layer", "kind", "method", "forward",
                   "backward", "share", "GFLOP/s");
        print_layer(event);
        return;
    }
    printf("%s: %.0f ranks, %.0f threads each, %.0f steps\n", gy_event_text(event, "name", ""),
           gy_event_number(event, "ranks", 1), gy_event_number(event, "threads", 1),
           gy_event_number(event, "steps", 0));
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
    GY_TRY(gy_config_read(cli->comm, operands->v[0], sets, n, &config));
    output out = {.cli = cli, .json = s->json};
    gy_bench_step_options options = {
        .steps = s->steps, .inference = s->inference, .observer = print, .observer_user = &out};
    status = gy_bench_step(cli->ctx, cli->comm, config, &options);
    gy_config_free(config);
    return status;
}

const gy_command gy_benchmark_step = {
    .kind = {.name = "step",
             .help = "measures the training step of a configuration",
             .settings = rows,
             .settings_size = sizeof(settings)},
    .operands = "CONFIG.yaml",
    .of = "bench",
    .run = run};
