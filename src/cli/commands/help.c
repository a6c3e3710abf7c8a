/* gyre help [COMMAND [PART]|SETTING|KIND] */
#include "../command_list.h"
#include "../usage.h"

#include <stdio.h>
#include <string.h>

typedef struct settings {
    bool schema, man;
    int completion;
} settings;

static const char *const shells[] = {"bash", "zsh", NULL};

static const gy_setting rows[] = {
    {.key = "schema",
     .type = GY_SETTING_BOOL,
     .offset = offsetof(settings, schema),
     .standard = "false",
     .help = "print the JSON Schema of configurations, for editors"},
    {.key = "man",
     .type = GY_SETTING_BOOL,
     .offset = offsetof(settings, man),
     .standard = "false",
     .help = "print the manual page of a command, or gyre(1)"},
    {.key = "completion",
     .type = GY_SETTING_CHOICE,
     .offset = offsetof(settings, completion),
     .standard = "",
     .choices = shells,
     .help = "print what completes command lines in that shell"},
    GY_SETTING_END,
};

static void list_commands(void)
{
    printf("usage: gyre COMMAND …, alone or under mpirun or srun\n\ncommands:\n");
    for (int i = 0; i < gy_command_registry.n; i++) {
        const gy_kind *command = gy_command_registry.kinds[i];
        char row[256];
        (void)snprintf(row, sizeof row, "  %-9s  %s", command->name, command->help);
        gy_cli_print_help(NULL, row);
    }
    gy_cli_print_text(
        "\n"
        "gyre help COMMAND       its options\n"
        "gyre help config        every setting of a configuration, with its default\n"
        "gyre help inject        faults on purpose, for gyre train --inject\n"
        "gyre help environment   the variables that are looked at\n"
        "gyre help SETTING|KIND  e.g. optimizer, train.epochs, layers, dense, losses, csv\n"
        "gyre help OPTION        e.g. folds\n"
        "\n"
        "exit codes: 0 done, 1 failure, 2 usage, configuration or data, 3 diverged, 75 "
        "stopped with a checkpoint: start the same command again to go on\n");
}

/* gyre help bench step */
static gy_status help_part(const gy_command *command, const char *const *names)
{
    const gy_kind *part = NULL;
    if (command != NULL && command->parts != NULL)
        part = gy_registry_find(command->parts, names[1]);
    GY_REQUIRE(part != NULL, GY_E_USAGE,
               "no help" GY_AT "gyre help %s %s" GY_WHY "there is no such command" GY_HINT
               "see gyre help",
               names[0], names[1]);
    gy_cli_usage((const gy_command *)part);
    return GY_OK;
}

static gy_status find_command(const gy_strings *operands, const gy_command **out)
{
    *out = NULL;
    if (operands->n == 0) return GY_OK;
    *out = (const gy_command *)gy_registry_find(&gy_command_registry, operands->v[0]);
    GY_REQUIRE(*out != NULL, GY_E_USAGE,
               "no manual page" GY_AT "gyre help --man %s" GY_WHY "there is no such command" GY_HINT
               "see gyre help",
               operands->v[0]);
    return GY_OK;
}

/* What is made for editors, shells and man when Gyre is built. */
static gy_status generate(gy_cli *cli, const settings *s, const gy_strings *operands)
{
    const gy_command *command = NULL;
    if (s->schema) return gy_config_schema(cli->ctx, gy_cli_print_line, NULL);
    if (s->man) {
        GY_TRY(find_command(operands, &command));
        gy_cli_print_manual(command);
    } else {
        gy_cli_print_completion((gy_shell)s->completion);
    }
    return GY_OK;
}

static bool is_one_of(const char *topic, const char *first, const char *second)
{
    return strcmp(topic, first) == 0 || strcmp(topic, second) == 0;
}

/* What is no command, and no topic of the library. @return whether it is known */
static bool help_other(gy_cli *cli, const char *topic)
{
    if (is_one_of(topic, "inject", "faults")) {
        printf("gyre train … --inject FAULT makes a fault on purpose, once or more:\n\n");
        return gy_fault_describe(cli->ctx, NULL, gy_cli_print_help, NULL);
    }
    if (strcmp(topic, "environment") != 0) return false;
    for (const gy_variable *v = gy_environment(); v->name != NULL; v++)
        gy_usage_row(23, v->name, v->help);
    return true;
}

/* Settings, kinds and formats, with the options of that name. */
static bool help_library(gy_cli *cli, const char *topic)
{
    const char *format = is_one_of(topic, "data", "formats") ? NULL : topic;
    const char *file = is_one_of(topic, "export", "import") ? NULL : topic;
    bool found = gy_config_describe(cli->ctx, topic, gy_cli_print_help, NULL) != 0;
    found = gy_data_describe(cli->ctx, format, gy_cli_print_help, NULL) || found;
    found = gy_exchange_describe(cli->ctx, file, gy_cli_print_help, NULL) || found;
    found = found || gy_fault_describe(cli->ctx, topic, gy_cli_print_help, NULL);
    if (found && gy_registry_find(&gy_command_registry, topic) == NULL)
        (void)gy_usage_find_option(&gy_command_registry, topic);
    return found;
}

/* Commands of commands, options. */
static bool help_parts(const char *topic)
{
    for (int i = 0; i < gy_command_registry.n; i++) {
        const gy_registry *parts = ((const gy_command *)gy_command_registry.kinds[i])->parts;
        const gy_kind *part = parts == NULL ? NULL : gy_registry_find(parts, topic);
        if (part == NULL) continue;
        gy_cli_usage((const gy_command *)part);
        return true;
    }
    return gy_usage_find_option(&gy_command_registry, topic);
}

static gy_status run(gy_cli *cli, const void *settings_, const gy_strings *operands)
{
    const settings *s = settings_;
    GY_TRY(gy_cli_operands(&gy_command_help, operands, 0, 2));
    if (s->schema || s->man || s->completion >= 0) return generate(cli, s, operands);
    if (operands->n == 0) {
        list_commands();
        return GY_OK;
    }
    const char *topic = operands->v[0];
    if (strcmp(topic, "config") == 0) {
        (void)gy_config_describe(cli->ctx, NULL, gy_cli_print_help, NULL);
        return GY_OK;
    }
    const gy_kind *kind = gy_registry_find(&gy_command_registry, topic);
    if (operands->n == 2) return help_part((const gy_command *)kind, operands->v);
    if (help_other(cli, topic)) return GY_OK;
    if (kind != NULL) {
        gy_cli_usage((const gy_command *)kind);
        printf("\n");
    }
    if (help_library(cli, topic) || kind != NULL || help_parts(topic)) return GY_OK;
    const char *near = gy_registry_nearest(&gy_command_registry, topic);
    if (near == NULL) near = gy_config_nearest(topic);
    return gy_raise(GY_E_USAGE,
                    "no help" GY_AT "gyre help %s" GY_WHY
                    "there is no command, setting or kind of that name" GY_HINT "%s%s%s",
                    topic, near != NULL ? "did you mean " : "see gyre help",
                    near != NULL ? near : "", near != NULL ? "?" : "");
}

const gy_command gy_command_help = {.kind = {.name = "help",
                                             .help = "what there is and how it is used",
                                             .settings = rows,
                                             .settings_size = sizeof(settings)},
                                    .operands = "[COMMAND [PART]|SETTING|KIND]",
                                    .alone = true,
                                    .run = run};
