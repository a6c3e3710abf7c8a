/* gyre bench io [CONFIG.yaml] */
#include "../benchmark_list.h"
#include "../page.h"

#include <stdio.h>

typedef struct settings {
    const char *dir, *writer;
    int64_t size, shards, turns;
    gy_strings set;
    bool json;
} settings;

static const gy_setting rows[] = {
    {.key = "dir",
     .type = GY_SETTING_STRING,
     .offset = offsetof(settings, dir),
     .standard = ".",
     .help = "a directory on the file system that is measured; nothing stays in it"},
    {.key = "size",
     .type = GY_SETTING_INT,
     .offset = offsetof(settings, size),
     .standard = "256",
     .min = 1,
     .max = 1e6,
     .help = "MiB of a checkpoint, without a configuration"},
    {.key = "writer",
     .type = GY_SETTING_STRING,
     .offset = offsetof(settings, writer),
     .standard = "",
     .help = "rank0 or all; as configured where not given, else rank0"},
    {.key = "shards",
     .type = GY_SETTING_INT,
     .offset = offsetof(settings, shards),
     .standard = "-1",
     .min = -1,
     .max = 99999,
     .help = "shard files of rank0; 0 = one a rank, -1 = as configured, else one a rank"},
    {.key = "turns",
     .type = GY_SETTING_INT,
     .offset = offsetof(settings, turns),
     .standard = "3",
     .min = 1,
     .max = 100,
     .help = "how often; medians are printed"},
    GY_CLI_ROW_SET(settings, "the configuration"),
    GY_CLI_ROW_JSON(settings, "a JSON object"),
    GY_SETTING_END,
};

static void print_stage(const gy_event *event, const char *name, double ms, const char *what)
{
    double rate = gy_event_number(event, "bytes", 0) / ms * 1e-6;
    printf("%-28s %10.1f %8.2f  %s\n", name, ms, ms > 0 ? rate : 0, what);
}

/* Of a part that has no rate. */
static void print_part(const gy_event *event, const char *name, const char *key)
{
    printf("%-28s %10.1f\n", name, gy_event_number(event, key, 0));
}

static void print(void *user, const gy_event *event)
{
    char bytes[GY_TEXT];
    (void)user;
    const double save = gy_event_number(event, "save_ms", 0),
                 copy = gy_event_number(event, "copy_ms", 0),
                 read = gy_event_number(event, "read_ms", 0),
                 plain = gy_event_number(event, "plain_write_ms", 0) +
                         gy_event_number(event, "plain_flush_ms", 0),
                 plain_read = gy_event_number(event, "plain_read_ms", 0);
    const double files = gy_event_number(event, "files", 0),
                 ranks = gy_event_number(event, "ranks", 1);
    gy_page_say(stdout, "checkpoints of %s, %.0f file%s, %.0f rank%s, writer %s, in %s",
                gy_format_bytes((int64_t)gy_event_number(event, "bytes", 0), bytes), files,
                files == 1 ? "" : "s", ranks, ranks == 1 ? "" : "s",
                gy_event_text(event, "writer", ""), gy_event_text(event, "dir", ""));
    printf("%-28s %10s %8s\n", "", "ms", "GB/s");
    print_stage(event, "copy", copy, "what training waits for");
    print_stage(event, "save", save, "from begin to end");
    print_part(event, "  write", "write_ms");
    print_part(event, "  flush", "flush_ms");
    print_part(event, "  rename", "rename_ms");
    print_stage(event, "plain write and flush", plain, "the limit of save");
    print_stage(event, "read", read, "onto all ranks, with checksums");
    print_stage(event, "verify", gy_event_number(event, "verify_ms", 0), "every byte, on one rank");
    print_stage(event, "plain read", plain_read, "the limit of read");
    printf("save reaches %.0f%%, read %.0f%% of plain files\n", 100 * plain / save,
           100 * plain_read / read);
}

static gy_status check(const settings *s, const gy_strings *operands)
{
    GY_TRY(gy_cli_operands(&gy_benchmark_io, operands, 0, 1));
    GY_REQUIRE(operands->n > 0 || s->set.n == 0, GY_E_USAGE,
               "option without a configuration" GY_AT "--set" GY_WHY
               "there is nothing to override" GY_HINT
               "name a CONFIG.yaml, or use --size, --writer and --shards");
    return GY_OK;
}

static gy_status run(gy_cli *cli, const void *settings_, const gy_strings *operands)
{
    const settings *s = settings_;
    gy_config *config = NULL;
    GY_TRY(gy_comm_agree(cli->comm, check(s, operands)));
    if (operands->n > 0)
        GY_TRY(gy_config_read(cli->comm, operands->v[0], s->set.v, s->set.n, &config));
    gy_bench_io_options options = {.dir = s->dir,
                                   .bytes = s->size << 20,
                                   .turns = s->turns,
                                   .writer = s->writer,
                                   .shards = s->shards,
                                   .observer = s->json ? gy_cli_print_json : print,
                                   .observer_user = cli};
    gy_status status = gy_bench_io(cli->ctx, cli->comm, config, &options);
    gy_config_free(config);
    return status;
}

const gy_command gy_benchmark_io = {
    .kind = {.name = "io",
             .help = "measures checkpoints against plain files: copied, written, flushed, read",
             .settings = rows,
             .settings_size = sizeof(settings)},
    .operands = "[CONFIG.yaml]",
    .more = "  mpirun -n 4 gyre bench io --dir /scratch/me --size 1024 --writer all\n"
            "  mpirun -n 4 gyre bench io model.yaml --dir runs\n",
    .of = "bench",
    .run = run};
