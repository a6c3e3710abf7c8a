/*
 * What bash and zsh source to complete the command line: commands, options, the words that an option
 * takes, keys of the configuration behind --set, else files. Made from the same rows as help.
 *
 * Both scripts are a table, from "command" or "command part" to its options, and a few lines that look
 * into it.
 */
#include "usage.h"

#include <stdio.h>
#include <string.h>

static void print_key(void *user, const char *path)
{
    (void)user;
    printf(" %s=", path);
}

static void print_names(const gy_registry *r)
{
    for (int i = 0; i < r->n; i++) printf(" %s", r->kinds[i]->name);
}

/* A line a command: its options, and the words of those that take some. */
static void print_command(const gy_command *command)
{
    char name[GY_TEXT], option[GY_OPTION_NAME];
    printf("    '%s')\n        opts='--help", gy_usage_name(command, name));
    const gy_setting *rows = command->kind.settings;
    for (const gy_setting *s = rows; s != NULL && s->key != NULL; s++)
        printf(" %s", gy_option_name(s->key, option));
    printf("'\n        case $2 in\n");
    for (const gy_setting *s = rows; s != NULL && s->key != NULL; s++) {
        if (s->type == GY_SETTING_BOOL) continue;
        if (s->choices == NULL && strcmp(s->key, "set") != 0) continue;
        printf("        %s) vals='", gy_option_name(s->key, option));
        for (const char *const *w = s->choices; w != NULL && *w != NULL; w++) printf(" %s", *w);
        if (s->choices == NULL) gy_config_keys(print_key, NULL);
        printf("' ;;\n");
    }
    printf("        esac\n        ;;\n");
}

/* _gyre_table COMMAND OPTION: sets opts, vals, parts. */
static void print_table(void)
{
    const gy_registry *r = &gy_command_registry;
    printf("_gyre_table() {\n    opts= vals= parts=\n    case $1 in\n    '') parts='");
    print_names(r);
    printf("' ;;\n");
    for (int i = 0; i < r->n; i++) {
        const gy_command *command = (const gy_command *)r->kinds[i];
        if (command->parts == NULL) {
            print_command(command);
            continue;
        }
        printf("    '%s') parts='", command->kind.name);
        print_names(command->parts);
        printf("' ;;\n");
        for (int k = 0; k < command->parts->n; k++)
            print_command((const gy_command *)command->parts->kinds[k]);
    }
    printf("    esac\n}\n");
}

static const char bash[] =
    "_gyre() {\n"
    "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
    "    local opts vals parts command= i\n"
    "    _gyre_table '' ''\n"
    "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
    "        [[ -n $parts && \" $parts \" == *\" ${COMP_WORDS[i]} \"* ]] || continue\n"
    "        command=\"${command:+$command }${COMP_WORDS[i]}\"\n"
    "        _gyre_table \"$command\" ''\n"
    "    done\n"
    "    _gyre_table \"$command\" \"$prev\"\n"
    "    [[ $cur == -* ]] && vals=$opts\n"
    "    COMPREPLY=($(compgen -W \"${vals:-$parts}\" -- \"$cur\"))\n"
    "    [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]] && compopt -o nospace\n"
    "}\n"
    "complete -o bashdefault -o default -F _gyre gyre\n";

static const char zsh[] =
    "_gyre() {\n"
    "    local opts vals parts command= i cur=$words[CURRENT] prev=$words[CURRENT-1]\n"
    "    _gyre_table '' ''\n"
    "    for ((i = 2; i < CURRENT; i++)); do\n"
    "        [[ -n $parts && \" $parts \" == *\" $words[i] \"* ]] || continue\n"
    "        command=\"${command:+$command }$words[i]\"\n"
    "        _gyre_table \"$command\" ''\n"
    "    done\n"
    "    _gyre_table \"$command\" \"$prev\"\n"
    "    [[ $cur == -* ]] && vals=$opts\n"
    "    vals=${vals:-$parts}\n"
    "    if [[ -z $vals ]]; then _files\n"
    "    elif [[ $vals == *= ]]; then compadd -S '' -- ${=vals}\n"
    "    else compadd -- ${=vals}; fi\n"
    "}\n"
    "compdef _gyre gyre\n";

void gy_cli_print_completion(gy_shell shell)
{
    if (shell == GY_SHELL_ZSH) printf("#compdef gyre\n");
    print_table();
    printf("%s", shell == GY_SHELL_ZSH ? zsh : bash);
}
