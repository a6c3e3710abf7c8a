/* gyre eval CHECKPOINT */
#include "../command_list.h"

#include <stdio.h>
#include <string.h>

typedef struct settings {
    const char *data;
    gy_strings set;
    bool per_class, json;
} settings;

static const gy_setting rows[] = {
    {.key = "data",
     .type = GY_SETTING_STRING,
     .offset = offsetof(settings, data),
     .standard = "",
     .help = "a data source; default the configuration's test, else validation data"},
    {.key = "per-class",
     .type = GY_SETTING_BOOL,
     .offset = offsetof(settings, per_class),
     .standard = "false",
     .help = "precision, recall, f1 of each class, and what is said where it is met"},
    GY_CLI_ROW_SET(settings, "the checkpoint's configuration"),
    GY_CLI_ROW_JSON(settings, "one JSON object"),
    GY_SETTING_END,
};

/* A row a class; before the first, what the columns are. */
static void print_class(const gy_event *event)
{
    const gy_field *said = gy_event_field(event, "said");
    if (gy_event_number(event, "number", 0) == 0)
        printf("\n%-24s %9s %9s %9s %9s  said there\n", "class", "precision", "recall", "f1",
               "met");
    printf("%-24s %9.4f %9.4f %9.4f %9.6g ", gy_event_text(event, "class", ""),
           gy_event_number(event, "precision", 0), gy_event_number(event, "recall", 0),
           gy_event_number(event, "f1", 0), gy_event_number(event, "met", 0));
    for (int64_t i = 0; said != NULL && i < said->integer; i++)
        printf(" %lld", (long long)said->items[i]);
    printf("\n");
}

static void print(void *user, const gy_event *event)
{
    if (strcmp(event->type, "class") == 0) {
        print_class(event);
        return;
    }
    (void)user;
    printf("%-24s %s\n", "data", gy_event_text(event, "data", ""));
    printf("%-24s %.0f\n", "samples", gy_event_number(event, "samples", 0));
    for (int i = 0; i < event->n; i++) {
        const gy_field *f = &event->fields[i];
        if (f->type == GY_FIELD_FLOAT && strcmp(f->name, "seconds") != 0)
            printf("%-24s %.6g\n", f->name, f->number);
    }
}

static gy_status run(gy_cli *cli, const void *settings_, const gy_strings *operands)
{
    const settings *s = settings_;
    GY_TRY(gy_comm_agree(cli->comm, gy_cli_operands(&gy_command_eval, operands, 1, 1)));
    gy_apply_options options = {.data = s->data,
                                .sets = s->set.v,
                                .n_sets = s->set.n,
                                .per_class = s->per_class,
                                .observer = s->json ? gy_cli_print_json : print,
                                .observer_user = cli};
    return gy_evaluate(cli->ctx, cli->comm, operands->v[0], &options);
}

const gy_command gy_command_eval = {
    .kind = {.name = "eval",
             .help = "loss and metrics of a checkpoint on a data source",
             .settings = rows,
             .settings_size = sizeof(settings)},
    .operands = "CHECKPOINT",
    .more = "CHECKPOINT is a checkpoint's directory, or a run's (then its newest checkpoint).",
    .run = run};
