/* gyre bench step CONFIG.yaml */
#include "../benchmark_list.h"

#include <stdio.h>

typedef struct settings {
    int64_t steps, threads;
    gy_strings set;
    bool json;
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
    {.key = "set",
     .type = GY_SETTING_STRINGS,
     .offset = offsetof(settings, set),
     .standard = "[]",
     .help = "KEY.PATH=VALUE: overrides the configuration"},
    {.key = "json",
     .type = GY_SETTING_BOOL,
     .offset = offsetof(settings, json),
     .standard = "false",
     .help = "print one JSON object"},
    GY_SETTING_END,
};

static void print(void *user, const gy_event *event)
{
    (void)user;
    printf("%s: %.0f ranks, %.0f threads each, %.0f steps\n", gy_event_text(event, "name", ""),
           gy_event_number(event, "ranks", 1), gy_event_number(event, "threads", 1),
           gy_event_number(event, "steps", 0));
    printf("%-16s %10s %10s %10s  ms\n", "", "median", "least", "most");
    printf("%-16s %10.3f\n", "step", gy_event_number(event, "step_ms", 0));
    for (int i = 0; i < event->n; i++) {
        const gy_field *f = &event->fields[i];
        if (f->type == GY_FIELD_PHASE)
            printf("  %-14s %10.3f %10.3f %10.3f\n", f->name, f->number, f->min, f->max);
    }
    printf("%-16s %10.1f\n", "samples/s", gy_event_number(event, "samples_per_second", 0));
    printf("%-16s %10.1f a rank, %.1f%% of sgemm's %.1f\n", "GFLOP/s",
           gy_event_number(event, "gflops", 0), 100 * gy_event_number(event, "share_of_sgemm", 0),
           gy_event_number(event, "sgemm_gflops", 0));
    printf("%-16s %10.1f a step\n", "allocations", gy_event_number(event, "allocations_a_step", 0));
}

static gy_status load(gy_cli *cli, const settings *s, const gy_strings *operands,
                      gy_config **config)
{
    const char **sets;
    int n = s->set.n;
    GY_TRY(gy_cli_operands(&gy_benchmark_step, operands, 1, 1));
    GY_TRY(gy_pool_array(&cli->pool, n + 1, &sets));
    for (int i = 0; i < n; i++) sets[i] = s->set.v[i];
    if (s->threads > 0)
        GY_TRY(gy_pool_format(&cli->pool, &sets[n++], "threads=%lld", (long long)s->threads));
    return gy_config_load(cli->ctx, operands->v[0], sets, n, config);
}

static gy_status run(gy_cli *cli, const void *settings_, const gy_strings *operands)
{
    const settings *s = settings_;
    gy_config *config = NULL;
    gy_status status = gy_comm_agree(cli->comm, load(cli, s, operands, &config));
    if (status == GY_OK)
        status = gy_bench_step(cli->ctx, cli->comm, config, s->steps,
                               s->json ? gy_cli_print_json : print, cli);
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
