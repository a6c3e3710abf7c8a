/** What setting rows say of commands: for help, manual pages and the completion of shells. */
#ifndef GY_CLI_USAGE_H
#define GY_CLI_USAGE_H

#include "cli.h"

enum { GY_USAGE_TEXT = 512 };

/** "--progress auto|bar"; the words of its help with the default; "bench step". @return out */
const char *gy_usage_option(const gy_setting *s, char out[GY_USAGE_TEXT]);
const char *gy_usage_words(const gy_setting *s, char out[GY_USAGE_TEXT]);
const char *gy_usage_name(const gy_command *command, char out[GY_TEXT]);

/** A variable of the environment. */
typedef struct gy_variable {
    const char *name, *help;
} gy_variable;

/** environment.c: those that Gyre looks at; the last one has no name. */
const gy_variable *gy_environment(void);

/** Prints a line of help: a name of so many columns, and what it says. */
void gy_usage_row(int width, const char *name, const char *words);

/** Prints the options of that name, "folds", below their commands. @return whether there are */
bool gy_usage_find_option(const gy_registry *commands, const char *name);

/** manual.c: prints the page of a command, for man; NULL: of gyre itself. */
void gy_cli_print_manual(const gy_command *command);

typedef enum gy_shell { GY_SHELL_BASH, GY_SHELL_ZSH } gy_shell;

/** completion.c: prints what a shell sources to complete the command line of gyre. */
void gy_cli_print_completion(gy_shell shell);

#endif
