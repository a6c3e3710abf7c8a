/* How a command is used, from its setting rows; printing for the library's callbacks. */
#include "usage.h"

#include "page.h"

#include <stdio.h>
#include <string.h>

static const char *value_of(const gy_setting *s, char *out, size_t room)
{
    out[0] = '\0';
    size_t used = 0;
    switch (s->type) {
    case GY_SETTING_BOOL:
        return "";
    case GY_SETTING_INT:
        return " N";
    case GY_SETTING_FLOAT:
        return " X";
    case GY_SETTING_CHOICE:
        for (const char *const *c = s->choices; *c != NULL && used < room; c++)
            used +=
                (size_t)snprintf(out + used, room - used, "%s%s", c == s->choices ? " " : "|", *c);
        return out;
    default:
        return " TEXT";
    }
}

void gy_usage_row(int width, const char *name, const char *words)
{
    char row[1024];
    (void)snprintf(row, sizeof row, "  %-*s  %s", width, name, words);
    gy_cli_print_help(NULL, row);
}

const char *gy_usage_option(const gy_setting *s, char out[GY_USAGE_TEXT])
{
    char name[GY_OPTION_NAME], value[128];
    (void)snprintf(out, GY_USAGE_TEXT, "%s%s", gy_option_name(s->key, name),
                   value_of(s, value, sizeof value));
    return out;
}

const char *gy_usage_words(const gy_setting *s, char out[GY_USAGE_TEXT])
{
    bool shown = s->standard != NULL && s->standard[0] != '\0' && s->type != GY_SETTING_BOOL &&
                 strcmp(s->standard, "[]") != 0;
    (void)snprintf(out, GY_USAGE_TEXT, "%s%s%s%s", s->help, shown ? " (" : "",
                   shown ? s->standard : "", shown ? ")" : "");
    return out;
}

const char *gy_usage_name(const gy_command *command, char out[GY_TEXT])
{
    (void)snprintf(out, GY_TEXT, "%s%s%s", command->of != NULL ? command->of : "",
                   command->of != NULL ? " " : "", command->kind.name);
    return out;
}

static void print_option(const gy_setting *s)
{
    enum { NAMES = 27 };
    char option[GY_USAGE_TEXT], words[GY_USAGE_TEXT];
    gy_usage_row(NAMES, gy_usage_option(s, option), gy_usage_words(s, words));
}

static bool find_option(const gy_command *command, const char *option)
{
    char name[GY_TEXT], own[GY_OPTION_NAME];
    for (const gy_setting *s = command->kind.settings; s != NULL && s->key != NULL; s++) {
        if (strcmp(gy_option_name(s->key, own), option) != 0) continue;
        printf("gyre %s:\n", gy_usage_name(command, name));
        print_option(s);
        return true;
    }
    return false;
}

bool gy_usage_find_option(const gy_registry *commands, const char *name)
{
    char option[GY_OPTION_NAME];
    bool found = false;
    name += strspn(name, "-");
    (void)gy_option_name(name, option);
    for (int i = 0; i < commands->n; i++) {
        const gy_command *command = (const gy_command *)commands->kinds[i];
        found = find_option(command, option) || found;
        if (command->parts != NULL) found = gy_usage_find_option(command->parts, name) || found;
    }
    return found;
}

static void print_parts(const gy_registry *parts)
{
    printf("\n%ss:\n", parts->noun);
    for (int i = 0; i < parts->n; i++) {
        const gy_command *part = (const gy_command *)parts->kinds[i];
        char name[GY_TEXT];
        (void)snprintf(name, sizeof name, "%s %s", part->kind.name, part->operands);
        gy_usage_row(20, name, part->kind.help);
    }
}

void gy_cli_usage(const gy_command *command)
{
    char name[GY_TEXT], usage[256];
    (void)snprintf(usage, sizeof usage, "usage: gyre %s%s%s", gy_usage_name(command, name),
                   command->operands[0] == '\0' ? "" : " ", command->operands);
    gy_cli_print_help(NULL, usage);
    gy_cli_print_help(NULL, command->kind.help);
    if (command->parts != NULL) print_parts(command->parts);
    if (command->kind.settings != NULL) printf("\noptions:\n");
    for (const gy_setting *s = command->kind.settings; s != NULL && s->key != NULL; s++)
        print_option(s);
    if (command->more == NULL) return;
    printf("\n");
    gy_cli_print_text(command->more);
}

gy_status gy_cli_operands(const gy_command *command, const gy_strings *operands, int min, int max)
{
    char name[GY_TEXT];
    GY_REQUIRE(operands->n >= min && operands->n <= max, GY_E_USAGE,
               "%s arguments" GY_AT "gyre %s" GY_WHY "usage: gyre %s %s" GY_HINT "see gyre help %s",
               operands->n < min ? "missing" : "too many", gy_usage_name(command, name), name,
               command->operands, name);
    return GY_OK;
}

gy_status gy_cli_output(const gy_command *command, const char *what, const char *o)
{
    char name[GY_TEXT];
    GY_REQUIRE(o != NULL, GY_E_USAGE,
               "no %s to write" GY_AT "-o" GY_WHY "it is not given" GY_HINT "see gyre help %s",
               what, gy_usage_name(command, name));
    return GY_OK;
}

void gy_cli_print_line(void *user, const char *line)
{
    (void)user;
    gy_page_write(stdout, line, strlen(line), false);
    (void)putchar('\n');
}

void gy_cli_print_help(void *user, const char *line)
{
    (void)user;
    int columns = gy_page_columns(stdout);
    gy_page_print(stdout, columns > 0 ? columns : GY_PAGE_WIDTH, line);
}

void gy_cli_print_text(const char *text)
{
    char line[512];
    for (size_t n; *text != '\0'; text += n + (text[n] == '\n')) {
        n = strcspn(text, "\n");
        (void)snprintf(line, sizeof line, "%.*s", (int)n, text);
        gy_cli_print_help(NULL, line);
    }
}

void gy_cli_print_json(void *user, const gy_event *event)
{
    const gy_cli *cli = user;
    (void)!gy_event_json(cli->ctx, event, gy_cli_print_line, NULL);
}
