/* gyre bench all_reduce */
#include "../benchmark_list.h"
#include "../page.h"

#include <stdio.h>
#include <string.h>

typedef struct settings {
    gy_ints bytes;
    gy_strings kinds;
    const char *wire;
    bool json;
} settings;

static const gy_setting rows[] = {
    {.key = "bytes",
     .type = GY_SETTING_INTS,
     .offset = offsetof(settings, bytes),
     .standard = "[4096, 65536, 1048576, 4194304, 16777216, 67108864]",
     .min = 4,
     .max = 1e9,
     .help = "sizes of the vectors"},
    {.key = "kinds",
     .type = GY_SETTING_STRINGS,
     .offset = offsetof(settings, kinds),
     .standard = "[]",
     .help = "an all-reduce; may be given several times; none = all"},
    {.key = "wire",
     .type = GY_SETTING_STRING,
     .offset = offsetof(settings, wire),
     .standard = "float32",
     .help = "what travels; see gyre help comm"},
    GY_CLI_ROW_JSON(settings, "a JSON object for each size and kind"),
    GY_SETTING_END,
};

static void print(void *user, const gy_event *event)
{
    (void)user;
    if (strcmp(event->type, "topology") == 0) {
        const double hosts = gy_event_number(event, "hosts", 1);
        gy_page_say(stdout,
                    "%.0f ranks on %.0f host%s: %.1f us a message, %.2f GB/s to the next rank, "
                    "%.1f GB/s in memory",
                    gy_event_number(event, "ranks", 1), hosts, hosts == 1 ? "" : "s",
                    gy_event_number(event, "message_us", 0),
                    gy_event_number(event, "gb_per_second", 0),
                    gy_event_number(event, "copy_gb_per_second", 0));
        printf("%12s %-14s %10s %10s %12s %8s\n", "bytes", "kind", "ms", "least", "sent", "bound");
        return;
    }
    const char *kind = gy_event_text(event, "kind", ""),
               *chosen = gy_event_text(event, "chosen", "");
    printf("%12.0f %-14s %10.3f %10.3f %12.0f %7.1f%%", gy_event_number(event, "bytes", 0), kind,
           gy_event_number(event, "median_ms", 0), gy_event_number(event, "least_ms", 0),
           gy_event_number(event, "sent_bytes", 0),
           100 * gy_event_number(event, "share_of_bound", 0));
    printf(strcmp(kind, chosen) != 0 ? "  %s\n" : "\n", chosen);
}

static gy_status run(gy_cli *cli, const void *settings_, const gy_strings *operands)
{
    const settings *s = settings_;
    GY_TRY(gy_cli_operands(&gy_benchmark_all_reduce, operands, 0, 0));
    gy_bench_all_reduce_options options = {.bytes = s->bytes.v,
                                           .n_bytes = s->bytes.n,
                                           .kinds = s->kinds.v,
                                           .n_kinds = s->kinds.n,
                                           .wire = s->wire,
                                           .observer = s->json ? gy_cli_print_json : print,
                                           .observer_user = cli};
    return gy_bench_all_reduce(cli->ctx, cli->comm, &options);
}

const gy_command gy_benchmark_all_reduce = {
    .kind = {.name = "all_reduce",
             .help = "measures the sums over ranks, by size and kind",
             .settings = rows,
             .settings_size = sizeof(settings)},
    .operands = "",
    .more = "  mpirun -n 4 gyre bench all_reduce --bytes 1048576,16777216 --kinds ring\n"
            "bound: the share of what passing messages from rank to rank could reach at best here",
    .of = "bench",
    .run = run};
