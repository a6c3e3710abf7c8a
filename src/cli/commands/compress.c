/* gyre compress CHECKPOINT -o OUT */
#include "../command_list.h"

#include <stdio.h>
#include <string.h>

enum { MOST_STEPS = 16 };

typedef struct settings {
    double prune, low_rank;
    int64_t rank, cluster;
    int scope, structure;
    int quantize;
    bool merge, affine, sparse, json;
    const char *o, *layers, *data, *calibrate;
    gy_strings set;
} settings;

/* An option that belongs to a step, and what it sets there. */
static const struct {
    const char *option, *kind, *key;
} parts[] = {
    {"prune", "prune", "fraction"},
    {"scope", "prune", "scope"},
    {"structure", "prune", "structure"},
    {"low-rank", "low_rank", "energy"},
    {"rank", "low_rank", "rank"},
    {"cluster", "cluster", "values"},
    {"merge", "merge", NULL},
    {"quantize", "quantize", "as"},
    {"affine", "quantize", "affine"},
    {"sparse", "sparse", NULL},
};
enum { PARTS = sizeof parts / sizeof *parts };

static const char *const scopes[] = {"global", "layer", NULL};
static const char *const numbers[] = {"int8", "int4", "float16", "bfloat16", NULL};
static const char *const structures[] = {"element", "row", "channel", "block", NULL};

static const gy_setting rows[] = {
    {.key = "o",
     .type = GY_SETTING_STRING,
     .offset = offsetof(settings, o),
     .standard = "",
     .help = "the checkpoint to write: a directory that is not there"},
    {.key = "prune",
     .type = GY_SETTING_FLOAT,
     .offset = offsetof(settings, prune),
     .standard = "0",
     .min = 0,
     .max = 1,
     .help = "that fraction of the weights, of least size, becomes zero"},
    {.key = "scope",
     .type = GY_SETTING_CHOICE,
     .offset = offsetof(settings, scope),
     .standard = "global",
     .choices = scopes,
     .help = "of pruning: the least of all layers together, or of each"},
    {.key = "structure",
     .type = GY_SETTING_CHOICE,
     .offset = offsetof(settings, structure),
     .standard = "element",
     .choices = structures,
     .help = "of pruning: what goes together; a row makes an output, a channel reads an input, a "
             "block is 16 elements"},
    {.key = "low_rank",
     .type = GY_SETTING_FLOAT,
     .offset = offsetof(settings, low_rank),
     .standard = "0.95",
     .min = 0,
     .max = 1,
     .help = "dense layers and convolutions become two factors that keep that share of the energy"},
    {.key = "rank",
     .type = GY_SETTING_INT,
     .offset = offsetof(settings, rank),
     .standard = "0",
     .min = 0,
     .max = GY_COUNT_MAX,
     .help = "or factors of that rank"},
    {.key = "cluster",
     .type = GY_SETTING_INT,
     .offset = offsetof(settings, cluster),
     .standard = "0",
     .min = 0,
     .max = 65536,
     .help = "the weights of a tensor share so many values, besides zero"},
    {.key = "merge",
     .type = GY_SETTING_BOOL,
     .offset = offsetof(settings, merge),
     .standard = "false",
     .help = "batch norms become part of the layers before them"},
    {.key = "quantize",
     .type = GY_SETTING_CHOICE,
     .offset = offsetof(settings, quantize),
     .standard = "int8",
     .choices = numbers,
     .help =
         "weights become numbers of fewer bits; products of int8 and int4 are of whole numbers"},
    {.key = "affine",
     .type = GY_SETTING_BOOL,
     .offset = offsetof(settings, affine),
     .standard = "false",
     .help = "of int8: from the least weight of a row to its greatest, not around zero"},
    {.key = "sparse",
     .type = GY_SETTING_BOOL,
     .offset = offsetof(settings, sparse),
     .standard = "false",
     .help = "weights that are mostly zero are kept as compressed rows"},
    {.key = "layers",
     .type = GY_SETTING_STRING,
     .offset = offsetof(settings, layers),
     .standard = "",
     .help = "only layers (or parameters) of such names: a pattern as of the shell"},
    {.key = "data",
     .type = GY_SETTING_STRING,
     .offset = offsetof(settings, data),
     .standard = "",
     .help = "a data source: loss and metrics before and after"},
    {.key = "calibrate",
     .type = GY_SETTING_STRING,
     .offset = offsetof(settings, calibrate),
     .standard = "",
     .help = "a data source: int8 and int4 keep the range of their inputs on it, instead of each "
             "row's own"},
    GY_CLI_ROW_SET(settings, "the checkpoint's configuration"),
    GY_CLI_ROW_JSON(settings, "one JSON object"),
    GY_SETTING_END,
};

/* One step for each kind, in the order in which they are first named. */
typedef struct steps {
    const char *kinds[MOST_STEPS], *texts[MOST_STEPS];
    int n;
} steps;

static gy_status add(gy_cli *cli, steps *list, int part, const char *value)
{
    int at = 0;
    while (at < list->n && strcmp(list->kinds[at], parts[part].kind) != 0) at++;
    if (at == list->n) {
        list->kinds[at] = list->texts[at] = parts[part].kind;
        list->n++;
    }
    if (parts[part].key == NULL || value == NULL) return GY_OK;
    bool first = strchr(list->texts[at], ':') == NULL;
    return gy_pool_format(&cli->pool, &list->texts[at], "%s%c%s=%s", list->texts[at],
                          first ? ':' : ',', parts[part].key, value);
}

/* Of an option without `=`: --affine is true by itself. */
static const char *value_of(int part, const gy_cli *cli, int at)
{
    return strcmp(parts[part].option, "affine") == 0 ? "true" : cli->argv[at + 1];
}

/* The options were read before: here it is their order that counts. */
static gy_status list_steps(gy_cli *cli, steps *list)
{
    for (int i = cli->words; i < cli->argc; i++) {
        const char *word = cli->argv[i], *equals = strchr(word, '=');
        const size_t n = equals == NULL ? strlen(word) : (size_t)(equals - word);
        if (strcmp(word, "--") == 0) break;
        for (int part = 0; part < PARTS; part++) {
            const char *option = parts[part].option;
            if (strncmp(word, "--", 2) != 0 || n != strlen(option) + 2) continue;
            if (strncmp(word + 2, option, n - 2) != 0) continue;
            GY_TRY(add(cli, list, part, equals != NULL ? equals + 1 : value_of(part, cli, i)));
        }
    }
    GY_REQUIRE(list->n > 0, GY_E_USAGE,
               "nothing to do" GY_WHY "no way to make it smaller is given" GY_HINT
               "give one or more, e.g. --prune 0.9; see gyre help compress");
    for (int i = 0; i < list->n; i++)
        GY_REQUIRE(strcmp(list->kinds[i], "prune") != 0 || strstr(list->texts[i], "fraction="),
                   GY_E_USAGE,
                   "nothing to prune" GY_AT "--scope, --structure" GY_WHY
                   "they say how, not how much" GY_HINT "give it, e.g. --prune 0.9");
    return GY_OK;
}

/* before_loss beside after_loss: a line each. */
static void print(void *user, const gy_event *event)
{
    static const char before[] = "before_", after[] = "after_";
    (void)user;
    printf("%s\n%-24s %14s %14s\n", gy_event_text(event, "path", ""), "", "before", "after");
    for (int i = 0; i < event->n; i++) {
        char other[64];
        const gy_field *f = &event->fields[i];
        if (strncmp(f->name, before, strlen(before)) != 0) continue;
        const char *what = f->name + strlen(before);
        (void)snprintf(other, sizeof other, "%s%s", after, what);
        printf("%-24s %14.*g %14.*g\n", what, f->type == GY_FIELD_INT ? 15 : 6, f->number,
               f->type == GY_FIELD_INT ? 15 : 6, gy_event_number(event, other, 0));
    }
}

static gy_status check(gy_cli *cli, const settings *s, const gy_strings *operands, steps *list)
{
    GY_TRY(gy_cli_operands(&gy_command_compress, operands, 1, 1));
    GY_TRY(gy_cli_output(&gy_command_compress, "checkpoint", s->o));
    return list_steps(cli, list);
}

static gy_status run(gy_cli *cli, const void *settings_, const gy_strings *operands)
{
    steps list = {.n = 0};
    const settings *s = settings_;
    GY_TRY(gy_comm_agree(cli->comm, check(cli, s, operands, &list)));
    const gy_compress_options options = {.steps = list.texts,
                                         .n_steps = list.n,
                                         .layers = s->layers,
                                         .data = s->data,
                                         .calibrate = s->calibrate,
                                         .sets = s->set.v,
                                         .n_sets = s->set.n,
                                         .observer = s->json ? gy_cli_print_json : print,
                                         .observer_user = cli};
    return gy_compress(cli->ctx, cli->comm, operands->v[0], &options, s->o);
}

const gy_command gy_command_compress = {
    .kind = {.name = "compress",
             .help = "a smaller network: pruned, factored, clustered, quantized",
             .settings = rows,
             .settings_size = sizeof(settings)},
    .operands = "CHECKPOINT -o OUT",
    .more = "What is done is done in the order given. gyre train CONFIG --init OUT trains it on:\n"
            "what is zero stays zero, and what is equal equal. The configuration that fits it is\n"
            "OUT/config.yaml.",
    .run = run};
