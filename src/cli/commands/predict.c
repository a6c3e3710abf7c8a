/* gyre predict CHECKPOINT --data SOURCE -o OUT.h5|.csv */
#include "../command_list.h"

#include <stdio.h>

typedef struct settings {
    const char *data, *o;
    gy_strings set;
    int64_t rollout;
    bool json;
} settings;

static const gy_setting rows[] = {
    {.key = "data",
     .type = GY_SETTING_STRING,
     .offset = offsetof(settings, data),
     .standard = "",
     .help = "a data source; its targets are not looked at"},
    {.key = "o",
     .type = GY_SETTING_STRING,
     .offset = offsetof(settings, o),
     .standard = "",
     .help = "the file to write, .csv or HDF5: /outputs, and of classes /classes, /probabilities"},
    {.key = "rollout",
     .type = GY_SETTING_INT,
     .offset = offsetof(settings, rollout),
     .standard = "0",
     .min = 0,
     .max = 1000,
     .help = "frames of each trajectory: the network is applied to its own output; 0: as trained"},
    GY_CLI_ROW_SET(settings, "the checkpoint's configuration"),
    GY_CLI_ROW_JSON(settings, "one JSON object"),
    GY_SETTING_END,
};

static void print(void *user, const gy_event *event)
{
    (void)user;
    printf("%s: outputs of %.0f samples%s\n", gy_event_text(event, "path", ""),
           gy_event_number(event, "samples", 0),
           gy_event_number(event, "classifies", 0) != 0 ? ", and their top class" : "");
}

static gy_status check(const settings *s, const gy_strings *operands)
{
    GY_TRY(gy_cli_operands(&gy_command_predict, operands, 1, 1));
    GY_REQUIRE(s->data != NULL, GY_E_USAGE,
               "no data" GY_AT "--data" GY_WHY "it is not given" GY_HINT "see gyre help predict");
    return gy_cli_output(&gy_command_predict, "file", s->o);
}

/* The settings over the checkpoint's, and the rollout. */
static gy_status list_sets(gy_cli *cli, const settings *s, gy_apply_options *options)
{
    const char **sets, *rollout;
    if (s->rollout == 0) return GY_OK;
    GY_TRY(gy_pool_array(&cli->pool, s->set.n + 1, &sets));
    GY_TRY(gy_pool_format(&cli->pool, &rollout, "train.rollout=%lld", (long long)s->rollout));
    for (int i = 0; i < s->set.n; i++) sets[i] = s->set.v[i];
    sets[options->n_sets++] = rollout;
    options->sets = sets;
    options->rolls_out = true;
    return GY_OK;
}

static gy_status run(gy_cli *cli, const void *settings_, const gy_strings *operands)
{
    const settings *s = settings_;
    GY_TRY(gy_comm_agree(cli->comm, check(s, operands)));
    gy_apply_options options = {.data = s->data,
                                .sets = s->set.v,
                                .n_sets = s->set.n,
                                .observer = s->json ? gy_cli_print_json : print,
                                .observer_user = cli};
    GY_TRY(gy_comm_agree(cli->comm, list_sets(cli, s, &options)));
    return gy_predict(cli->ctx, cli->comm, operands->v[0], &options, s->o);
}

const gy_command gy_command_predict = {
    .kind = {.name = "predict",
             .help = "outputs of a checkpoint for every sample of a data source, in order",
             .settings = rows,
             .settings_size = sizeof(settings)},
    .operands = "CHECKPOINT --data SOURCE -o OUT.h5|OUT.csv",
    .run = run};
