/* Manual pages, in the language of man(7), from the same rows as help. */
#include "usage.h"

#include <stdio.h>
#include <string.h>

/* A text as it stands: no macro at the begin of a line, no escape, a dash that can be copied. */
static void print_text(const char *text)
{
    bool begins = true;
    for (; *text != '\0'; text++) {
        if (begins && (*text == '.' || *text == '\'')) printf("\\&");
        if (*text == '\\')
            printf("\\e");
        else if (*text == '-')
            printf("\\-");
        else
            putchar(*text);
        begins = *text == '\n';
    }
    printf("\n");
}

static void print_heading(const char *name, const char *help)
{
    char title[GY_TEXT];
    (void)snprintf(title, sizeof title, "%s%s%s", "gyre", name[0] == '\0' ? "" : "-", name);
    for (char *p = title; *p != '\0'; p++) *p = *p == ' ' ? '-' : *p;
    printf(".TH %s 1 \"\" \"gyre %s\" \"Gyre\"\n.SH NAME\n%s \\- %s\n", title, gy_version(), title,
           help);
}

static void print_options(const gy_setting *rows)
{
    char text[GY_USAGE_TEXT];
    for (const gy_setting *s = rows; s != NULL && s->key != NULL; s++) {
        printf(".TP\n.B ");
        print_text(gy_usage_option(s, text));
        print_text(gy_usage_words(s, text));
    }
}

static void print_commands(const gy_registry *commands)
{
    printf(".SH %sS\n", commands == &gy_command_registry ? "COMMAND" : "PART");
    for (int i = 0; i < commands->n; i++) {
        const gy_command *command = (const gy_command *)commands->kinds[i];
        printf(".TP\n.B ");
        print_text(command->kind.name);
        print_text(command->kind.help);
    }
}

static void print_program(void)
{
    print_heading("", "trains neural networks on CPU clusters");
    printf(".SH SYNOPSIS\n.B gyre\n.I COMMAND\n…\n.br\n.B mpirun \\-n 8 gyre train model.yaml\n");
    print_commands(&gy_command_registry);
    printf(".SH \"EXIT STATUS\"\n0 done, 1 failure, 2 usage, configuration or data, 3 diverged, "
           "75 stopped with a checkpoint: start the same command again to go on.\n"
           ".SH ENVIRONMENT\n");
    for (const gy_variable *v = gy_environment(); v->name != NULL; v++) {
        printf(".TP\n.B ");
        print_text(v->name);
        print_text(v->help);
    }
    printf(".SH \"SEE ALSO\"\n");
    for (int i = 0; i < gy_command_registry.n; i++)
        printf(".BR gyre\\-%s (1)%s\n", gy_command_registry.kinds[i]->name,
               i + 1 < gy_command_registry.n ? "," : "");
}

void gy_cli_print_manual(const gy_command *command)
{
    if (command == NULL) {
        print_program();
        return;
    }
    print_heading(command->kind.name, command->kind.help);
    printf(".SH SYNOPSIS\n.B gyre %s\n", command->kind.name);
    print_text(command->operands);
    if (command->parts != NULL) print_commands(command->parts);
    if (command->kind.settings != NULL) printf(".SH OPTIONS\n");
    print_options(command->kind.settings);
    if (command->more != NULL) {
        printf(".SH NOTES\n.nf\n");
        print_text(command->more);
        printf(".fi\n");
    }
    for (int i = 0; command->parts != NULL && i < command->parts->n; i++) {
        const gy_command *part = (const gy_command *)command->parts->kinds[i];
        printf(".SH \"%s %s\"\n", command->kind.name, part->kind.name);
        print_options(part->kind.settings);
    }
    printf(".SH \"SEE ALSO\"\n.BR gyre (1)\n");
}
